"""Without a mail server: links, addresses and letters in one file, for heads and SIPs; dates as a calendar file."""

from __future__ import annotations

import base64
import csv
import io
import re
from functools import partial
from pathlib import Path

import pytest

from allocator import rounds
from allocator.domain.policy import Policy
from allocator.engine.tiers import Stop
from allocator.jobs import tasks
from allocator.reasons.answer import solve
from allocator.service import roles
from allocator.store import keep
from allocator.store.tables import Job, RoundRow
from tests.pages.test_matrix import SITE
from tests.service.office import MEL, Desk, facts, open_office


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """The office; its manager manages every programme, and so is shown links; heads and SIPs have addresses."""
    made = open_office(tmp_path)
    with made.db.write() as s:
        roles.enrol(s, "manager@example.org", "manager", "q", "manager")
        for urn in "1234":
            roles.enrol(s, f"head{urn}@example.org", f"Head {urn}", "p", "head", urn=urn)
        keep.step(s, "r", MEL, lambda d: rounds.sound(d, None, keep.now().date()))
    return made


def given(desk: Desk, path: str, **form: str) -> bytes:
    answer = desk.client.post(f"{SITE}{path}", data=form, headers=desk.headers("manager"), follow_redirects=False)
    assert answer.status_code == 200, answer.text
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"
    return answer.content


def rows(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))


def test_letters_to_heads_are_one_file_of_each_kind(desk: Desk) -> None:
    found = rows(given(desk, "/rounds/r/publish/links", **{"as": "csv"}))
    reached = [r for r in found if r["Address"]]
    assert {r["Address"] for r in reached} >= {f"head{n}@example.org" for n in "1234"}
    assert len({r["Link"] for r in reached}) == len(reached)  # one each
    assert all(r["Link"] in r["Letter"] for r in reached)
    said = {(r["URN"], r["School"], r["SIP"]) for r in found}
    assert said == {(n, f"{n} Hill School", f"Sip {'A' if n < '3' else 'B'}") for n in "1234"}
    assert all(r["SIP"] in r["Letter"] for r in found)
    assert given(desk, "/rounds/r/publish/links", **{"as": "pdf"})[:5] == b"%PDF-"
    assert given(desk, "/rounds/r/publish/links", **{"as": "docx"})[:2] == b"PK"


def test_who_has_no_address_has_a_letter_to_be_printed(tmp_path: Path) -> None:
    """In each file, and on the page; only what needs an address is left blank."""
    from docx import Document

    bare = open_office(tmp_path)  # heads of 1 and 3 have a role here, those of 2 and 4 have not
    found = rows(given(bare, "/rounds/r/publish/links", **{"as": "csv"}))
    lone = [r for r in found if not r["Address"]]
    assert [r["To"] for r in lone] == ["The headteacher, 2 Hill School", "The headteacher, 4 Hill School"]
    assert all(r["Subject"] and "/school" in r["Letter"] and not r["Link"] for r in lone)
    book = Document(io.BytesIO(given(bare, "/rounds/r/publish/links", **{"as": "docx"})))
    assert sum(p.style is not None and p.style.name == "Heading 1" for p in book.paragraphs) == len(found)
    page = bare.client.post(f"{SITE}/rounds/r/publish/links", data={}, headers=bare.headers("manager")).text
    assert page.count('class="sip-sheet"') == len(found)
    assert f"{len(found)} letters" in page


def test_letters_to_sips_come_the_same_way(desk: Desk) -> None:
    found = rows(given(desk, "/rounds/r/publish/links", sips="A", **{"as": "csv"}))
    assert [bool(r["To"]) for r in found] == [True]
    assert not found[0]["Address"] or found[0]["Link"] in found[0]["Letter"]
    assert [found[0][x] for x in ("URN", "School", "SIP")] == ["1 and 2", "1 Hill School and 2 Hill School", "Sip A"]


def test_dates_are_a_calendar_file(desk: Desk) -> None:
    text = desk.client.get(f"{SITE}/rounds/r/out/calendar.ics", headers=desk.headers("manager")).text
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    assert text.endswith("END:VCALENDAR\r\n")
    assert text.count("BEGIN:VEVENT") == text.count("END:VEVENT") == 3
    assert "SUMMARY:3 schools to answer by today" in text  # the fourth has asked
    assert "Answer the question of 4 Hill School" in text
    assert "2 SIPs to answer by today" in text
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))


def test_letters_for_all_are_three_presses_from_the_desk(desk: Desk) -> None:
    """The letters looked at, the schools told, the file: each by what the page before it shows."""
    me = desk.headers("manager")
    with desk.db.write() as s:
        row = RoundRow(id="n", programme_id="p", name="2027/28", created_at=keep.now())
        s.add(row)
        s.flush()
        plan = solve(facts(), Policy())
        keep.keep_case(s, row, facts(), Policy(), [], MEL)
        keep.keep_plan(s, "n", plan)
        keep.keep_fact(s, row, rounds.adopt(keep.standing(s, "n"), plan), MEL)

    def form(html: str, action: str) -> dict[str, list[str]]:
        inside = html[html.index(f'action="{action}"') :].split("</form>")[0]
        found: dict[str, list[str]] = {}
        for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', inside):
            found.setdefault(name, []).append(value)
        return found

    home = desk.client.get(f"{SITE}/rounds/n", headers=me).text
    assert 'href="/rounds/n/publish/check" role="button"' in home
    letters = desk.client.get(f"{SITE}/rounds/n/publish/check", headers=me).text
    assert "4 schools, to answer by" in letters, letters[letters.index("<h1") :][:600]
    auditor = desk.client.get(f"{SITE}/rounds/n/publish/check", headers=desk.headers("auditor")).text
    assert "4 schools, to answer by" in auditor
    assert "/publish/send" not in auditor
    told = desk.client.post(f"{SITE}/rounds/n/publish/send", data=form(letters, "/rounds/n/publish/send"), headers=me)
    assert "4 schools told" in told.text
    asked = form(told.text, "/rounds/n/publish/links") | {"as": ["csv"]}
    found = desk.client.post(f"{SITE}/rounds/n/publish/links", data=asked, headers=me)
    assert len(rows(found.content)) >= 4
    nobody_left = desk.client.get(f"{SITE}/rounds/n/publish/check", headers=me, follow_redirects=False)
    assert nobody_left.headers["location"] == "/rounds/n/publish"


def test_the_director_s_page_tells_of_the_round_whose_plan_is_on_the_desk(tmp_path: Path) -> None:
    desk = open_office(tmp_path)
    with desk.db.read() as s:
        job = s.get_one(Job, "exported")
    made = tasks.perform(desk.db, job, Stop())
    html = base64.b64decode(made["base64"]).decode()
    assert "Nobody has been told yet" not in html
    assert "4 answers outstanding" in html
    assert "0 of 4 pairs are confirmed" in html
    with desk.db.write() as s:
        for urn in "123":
            keep.step(s, "r", MEL, partial(rounds.answer, urn=urn, says="accept", by="head", on=keep.now().date()))
    html = base64.b64decode(tasks.perform(desk.db, job, Stop())["base64"]).decode()
    assert "1 answer outstanding" in html
