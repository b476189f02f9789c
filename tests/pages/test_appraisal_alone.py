"""A head who would rather have somebody else for the head's appraisal alone says so on their own page (domain H3, H4)."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from allocator import rounds
from allocator.domain.policy import Policy
from allocator.reasons.answer import solve
from allocator.store import keep
from tests.make import case, led, school, sip
from tests.pages.site import PHONE, Site, accessible
from tests.service.office import MEL, Desk, open_office, planned

SITE, TODAY = "http://testserver", keep.now().date()
ALONE, HEAD, CHAIR = "Ask for someone else for the head’s appraisal alone", "head", "chair"
Opened = Callable[..., Desk]


def facts(appraisal: str) -> Any:
    """A leads 1, with an appraisal by A (same) or by another (different), and 2, with none."""
    return case(
        [
            school("1", name="1 Hill School", appraisal=appraisal),
            school("2", name="2 Hill School", appraisal="none"),
        ],
        [sip(x, appraisal_trained=True) for x in "ABC"],
        history=[*led("1", "A", "2025/26"), *led("2", "A", "2025/26")],
    )


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    def make(appraisal: str = "same", **policy: Any) -> Desk:
        made, rules = open_office(tmp_path), Policy.model_validate({"round": policy})
        its = facts(appraisal)
        with made.db.write() as s:
            planned(s, "n", its, rules, solve(its, rules), programme="p")
            keep.step(s, "n", MEL, lambda d: rounds.propose(d, None, TODAY))
        return made

    return make


def read(desk: Desk, name: str, path: str = "/school") -> str:
    answer = desk.client.get(SITE + path, headers=desk.headers(name), follow_redirects=False)
    assert answer.status_code == 200, answer.text
    return html.unescape(answer.text)


def words(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text[text.index("<main") :]).split())


def alone(desk: Desk, name: str = HEAD) -> str | None:
    """Where the link leads."""
    found = re.search(rf'href="([^"]+)">{ALONE}<', read(desk, name))
    return found[1] if found else None


def send(desk: Desk, name: str, **form: Any) -> int:
    answer = desk.client.post(f"{SITE}/school/answer", data=form, headers=desk.headers(name), follow_redirects=False)
    return int(answer.status_code)


def about(href: str) -> str:
    found = re.search(r"about=([0-9a-f]{16})", href)
    assert found
    return found[1]


def stages(desk: Desk) -> dict[str, str]:
    with desk.db.read() as s:
        return {p.post: p.stage for p in keep.standing(s, "n").of(["1"])}


@pytest.mark.parametrize(("appraisal", "name"), [("same", "Sip A"), ("different", "Sip [BC]")])
def test_a_head_refuses_the_appraisal_alone(opened: Opened, appraisal: str, name: str) -> None:
    desk = opened(appraisal)
    href = alone(desk)
    assert href is not None
    form = words(read(desk, HEAD, href))
    assert "Sip A stays your School Improvement Partner" in form
    assert re.search(f"{name} is not told why, nor is any other school", form)
    assert "the governors are asked about whoever is proposed" in form
    assert send(desk, HEAD, about=about(href), say="veto", reason="I would like another voice") == 303
    assert stages(desk) == {"lead": "proposed", "appraisal": "refused"}
    with desk.db.read() as s:
        (refused,) = keep.standing(s, "n").refused
    assert refused[:2] == ("1", "appraisal")
    page = words(read(desk, HEAD))
    assert "You asked for somebody else for the head’s appraisal. We write to you when we have a new proposal." in page
    assert "Yes, we are content" in page
    assert ALONE not in page
    assert re.search(f"{name} is a consultant", page) is None or appraisal == "same"
    assert "I would like another voice" not in words(read(desk, "sip", "/sip"))


def test_who_said_yes_to_the_rest_still_reads_who_leads_the_school(opened: Opened) -> None:
    desk = opened()
    href = alone(desk)
    assert href is not None
    lead = re.search(r'name="about" value="([0-9a-f]{16})"', read(desk, HEAD))
    assert lead
    send(desk, HEAD, about=about(href), say="veto")
    send(desk, HEAD, about=lead[1], say="accept")
    assert stages(desk) == {"lead": "accepted", "appraisal": "refused"}
    page = words(read(desk, HEAD))
    assert "Sip A stays your School Improvement Partner Your yes is written down." in page
    assert "We are looking for somebody else" not in page
    assert "You asked for somebody else for the head’s appraisal." in page


def test_a_yes_to_both_may_be_taken_back_of_the_appraisal_alone_until_it_is_confirmed(opened: Opened) -> None:
    desk = opened()
    with desk.db.write() as s:
        keep.step(s, "n", MEL, lambda d: rounds.answer(d, "1", "accept", "head", TODAY))
    href = alone(desk)
    assert href is not None
    with desk.db.write() as s:
        keep.step(s, "n", MEL, lambda d: rounds.governors(d, "1", True, TODAY))
        keep.step(s, "n", MEL, lambda d: rounds.confirm(d, [("1", "appraisal")], MEL))
    assert alone(desk) is None
    assert send(desk, HEAD, about=about(href), say="veto") == 409
    assert stages(desk) == {"lead": "accepted", "appraisal": "confirmed"}


def test_of_a_school_of_which_a_person_decides_the_head_is_told_so(opened: Opened) -> None:
    desk = opened(vetoes=0)
    href = alone(desk)
    assert href is not None
    assert "Your request is a representation" in words(read(desk, HEAD, href))
    send(desk, HEAD, about=about(href), say="veto")
    page = words(read(desk, HEAD))
    assert "for the head’s appraisal. It is with the SIP manager, who decides and writes to you; until then" in page
    assert "Yes, we are content" in page


def test_a_chair_refuses_it_only_where_head_and_chair_agree_together(opened: Opened) -> None:
    desk = opened()
    href = alone(desk)
    assert href is not None
    assert alone(desk, CHAIR) is None
    assert send(desk, CHAIR, about=about(href), say="veto") == 409


def test_where_both_agree_a_chair_may_refuse_it(opened: Opened) -> None:
    desk = opened(mode="agree_with_school")
    href = alone(desk, CHAIR)
    assert href is not None
    assert send(desk, CHAIR, about=about(href), say="veto") == 303
    assert stages(desk) == {"lead": "proposed", "appraisal": "refused"}


def test_whoever_refuses_one_sip_for_both_is_told_that_it_is_both(opened: Opened) -> None:
    desk = opened()
    href = re.search(r'href="([^"]+)">Ask for someone else<', read(desk, HEAD))
    assert href
    form = words(read(desk, HEAD, href[1]))
    assert "This is about Sip A as your School Improvement Partner and for the head’s appraisal" in form
    assert ALONE[0].lower() + ALONE[1:] in form


def test_by_thumb_without_script(at: Site) -> None:
    its = facts("different")
    with at.db.write() as s:
        planned(s, "alone", its, Policy(), solve(its, Policy()))
        keep.step(s, "alone", MEL, lambda d: rounds.propose(d, None, TODAY))
    page = at.enter("alone", "head", urn="1", width=PHONE, script=False)
    link = page.get_by_role("link", name=ALONE)
    box = link.bounding_box()
    assert box
    assert box["height"] >= 44
    link.click()
    page.get_by_label("Why, if you wish to say").fill("I would like another voice")
    page.get_by_role("button", name="Ask for someone else").click()
    page.get_by_text("You asked for somebody else for the head’s appraisal.").wait_for()
    scripted = at.enter("alone", "head", urn="1", width=PHONE)
    accessible(scripted)
