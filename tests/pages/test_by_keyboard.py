"""The main path of a year by Tab, Enter, Space and arrows alone, and where the focus is after each act."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from allocator.domain.policy import Policy
from allocator.reasons.answer import solve
from tests.pages.hands import Keys
from tests.pages.site import Site
from tests.service.office import facts, planned
from tests.sizes import long

SLOW = 60_000  # ms for a job on a busy machine
FOCUS = """() => {
  const e = document.activeElement, r = e.getBoundingClientRect(), s = getComputedStyle(e);
  return {name: e.localName, kind: e.className, place: e.closest("aside") ? "panel" : e.closest("main") ? "main" : "",
    seen: r.width > 0 && r.height > 0 && r.bottom > 0 && r.top < innerHeight && (s.outlineStyle !== "none" || s.boxShadow !== "none")};
}"""


def focus(page: Page) -> dict[str, Any]:
    page.wait_for_load_state("load")
    found: dict[str, Any] = page.evaluate(FOCUS)
    return found


def told(keys: Keys, words: str) -> None:
    """What was done is said, has the focus where all can see it, and Tab goes on from there."""
    banner = keys.page.locator(".govuk-notification-banner")
    expect(banner).to_contain_text(words, timeout=SLOW)
    expect(banner).to_be_focused()
    assert focus(keys.page)["seen"]
    keys.page.keyboard.press("Tab")
    assert focus(keys.page)["place"] == "main"


@long(slice="tests/pages/test_three_jobs.py::test_the_three_jobs")
def test_a_year_s_main_path_by_keyboard_alone(at: Site) -> None:
    with at.db.write() as s:
        planned(s, "keys", facts(), Policy(), solve(facts(), Policy()))
    page = at.context().new_page()
    page.set_default_timeout(15_000)
    keys = Keys(page)
    page.goto(at.link("keys", "manager"))
    keys.press("Sign in")
    keys.follow("2026/27")
    page.get_by_role("heading", name="Round 2026/27").wait_for()

    # the skip link comes first, and leads past the ways to other pages
    page.locator("body.js-enabled").wait_for()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert focus(page)["place"] == "main"

    # a move on the board, put back with Escape, then made
    keys.follow("Board")
    grip = page.get_by_role("button", name=re.compile("Pick up.*1 Hill"))
    column = page.locator("[data-column=A] > details")
    if column.get_attribute("open") is None:
        keys.reach(column.locator("summary").first)
        page.keyboard.press("Enter")
    keys.reach(grip)
    for key in ("Enter", "ArrowRight", "Escape"):
        page.keyboard.press(key)
    expect(page.locator("#tray")).to_be_hidden()
    expect(grip).to_be_focused()
    page.keyboard.press("Enter")
    for key in ("ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Keep it, locked").wait_for(timeout=SLOW)
    assert focus(page)["place"] == "panel"
    page.keyboard.press("Escape")
    expect(grip).to_be_focused()
    page.keyboard.press("Enter")
    for key in ("ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    keys.write("Why?", "The head knows Sip C.")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/board"), timeout=SLOW)
    expect(page.locator("[data-column=C] .sip-card")).to_have_count(1, timeout=SLOW)

    # told, answered by telephone with a refusal, confirmed
    keys.follow("Desk")
    keys.press("Look at the letters")
    keys.press("Tell them: open their pages")
    told(keys, "4 schools told")
    keys.follow("Desk")
    keys.press("Type in answers")
    for n in "134":
        keys.choose(f"What {n} Hill School says", "yes")
    keys.choose("What 2 Hill School says", "no")
    keys.write("In a line, 2 Hill School", "A disagreement.")
    page.keyboard.press("Enter")
    told(keys, "4 answers written down")
    keys.follow("Desk")
    keys.press("See who would move")
    keys.press("See who would move")
    page.get_by_role("heading", name="Who would move").wait_for(timeout=SLOW)
    keys.press("Put it on the desk")
    page.get_by_text("1 school not yet told").wait_for(timeout=SLOW)
