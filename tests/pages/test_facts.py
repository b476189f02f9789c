"""One fact changed on a page: a version in words, what it does to the plan, and undo; the case is what a workbook would give."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from allocator.domain.case import Case
from allocator.intake.edit import key_of
from allocator.service.uploads import XLSX
from allocator.store import keep
from allocator.store.tables import AuditRow, CaseRow
from tests.intake.test_national import zipped
from tests.service.office import Desk, open_office
from tests.sizes import long

AT = "http://testserver/rounds/r/data"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return open_office(tmp_path)


def now(desk: Desk) -> Case:
    with desk.db.read() as s:
        row = keep.case_row(s, "r")
        assert row is not None
        return keep.case_of(row)[0]


def post(desk: Desk, where: str, who: str = "manager", **form: Any) -> str:
    """The page after the form, its words without marks."""
    answer = desk.client.post(f"{AT}/{where}", headers=desk.headers(who), data=form)
    assert answer.status_code < 500
    return words(answer.text)


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page).replace("&#39;", "'").split())


def row_form(desk: Desk, table: str, key: str = "") -> dict[str, str]:
    """What the browser would send if nothing were typed."""
    page = desk.client.get(f"{AT}/facts/{table}/row", params={"key": key}, headers=desk.headers("manager")).text
    sent = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page))
    for name, body in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', body)
        sent[name] = chosen[1] if chosen else ""
    return sent


def test_an_interest_is_cleared_and_the_version_tells_by_whom_and_what_it_frees(desk: Desk) -> None:
    open_one = now(desk).interests[0]
    told = post(desk, "facts/interests/row", **{**row_form(desk, "interests", key_of(open_one)), "outcome": "cleared"})
    assert "Version 2 of the data" in told
    assert "Sip C, interest in 4 Hill School: outcome cleared, was open; decided by manager, was not recorded" in told
    assert "Sip C may now be SIP of 4 Hill School." in told
    assert "It breaks no rule with these data." in told
    assert (now(desk).interests[0].outcome, now(desk).interests[0].decided_by) == ("cleared", "manager")


def test_what_bars_a_pair_of_the_plan_is_said_and_undone(desk: Desk) -> None:
    before = now(desk)
    told = post(desk, "facts/interests/row", key="", sip="A", urn="1", kind="governor")
    assert "Sip A may no longer be SIP of 1 Hill School: Sip A declared an interest (governor)" in told
    assert "It does not stand with these data." in told
    assert "Sip A is lead SIP of 1 Hill School in it, and may not be:" in told
    assert "See the least change that heeds it" in told
    told = post(desk, "versions/1/back")
    assert "The data of version 1 are back, as version 3." in told
    assert "No longer: Sip A declares an interest in 1 Hill School (governor): bars until decided" in told
    assert now(desk) == before


@long(but=("cells0", "cells1", "cells3"))
@pytest.mark.parametrize(
    ("table", "key", "cells"),
    [
        ("sips", "A", {"days": "17.5", "dbs_valid_until": "2027-08-31"}),
        ("schools", "2", {"need": "high", "head_email": "head@two.example", "focus": "early reading; maths"}),
        ("wishes", "", {"by": "school", "urn": "3", "wish": "fresh_eyes", "strength": "3"}),
        ("history", None, {"ended": "school_asked"}),
        (
            "decisions",
            "",
            {"decision": "forbid", "urn": "1", "sip": "C", "reason": "as agreed", "by": "Mel", "on": "2026-09-02"},
        ),
        ("absences", "", {"sip": "B", "away_from": "2026-11-02", "away_to": "2026-11-27"}),
    ],
)
def test_the_case_is_what_a_workbook_with_the_same_change_gives(
    desk: Desk, table: str, key: str | None, cells: dict[str, str]
) -> None:
    me = desk.headers("manager")
    book = load_workbook(io.BytesIO(desk.client.get(f"{AT}/workbook", headers=me).content))
    row = key_of(getattr(now(desk), table)[0]) if key is None else key
    form = row_form(desk, table, row)
    for column, value in cells.items():
        parts = dict(zip(("year", "month", "day"), value.split("-"), strict=False))
        form |= {f"{column}-{p}": n for p, n in parts.items()} if value[:2] == "20" else {column: value}
    assert "Version 2 of the data" in post(desk, "facts/" + table + "/row", **form)
    sheet = book[table] if table in book.sheetnames else book.create_sheet(table)
    header = [c.value for c in sheet[1]] if sheet.max_row and sheet["A1"].value else []
    at = 2 if row else max(sheet.max_row, 1) + 1
    if key in ("A", "2"):
        at = next(r for r in range(2, 9) if sheet.cell(r, 1).value == key)
    for column, value in cells.items():
        if column not in header:
            header.append(column)
            sheet.cell(1, len(header), column)
        sheet.cell(at, header.index(column) + 1, value)
    out = io.BytesIO()
    book.save(out)
    told = desk.client.post(AT, headers=me, files={"file": ("data.xlsx", out.getvalue())}, data={"year": "2026/27"})
    assert "It changes nothing against version 2" in told.text, words(told.text)


def test_a_row_that_cannot_be_is_refused_in_its_field_and_nothing_is_kept(desk: Desk) -> None:
    told = post(desk, "facts/sips/row", **{**row_form(desk, "sips", "A"), "days": "plenty"})
    assert "Error: days is 'plenty'; expected a number" in told
    told = post(
        desk,
        "facts/sips/row",
        **{**row_form(desk, "sips", "A"), "leaves_on-day": "31", "leaves_on-month": "2", "leaves_on-year": "2027"},
    )
    assert "Give a day, month and year" in told
    told = post(desk, "facts/interests/row", key="", sip="A", kind="governor")
    assert "fill exactly one of urn, trust and la" in told
    told = post(desk, "facts/schools/row", **{**row_form(desk, "schools", "1"), "head_email": "not an address"})
    assert "one email address" in told
    assert "Nothing differs from what was there" in post(desk, "facts/sips/row", **row_form(desk, "sips", "A"))
    with desk.db.read() as s:
        assert s.query(CaseRow).filter_by(round_id="r").count() == 1


def test_many_at_once_from_a_list_are_one_version(desk: Desk) -> None:
    assert "Tick at least one row" in post(desk, "facts/schools/many", column="need")
    assert "Choose what to change" in post(desk, "facts/schools/many", key="1", column="urn")
    told = post(desk, "facts/schools/many", column="need", all="yes", find="hill school")
    assert "Change 4 rows" in told
    assert "Schools Schools Change 4 rows" in told  # the way back has words, and so has the caption
    told = post(desk, "facts/schools/many", column="need", key=["1", "3"], need="high", do="change")
    assert "1 Hill School: need high, was not recorded 3 Hill School: need high, was not recorded" in told
    assert [s.need for s in now(desk).schools] == ["high", None, "high", None]
    told = post(desk, "facts/interests/many", column="(out)", all="yes", do="change")
    assert "No longer: Sip C declares an interest in 4 Hill School: bars until decided" in told
    with desk.db.read() as s:
        log = [(a.action, a.detail) for a in s.query(AuditRow).filter_by(action="fact changed")]
    assert log == [
        ("fact changed", "version 2: schools, 2 rows: need"),
        ("fact changed", "version 3: interests, 1 row: taken out"),
    ]


def test_a_manager_who_is_a_sip_changes_nothing_about_themselves(desk: Desk) -> None:
    with desk.db.write() as s:
        row = keep.the_round(s, "r", lock=True)
        kept = keep.case_row(s, "r")
        assert kept is not None
        case, policy = keep.case_of(kept)
        sips = tuple(p.model_copy(update={"email": "manager@example.org"}) if p.sip == "C" else p for p in case.sips)
        from tests.service.office import MEL

        keep.keep_case(s, row, case.model_copy(update={"sips": sips}), policy, [], MEL)
    form = {**row_form(desk, "interests", key_of(now(desk).interests[0])), "outcome": "cleared"}
    assert "another manager changes it" in post(desk, "facts/interests/row", **form)
    assert "another manager changes it" in post(desk, "facts/interests/many", column="(out)", all="yes", do="change")
    assert "(sips): another manager does that" in post(desk, "versions/1/back")
    me = desk.headers("manager")
    sheet = load_workbook(io.BytesIO(desk.client.get(f"{AT}/workbook", headers=me).content))
    outcome = sheet["interests"].max_column + 1
    sheet["interests"].cell(1, outcome, "outcome")
    for cleared in (True, False):  # nor in a workbook, which may change everybody else
        sheet["interests"].cell(2, outcome).value = "cleared" if cleared else None
        other = next(r for r in range(2, 5) if sheet["sips"].cell(r, 1).value == "A")
        days = [str(c.value).rstrip("*") for c in sheet["sips"][1]].index("days") + 1
        sheet["sips"].cell(other, days, 18)
        out = io.BytesIO()
        sheet.save(out)
        desk.client.post(AT, headers=me, files={"file": ("data.xlsx", out.getvalue())}, data={"year": "2026/27"})
        taken = post(desk, "take")
        put = desk.client.put(
            "/rounds/r/case?year=2026/27", content=out.getvalue(), headers={**me, "content-type": XLSX}
        )
        assert ("about yourself as a SIP (interests): another manager does that" in taken) is cleared, taken
        assert (put.status_code == 409) is cleared, put.text
    assert now(desk).interests[0].outcome is None
    assert {p.sip: p.days for p in now(desk).sips} == {"A": 18, "B": 20, "C": 20}


def test_the_first_data_of_a_round_that_tell_of_their_giver_are_noted(desk: Desk) -> None:
    me = desk.headers("manager elsewhere")
    team = "sip,name,kind,phases,days,email\nme,Me,consultant,primary,9,manager.elsewhere@example.org\n"
    files = {
        "schools.csv": "urn,name,phase\n900101,Ash,primary\n",
        "sips.csv": team,
        "interests.csv": "sip,urn,kind\nme,900101,family\n",
    }
    desk.client.post(
        "http://testserver/rounds/rq/data",
        headers=me,
        files={"file": ("a.zip", zipped(dict(files)))},
        data={"year": "2026/27"},
    )
    assert "as version 1" in desk.client.post("http://testserver/rounds/rq/data/take", headers=me).text
    with desk.db.read() as s:
        assert [a.detail for a in s.query(AuditRow).filter_by(action="own rows put")] == ["sips: 1, interests: 1"]


def test_somebody_elses_change_meanwhile_is_not_written_over(desk: Desk) -> None:
    form = row_form(desk, "sips", "A")
    post(desk, "facts/sips/row", **{**form, "days": "18"})
    answer = desk.client.post(f"{AT}/facts/sips/row", headers=desk.headers("manager"), data={**form, "days": "12"})
    assert answer.status_code == 412
    assert now(desk).sips[0].days == 18


def test_earlier_versions_are_told_and_put_back_without_their_settings(desk: Desk) -> None:
    post(desk, "facts/sips/row", **{**row_form(desk, "sips", "A"), "days": "18"})
    desk.client.put("/rounds/r/policy", json={"name": "steady"}, headers=desk.headers("manager"))
    post(desk, "facts/sips/row", **{**row_form(desk, "sips", "B"), "days": "12"})
    page = words(desk.client.get(f"{AT}/versions", headers=desk.headers("auditor")).text)
    assert "Sip B: days 12, was 20" in page
    assert "settings changed" in page
    page = words(desk.client.get(f"{AT}/versions/1", headers=desk.headers("manager")).text)
    assert "Sip A: days 20, was 18" in page
    post(desk, "versions/1/back")
    with desk.db.read() as s:
        kept = keep.case_row(s, "r")
        assert kept is not None
        case, policy = keep.case_of(kept)
    assert ([p.days for p in case.sips], policy.name) == ([20, 20, 20], "steady")


def test_desk_and_plan_lead_a_manager_to_one_fact(desk: Desk) -> None:
    pages = {
        who: [desk.client.get(f"http://testserver/rounds/r{p}", headers=desk.headers(who)).text for p in ("", "/plan")]
        for who in ("manager", "auditor")
    }
    assert 'href="/rounds/r/data/facts/schools">Change a fact</a>' in pages["manager"][0]
    assert 'href="/rounds/r/data/facts/schools">The facts</a>' in pages["auditor"][0]
    row = 'href="data/facts/schools/row?key=1" aria-label="Change a fact about 1 Hill School"'
    assert [row in p[1] for p in pages.values()] == [True, False]


@pytest.mark.parametrize(("opens", "outcome"), [("go", "barred"), ("stay", "cleared")])
def test_a_tie_that_a_sip_declares_in_the_round_is_decided_where_it_is_read_and_stands_in_the_register(
    desk: Desk, opens: str, outcome: str
) -> None:
    """Nobody has to write it into the data by hand, and the plan is made again without the pair where it bars."""
    said = {"urn": "2", "post": "lead", "answer": "interest", "reason": "my sister is a governor"}
    heard = desk.client.post(f"/plans/{desk.ids['plan']}/answers", json=said, headers=desk.headers("sip"))
    assert heard.status_code == 200, heard.text
    seen = desk.client.get("http://testserver/rounds/r/answers", headers=desk.headers("manager")).text
    assert "It bars the pair, and the school gets somebody else" in seen
    form = {"n": "2", "decides": "1", "outcome": "We spoke.", "version": "0"}
    with desk.db.read() as s:
        form["version"] = str(keep.the_round(s, "r").version)
    unsaid = desk.client.post("http://testserver/rounds/r/answers/query", headers=desk.headers("manager"), data=form)
    assert (unsaid.status_code, "Say what is decided" in unsaid.text) == (422, True)
    done = desk.client.post(
        "http://testserver/rounds/r/answers/query",
        headers=desk.headers("manager"),
        data={**form, "opens": opens},
        follow_redirects=False,
    )
    assert done.status_code == 303, done.text
    with desk.db.read() as s:
        case, _ = keep.case_of(keep.case_row(s, "r"))  # type: ignore[arg-type]
        waits = [p.urn for p in keep.standing(s, "r").waiting]
    assert [(i.sip, i.outcome, i.decided_by) for i in case.interests if i.urn == "2"] == [("A", outcome, "manager")]
    assert waits == (["2"] if opens == "go" else [])
    told = desk.client.get("http://testserver/sip", headers=desk.headers("sip")).text
    assert ("it bars you from the school" if opens == "go" else "it does not bar you") in told
