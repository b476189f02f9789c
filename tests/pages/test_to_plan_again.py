"""What waits to be planned again: why and since when, in words; in force, too (domain D9, F6, H4, O3)."""

from __future__ import annotations

import html
import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from allocator import rounds
from allocator.domain.policy import Policy
from allocator.reasons.answer import solve
from allocator.store import keep
from allocator.words import day
from tests.pages.test_appraisal_alone import facts
from tests.service.office import MEL, Desk, open_office, planned

SITE = "http://testserver/rounds/n"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Round n in force, with an appraisal of the head of school 1."""
    made, its, today = open_office(tmp_path), facts("same"), keep.now().date()
    with made.db.write() as s:
        planned(s, "n", its, Policy(), solve(its, Policy()), programme="p")
        keep.step(s, "n", MEL, lambda d: rounds.sound(d, None, today))
        keep.step(s, "n", MEL, lambda d: rounds.propose(d, None, today))
        for urn in "12":
            keep.step(s, "n", MEL, partial(rounds.answer, urn=urn, says="accept", by="head", on=today))
        keep.step(s, "n", MEL, lambda d: rounds.governors(d, "1", True, today))
        keep.step(s, "n", MEL, lambda d: rounds.confirm(d, [p.beside for p in d.round.everyone], MEL))
        keep.step(s, "n", MEL, lambda d: rounds.tell(d, None, None, today))
        keep.step(s, "n", MEL, lambda d: rounds.put_in_force(d, today))
    return made


def read(desk: Desk, path: str = "") -> str:
    answer = desk.client.get(SITE + path, headers=desk.headers("manager"))
    assert answer.status_code == 200, answer.text
    text = html.unescape(answer.text)
    return " ".join(re.sub(r"<[^>]+>", " ", text[text.index("<main") :]).split())


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/answers/1", {"by": "governors", "answer": "governors_no", "via": "letter"}),
        ("/confirm/governors", {"urn": "1", "word": "governors_no"}),
    ],
)
def test_a_no_in_force_is_the_next_thing_on_the_desk(desk: Desk, path: str, form: dict[str, str]) -> None:
    assert "Plan again" not in read(desk)
    pressed = desk.client.post(SITE + path, data=form, headers=desk.headers("manager"))
    assert "Who has the appraisal is to be planned again" in html.unescape(pressed.text)
    told = read(desk)
    assert "Plan again for 1 school whose governors said no" in told
    assert "a repair of the year: days worked stay as they were" in told
    queue = read(desk, "/answers")
    assert f"1 Hill School (the head’s appraisal) Sip A {day(keep.now().date())} The governors said no." in queue
    assert "See who would move" in queue
    asked = desk.client.post(f"{SITE}/answers/try", headers=desk.headers("manager"), follow_redirects=False)
    assert "/jobs/" in asked.headers["location"]


@pytest.mark.parametrize(
    ("says", "why", "whose"),
    [
        ("interest", "A tie bars the SIP.", "whose SIP a tie bars"),
        ("decline", "The SIP was let go.", "whose SIP was let go"),
        ("move_on", "The SIP was let go.", "whose SIP was let go"),
    ],
)
def test_a_pair_of_which_the_sip_is_rid_says_why_and_since_when(desk: Desk, says: str, why: str, whose: str) -> None:
    today = keep.now().date()
    said: Any = says
    with desk.db.write() as s:
        keep.step(s, "n", MEL, lambda d: rounds.sip_says(d, "A", said, today, urn="2", reason="a long way"))
        keep.step(s, "n", MEL, lambda d: rounds.close_query(d, 1, "We spoke", today, opens=True))
    assert f"2 Hill School Sip A {day(today)} {why}" in read(desk, "/answers")
    assert f"Plan again for 1 school {whose}" in read(desk)
    assert ("bars the pair, which is to be planned again" in read(desk, "/log")) == (says == "interest")
    with desk.db.read() as s:
        plan, fact = rounds.resubmit(keep.desk(s, "n")[1])
    with desk.db.write() as s:
        kept = keep.keep_plan(s, "n", plan).id
    tag = "tie" if says == "interest" else "SIP let go"
    assert re.search(f"2 Hill School: Sip A → (nobody|Sip .) {tag} ", read(desk, f"/answers/knock-on?plan={kept}"))
    with desk.db.write() as s:
        keep.keep_fact(s, keep.the_round(s, "n", lock=True), fact, MEL)
    due = read(desk, "/publish/due")
    assert ("for the tie that you declared" in due, "as you asked" in due) == (says == "interest", says != "interest")


def test_each_refusal_has_the_day_and_the_reason_of_its_own_post(desk: Desk) -> None:
    today = keep.now().date()
    with desk.db.write() as s:
        planned(s, "m", facts("same"), Policy(), solve(facts("same"), Policy()), programme="p")
        keep.step(s, "m", MEL, lambda d: rounds.propose(d, None, today))
        for post, reason in (("lead", "too far"), ("appraisal", "another voice")):
            asked: Any = post
            keep.step(
                s,
                "m",
                MEL,
                partial(rounds.answer, urn="1", says="veto", by="head", on=today, post=asked, reason=reason),
            )
    queue = desk.client.get("http://testserver/rounds/m/answers", headers=desk.headers("manager")).text
    assert (queue.count("too far"), queue.count("another voice")) == (1, 1)
