"""Coming in: the link is spent on the button; roles stay apart; what was typed survives a lost session."""

from __future__ import annotations

from typing import Any

import pyotp
import pytest
from playwright.sync_api import Route, expect

from allocator.service.roles import GrantRole
from tests.pages import site
from tests.pages.site import PHONE, Site, accessible
from tests.sizes import long


def test_a_link_is_spent_on_the_button_and_not_on_being_opened(at: Site) -> None:
    link = at.link("draft", "manager")
    page = at.context().new_page()
    for _ in range(3):
        page.goto(link)
    accessible(page)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Rounds")).to_be_visible()
    again = at.context().new_page()
    again.goto(link)
    expect(again.get_by_role("heading", name="The link has been used or has run out")).to_be_visible()
    accessible(again)


def test_asking_for_a_link(at: Site) -> None:
    page = at.context(width=PHONE, script=False).new_page()
    page.goto(f"{at.base}/")
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter your email address")
    page.get_by_label("Your email address").fill("stranger@example.org")
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_role("heading", name="Look for our email")).to_be_visible()


def test_every_page_of_the_way_in_is_accessible(at: Site) -> None:
    page = at.context().new_page()
    page.goto(f"{at.base}/sign-in")
    accessible(page)
    page.get_by_role("button", name="Send me a link").click()
    accessible(page)
    roles: tuple[GrantRole, ...] = ("manager", "auditor")
    for role in roles:
        inside = at.enter("draft", role)
        accessible(inside)
        inside.goto(f"{at.base}/rounds/draft")
        expect(inside.get_by_role("heading", name="Round 2026/27")).to_be_visible()
        accessible(inside)


def test_what_was_typed_survives_a_lost_session(at: Site) -> None:
    page = at.enter("empty", "manager")
    page.get_by_label("Name of a new round").fill("2030/31 with care")
    page.context.clear_cookies()
    page.get_by_role("button", name="Open a round").click()
    expect(page.get_by_role("heading", name="nothing is lost")).to_be_visible()
    accessible(page)
    other = page.context.new_page()
    other.goto(at.link("empty", "manager"))
    other.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Send it again").click()
    expect(page.get_by_role("heading", name="2030/31 with care")).to_be_visible()


def test_a_plan_is_made_from_the_desk(at: Site) -> None:
    page = at.enter("draft", "manager")
    page.goto(f"{at.base}/rounds/draft")
    page.get_by_role("button", name="Make the plan again").click()
    page.wait_for_url("**/plan")


def test_no_page_asks_another_host_or_breaks_its_own_policy(at: Site) -> None:
    page = at.context().new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda r: asked.append(r.url))
    page.on("console", lambda m: said.append(m.text))
    page.goto(at.link("draft", "manager"))
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{at.base}/rounds/draft")
    assert [u for u in asked if not u.startswith(at.base)] == []
    assert said == []


@long()
def test_a_second_factor_from_the_first_code_to_the_next_sign_in(at: Site) -> None:
    """Each state of its page is accessible, on a phone, too."""
    page = at.enter("told", "manager", width=PHONE, email="second@told.example")
    page.goto(f"{at.base}/second-factor")
    accessible(page)
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_text("Six digits", exact=True)).to_be_visible()
    accessible(page)
    secret = page.locator("code").first.inner_text().replace(" ", "")
    page.get_by_label("The code that it shows now").fill("123")
    page.get_by_role("button", name="Take it into use").click()
    expect(page.locator("#code-error")).to_be_visible()
    accessible(page)
    page.get_by_label("The code that it shows now").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Take it into use").click()
    expect(page.get_by_text("They are shown this once")).to_be_visible()
    accessible(page)
    page.goto(f"{at.base}/second-factor")
    expect(page.get_by_role("button", name="Take it away")).to_be_visible()
    accessible(page)
    again = at.enter("told", "manager", width=PHONE, email="second@told.example")
    again.goto(f"{at.base}/second-factor")
    expect(again.get_by_role("button", name="Come in")).to_be_visible()
    accessible(again)
    assert again.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_page_is_not_measured_before_it_has_its_styles(at: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine styles come after the page: links without them are too small to be hit, and were a fault."""
    monkeypatch.setattr(site, "_in_order", {True: set(), False: set()})
    page = at.enter("told", "manager")
    page.goto(f"{at.base}/rounds/told/publish", wait_until="load")
    held: list[Route] = []
    came: list[Route] = []
    page.route("**/*.css", lambda route: held.append(route))
    with page.expect_request("**/*.css"):  # or, on a busy machine, we would still be on the page before
        page.get_by_role("link", name="Refusals and questions").first.click()
    while not held:  # a request is told of before it is held
        page.wait_for_timeout(10)
    plain = page.wait_for_load_state

    def come(*args: Any) -> None:
        came.extend(held)
        while held:
            held.pop().continue_()
        page.unroute("**/*.css")
        plain(*args)

    monkeypatch.setattr(page, "wait_for_load_state", come)
    accessible(page)
    assert came
