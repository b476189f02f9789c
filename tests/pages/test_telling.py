"""July on the pages: SIPs asked, letters looked at and sent, answers heard, one planned again, all confirmed, in force."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from allocator import rounds
from allocator.domain.policy import Policy
from allocator.reasons.answer import solve
from allocator.rounds import Desk, Fact
from allocator.store import keep
from allocator.store.tables import Programme, RoundRow
from tests.pages.site import PHONE, Site, accessible
from tests.service.office import MEL, facts
from tests.sizes import long

TODAY = dt.date.today()
Step = Callable[[Desk], "Fact | list[Fact]"]


def own_round(at: Site, name: str, *steps: Step, policy: Policy | None = None) -> str:
    """A programme and round of this name: four small schools, planned, with these steps taken."""
    policy = policy or Policy()
    case = facts().model_copy(
        update={
            "sips": tuple(
                s.model_copy(update={"easting": 1000.0 * n, "northing": 900.0}) for n, s in enumerate(facts().sips)
            )
        }
    )
    case = case.model_copy(
        update={
            "schools": tuple(
                s.model_copy(
                    update={"easting": 500.0 * n, "northing": 4000.0 * n, "head_email": f"head{s.urn}@{name}.example"}
                )
                for n, s in enumerate(case.schools)
            )
        }
    )
    plan = solve(case, policy)
    with at.db.write() as s:
        s.add(Programme(id=name, name=f"Programme {name}", created_at=keep.now()))
        s.flush()
        s.add(RoundRow(id=name, programme_id=name, name="2026/27", created_at=keep.now()))
        s.flush()
        row = keep.the_round(s, name, lock=True)
        keep.keep_case(s, row, case, policy, [], MEL)
        keep.keep_plan(s, name, plan)
        keep.keep_fact(s, row, rounds.adopt(keep.standing(s, name), plan), MEL)
        for step in steps:
            keep.step(s, name, MEL, step)
    return f"{at.base}/rounds/{name}"


def tell_all(d: Desk) -> Fact:
    return rounds.propose(d, None, TODAY)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()


@long()
def test_july_from_the_first_letter_to_the_plan_in_force(at: Site) -> None:
    here = own_round(at, "july")
    page = at.enter("july", "manager")
    page.goto(f"{here}/publish")
    press(page, "Ask the SIPs ticked")
    expect(page.get_by_role("alert")).to_contain_text("Tick the SIPs to ask")
    accessible(page)
    page.get_by_label("Ask Sip A").check()
    press(page, "Ask the SIPs ticked")
    expect(page.get_by_role("status", name="Done")).to_contain_text("1 SIP asked")
    page.get_by_label("SIP", exact=True).select_option(label="Sip B")
    press(page, "Show these")
    press(page, "Look at the letters of all 2 shown")
    expect(page.get_by_role("heading", name="Before 2 letters go")).to_be_visible()
    page.get_by_text("The headteacher, 3 Hill School").click()
    expect(page.get_by_text("Sip B stays your School Improvement Partner").first).to_be_visible()
    accessible(page)
    press(page, "Tell them: open their pages")
    expect(page.get_by_role("status", name="Done")).to_contain_text("2 schools told")
    press(page, "Look at the letters of all 2 shown")
    press(page, "Tell them")
    accessible(page)

    page.get_by_role("link", name="2 Hill School").click()
    press(page, "Write it down")
    expect(page.get_by_role("alert")).to_contain_text("Say who answered")
    accessible(page)
    page.get_by_label("The head").check()
    page.get_by_label("Asks for someone else").check()
    page.get_by_label("By telephone").check()
    page.get_by_label("In their words").fill("we are neighbours")
    press(page, "Write it down")
    expect(page.get_by_text("“we are neighbours”")).to_be_visible()

    page.goto(f"{here}/answers")
    accessible(page)
    press(page, "See who would move")
    expect(page.get_by_role("heading", name="Who would move")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Nobody has been told")).to_be_visible()
    page.get_by_text("What 2 Hill School would be told").click()
    expect(page.get_by_text("because you asked for somebody else")).to_be_visible()
    accessible(page)
    press(page, "Put it on the desk")
    expect(page.get_by_text("1 school not yet told")).to_be_visible(timeout=60_000)
    press(page, "Look at the letters of all 1 shown")
    press(page, "Tell them")
    for urn in ("1", "2", "3", "4"):
        page.goto(f"{here}/answers/{urn}")
        page.get_by_label("The head").check()
        page.get_by_label("Yes", exact=True).check()
        page.get_by_label("By telephone").check()
        press(page, "Write it down")

    page.goto(f"{here}/confirm")
    accessible(page)
    expect(page.get_by_role("button", name="Confirm all")).to_have_count(0)
    page.get_by_role("link", name="open the list of those that changed").click()
    expect(page.get_by_text("by people")).to_be_visible()
    accessible(page)
    page.get_by_role("link", name="Back to confirming").click()
    page.get_by_role("button", name=re.compile("^Confirm .* for 1 Hill School")).click()
    expect(page.get_by_role("status", name="Done")).to_contain_text("1 Hill School confirmed")
    press(page, "Confirm all 3 in my name")
    press(page, "Put the plan in force")
    expect(page.get_by_text("This plan is in force.")).to_be_visible()
    page.goto(f"{here}/log")
    expect(page.get_by_text("The plan is in force.")).to_be_visible()
    expect(page.get_by_text("The head of 2 Hill School asked for someone else, by telephone.")).to_be_visible()
    accessible(page)
    page.goto(f"{here}/confirm")
    page.get_by_role("link", name="Next year, before it is planned").click()
    press(page, "Open the round of 2027/28")
    expect(page.get_by_role("heading", name="2027/28, before it is planned")).to_be_visible()
    accessible(page)


def test_the_heads_page_on_a_phone_without_script(at: Site) -> None:
    here = own_round(at, "phone", tell_all)
    head = at.enter("phone", "head", urn="1", width=PHONE, script=False)
    expect(head.get_by_role("heading", name="Sip A stays your School Improvement Partner")).to_be_visible()
    assert head.evaluate("document.documentElement.scrollWidth") <= 360
    head.get_by_role("link", name="Ask a question").click()
    press(head, "Send the question")
    expect(head.get_by_role("alert")).to_contain_text("Write your question")
    head.get_by_label("Your question").fill("Would Tuesdays do?")
    press(head, "Send the question")
    expect(head.get_by_text("Your question is with your SIP manager.").first).to_be_visible()

    manager = at.enter("phone", "manager")
    manager.goto(f"{here}/answers")
    manager.get_by_label("What you answered").fill("Tuesdays are fine.")
    press(manager, "Keep the answer")

    head.goto(f"{at.base}/school")
    expect(head.get_by_text("Tuesdays are fine.")).to_be_visible()
    head.get_by_role("link", name="Ask for someone else").click()
    expect(head.get_by_text("is not told why, nor is any other school")).to_be_visible()
    head.get_by_role("link", name="Back").click()
    press(head, "Yes, we are content")
    expect(head.get_by_text("Your yes is written down.").first).to_be_visible()


@long()
def test_a_head_asks_for_someone_else_and_hears_nothing_of_others(at: Site) -> None:
    own_round(at, "else", tell_all)
    head = at.enter("else", "head", urn="3", width=PHONE)
    accessible(head)
    head.get_by_role("link", name="Ask for someone else").click()
    accessible(head)
    press(head, "Ask for someone else")
    expect(head.get_by_role("heading", name="We are looking for somebody else")).to_be_visible()
    accessible(head)
    head.goto(f"{at.base}/school/held")
    accessible(head)


def test_head_and_chair_agree_together(at: Site) -> None:
    agree = Policy.model_validate({"round": {"mode": "agree_with_school"}})
    own_round(at, "agree", tell_all, policy=agree)
    chair = at.enter("agree", "chair", urn="1", width=PHONE, script=False)
    head = at.enter("agree", "head", urn="1", width=PHONE, script=False)
    press(head, "Yes, we are content")
    expect(head.get_by_text("it stands once you have both said yes")).to_be_visible()
    chair.reload()
    press(chair, "Confirm as chair")
    expect(chair.get_by_text("It is confirmed by a person")).to_be_visible()


def test_the_sips_page_without_script(at: Site) -> None:
    own_round(at, "sips", lambda d: rounds.sound(d, None, TODAY))
    sip = at.enter("sips", "sip", sip="A", width=PHONE, script=False)
    expect(sip.get_by_role("heading", name="1. 1 Hill School")).to_be_visible()
    expect(sip.get_by_role("img", name="Map of your schools")).to_be_visible()
    assert sip.evaluate("document.documentElement.scrollWidth") <= 360
    sip.get_by_role("link", name="Ask to move on from 2 Hill School").click()
    press(sip, "Ask to move on")
    expect(sip.get_by_role("alert")).to_contain_text("Say why in a sentence")
    sip.get_by_label("Why").fill("They need fresh eyes")
    press(sip, "Ask to move on")
    expect(sip.get_by_text("who will talk to you before the school hears of it")).to_be_visible()
    other = at.enter("sips", "sip", sip="B")
    accessible(other)
    press(other, "Yes, I can take these schools")
    expect(other.get_by_text("Your yes is written down.").first).to_be_visible()
    other.get_by_role("link", name="Declare a tie to 3 Hill School").click()
    accessible(other)
    other.goto(f"{at.base}/sip/held")
    accessible(other)


@long()
def test_a_refusal_that_a_person_decides(at: Site) -> None:
    twice = Policy.model_validate({"round": {"vetoes": 0}})
    here = own_round(at, "decide", tell_all, lambda d: rounds.answer(d, "1", "veto", "head", TODAY), policy=twice)
    page = at.enter("decide", "manager")
    page.goto(f"{here}/answers")
    accessible(page)
    press(page, "Keep the decision")
    expect(page.get_by_role("alert")).to_contain_text("Say what is decided")
    accessible(page)
    page.get_by_label("Pass it to the next person").check()
    page.get_by_label("Why").fill("not mine to decide")
    press(page, "Keep the decision")
    expect(page.get_by_text("With the assistant director")).to_be_visible()


@long()
@pytest.mark.parametrize("width", [{"width": 1280, "height": 900}, PHONE])
def test_every_page_of_handing_out_is_accessible(at: Site, width: dict[str, int]) -> None:
    page = at.enter("draft", "manager", width=width)
    for path in (
        "/publish",
        "/answers/900013",
        "/answers/sip/john",
        "/confirm",
        "/confirm/changed",
        "/log?audit=true",
        "/out",
        "/out/print",
        "/out/wording/school",
        "/out/wording/sip",
    ):
        page.goto(f"{at.base}/rounds/draft{path}")
        accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width["width"], path
    page.goto(f"{at.base}/programmes/draft/people")
    accessible(page)
    press(page, "Add")
    expect(page.get_by_role("alert")).to_contain_text("Enter the person's name")
    accessible(page)


def test_the_wording_is_changed_by_keyboard_and_put_back(at: Site) -> None:
    here = own_round(at, "words")
    page = at.enter("words", "manager")
    page.goto(f"{here}/out/wording/chair_ended")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "The wording of the letter to a chair of governors: an ending"
    )
    page.goto(f"{here}/out/wording/school")
    page.get_by_label("The letter").fill("To {{ school }}\n\n{{ sipp }} it is")
    page.get_by_role("button", name="See how it reads").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Did you mean {{ sip }}?")
    accessible(page)
    page.get_by_label("The letter").fill("To {{ school }}\n\nIt is {{ sip }}, {{ because }}.")
    page.get_by_role("button", name="See how it reads").press("Enter")
    expect(page.get_by_text("It is Sip A, ")).to_be_visible()
    page.get_by_role("button", name="Keep it").press("Enter")
    expect(page.get_by_role("status", name="Done")).to_contain_text("The wording is kept")
    press(page, "Back to the wording we ship")
    expect(page.get_by_text("Dear colleague,").last).to_be_visible()


def test_personal_links_open_the_heads_page(at: Site) -> None:
    here = own_round(at, "links", tell_all)
    at.manages_all("links")
    page = at.enter("links", "manager")
    page.goto(f"{here}/publish")
    press(page, "On a page")
    accessible(page)
    link = page.locator(".sip-link").first.inner_text()
    head = at.context(width=PHONE, script=False).new_page()
    head.goto(link)
    press(head, "Sign in")
    expect(head.get_by_role("heading", name="stays your School Improvement Partner")).to_be_visible()


@long()
def test_the_workbook_is_made_and_fetched(at: Site) -> None:
    page = at.enter("draft", "manager")
    page.goto(f"{at.base}/rounds/draft/out")
    press(page, "Make the workbook")
    expect(page.get_by_text("The workbook is ready.")).to_be_visible(timeout=60_000)
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Fetch it").click()
    assert waiting.value.suggested_filename == "plan.xlsx"
