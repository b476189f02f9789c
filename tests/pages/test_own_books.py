"""Twelve workbooks as managers keep them: each from upload through the page to a right plan, without a terminal."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from allocator.domain.case import Case
from allocator.domain.policy import Policy
from allocator.reasons.answer import solve
from allocator.store import keep
from tests.intake.own_books import BOOKS, PAIRS, SCHOOLS, listed, made, saved, team
from tests.service.office import Desk, open_office

AT = "http://testserver/rounds/rq/data"  # a round that has no data yet
MEANT = {"Green": "low", "Amber": "standard", "Red": "high"}  # what a manager says of their own words
SAID = {  # workbook -> what the page says of it before it is taken
    "last-sip.xlsx": ["SIP 2025/26 is read as who led each school in 2025/26", "Bars: 1 interest"],
    "programme.xlsx": ["The sheet Notes is not a table"],
    "director.xlsx": ["the header is read from row 4", "sums and headers repeated are not read: row 12 (Total)"],
    "rag.xlsx": ["need: 2 high, 3 standard, 1 low"],
    "halves.xlsx": ["days is read: 4½ as 4.5; 6 days as 6; am as 0.5; ½ as 0.5"],
    "dates.xlsx": ["4 primary"],
    "colours.xlsx": ["cells are coloured (red in rows 3, 7"],
    "hidden.xlsx": [
        "1 hidden or filtered row is read too: row 4 (Cole Infant School)",
        "1 row is struck through, and read all the same: row 5 (Dot Low)",
    ],
    "semicolons.zip": ["separated by semicolons", "Bars: 1 interest"],
    "open.ods": ["Adviser 25/26 is read as who led"],
    "old.xls": ["SIP 25/26 is read as who led"],
    "initials.xlsx": ["SIP 25/26 is read as who led"],
}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return open_office(tmp_path)


def approved(page: str) -> dict[str, str]:
    """What the form of one's own words sends as it stands, and the manager's word for each value asked about."""
    out = {}
    for name, body in re.findall(
        r'<select[^>]*name="((?:sheet|column|value|school|sip|body)\|[^"]*)"[^>]*>(.*?)</select>', page, re.S
    ):
        chosen = re.search(r'<option value="([^"]*)" selected', body)
        out[unescape(name)] = MEANT.get(name.rpartition("|")[2], unescape(chosen[1]) if chosen else "")
    return out


@pytest.mark.parametrize("name", BOOKS)
def test_from_upload_to_a_right_plan(desk: Desk, name: str) -> None:
    me = desk.headers("manager elsewhere")
    page = desk.client.post(AT, headers=me, files={"file": (name, BOOKS[name]())}, data={"year": "2026/27"}).text
    for _ in range(3):  # each screen that asks, approved as it stands
        if ("data/take" in page and name != "rag.xlsx") or not (words := approved(page)):
            break
        page = desk.client.post(f"{AT}/words", headers=me, data=words).text
    told = " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())
    for part in SAID[name]:
        assert part in told
    first = told.partition("Take it as the data")[
        0
    ]  # what may not be meant is seen before the button, and not in a fold
    assert ("Look at these before you take it" in first) is (name in ("colours.xlsx", "hidden.xlsx"))
    assert all(part in first for part in SAID[name]) or name not in ("colours.xlsx", "hidden.xlsx")
    taken = desk.client.post(f"{AT}/take", headers=me)
    assert "are in, as version 1." in taken.text, told
    with desk.db.read() as s:
        row = keep.case_row(s, "rq")
        assert row is not None
        case, policy = keep.case_of(row)
    right(case, policy, name)


def right(case: Case, policy: Policy, name: str) -> None:
    """The schools, their needs, last year's pairs and the conflict are as the workbook has them, and so is the plan."""
    schools = [s for s in SCHOOLS if name != "programme.xlsx" or s[2] == "Secondary"]
    called = {p.sip: p.name for p in case.sips}
    assert [(s.urn, s.name, s.pupils, s.trust or "") for s in case.schools] == [
        (str(s[1]), s[0], s[5], s[4]) for s in schools
    ]
    assert [s.need for s in case.schools] == [
        {"Low": "low", "Medium": "standard", "High": "high"}[s[3]] for s in schools
    ]
    assert {(h.urn, called[h.sip]) for h in case.history} == {p for p in PAIRS if int(p[0]) in [s[1] for s in schools]}
    assert [(p.name, p.days, p.trained, str(p.dbs_checked_on)) for p in case.sips if p.name != "Dot Low"] == [
        ("Ann Oak", 20, True, "2026-05-04"),
        ("Bob Ray", 24, True, "2026-05-04"),
        ("Cat Hill", 30, True, "2026-05-04"),
    ]
    plan = solve(case, policy)
    leads = {(a.urn, called[a.sip]) for a in plan.assignments if a.post == "lead"}
    assert leads == {p for p in PAIRS if p[0] in {s.urn for s in case.schools}}, name


def test_a_column_that_may_bar_somebody_is_not_put_aside_by_one_press(desk: Desk) -> None:
    sips = [*team(["Adviser", "Type", "Phases", "Days"])]
    sips = [[*r, c] for r, c in zip(sips, ["Conflicts of interest", "Ash Primary", *[""] * len(sips)], strict=False)]
    file = saved(made({"Schools": listed("School", "URN", "Phase", "Band", "MAT", "NOR", "SIP 25/26"), "SIPs": sips}))
    me = desk.headers("manager elsewhere")
    page = desk.client.post(AT, headers=me, files={"file": ("ours.xlsx", file)}, data={"year": "2026/27"}).text
    assert approved(page)["column|sips|Conflicts of interest"] == ""
    page = desk.client.post(f"{AT}/words", headers=me, data=approved(page)).text
    assert "data/take" not in page
    assert "the column Conflicts of interest is not read, and may say what a rule must know" in page
    page = desk.client.post(f"{AT}/words", headers=me, data={"column|sips|Conflicts of interest": "="}).text
    assert "data/take" in page
