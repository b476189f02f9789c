"""From a plan to the plan in force by thumb on a phone, each step the one that the desk says comes next."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.pages.hands import Thumb
from tests.pages.site import PHONE, Site, accessible, hartwell
from tests.service.office import planned
from tests.sizes import long

SLOW = 60_000  # ms for a job on a busy machine


class Tapping(Thumb):
    """As `Thumb`, on a screen that is touched; says what the desk calls next."""

    def next(self, title: str) -> None:
        self.follow("Desk")
        expect(self.page.locator(".sip-coming")).to_contain_text(title)
        self._do(self.page.locator(".sip-coming .govuk-button").first)


@long(slice="tests/pages/test_three_jobs.py::test_the_three_jobs")
def test_from_a_plan_to_the_plan_in_force_by_thumb(at: Site) -> None:
    with at.db.write() as s:
        planned(s, "thumb", *hartwell())
    context = at.browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)  # type: ignore[arg-type]  # a TypedDict
    at.contexts.append(context)
    page = context.new_page()
    thumb = Tapping(page)
    page.goto(at.link("thumb", "manager"))
    thumb.press("Sign in")
    thumb.follow("2026/27")

    thumb.next("Tell 63 schools")
    thumb.press("Tell them: open their pages")
    thumb.next("63 schools still to answer")
    page.get_by_text("Type the schools' names").tap()
    page.get_by_label("School 1", exact=True).fill("cress")
    page.locator("#says-0").select_option("veto")
    page.locator("#line-0").fill("We disagreed.")
    thumb.press("Write these down")
    expect(page.locator(".govuk-notification-banner")).to_contain_text("1 answer written down")
    page.evaluate("for (const e of document.querySelectorAll('select[name^=word-]')) e.value = 'accept'")
    thumb.press("Write down what they said")
    expect(page.get_by_text("Every school that was told has answered")).to_be_visible()

    thumb.next("Plan again for 1 school that refused")
    thumb.press("See who would move")
    page.get_by_role("heading", name="Who would move").wait_for(timeout=SLOW)
    thumb.press("Put it on the desk")
    page.get_by_text("1 school not yet told").wait_for(timeout=SLOW)
    thumb.next("Tell the other 1 school")
    thumb.press("Tell them: open their pages")
    thumb.next("1 school still to answer")
    page.get_by_label("What Cress Community Primary School says").select_option("accept")
    thumb.press("Write down what they said")

    # a pair with other days cannot be confirmed before its school has heard: the desk and the page lead there
    page.goto(f"{at.base}/rounds/thumb/confirm")
    expect(page.get_by_role("link", name="Tell 1 school of other days or dates")).to_be_visible()
    accessible(page)
    thumb.next("Tell 1 school of other days or dates")
    thumb.press("Write them down as told")
    thumb.next("boards of governors to say yes")
    page.get_by_text("The governors' yes for several at once").tap()
    thumb.press("Governors said yes to those ticked")
    thumb.follow("pairs that changed, each with why")
    thumb.follow("Back to confirming")
    thumb.press("Confirm all 79 in my name")
    thumb.next("Put the plan in force")
    thumb.press("Put the plan in force")
    expect(page.locator(".govuk-notification-banner")).to_contain_text(re.compile("The plan is in force"))
