"""Who is told what again: pairs within the year, letters due, a SIP who declines, a head who goes one step up."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from allocator import rounds
from allocator.domain.change import apply
from allocator.domain.lineup import own
from allocator.domain.policy import Policy
from allocator.engine.force import force
from allocator.engine.tiers import Conflict
from allocator.errors import RoundRefuses
from allocator.questions.rollover import next_year
from allocator.reasons.answer import ready_from, solve, world
from allocator.reasons.why import explain
from allocator.reasons.why_not import why_not
from allocator.report.sip_letters import decided
from tests.make import case, led, school, sip
from tests.rounds.test_round import JULY, MANAGER, Table, four

AWAY = {"sip_absent": {"sip": "A", "from": "2027-01-11", "to": "2027-03-05"}}


def told(**tables: Any) -> Table:
    """Everybody told and in agreement, nothing confirmed."""
    t = Table(four(**tables))
    t.do(rounds.sound, None, JULY)
    t.do(rounds.propose, None, JULY)
    for urn in "1234":
        t.do(rounds.answer, urn, "accept", "head", JULY)
    return t


def in_force() -> Table:
    t = told()
    t.keep(rounds.confirm(t.desk, [p.beside for p in t.now.everyone], MANAGER))
    t.do(rounds.tell, None, None, JULY)
    t.do(rounds.put_in_force, JULY)
    return t


def test_each_state_has_its_letter_once() -> None:
    t = Table(four())
    assert (rounds.asks(t.desk, "1"), rounds.sip_due(t.desk, "A")) == ("school", ("school",))
    t = told()
    assert (rounds.asks(t.desk, "1"), rounds.tells(t.desk, "1"), rounds.sip_due(t.desk, "A")) == (None, (), ())
    with pytest.raises(RoundRefuses, match="No letter is due"):
        rounds.tell(t.desk, None, None, JULY)
    t.keep(rounds.confirm(t.desk, list(t.now.pairs), MANAGER))
    assert (rounds.tells(t.desk, "1"), rounds.sip_due(t.desk, "A")) == (("confirmed",), ("confirmed",))
    t.do(rounds.tell, ["1"], ["A"], JULY)
    assert (rounds.tells(t.desk, "1"), rounds.tells(t.desk, "2")) == ((), ("confirmed",))
    assert (rounds.sip_due(t.desk, "A"), rounds.sip_due(t.desk, "B")) == ((), ("confirmed",))
    with pytest.raises(RoundRefuses, match=r"\(1\): no letter is due"):
        rounds.tell(t.desk, ["1"], (), JULY)


def test_who_was_told_five_days_and_has_fewer_is_told_again_and_confirmed_again() -> None:
    t = in_force()
    total = sum(a.days for a in t.desk.plan.assignments)
    t.by_hand([{"budget": {"days": total - 1, "from": "2026-10-01"}}], "the budget fell")
    fewer = [u for u in "1234" if t.now.told[u, "lead"] != t.now.now[u, "lead"]]
    assert fewer
    assert all(t.lead(u) == t.now.told[u, "lead"][0].sip for u in fewer)
    for u in "1234":
        assert (rounds.asks(t.desk, u), rounds.tells(t.desk, u)) == (None, ("changed",) if u in fewer else ())
        assert t.stage(u) == ("accepted" if u in fewer else "confirmed")
    with pytest.raises(RoundRefuses, match="not been told of the other days"):
        rounds.confirm(t.desk, [(fewer[0], "lead")], MANAGER)
    assert rounds.sip_due(t.desk, t.lead(fewer[0])) == ("changed",)
    t.do(rounds.tell, fewer, None, JULY)
    t.keep(rounds.confirm(t.desk, [(u, "lead") for u in fewer], MANAGER))
    assert rounds.tells(t.desk, fewer[0]) == ("confirmed",)


def test_who_stands_in_is_a_pair_that_is_told_answered_and_confirmed() -> None:
    t = in_force()
    t.by_hand([AWAY], "ill until March")
    first = next(u for u in "12" if t.lead(u) == "A")
    (cover,) = [p for p in t.now.everyone if p.urn == first and p.sip != "A"]
    assert t.now.beside[cover.beside] == cover
    assert (cover.stage, t.lead(first), t.stage(first)) == ("draft", "A", "accepted")
    assert [s.sip for s in t.now.now[first, "lead"]] == ["A", cover.sip, "A"]
    assert rounds.asks(t.desk, first) == "cover"
    assert rounds.sip_due(t.desk, "A") == rounds.sip_due(t.desk, cover.sip) == ("cover",)
    assert [p.urn for p in rounds.offered(t.desk, "A")] == []
    with pytest.raises(RoundRefuses, match="has not been proposed"):
        rounds.confirm(t.desk, [cover.beside], MANAGER)
    t.do(rounds.propose, [first], JULY)
    t.do(rounds.answer, first, "accept", "head", JULY)
    t.keep(rounds.confirm(t.desk, [cover.beside, (first, "lead")], MANAGER))
    assert {p.stage for p in t.now.everyone if p.urn == first} == {"confirmed"}


def test_a_school_may_refuse_who_stands_in_and_keeps_whom_it_has() -> None:
    t = in_force()
    t.by_hand([AWAY], "ill until March")
    first = next(u for u in "12" if t.lead(u) == "A")
    (cover,) = [p.sip for p in t.now.everyone if p.urn == first and p.sip != "A"]
    t.do(rounds.propose, [first], JULY)
    t.do(rounds.answer, first, "veto", "head", JULY)
    assert [(p.urn, p.sip) for p in t.now.waiting] == [(first, cover)]
    assert t.now.refused == ((first, "lead", cover),)
    t.resubmit()
    assert {p.sip for p in t.now.everyone if p.urn == first} - {"A"} != {cover}
    assert t.lead(first) == "A"
    assert rounds.asks(t.desk, first) == "cover"


def test_whoever_leaves_with_nobody_after_is_an_ending() -> None:
    t = Table(
        case(
            [school("1"), school("2")],
            [sip("A", max_schools=1), sip("B", max_schools=1)],
            history=led("1", "A", "2025/26") + led("2", "B", "2025/26"),
        )
    )
    t.do(rounds.sound, None, JULY)
    t.do(rounds.propose, None, JULY)
    for urn in "12":
        t.do(rounds.answer, urn, "accept", "head", JULY)
    t.keep(rounds.confirm(t.desk, list(t.now.pairs), MANAGER))
    t.do(rounds.tell, None, None, JULY)
    t.do(rounds.put_in_force, JULY)
    t.by_hand([{"sip_leaves": {"sip": "A", "on": "2026-12-31"}}], "a new post")
    assert [own(t.now.now["1", "lead"], "A")[-1].to.isoformat(), rounds.tells(t.desk, "1")] == [
        "2026-12-31",
        ("ended",),
    ]
    assert (rounds.tells(t.desk, "2"), rounds.sip_due(t.desk, "A"), rounds.sip_due(t.desk, "B")) == ((), ("ended",), ())


@pytest.mark.parametrize("lets_go", [True, False])
def test_a_sip_declines_one_school(lets_go: bool) -> None:
    t = told()
    with pytest.raises(RoundRefuses, match="Say why"):
        rounds.sip_says(t.desk, "A", "decline", JULY, urn="1")
    t.do(rounds.sip_says, "A", "decline", JULY, urn="1", reason="my brother teaches there")
    with pytest.raises(RoundRefuses, match="query open"):
        rounds.confirm(t.desk, [("1", "lead")], MANAGER)
    t.do(rounds.close_query, 1, "I see", JULY, opens=lets_go)
    q = t.now.queries[0]
    assert (q.outcome, q.closed_by, q.closed_on, q.opens) == ("I see", "Mel Manager", JULY, lets_go)
    assert "decided" in rounds.sip_due(t.desk, "A")
    if not lets_go:
        assert (t.stage("1"), t.now.waiting) == ("accepted", ())
        return
    assert (t.stage("1"), t.now.pairs["1", "lead"].declined, t.now.refused) == ("refused", True, ())
    t.resubmit()
    assert t.lead("1") != "A"
    assert not t.desk.facts.case.refusals  # the school has refused nobody
    assert (rounds.asks(t.desk, "1"), rounds.needs_a_person(t.desk, "1")) == ("changed", None)


def test_a_whole_new_plan_before_any_letter_keeps_to_who_was_let_go() -> None:
    t = Table(four())
    t.do(rounds.sip_says, "A", "decline", JULY, urn="1", reason="my brother teaches there")
    t.do(rounds.close_query, 1, "I see", JULY, opens=True)
    rounds.may_adopt(t.now)  # no school holds a letter of the plan that goes
    case, policy = world(t.desk.plan)
    again = solve(case, policy, changes=rounds.settled(t.now, case))
    assert [a.sip for a in again.assignments if a.urn == "1"] != ["A"]
    t.keep(rounds.adopt(t.now, again), again)
    assert (t.state, t.now.waiting, rounds.settled(t.now, t.desk.facts.case)) == ("draft", (), [])


def test_a_whole_new_plan_once_letters_are_withdrawn_keeps_to_who_was_refused() -> None:
    t = told()
    t.do(rounds.answer, "1", "veto", "head", JULY)
    t.resubmit()
    t.do(rounds.withdraw, list("234"), "sent in error")
    case, policy = four(), Policy()
    assert rounds.settled(t.now, case) == [{"veto": {"urn": "1", "sip": "A"}}]
    again = solve(case, policy, changes=rounds.settled(t.now, case))
    assert [a.sip for a in again.assignments if a.urn == "1"] != ["A"]
    assert rounds.settled(t.now, world(again)[0]) == []


@pytest.mark.parametrize(("says", "told_why"), [("decline", "has said no to it"), ("interest", "has declared a tie")])
def test_a_school_is_not_told_of_a_sip_whose_no_or_tie_waits(says: Any, told_why: str) -> None:
    t = Table(four())
    t.do(rounds.sip_says, "A", says, JULY, urn="1", reason="my brother teaches there")
    assert rounds.held_back(t.desk) == {"1": f"Sip A {told_why}"}
    with pytest.raises(RoundRefuses, match=f"Sip A {told_why}.: the school hears nothing until you have decided"):
        rounds.propose(t.desk, ["1", "2"], JULY)
    t.do(rounds.propose, None, JULY)
    assert [t.stage(u) for u in "1234"] == ["draft", "proposed", "proposed", "proposed"]
    with pytest.raises(RoundRefuses, match="hears nothing"):
        rounds.propose(t.desk, None, JULY)
    t.do(rounds.close_query, 1, "please stay", JULY)
    assert rounds.held_back(t.desk) == {}
    t.do(rounds.propose, ["1"], JULY)
    assert t.stage("1") == "proposed"


@pytest.mark.parametrize("bars", [True, False])
def test_a_tie_declared_in_the_round_bars_once_it_is_decided_or_is_cleared(bars: bool) -> None:
    t = Table(four())
    t.do(rounds.sip_says, "A", "interest", JULY, urn="1", reason="my brother teaches there")
    t.do(rounds.close_query, 1, "We spoke", JULY, opens=bars)
    case = four()
    (row,) = [
        i for i in apply(case, Policy(), [rounds.tie(t.now, t.now.queries[0], case)])[0].interests if i.urn == "1"
    ]
    assert (row.sip, row.outcome, row.decided_by, row.declared_on) == (
        "A",
        "barred" if bars else "cleared",
        "Mel Manager",
        JULY,
    )
    if not bars:
        assert (t.stage("1"), rounds.settled(t.now, case)) == ("draft", [])
        return
    assert (t.stage("1"), len(rounds.settled(t.now, case))) == ("refused", 1)
    t.resubmit()
    assert t.lead("1") != "A"
    assert [(i.sip, i.outcome) for i in t.desk.facts.case.interests if i.urn == "1"] == [("A", "barred")]
    assert not t.desk.facts.case.wishes  # nobody asked to move on
    assert "it bars you from the school" in decided(t.desk, t.now.queries[0])
    assert [i.outcome for i in next_year(t.desk.plan).case.interests if i.urn == "1"] == ["barred"]


def test_a_tie_that_bars_ends_every_task_at_the_school() -> None:
    schools = [school(u, appraisal="same" if u == "1" else "none") for u in "1234"]
    t = Table(four(schools=schools, sips=[sip(x, appraisal_trained=True) for x in "ABC"]))
    t.do(rounds.sip_says, "A", "interest", JULY, urn="1", post="lead", reason="family")
    t.do(rounds.close_query, 1, "We spoke", JULY, opens=True)
    assert {p.stage for p in t.now.everyone if p.urn == "1"} == {"refused"}
    t.resubmit()
    assert "A" not in {p.sip for p in t.now.everyone if p.urn == "1"}
    assert len([i for i in t.desk.facts.case.interests if i.urn == "1"]) == 1


def test_schools_of_one_head_wait_together_for_what_a_sip_said() -> None:
    t = Table(four(schools=[school(u, head="h" if u in "12" else "") for u in "1234"]))
    t.do(rounds.sip_says, "A", "decline", JULY, urn="1", reason="too far")
    assert set(rounds.held_back(t.desk)) == {"1", "2"}


def test_a_sip_with_two_tasks_at_a_school_says_no_to_the_one_meant() -> None:
    schools = [school(u, appraisal="same" if u == "1" else "none") for u in "1234"]
    t = Table(four(schools=schools, sips=[sip(x, appraisal_trained=True) for x in "ABC"]))
    assert {p.post: p.sip for p in t.desk.round.everyone if p.urn == "1"} == {"lead": "A", "appraisal": "A"}
    t.do(rounds.sip_says, "A", "decline", JULY, urn="1", post="appraisal", reason="not the appraisal")
    assert t.now.queries[0].post == "appraisal"
    t.do(rounds.close_query, 1, "I see", JULY, opens=True)
    assert (t.stage("1"), t.now.pairs["1", "appraisal"].stage) == ("draft", "refused")


def test_only_a_wish_to_part_is_let_go_by_an_answer() -> None:
    t = told()
    t.do(rounds.sip_says, "A", "query", JULY, urn="1", reason="how far is it?")
    with pytest.raises(RoundRefuses, match="declined a school"):
        rounds.close_query(t.desk, 1, "near", JULY, opens=True)


def test_a_head_takes_a_refusal_that_did_not_stand_one_step_up() -> None:
    ready = {"experience": ("special_measures", "ri_to_good")}
    schools = [school("1", category_of_concern="SM", need="top"), school("2")]
    t = Table(case(schools, [sip("A", **ready), sip("B", **ready)]), separation={"needs": []})
    t.do(rounds.propose, None, JULY)
    with pytest.raises(RoundRefuses, match="no decision"):
        rounds.take_up(t.desk, "1", JULY)
    t.do(rounds.answer, "1", "veto", "head", JULY)
    t.do(rounds.decide_refusal, "1", False, "nobody else has led such a school", JULY)
    assert (rounds.tells(t.desk, "1"), rounds.may_raise(t.desk, t.now.pairs["1", "lead"])) == (
        ("decided",),
        "assistant director",
    )
    t.do(rounds.tell, ["1"], (), JULY)
    assert rounds.tells(t.desk, "1") == ()
    t.do(rounds.take_up, "1", JULY)
    pair = t.now.pairs["1", "lead"]
    assert (pair.stage, pair.represented, pair.rung) == ("refused", True, "assistant director")
    assert str(pair.decide_by) == "2026-07-11"
    t.do(rounds.decide_refusal, "1", False, "I have looked at it again", JULY)
    assert rounds.may_raise(t.desk, t.now.pairs["1", "lead"]) is None
    assert rounds.tells(t.desk, "1") == ("decided",)


def test_a_chair_who_asks_does_not_take_down_the_heads_yes() -> None:
    t = told()
    t.do(rounds.answer, "1", "query", "chair", JULY, reason="he knows the chair of finance")
    assert t.stage("1") == "accepted"
    with pytest.raises(RoundRefuses, match="query open"):
        rounds.confirm(t.desk, [("1", "lead")], MANAGER)
    t.do(rounds.close_query, 1, "cleared", JULY)
    assert t.stage("1") == "accepted"
    assert "decided" in rounds.tells(t.desk, "1")
    t.keep(rounds.confirm(t.desk, [("1", "lead")], MANAGER))


def test_what_is_confirmed_may_still_be_asked_about_and_stands() -> None:
    t = in_force()
    t.do(rounds.answer, "1", "query", "head", JULY, reason="when does she come?")
    assert (t.stage("1"), t.now.queries[0].outcome) == ("confirmed", None)
    for says in ("veto", "accept"):
        with pytest.raises(RoundRefuses, match="is confirmed"):
            rounds.answer(t.desk, "1", says, "head", JULY)
    t.do(rounds.close_query, 1, "in the second week", JULY)
    assert (t.stage("1"), rounds.tells(t.desk, "1")) == ("confirmed", ("decided",))


def appraised(**tables: Any) -> Table:
    """As `told`, and A both leads 1 and supports the appraisal of its head."""
    schools = [school(u, appraisal="same" if u == "1" else "none") for u in "1234"]
    t = Table(four(schools=schools, sips=[sip(x, appraisal_trained=True) for x in "ABC"], **tables))
    assert {p.post: p.sip for p in t.desk.round.everyone if p.urn == "1"} == {"lead": "A", "appraisal": "A"}
    t.do(rounds.propose, None, JULY)
    return t


def test_a_school_that_will_not_have_its_sip_for_the_appraisal_alone_keeps_who_leads_it() -> None:
    t = appraised()
    t.do(rounds.answer, "1", "veto", "head", JULY, post="appraisal")
    t.do(rounds.answer, "1", "accept", "head", JULY)
    assert [p.key for p in t.now.waiting] == [("1", "appraisal")]  # a yes to the rest takes it not back
    t.resubmit()
    assert (t.lead("1"), t.stage("1")) == ("A", "accepted")
    assert t.now.pairs["1", "appraisal"].sip != "A"
    assert not t.desk.facts.case.refusals  # which would bar A from the school for two years
    (change,) = [c for c in t.desk.plan.moves if c.post == "appraisal"]
    assert (change.from_, change.to) == ("A", t.now.pairs["1", "appraisal"].sip)
    assert change.because == "School 1 asked for somebody else than Sip A for the head's appraisal."


def test_why_not_of_a_school_that_had_said_yes_when_the_plan_was_made_needs_no_search() -> None:
    """In a county it took 70 seconds, and then was not found out: the held pairs were taken away one by one."""
    t = told()
    t.do(rounds.sip_says, "B", "decline", JULY, urn="3", reason="too far")
    t.do(rounds.close_query, 1, "I see", JULY, opens=True)
    t.resubmit()
    ready = ready_from(t.desk.plan)
    with pytest.raises(Conflict) as clash:
        force(ready.inst, (), {}, ready.index["1", "lead", "C"])
    assert {ready.choices[j][2] for j in clash.value.pairs} == {"A", "C"}
    assert (
        "was accepted before this plan was made: Sip A at School 1"
        in why_not(ready, t.desk.plan, ("1", "lead"), "C").text
    )


def test_governors_who_say_no_are_planned_again_and_use_up_no_refusal() -> None:
    t = appraised()
    for urn in "1234":
        t.do(rounds.answer, urn, "accept", "head", JULY)
    t.do(rounds.governors, "1", False, JULY)
    assert [(p.key, p.said_no) for p in t.now.waiting] == [(("1", "appraisal"), True)]
    t.resubmit()
    assert (t.lead("1"), t.stage("1"), t.now.refused) == ("A", "accepted", ())
    new = t.now.pairs["1", "appraisal"]
    assert (new.sip != "A", new.stage, new.governors) == (True, "draft", None)
    assert rounds.needs_a_person(t.desk, "1") is None
    text = explain(ready_from(t.desk.plan), t.desk.plan, "1", "appraisal", audience="school").text
    assert "by hand" not in text
    assert [(d.decision, d.until) for d in t.desk.facts.case.decisions] == [
        ("forbid", dt.date(2028, 8, 31))
    ]  # as a refusal
    t = appraised()
    t.do(rounds.governors, "1", False, JULY)
    t.do(rounds.governors, "1", True, JULY)  # they have thought again
    assert t.now.waiting == ()


def test_a_whole_new_plan_keeps_to_what_governors_said() -> None:
    schools = [school(u, appraisal="same" if u == "1" else "none") for u in "1234"]
    facts = four(schools=schools, sips=[sip(x, appraisal_trained=True) for x in "ABC"])
    t = appraised()
    t.do(rounds.answer, "1", "accept", "head", JULY)
    t.do(rounds.governors, "1", False, JULY)
    t.resubmit()
    t.do(rounds.withdraw, list("1234"), "sent in error")
    again = solve(facts, Policy(), changes=rounds.settled(t.now, facts))
    assert {a.post: a.sip != "A" for a in again.assignments if a.urn == "1"} == {"lead": False, "appraisal": True}
    assert rounds.settled(t.now, world(again)[0]) == []
    t = appraised()
    t.do(rounds.governors, "1", False, JULY)
    t.do(rounds.answer, "1", "veto", "head", JULY, post="appraisal")
    assert len(rounds.settled(t.now, facts)) == 1  # whoever says it, it is said once
    t = appraised()
    t.do(rounds.governors, "1", False, JULY)
    t.do(rounds.governors, "1", True, JULY)
    assert rounds.settled(t.now, facts) == []


def test_governors_who_say_no_to_a_confirmed_pair_are_planned_again() -> None:
    t = appraised()
    for urn in "1234":
        t.do(rounds.answer, urn, "accept", "head", JULY)
    t.do(rounds.governors, "1", True, JULY)
    t.keep(rounds.confirm(t.desk, [p.beside for p in t.now.everyone], MANAGER))
    t.do(rounds.governors, "1", False, JULY)
    assert [p.key for p in t.now.waiting] == [("1", "appraisal")]
    with pytest.raises(RoundRefuses, match="1 of 5 pairs is not confirmed"):
        rounds.put_in_force(t.desk, JULY)


@pytest.mark.parametrize("gone", ["sip", "school"])
def test_what_was_settled_of_who_is_gone_from_the_data_stops_no_new_plan(gone: str) -> None:
    t = told()
    t.do(rounds.answer, "1", "veto", "head", JULY)
    t.do(rounds.withdraw, list("1234"), "sent in error")
    facts = four(sips=[sip(x) for x in "BC"]) if gone == "sip" else four(schools=[school(u) for u in "234"])
    history = tuple(h for h in facts.history if h.urn != "1" and (gone == "school" or h.sip != "A"))
    facts = facts.model_copy(update={"history": history})
    assert rounds.settled(t.now, facts) == []


def test_a_tie_bars_a_sip_who_has_the_school_no_longer() -> None:
    t = Table(four())
    t.do(rounds.sip_says, "A", "interest", JULY, urn="1", reason="my brother teaches there")
    t.by_hand([{"lock": {"urn": "1", "sip": "C"}}], "somebody new")
    t.do(rounds.close_query, 1, "We spoke", JULY, opens=True)
    assert (t.lead("1"), t.stage("1"), t.now.waiting) == ("C", "draft", ())
    assert [c["interest"]["outcome"] for c in rounds.settled(t.now, four())] == ["barred"]
