"""The workbook and the HTML page, read back as a user's programs would."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest
from openpyxl import load_workbook

from allocator import allocate
from allocator.domain import canon
from allocator.domain.case import Case
from allocator.domain.plan import Plan
from allocator.domain.policy import Policy
from allocator.intake.read import read_case
from allocator.questions.scenario import scenario
from allocator.reasons.answer import ready_from, solve
from allocator.report.director import director
from allocator.report.page import page
from allocator.report.plan_workbook import write_workbook
from tests.make import case, led, school, sip

HOSTILE = '=HYPERLINK("x")<script>alert(1)</script>'


@pytest.fixture(scope="module")
def made() -> tuple[Case, Plan]:
    """Three schools, two SIPs; one school's only possible SIP has an interest; one name is hostile."""
    world = case(
        [
            school("1", name=HOSTILE, easting=1000, northing=1000),
            school("2", easting=4000, northing=3000, need="top", category_of_concern="SM"),
            school("3", phase="special"),
        ],
        [sip("A", easting=1500, northing=900, experience=("special_measures",)), sip("B", phases=("special",))],
        history=led("1", "A", "2025/26"),
        interests=[{"sip": "B", "urn": "3", "kind": "governor"}],
    )
    world = world.model_copy(update={"extras": {"schools": {"1": {"My column": "keep me"}}}})
    return world, solve(world, Policy(separation={"on": False}))


def test_the_workbook_holds_each_post_once_and_adds_up_to_the_plan(made: tuple[Case, Plan], tmp_path: Path) -> None:
    world, plan = made
    write_workbook(world, Policy(), plan, tmp_path / "out.xlsx")
    sheet = load_workbook(tmp_path / "out.xlsx")["plan"]
    head, *rows = sheet.iter_rows(values_only=True)
    urn, sip_at, days = head.index("URN"), head.index("SIP"), head.index("days")
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref
    assert sorted(str(r[urn]) for r in rows) == ["1", "2", "3"]
    assert [r[sip_at] for r in rows if r[urn] == 3] == ["no SIP yet"]
    assert sum(float(str(r[days])) for r in rows if r[days] is not None) == sum(a.days for a in plan.assignments)


def test_the_sheets_plan_and_loads_reconcile(made: tuple[Case, Plan], tmp_path: Path) -> None:
    """What schools are given and what begins new pairings and heads' first years add up to the SIPs' days."""
    world, plan = made
    write_workbook(world, Policy(), plan, tmp_path / "out.xlsx")
    book = load_workbook(tmp_path / "out.xlsx")

    def total(sheet: str, column: str) -> float:
        head, *rows = book[sheet].iter_rows(values_only=True)
        return sum(float(str(r[head.index(column)])) for r in rows if r[head.index(column)] is not None)

    assert total("plan", "days to begin with") == total("loads", "to begin with") > 0
    assert total("plan", "days") == total("loads", "for schools")
    assert (
        total("plan", "days") + total("plan", "days to begin with") == total("loads", "days") == plan.summary.days_used
    )
    notices = [row[0] for row in book["notices"].iter_rows(values_only=True)]
    assert any("to begin with" in str(n) for n in notices)


def test_no_text_becomes_a_formula(made: tuple[Case, Plan], tmp_path: Path) -> None:
    world, plan = made
    write_workbook(world, Policy(), plan, tmp_path / "out.xlsx")
    book = load_workbook(tmp_path / "out.xlsx")
    cells = [c for sheet in book for row in sheet.iter_rows() for c in row if c.value == HOSTILE]
    assert cells
    assert {c.data_type for c in cells} == {"s"}


def test_the_workbook_reads_back_as_the_same_case_with_the_managers_own_columns(
    made: tuple[Case, Plan], tmp_path: Path
) -> None:
    world, plan = made
    write_workbook(world, Policy(), plan, tmp_path / "out.xlsx")
    back = read_case(tmp_path / "out.xlsx").case
    assert back is not None
    assert canon.case_sha256(back) == canon.case_sha256(world)
    assert back.extras["schools"] == {"1": {"My column": "keep me"}}


def test_an_unfilled_post_stands_first_with_what_would_mend_it(made: tuple[Case, Plan], tmp_path: Path) -> None:
    world, plan = made
    write_workbook(world, Policy(), plan, tmp_path / "out.xlsx")
    book = load_workbook(tmp_path / "out.xlsx")
    assert book["plan"]["B2"].value == 3
    assert str(book["unfilled"]["A2"].value) == "School 3"


class Seen(HTMLParser):
    """Tags, attribute values and visible text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.values: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.values += [v or "" for _, v in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def seen(made: tuple[Case, Plan]) -> Seen:
    world, plan = made
    parser = Seen()
    parser.feed(page(allocate.setup(world, Policy()).facts, plan))
    return parser


def test_the_page_asks_nothing_of_the_network_and_runs_no_script(made: tuple[Case, Plan]) -> None:
    found = seen(made)
    assert "script" not in found.tags
    assert "link" not in found.tags
    assert not [v for v in found.values if "://" in v]


def test_the_page_names_every_school_and_escapes_what_it_shows(made: tuple[Case, Plan]) -> None:
    found = seen(made)
    assert all(name in found.text for name in (HOSTILE, "School 2", "School 3"))


def test_the_directors_page_comes_first_and_shows_no_points_or_hash(made: tuple[Case, Plan]) -> None:
    opening = seen(made).text.split("The team")[0]
    assert "2 of 3" in opening
    assert "points" not in opening
    assert made[1].made_with.case_sha256 not in opening
    assert "Decision wanted" in opening


def test_the_map_draws_the_schools_whose_place_is_known(made: tuple[Case, Plan]) -> None:
    assert seen(made).tags.count("circle") == 2


def test_the_directors_page_counts_every_post_of_a_school_of_concern_and_tells_many_open_interests_together() -> None:
    schools = [school("1", category_of_concern="SM", need="top"), *(school(str(n)) for n in range(2, 9))]
    ties = [{"sip": "C", "urn": str(n), "kind": "governor"} for n in range(2, 9)]
    ready_for_it = {"experience": ("special_measures", "ri_to_good"), "days": 60}
    plan = solve(case(schools, [sip(x, **ready_for_it) for x in "ABC"], interests=ties), Policy())
    card = director(ready_from(plan).facts, plan)
    own = [a for a in plan.assignments if a.urn == "1"]
    assert {a.post for a in own} == {"lead", "support"}
    assert [days for _, _, days in card.concern] == [sum(a.days for a in own)]  # as the desk has it
    assert card.wanted == ("7 declared interests are not decided yet (Sip C); clear or bar each.",)


def test_the_directors_page_counts_the_year_of_a_school_whose_sip_left(made: tuple[Case, Plan]) -> None:
    """Days of a school of high need are those of the year, not of the last holder alone."""
    schools = [school("1", need="high"), school("2")]
    plan = solve(case(schools, [sip("A"), sip("B")], history=led("1", "A", "2025/26")), Policy())
    (first,) = [a for a in plan.assignments if a.urn == "1"]
    after = scenario(plan, [{"sip_leaves": {"sip": first.sip, "on": "2026-12-31"}}]).plan()
    rows = [a for a in after.assignments if a.urn == "1"]
    assert len(rows) == 2
    assert director(ready_from(after).facts, after).concern == (("School 1", rows[1].name, sum(a.days for a in rows)),)
    text = page(ready_from(after).facts, after)
    assert "Show all" not in text  # nothing long is folded
    assert text.count('<div class="long"') == 5
