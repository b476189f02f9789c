"""Long lists on a phone: first rows and a search, all in one press, without script; as cards, none sideways."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from allocator import rounds
from allocator.service.pages.ask import WAYS
from allocator.store import keep
from tests.pages.site import PHONE, Site, accessible, hartwell
from tests.pages.test_at_size import SIDEWAYS
from tests.service.office import MEL, open_office, planned
from tests.sizes import long

SITE = "http://testserver"
LONG = {  # address -> (rows, how many a phone shows first, how many there are)
    "/plan": ("#plan > tbody > tr", 25, 63),
    "/ask": ("#all-schools tbody > tr", 25, 63),
    "/data/facts/schools": ("#rows tbody > tr", 25, 63),
}


def shown(page: Page, rows: str) -> int:
    return page.locator(rows).filter(visible=True).count()


@long(but=("/plan", "/ask"))
@pytest.mark.parametrize("path", LONG)
def test_a_phone_shows_the_first_rows_and_all_in_one_press(at: Site, path: str) -> None:
    rows, first, every = LONG[path]
    page = at.enter("draft", "manager", width=PHONE, script=False)
    page.goto(f"{at.base}/rounds/draft{path}")
    assert (shown(page, rows), page.evaluate(SIDEWAYS)) == (first, [])
    page.get_by_role("link", name=f"Show all {every}").click()
    assert shown(page, rows) == every
    expect(page.get_by_role("link", name=f"Show all {every}")).to_be_hidden()
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{at.base}/rounds/draft{path}")
    assert shown(page, rows) == (first if path == "/ask" else every)  # a county's is 25,000 px on a wide screen, too


@long()
def test_of_hundreds_told_every_screen_shows_the_first_and_all_in_one_press(at: Site) -> None:
    with at.db.write() as s:
        planned(s, "many-told", *hartwell())
        keep.step(s, "many-told", MEL, lambda d: rounds.propose(d, None, keep.now().date()))
    page, rows = at.enter("many-told", "manager"), "#all-told tbody > tr"
    page.goto(f"{at.base}/rounds/many-told/publish?show=waiting")
    assert shown(page, rows) == 25
    every = page.locator(rows).count()
    accessible(page)
    page.emulate_media(media="print")
    assert shown(page, rows) == every
    page.emulate_media(media="screen")
    page.get_by_role("link", name=f"Show all {every} schools").click()
    assert shown(page, rows) == every > 25
    expect(page.get_by_role("link", name=f"Show all {every} schools")).to_be_hidden()


def test_of_the_lists_every_screen_shows_the_first_rows_and_the_sum(at: Site) -> None:
    page = at.enter("draft", "manager", script=False)
    page.goto(f"{at.base}/rounds/draft/lists")
    long = page.locator(".sip-folds:has(.sip-rest:visible)").first
    rows = long.locator("tbody > tr")
    assert (shown(page, ".sip-folds:has(.sip-rest:visible) tbody > tr") > 0, rows.count() > 25) == (True, True)
    assert rows.filter(visible=True).count() == 25
    long.locator(".sip-rest a").click()
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{at.base}/rounds/draft/lists")
    assert page.locator(".sip-total").filter(visible=True).count() == page.locator(".sip-total").count() > 0


def test_links_in_tables_are_as_high_as_a_thumb_on_a_phone(at: Site) -> None:
    page = at.enter("draft", "manager", width=PHONE)
    for path in ("/ask", "/data/facts/schools", "/publish"):
        page.goto(f"{at.base}/rounds/draft{path}")
        low = page.evaluate(
            """[...document.querySelectorAll("main .sip-stack a, main .sip-tight a")]
            .filter(a => a.offsetParent && a.matches(":only-child") && a.getBoundingClientRect().height < 44)
            .map(a => a.textContent)"""
        )
        assert low == [], path


@long()
def test_a_row_that_an_address_leads_to_is_never_held_back(at: Site) -> None:
    page = at.enter("draft", "manager", width=PHONE)
    page.goto(f"{at.base}/rounds/draft/plan")
    last = page.locator("#plan > tbody > tr").last
    expect(last).to_be_hidden()
    page.goto(f"{at.base}/rounds/draft/plan#{last.get_attribute('id')}")
    expect(last).to_be_visible()
    accessible(page)


def test_the_board_shows_every_sip_that_a_search_finds(at: Site) -> None:
    page = at.enter("draft", "manager", width=PHONE)
    page.goto(f"{at.base}/rounds/draft/board")
    column = page.locator(".sip-column").last
    column.evaluate("e => { for (let n = 0; n < 20; n++) e.before(e.previousElementSibling.cloneNode(true)); }")
    expect(column).to_be_hidden()
    page.get_by_label("Search").fill(column.get_attribute("data-name") or "")
    expect(column).to_be_visible()


@long(but="/log")
@pytest.mark.parametrize("path", ["/log", "/checks", "/data/facts/interests", "/answers"])
def test_tables_of_several_columns_are_no_wider_than_a_phone(at: Site, path: str) -> None:
    page = at.enter("draft" if path == "/checks" else "told", "manager", width=PHONE)
    page.goto(f"{at.base}/rounds/{'draft' if path == '/checks' else 'told'}{path}")
    assert page.evaluate(SIDEWAYS) == []
    accessible(page)


@pytest.mark.parametrize("way", WAYS)
def test_who_was_asked_is_narrowed_by_words_and_by_how_they_stand(tmp_path: Path, way: str) -> None:
    desk = open_office(tmp_path)
    me, at = desk.headers("manager"), f"{SITE}/rounds/r/ask"
    desk.client.post(f"{at}/schools/1", data={"going_on": "keep"}, headers=me)
    html = desk.client.get(f"{at}?show={way}", headers=me).text
    found = [n for n in "1234" if f"{n} Hill School<" in html]
    assert found == {"": list("1234"), "unasked": list("1234"), "silent": [], "answered": ["1"]}[way]
    assert "1 of 4 answered" in html
    one = desk.client.get(f"{at}?q=hill+3", headers=me).text
    assert [n for n in "1234" if f"{n} Hill School<" in one] == ["3"]


def test_schools_told_are_found_by_school_urn_or_sip(tmp_path: Path) -> None:
    desk = open_office(tmp_path)
    for q, names in (("2 HILL", "2"), ("sip a", "12"), ("nobody", "")):
        html = desk.client.get(f"{SITE}/rounds/r/publish?q={q}", headers=desk.headers("manager")).text
        assert [n for n in "1234" if f'/answers/{n}">' in html] == list(names)


def test_all_are_confirmed_before_a_list_of_hundreds_and_not_behind_it(tmp_path: Path) -> None:
    desk = open_office(tmp_path)
    with desk.db.write() as s:
        on = keep.now().date()
        for q in keep.standing(s, "r").queries:
            keep.step(s, "r", MEL, partial(rounds.close_query, query=q.id, outcome="Told.", on=on))
        for urn in "1234":
            keep.step(s, "r", MEL, partial(rounds.answer, urn=urn, says="accept", by="head", on=on))
    html = desk.client.get(f"{SITE}/rounds/r/confirm", headers=desk.headers("manager")).text
    assert html.index("Confirm all 4 in my name") < html.index('id="all-ready"')
