"""The board, the map, a school, a SIP: moved by mouse, by keyboard, on a phone and without script."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from allocator.domain.case import Case
from allocator.domain.policy import Policy
from allocator.reasons.answer import solve
from allocator.store import keep
from tests.make import case, led, school, sip
from tests.pages.site import PHONE, Site, accessible
from tests.service.office import planned
from tests.sizes import HOURS, long

HILLS = [school(str(n), name=f"{n} Hill School", easting=400_000 + 5000 * n, northing=300_000) for n in range(1, 6)]


def small() -> Case:
    """A leads 1 and 2, B leads 3 and 4; C may take any but 4; nobody may take 5, a special school."""
    history = [row for n in range(1, 5) for row in led(str(n), "A" if n < 3 else "B", "2025/26")]
    hills = [*HILLS[:4], HILLS[4].model_copy(update={"phase": "special"})]
    people = [
        sip(s, easting=400_000, northing=305_000, dbs_valid_until="2027-03-01" if s == "C" else None) for s in "ABC"
    ]
    return case(hills, people, history=history, interests=[{"sip": "C", "urn": "4", "kind": "family"}])


@pytest.fixture
def board(at: Site) -> str:
    """A round of this test's own, planned; its address."""
    facts, policy = small(), Policy.model_validate({"require_dbs": False})
    with at.db.write() as s:
        return planned(s, keep.new_id(), facts, policy, solve(facts, policy)).id


def go(at: Site, board: str, path: str = "/board", **how: object) -> Page:
    page = at.enter(board, "manager", **how)  # type: ignore[arg-type]  # width and script
    page.goto(f"{at.base}/rounds/{board}{path}")
    return page


def kept(at: Site, board: str) -> dict[str, str | None]:
    """Who locked what in the round's case."""
    with at.db.read() as s:
        row = keep.case_row(s, board)
        assert row is not None
        return {d.urn: d.sip for d in keep.case_of(row)[0].decisions if d.decision == "lock"}


def test_a_card_is_dragged_the_price_seen_and_kept_as_a_lock(at: Site, board: str) -> None:
    page = go(at, board)
    accessible(page)
    page.locator("#\\31 -lead").drag_to(page.locator(".sip-column[data-column='C']"))
    panel = page.get_by_label("Moving a card")
    expect(panel.get_by_role("heading", name="Sip C for 1 Hill School")).to_be_visible()
    expect(panel).to_contain_text("No other school moves")
    accessible(page)
    panel.get_by_label("Why?").fill("The head asked for her")
    panel.get_by_role("button", name="Keep it, locked").click()
    page.wait_for_url("**/board*")
    expect(page.locator(".sip-column[data-column='C'] #\\31 -lead")).to_contain_text("Locked")
    assert kept(at, board) == {"1": "C"}
    page.goto(f"{at.base}/rounds/{board}/board/try?urn=1&sip=C")  # and unlocked again
    page.get_by_label("Why?").fill("She changed her mind")
    page.get_by_role("button", name="Take the lock away").click()
    page.wait_for_url("**/board*")
    expect(page.locator("#\\31 -lead")).not_to_contain_text("Locked")
    assert kept(at, board) == {}


def test_a_card_is_moved_by_keyboard_and_barred_with_its_reason(at: Site, board: str) -> None:
    page = go(at, board)
    grip = page.get_by_role("button", name=re.compile("Pick up.*4 Hill"))
    grip.focus()
    page.keyboard.press("Enter")
    said = page.locator("#said")
    expect(said).to_contain_text("4 Hill School picked up, now with Sip B")
    page.keyboard.press("ArrowRight")
    expect(said).to_contain_text("Sip C")
    page.keyboard.press("Escape")
    expect(said).to_contain_text("back where it was")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    panel = page.get_by_label("Moving a card")
    expect(panel).to_contain_text("Barred")
    expect(panel).to_contain_text("declared interest at 4 Hill School that bars the pair")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(grip).to_be_focused()


def test_search_answers_at_once_and_by_the_address_without_script(at: Site, board: str) -> None:
    page = go(at, board)
    page.get_by_label("Search").fill("3 hill")
    expect(page.locator("#count")).to_have_text("1 of 5 cards shown.")
    expect(page.locator("#\\31 -lead")).to_be_hidden()
    page.get_by_label("Show", exact=True).select_option("unfilled")
    page.get_by_label("Search").fill("")
    expect(page.locator("#count")).to_have_text("1 of 1 cards shown.")
    plain = go(at, board, "/board?q=3+hill", script=False)
    expect(plain.locator("#count")).to_contain_text("1 of 5 cards shown.")
    assert plain.locator(".sip-card").count() == 1


@long()
def test_without_script_a_card_is_moved_by_its_menu(at: Site, board: str) -> None:
    page = go(at, board, script=False, width=PHONE)
    page.get_by_role("link", name=re.compile("Move.*2 Hill")).click()
    expect(page.get_by_role("heading", name="Who could have 2 Hill School?")).to_be_visible()
    accessible_width(page)
    page.get_by_role("link", name=re.compile("Try.*Sip C")).click()
    page.get_by_role("button", name="Keep it, locked").click()
    expect(page.get_by_role("alert")).to_contain_text("Say why in a sentence")
    page.get_by_label("Why?").fill("Agreed by telephone")
    page.get_by_role("button", name="Keep it, locked").click()
    page.wait_for_url("**/board*", timeout=60_000)
    expect(page.locator(".sip-column[data-column='C'] #\\32 -lead")).to_contain_text("Locked")


def accessible_width(page: Page) -> None:
    """No sideways scrolling of the page."""
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], page.url


@long()
def test_every_page_is_accessible_at_both_widths(at: Site, board: str) -> None:
    page = go(at, board)
    small_page = go(at, board, width=PHONE)
    paths = (
        "board",
        "board?tag=unfilled",
        "board/move?urn=4",
        "board/try?urn=4&sip=C",
        "board/try?urn=1&sip=A",
        "map",
        "map?sip=A",
        "schools/1",
        "schools/5",
        "schools/1?why_not=C",
        "sips/B",
        "sips/C",
        "checks",
        "lists",
    )
    for path in paths:
        if HOURS or path in ("board", "schools/1"):
            page.goto(f"{at.base}/rounds/{board}/{path}")
            accessible(page)
        small_page.goto(f"{at.base}/rounds/{board}/{path}")
        accessible(small_page)
        accessible_width(small_page)


def test_a_post_nobody_fills_says_why(at: Site, board: str) -> None:
    page = go(at, board, script=False)
    nobody = page.locator(".sip-column--empty")
    expect(nobody).to_contain_text("5 Hill School")
    expect(nobody).to_contain_text("One more SIP who may take 5 Hill School")
    expect(nobody.get_by_role("button")).to_have_count(0)  # nobody is hired by a button
    expect(nobody).to_contain_text("Sip A works in primary; 5 Hill School needs special")


def test_the_school_page_answers_who_came_second_and_why_not(at: Site, board: str) -> None:
    page = go(at, board, "/schools/1")
    expect(page.get_by_role("heading", name="Why Sip A")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Next choice:")
    expect(page.locator("main")).to_contain_text("What the head will read")
    page.get_by_text("Each of the others, and why not").click()
    page.get_by_role("link", name=re.compile("The exact price.*Sip C")).click()
    expect(page.locator("#price")).to_contain_text("Sip C may take 1 Hill School")
    accessible(page)


def test_the_sip_page_warns_before_a_check_lapses_and_prices_a_day(at: Site, board: str) -> None:
    page = go(at, board, "/sips/C")
    expect(page.locator("main")).to_contain_text("runs out on 1 March 2027")
    expect(page.locator("main")).to_contain_text("Open, and bars until it is cleared")
    page.get_by_role("button", name="What would one more day buy?").click()
    page.wait_for_url(re.compile("gain="))
    expect(page.locator("#more")).to_contain_text("One more day of Sip C")


def test_the_map_zooms_filters_and_leads_to_schools(at: Site, board: str) -> None:
    page = go(at, board, "/map")
    svg = page.locator("#map svg")
    whole = svg.get_attribute("viewBox")
    page.get_by_role("button", name="Closer").click()
    assert svg.get_attribute("viewBox") != whole
    page.locator("#map").focus()
    page.keyboard.press("-")
    page.get_by_label("SIP", exact=True).select_option("A")
    expect(page.locator("#map a[data-sip='B']").first).to_be_hidden()
    page.locator("#map a[data-sip='A']").first.press("Enter")
    page.wait_for_url("**/schools/*")
