"""Pages of a county on a phone: lists are folded, dots stand for crowds, nothing is worked out once a row."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from allocator.allocate import Key, Setup
from allocator.domain.plan import Plan
from allocator.domain.policy import Policy
from allocator.reasons import told
from allocator.reasons.answer import solve
from allocator.reasons.complete import held_in
from allocator.report import letters
from allocator.report.wording import Letter
from allocator.service import sent
from allocator.service.outbox import heads_in
from allocator.service.pages import confirm, place, previews
from allocator.service.pages import map as map_page
from allocator.store import keep
from tests.pages.site import PHONE, Site, accessible, hartwell
from tests.pages.test_board import board as board
from tests.pages.test_board import go
from tests.pages.test_matrix import SITE
from tests.service.office import facts, open_office, planned
from tests.sizes import long

SIDEWAYS = """() => [...document.querySelectorAll(".sip-scroll")].filter(e => e.scrollWidth > e.clientWidth + 1)
  .map(e => e.getAttribute("aria-label"))"""


def test_a_crowded_map_is_dots_and_its_table_folded_by_sip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(map_page, "CROWDED", 3)
    desk, case = open_office(tmp_path), facts()
    spread = {
        x: tuple(
            r.model_copy(update={"easting": 500.0 * n, "northing": 900.0 * n}) for n, r in enumerate(getattr(case, x))
        )
        for x in ("schools", "sips")
    }
    case = case.model_copy(update=spread)
    with desk.db.write() as s:
        planned(s, "n", case, Policy(), solve(case, Policy()), programme="p")
    whole, one = (
        desk.client.get(f"{SITE}/rounds/n/map{q}", headers=desk.headers("manager")).text for q in ("", "?sip=A")
    )
    found = [(x.count("sip-map__crowd"), x.count("<details"), x.count("<line ")) for x in (whole, one)]
    assert found == [(1, 3, 0), (0, 0, 2)]  # one beneath the map, in it one a SIP
    assert whole.index("4 schools, by SIP") < whole.index("A: Sip A, 2 schools")
    assert "A: Sip A, 2 schools" in whole


@long()
def test_the_map_goes_close_to_the_sip_chosen_and_its_table_is_no_wider_than_a_phone(at: Site, board: str) -> None:
    page = go(at, board, "/map")
    whole = page.locator("#map svg").get_attribute("viewBox")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a TypedDict
    page.goto(f"{at.base}/rounds/{board}/map?sip=A")
    expect(page.locator("#map svg")).not_to_have_attribute("viewBox", str(whole))
    assert page.evaluate(SIDEWAYS) == []
    accessible(page)


@long()
def test_letters_and_lists_of_telling_fit_a_phone(at: Site) -> None:
    page = at.enter("told", "manager", width=PHONE)
    for path in ("/publish", "/out", "/telephone"):
        page.goto(f"{at.base}/rounds/told{path}")
        assert page.evaluate(SIDEWAYS) == [], path
        accessible(page)


@long()
def test_of_many_letters_a_page_is_written_and_the_rest_is_searched_or_shown_whole(at: Site) -> None:
    page = at.enter("draft", "manager", width=PHONE)
    page.goto(f"{at.base}/rounds/draft/publish/check")
    letters = page.locator("details")
    expect(letters).to_have_count(previews.A_PAGE)
    expect(page.get_by_role("heading", name="Another SIP than last year")).to_be_visible()
    assert page.get_by_text(re.compile("letters, page 1")).inner_text() == "25 of 62 letters, page 1 of 3."
    accessible(page)
    page.get_by_role("button", name="The next page").click()
    expect(page.get_by_text("page 2 of 3")).to_be_visible()
    page.get_by_role("button", name="All 62 on one page").click()
    expect(letters).to_have_count(62)
    page.get_by_label("School, SIP or address").fill("sallow PRIMARY")
    page.get_by_role("button", name="Show these").click()
    expect(letters).to_have_count(1)
    letters.click()
    expect(page.get_by_text("Sallow Primary School").last).to_be_visible()


def test_letters_chosen_by_a_form_are_paged_by_it_and_only_they_are_sent(at: Site) -> None:
    page = at.enter("draft", "manager", script=False)
    page.goto(f"{at.base}/rounds/draft/publish")
    page.get_by_role("checkbox", name="Alder Primary School").uncheck()
    by = keep.now().date() + dt.timedelta(days=60)  # more than a year ahead is refused
    page.get_by_label("Day").last.fill(str(by.day))
    page.get_by_label("Month").last.fill(str(by.month))
    page.get_by_label("Year").last.fill(str(by.year))
    page.get_by_role("button", name=re.compile("Look at the letters of all")).click()
    page.get_by_role("button", name="The next page").click()
    expect(page.get_by_text("page 2 of 3")).to_be_visible()
    expect(page.get_by_text(f"63 schools, to answer by {by.day} {by:%B %Y}. Nothing has been sent.")).to_be_visible()
    expect(page.locator("form[action$=send] input[name=urns]")).to_have_count(63)
    expect(page.locator("form[action$=send] input[name=answer_by]")).to_have_value(f"{by}")


def test_only_letters_that_are_looked_at_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "MANY", 2)
    monkeypatch.setattr(previews, "A_PAGE", 1)
    desk, written, write = open_office(tmp_path), list[Any](), letters.school_letter

    def counted(*args: Any, **more: Any) -> Letter:
        written.append(args[1])
        return write(*args, **more)

    monkeypatch.setattr(letters, "school_letter", counted)
    me = desk.headers("manager")
    for urn in ("1", "2", "3", "4"):
        desk.client.post(f"{SITE}/rounds/r/publish/withdraw", data={"urn": urn, "reason": "again"}, headers=me)
    written.clear()
    html = desk.client.get(f"{SITE}/rounds/r/publish/check?page=3", headers=me).text
    assert (len(written), html.count("<details"), "page 3 of" in html) == (1, 1, True)
    assert desk.client.get(f"{SITE}/rounds/r/publish/check?page=99&sort=same&q=hill", headers=me).status_code == 200


def test_schools_to_be_told_are_folded_by_letter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "FOLDED", 3)
    desk = open_office(tmp_path)
    with desk.db.write() as s:
        planned(s, "n", facts(), Policy(), solve(facts(), Policy()), programme="p")
    html = desk.client.get(f"{SITE}/rounds/n/publish", headers=desk.headers("manager")).text
    assert [html.count(x) for x in ("<details", "1: 1 school<", 'name="urns"', 'name="shown"')] == [4, 1, 4, 4]


def test_what_all_letters_share_is_worked_out_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, asked = open_office(tmp_path), []

    def counted(ready: Setup, plan: Plan) -> dict[Key, str]:
        asked.append(plan)
        return held_in(ready, plan)

    monkeypatch.setattr(told, "held_in", counted)
    monkeypatch.setattr(told, "_lately", None)  # what a test before this one left
    assert desk.client.get(f"{SITE}/rounds/r/out/letters/school/all.docx", headers=desk.headers("manager")).content
    assert len(asked) == 1


def test_who_the_heads_and_chairs_are_is_asked_for_at_once_when_schools_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For each school by itself it was a minute of a county's telling."""
    desk, asked = open_office(tmp_path), []

    def counted(s: Any, programme: str, at: Any, groups: Any) -> Any:
        asked.append(len(groups := list(groups)))
        return heads_in(s, programme, at, groups)

    monkeypatch.setattr(sent, "heads_in", counted)
    with desk.db.write() as s:
        planned(s, "n", facts(), Policy(), solve(facts(), Policy()), programme="p")
        version = keep.the_round(s, "n").version
    form = {"urns": ["1", "2", "3", "4"], "version": str(version)}
    told = desk.client.post(
        f"{SITE}/rounds/n/publish/send", data=form, headers=desk.headers("manager"), follow_redirects=False
    )
    assert (told.status_code, asked) == (303, [4])
    with desk.db.read() as s:
        assert len(keep.standing(s, "n").letters) == 5  # four heads, and the chair who is known


def test_hundreds_of_changed_pairs_are_folded_by_cause_each_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, (case, policy, plan) = open_office(tmp_path), hartwell()
    with desk.db.write() as s:
        planned(s, "n", case, policy, plan, programme="p")
    at, me = f"{SITE}/rounds/n/confirm/changed", desk.headers("manager")
    flat = desk.client.get(at, headers=me).text
    monkeypatch.setattr(confirm, "FOLDED", 3)
    folded = desk.client.get(at, headers=me).text
    rows = [re.findall(r"<tr.*?</tr>", html, re.S)[1:] for html in (flat, folded)]
    assert sorted(r for r in rows[1] if "data-label" in r) == sorted(rows[0])
    counts = [int(n) for n in re.findall(r"[a-z]: (\d+) pairs?<", folded)]
    assert (sum(counts), counts) == (len(rows[0]), sorted(counts, reverse=True))
    assert len(counts) > 2
    assert "<details" not in flat
    assert "<details" not in desk.client.get(f"{at}?whole=yes", headers=me).text


def test_what_is_folded_of_the_changed_pairs_is_on_paper(at: Site) -> None:
    page = at.enter("draft", "manager", width=PHONE, script=False)
    page.goto(f"{at.base}/rounds/draft/confirm/changed")
    row = page.get_by_role("row").last
    page.evaluate("""() => { const fold = document.createElement("details"), rows = document.querySelector(".sip-scroll");
      fold.className = "govuk-details sip-unfolds"; rows.replaceWith(fold); fold.append(rows) }""")
    expect(row).to_be_hidden()
    page.emulate_media(media="print")
    expect(row).to_be_visible()
