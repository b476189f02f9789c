"""National files in the browser: told file by file, taken at once, and never over data that have changed meanwhile."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from openpyxl import load_workbook

from allocator.domain.case import Case
from allocator.store import keep
from allocator.store.tables import RoundRow
from tests.intake.test_national import zipped
from tests.service.office import MEL, Desk, open_office

SITE = "http://testserver"
REGISTER = (
    "URN,LA (name),EstablishmentName,TypeOfEstablishment (name),EstablishmentStatus (name),PhaseOfEducation (name),NumberOfPupils,Trusts (name)\n"
    "1,Hart,1 Hill School,Academy converter,Open,Primary,230,Oak Trust\n"
    "2,Hart,2 Hill School,Community school,Open,Primary,90,\n"
    "3,Hart,3 Hill School,Community school,Open,Primary,90,\n"
    "9,Hart,=9 Hill School,Community school,Open,Primary,90,\n"
)
LINKS = "URN,LinkURN,LinkName,LinkType,LinkEstablishedDate\n1,81,Old,Predecessor,01-04-2026\n4,44,New,Successor,01-04-2026\n"
OFSTED = "URN,Inspection start date,Overall effectiveness,Category of concern\n1,01/05/2024,4,SM\n"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return open_office(tmp_path)


def post(desk: Desk, files: dict[str, bytes], round: str = "r", **data: object) -> tuple[int, str, bytes]:
    sent = {k: (f"{k}.zip" if v[:2] == b"PK" else f"{k}.csv", v) for k, v in files.items()}
    answer = desk.client.post(
        f"{SITE}/rounds/{round}/national", files=sent or {"x": ("", b"")}, data=data, headers=desk.headers("manager")
    )
    return answer.status_code, answer.text, answer.content


def take(desk: Desk, html: str) -> tuple[int, str]:
    found = re.search(r'name="package" value="([^"]*)"', html)
    answer = desk.client.post(
        f"{SITE}/rounds/r/national/take",
        data={"package": found[1] if found else "none"},
        headers=desk.headers("manager"),
        follow_redirects=False,
    )
    return answer.status_code, answer.text


def in_force(desk: Desk) -> Case:
    with desk.db.read() as s:
        row = keep.case_row(s, "r")
        assert row is not None
        return keep.case_of(row)[0]


def test_three_files_in_one_visit(desk: Desk) -> None:
    both = zipped({"edubasealldata.csv": REGISTER, "links_edubasealldata.csv": LINKS})
    before = in_force(desk)
    status, html, _ = post(
        desk, {"register": both, "links": both, "ofsted": OFSTED.encode()}, options=["add", "renumber"]
    )
    assert status == 200
    for told in (
        "3 of 4 schools are open or coming",
        "Added: 1 new school",
        "4 is now 44",
        "1 SM",
    ):
        assert told in html
    assert in_force(desk) == before  # nothing is in until it is taken
    assert take(desk, html)[0] == 303
    after = {s.urn: s for s in in_force(desk).schools}
    assert set(after) == {"1", "2", "3", "44", "9"}
    assert (after["1"].pupils, after["1"].trust, after["1"].category_of_concern) == (230, "Oak Trust", "SM")
    assert [(s.old_urn, s.new_urn) for s in in_force(desk).successions] == [("81", "1"), ("4", "44")]
    assert in_force(desk).interests[0].urn == "4"  # it follows


def test_what_a_manager_wrote_stays(desk: Desk) -> None:
    with desk.db.write() as s:
        row = keep.case_row(s, "r")
        assert row is not None
        case, policy = keep.case_of(row)
        first = case.schools[0].model_copy(
            update={"need": "high", "head": "h1", "days": 7.5, "focus": ("reading", "maths")}
        )
        own = {"schools": {"1": {"Our notes": "ring"}}}
        changed = case.model_copy(update={"schools": (first, *case.schools[1:]), "extras": own})
        keep.keep_case(s, keep.the_round(s, "r", lock=True), changed, policy, [], MEL)
    _, html, _ = post(desk, {"register": REGISTER.encode()})
    assert take(desk, html)[0] == 303
    school = in_force(desk).schools[0]
    assert (school.need, school.head, school.days, school.focus) == ("high", "h1", 7.5, ("reading", "maths"))
    assert (school.pupils, in_force(desk).extras) == (230, own)


def test_data_that_changed_meanwhile_are_not_written_over(desk: Desk) -> None:
    _, html, _ = post(desk, {"register": REGISTER.encode()})
    with desk.db.write() as s:
        row = keep.case_row(s, "r")
        assert row is not None
        keep.keep_case(s, keep.the_round(s, "r", lock=True), *keep.case_of(row), [], MEL)
    status, text = take(desk, html)
    assert (status, "have changed since" in text) == (409, True)


def test_files_that_say_nothing_new_leave_nothing_to_take(desk: Desk) -> None:
    _, html, _ = post(desk, {"register": REGISTER.encode()})
    take(desk, html)
    _, html, _ = post(desk, {"register": REGISTER.encode()})
    assert "there is nothing to take" in html
    assert 'name="package"' not in html


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "Choose at least one file"),
        ({"links": REGISTER.encode()}, "LinkType were not found"),
        ({"ofsted": b"PK\x03\x04"}, "does not unpack"),
        ({"register": b"a,b\n1,2\n"}, "column URN"),
    ],
)
def test_what_cannot_be_used_is_said_at_its_field(desk: Desk, files: dict[str, bytes], says: str) -> None:
    status, html, _ = post(desk, files)
    assert status == 422
    assert says in html
    field = next(iter(files), "register")
    assert f'href="#{field}"' in html


def test_an_unknown_authority_is_said_at_its_field(desk: Desk) -> None:
    status, html, _ = post(desk, {"register": REGISTER.encode()}, las="Hartt")
    assert status == 422
    assert "Did you mean &#39;Hart&#39;" in html
    assert 'href="#las"' in html


def test_what_no_page_of_ours_sent_is_refused(desk: Desk) -> None:
    for package in ("none", "eJwrAAAAfQB9"):
        assert take(desk, f'name="package" value="{package}"')[0] == 422


def test_a_round_without_data_gets_a_workbook_to_fill(desk: Desk) -> None:
    with desk.db.write() as s:
        made = keep.the_round(s, "r", lock=True)
        s.add(RoundRow(id="new", programme_id=made.programme_id, name="2027/28", created_at=keep.now()))
    status, html, _ = post(desk, {"register": REGISTER.encode()}, round="new")
    assert (status, "Name the authorities" in html) == (422, True)
    status, _, body = post(desk, {"register": REGISTER.encode(), "ofsted": OFSTED.encode()}, round="new", las="Hart")
    sheet = load_workbook(io.BytesIO(body))["schools"]
    header = [str(c.value).rstrip("*") for c in sheet[1]]
    first = dict(zip(header, (c.value for c in sheet[2]), strict=True))
    assert (status, first["name"], first["category_of_concern"], sheet.max_row) == (200, "1 Hill School", "SM", 5)
    assert sheet.cell(5, header.index("name") + 1).data_type == "s"  # a name is never worked out


def test_what_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    small = open_office(tmp_path, upload_mb=1, national_mb=2)
    status, html, _ = post(small, {"register": REGISTER.encode() + b"\n" * (3 * 2**20)})
    assert (status, "larger than 2 MB" in html) == (413, True)
    assert post(small, {"register": REGISTER.encode() + b"\n" * 2**20})[0] == 200
