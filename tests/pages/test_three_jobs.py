"""The three jobs through a browser and nothing else: the annual allocation from upload to confirmation, a school that refuses, a
SIP who leaves at Christmas. By mouse, by keyboard alone, on a phone; heads and SIPs answer with JavaScript off."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from allocator.intake.write import write_case
from allocator.store import keep
from allocator.store.tables import Programme
from tests.pages.hands import Hand, Keys, Thumb
from tests.pages.site import PHONE, Site
from tests.service.office import facts
from tests.sizes import whole_or

SLOW = 60_000  # ms for a job on a busy machine
SCHOOLS = ("1", "2", "3", "4")


def come(page: Page, part: str) -> None:
    """The answer is there, however long the work took."""
    page.wait_for_url(re.compile(f"^[^?]*/{part}[^?]*(\\?.*)?$"), timeout=SLOW)


def head_says(at: Site, programme: str, urn: str, *, yes: bool) -> None:
    """A head on a phone, without script: yes, or somebody else."""
    page = at.enter(programme, "head", urn=urn, width=PHONE, script=False)
    if yes:
        page.get_by_role("button", name="Yes, we are content").click()
        expect(page.get_by_text("Your yes is written down.").first).to_be_visible()
    else:
        page.get_by_role("link", name="Ask for someone else").click()
        page.get_by_role("button", name="Ask for someone else").click()
        expect(page.get_by_role("heading", name="We are looking for somebody else")).to_be_visible()
    page.context.close()


def sip_says_yes(at: Site, programme: str, sip: str) -> None:
    """A SIP on a phone, without script."""
    page = at.enter(programme, "sip", sip=sip, width=PHONE, script=False)
    page.get_by_role("button", name="Yes, I can take these schools").click()
    expect(page.get_by_text("Your yes is written down.").first).to_be_visible()
    page.context.close()


def tell_and_confirm(at: Site, hand: Hand, programme: str, urns: list[str], here: str) -> None:
    """Letters to those not yet told, their yes, and the confirmation."""
    hand.page.goto(f"{here}/publish")
    hand.press("Look at the letters of all")
    hand.press("Tell them: open their pages")
    for urn in urns:
        head_says(at, programme, urn, yes=True)
    hand.page.goto(f"{here}/confirm")
    if hand.page.get_by_role("link", name="open the list of those that changed").count():
        hand.follow("open the list of those that changed")
        hand.follow("Back to confirming")
    expect(hand.page.get_by_role("heading", name="Confirm, pair by pair")).to_be_visible()
    many = hand.page.get_by_role("button", name=re.compile("^Confirm all")).count()
    hand.press("Confirm all" if many else "Confirm")
    expect(hand.page.get_by_role("button", name=re.compile("^Confirm"))).to_have_count(0)


@pytest.mark.parametrize("kind", whole_or([Hand, Keys, Thumb], [Hand, Keys, Thumb], [Hand]))
def test_the_three_jobs(at: Site, tmp_path: Path, kind: type[Hand]) -> None:
    programme = f"jobs-{kind.__name__.lower()}"
    with at.db.write() as s:
        s.add(Programme(id=programme, name="Three jobs", created_at=keep.now()))
    hand = kind(at.enter(programme, "manager", width=kind.width))
    page = hand.page

    # the annual allocation: a round, its data, the plan
    page.get_by_text("No round yet.").wait_for()
    hand.write("Name of a new round", "2026/27")
    hand.press("Open a round")
    expect(page.get_by_role("heading", name="Round 2026/27")).to_be_visible()
    here = page.url
    hand.press("Give the data")
    workbook = tmp_path / "ours.xlsx"
    write_case(facts(), workbook)
    hand.give(workbook)
    hand.press("Read the file")
    hand.press("Take it as the data of this round")
    expect(page.get_by_text("4 schools and 3 SIPs").first).to_be_visible()
    hand.follow("Desk")
    hand.press("Make the plan without asking")
    come(page, "plan")
    expect(page.get_by_role("heading", name="The plan")).to_be_visible()

    # told: SIPs first, then heads; one school refuses
    page.goto(f"{here}/publish")
    hand.press("Look at the letters of all 4 shown")
    hand.press("Tell them: open their pages")
    expect(page.get_by_role("status").filter(has_text="4 schools told")).to_be_visible()
    for sip in ("A", "B"):
        sip_says_yes(at, programme, sip)
    for urn in SCHOOLS:
        head_says(at, programme, urn, yes=urn != "2")

    # a school refuses: planned again with least change, seen before it counts, told and confirmed
    page.goto(f"{here}/answers")
    hand.press("See who would move")
    page.get_by_role("heading", name="Who would move").wait_for(timeout=SLOW)
    hand.press("Put it on the desk")
    page.get_by_text("1 school not yet told").wait_for(timeout=SLOW)
    tell_and_confirm(at, hand, programme, ["2"], here)
    hand.press("Put the plan in force")
    expect(page.get_by_text("This plan is in force.")).to_be_visible()

    # a SIP leaves at Christmas: what if, school by school, on the desk, told and confirmed
    hand.follow("What if")
    hand.follow("A SIP leaves")
    hand.choose("Which SIP?", "Sip B")
    for label, text in (("Day", "31"), ("Month", "12"), ("Year", "2026")):
        hand.write(label, text)
    hand.press("See what it would do")
    come(page, "what-if/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sip B leaves after 31 December 2026")
    hand.press("Choose school by school")
    come(page, "choices/")
    for urn in ("3", "4"):
        hand.press(f"Choose Sip A for {urn} Hill School")
        page.get_by_role("button", name=f"Let go of {urn} Hill School").wait_for(timeout=SLOW)
    hand.follow("Look at the whole plan")
    hand.write("Put it on the desk: why?", "B retires")
    hand.press("Put it on the desk")
    page.get_by_text("This is now the plan on the desk.").wait_for(timeout=SLOW)
    tell_and_confirm(at, hand, programme, ["3", "4"], here)
    page.goto(f"{here}/log")
    expect(page.get_by_text("B retires").first).to_be_visible()
    with at.db.read() as s:
        stands = keep.standing(s, here.rsplit("/", 1)[1])
        assert stands.repaired
        assert {(p.urn, p.sip, p.stage) for p in stands.pairs.values()} >= {
            ("3", "A", "confirmed"),
            ("4", "A", "confirmed"),
        }
