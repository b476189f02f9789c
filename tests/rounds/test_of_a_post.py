"""Which post a refusal is about is never widened: by a move by hand, a repair, a resubmission, a whole new plan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest

from allocator import rounds
from allocator.domain.case import Case
from allocator.domain.policy import Policy
from allocator.errors import RoundRefuses
from allocator.reasons.answer import ready_from, solve, world
from allocator.reasons.why import explain
from allocator.report.sip_letters import decided
from tests.make import school, sip
from tests.rounds.test_round import JULY, MANAGER, Table, four


def facts(appraisal: str = "same", trained: str = "ABC") -> Case:
    """A led 1 last year; its head's appraisal is for A (same) or for somebody else (different)."""
    schools = [school(u, appraisal=appraisal if u == "1" else "none") for u in "1234"]
    return four(schools=schools, sips=[sip(x, appraisal_trained=x in trained) for x in "ABC"])


def told(appraisal: str = "same", trained: str = "ABC") -> Table:
    t = Table(facts(appraisal, trained))
    t.do(rounds.propose, None, JULY)
    return t


def kinds(t: Table, case: Case | None = None) -> list[tuple[str, Any, Any]]:
    """What a whole new plan keeps to: kind, SIP, post."""
    found: list[Mapping[str, Any]] = rounds.settled(t.now, case or facts())
    return [(kind, a["sip"], a.get("post")) for c in found for kind, a in c.items()]


ALONE = [("forbid", "A", "appraisal")]


def test_a_lead_moved_by_hand_after_the_appraisal_alone_was_refused_may_come_back() -> None:
    t = told()
    t.do(rounds.answer, "1", "veto", "head", JULY, post="appraisal")
    t.by_hand([{"lock": {"urn": "1", "sip": "C"}}], "somebody new")
    assert (t.lead("1"), kinds(t)) == ("C", ALONE)
    t.do(rounds.withdraw, list("234"), "sent in error")
    again = solve(facts(), Policy(), changes=rounds.settled(t.now, facts()))
    assert {a.post: a.sip == "A" for a in again.assignments if a.urn == "1"} == {"lead": True, "appraisal": False}
    assert kinds(t, world(again)[0]) == []  # once is enough


def test_who_was_refused_and_then_moved_by_hand_comes_back_by_no_later_repair() -> None:
    t = told()
    t.do(rounds.answer, "1", "veto", "head", JULY)
    t.by_hand([{"lock": {"urn": "1", "sip": "C"}}], "the head asked for C")
    assert ([r.sip for r in t.desk.facts.case.refusals], t.now.waiting) == (["A"], ())
    t.by_hand([{"sip_leaves": {"sip": "C"}}], "a new post")
    assert t.lead("1") == "B"


def test_a_resubmission_after_the_lead_was_moved_by_hand_bars_from_the_appraisal_alone() -> None:
    t = told("any", trained="A")
    assert {p.post: p.sip for p in t.now.of("1")} == {"lead": "A", "appraisal": "A"}
    t.do(rounds.answer, "1", "veto", "head", JULY, post="appraisal")
    t.by_hand([{"lock": {"urn": "1", "sip": "C"}}], "somebody new")
    assert [p.beside for p in t.now.waiting] == [("1", "appraisal", "A")]
    t.resubmit()
    assert (t.desk.facts.case.refusals, [p.beside for p in t.now.of("1")]) == ((), [("1", "lead", "C")])


def test_of_whoever_has_the_appraisal_and_does_not_lead_the_school_it_alone_is_barred() -> None:
    t = told("different")
    other = t.now.pairs["1", "appraisal"].sip
    assert other != "A"
    t.do(rounds.answer, "1", "veto", "head", JULY, post="appraisal")
    assert kinds(t) == [("forbid", other, "appraisal")]
    t.resubmit()
    assert t.desk.facts.case.refusals == ()
    assert t.now.pairs["1", "appraisal"].sip not in (other, "A")


def test_a_lead_who_was_let_go_is_not_refused_by_the_school_too() -> None:
    t = told()
    t.do(rounds.answer, "1", "veto", "head", JULY, post="appraisal")
    t.do(rounds.sip_says, "A", "decline", JULY, urn="1", post="lead", reason="too far")
    t.do(rounds.close_query, 1, "I see", JULY, opens=True)
    assert kinds(t) == [*ALONE, ("wish", "A", None)]
    t.resubmit()
    assert t.desk.facts.case.refusals == ()


def test_a_repair_of_the_year_widens_no_refusal() -> None:
    t = told()
    t.do(rounds.answer, "1", "veto", "head", JULY, post="appraisal")
    t.resubmit()
    t.do(rounds.propose, ["1"], JULY)
    for urn in "1234":
        t.do(rounds.answer, urn, "accept", "head", JULY)
    t.do(rounds.governors, "1", True, JULY)
    t.keep(rounds.confirm(t.desk, [p.beside for p in t.now.everyone], MANAGER))
    t.do(rounds.put_in_force, JULY)
    t.by_hand([{"sip_absent": {"sip": "A", "from": "2027-01-11", "to": "2027-03-05"}}], "ill")
    assert kinds(t) == ALONE
    assert t.desk.facts.case.refusals == ()
    assert t.lead("1") == "A"


NOVEMBER = dt.date(2026, 11, 10)


def in_force() -> Table:
    t = told()
    for urn in "1234":
        t.do(rounds.answer, urn, "accept", "head", JULY)
    t.do(rounds.governors, "1", True, JULY)
    t.keep(rounds.confirm(t.desk, [p.beside for p in t.now.everyone], MANAGER))
    t.do(rounds.tell, None, None, JULY)
    t.do(rounds.put_in_force, JULY)
    return t


def test_governors_who_say_no_in_force_are_planned_again_from_that_day_on() -> None:
    t = in_force()
    t.do(rounds.governors, "1", False, NOVEMBER)
    assert ([p.beside for p in t.now.waiting], t.stage("1")) == ([("1", "appraisal", "A")], "confirmed")
    t.resubmit()
    (was, then) = t.now.now["1", "appraisal"]
    assert (was.sip, str(was.to), then.sip != "A", str(then.from_)) == ("A", "2026-11-09", True, "2026-11-10")
    assert (t.state, t.lead("1"), t.stage("1"), t.now.waiting) == ("repaired", "A", "confirmed", ())
    assert [p.stage for p in t.now.everyone if p.beside == ("1", "appraisal", then.sip)] == ["draft"]
    assert {t.stage(u) for u in "234"} == {"confirmed"}


def test_a_sip_let_go_in_force_waits_until_it_is_planned_again_and_no_longer() -> None:
    t = in_force()
    t.by_hand([{"sip_leaves": {"sip": "B", "on": "2026-12-31"}}], "a new post")
    t.do(rounds.sip_says, "A", "move_on", JULY, urn="1", post="lead", reason="too far")
    t.do(rounds.close_query, 1, "I see", JULY, opens=True)
    assert [p.beside for p in t.now.waiting] == [("1", "lead", "A")]
    t.resubmit()
    assert t.lead("1") != "A"
    assert (t.now.beside["1", "lead", "A"].stage, t.now.waiting) == ("confirmed", ())


def test_governors_who_think_again_in_force_leave_the_pair_to_be_confirmed_again() -> None:
    t = in_force()
    t.do(rounds.governors, "1", False, NOVEMBER)
    t.do(rounds.governors, "1", True, NOVEMBER)
    assert (t.now.waiting, t.now.pairs["1", "appraisal"].stage) == ((), "accepted")
    t.keep(rounds.confirm(t.desk, [("1", "appraisal")], MANAGER))


def test_a_no_after_the_last_repair_tells_no_earlier_than_it() -> None:
    t = in_force()
    t.by_hand([{"sip_leaves": {"sip": "B", "on": "2026-12-31"}}], "a new post")
    t.do(rounds.governors, "1", False, NOVEMBER)
    t.resubmit()
    assert [str(x.to) for x in t.now.now["1", "appraisal"] if x.sip == "A"] == ["2026-12-31"]
    assert t.now.waiting == ()  # its half day was given by then, and nobody goes on waiting


def test_a_no_when_nothing_of_the_appraisal_is_left_is_refused_with_the_way() -> None:
    t = in_force()
    with pytest.raises(RoundRefuses, match="For next year rule the pair out"):
        rounds.governors(t.desk, "1", False, dt.date(2027, 8, 20))


def test_a_refusal_of_the_lead_bars_from_the_school_whatever_else_was_refused() -> None:
    t = told()
    t.do(rounds.answer, "1", "veto", "head", JULY)
    assert kinds(t) == [("veto", "A", None)]
    t = told()
    for post in ("appraisal", "lead"):
        t.do(rounds.answer, "1", "veto", "head", JULY, post=post)
    t.do(rounds.decide_refusal, "1", True, "they may", JULY)
    assert kinds(t) == [("veto", "A", None)]
    t.resubmit()
    assert "A" not in {p.sip for p in t.now.of("1")}


def test_a_sip_who_is_let_go_of_the_appraisal_alone_keeps_the_school() -> None:
    t = told()
    t.do(rounds.sip_says, "A", "decline", JULY, urn="1", post="appraisal", reason="not the appraisal")
    t.do(rounds.close_query, 1, "I see", JULY, opens=True)
    t.do(rounds.answer, "1", "accept", "head", JULY)
    assert kinds(t) == ALONE
    t.resubmit()
    assert (t.lead("1"), t.stage("1"), t.now.pairs["1", "appraisal"].sip != "A") == ("A", "accepted", True)
    assert kinds(t) == ALONE
    assert kinds(t, t.desk.facts.case) == []
    (change,) = [c for c in t.desk.plan.moves if c.post == "appraisal"]
    assert change.because == "Sip A asked to be let go of the head's appraisal at School 1."
    letter = explain(ready_from(t.desk.plan), t.desk.plan, "1", "appraisal", audience="school").text
    assert "by hand" not in letter
    assert "we decided" not in letter
    assert "would rather not take the head's appraisal at School 1" in decided(t.desk, t.now.queries[0])


def test_support_alone_is_refused_alone() -> None:
    ready = {"experience": ("special_measures", "ri_to_good")}
    its = four(
        schools=[school("1", category_of_concern="SM", need="top"), *(school(u) for u in "234")],
        sips=[sip(x, **ready) for x in "ABC"],
    )
    t = Table(its, round={"concern_veto": "counts"})
    supports = t.now.pairs["1", "support"].sip
    t.do(rounds.propose, None, JULY)
    t.do(rounds.answer, "1", "veto", "head", JULY, post="support")
    assert kinds(t, its) == [("forbid", supports, "support")]
    t.resubmit()
    (change,) = [c for c in t.desk.plan.moves if c.post == "support"]
    assert change.because.endswith("for the support.")
