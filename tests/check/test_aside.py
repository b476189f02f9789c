"""The auditor in a process of its own finds what it finds here, of the case it was given and of no other."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from allocator.check import aside as module
from allocator.check.aside import Aside, Hearing
from allocator.check.audit import audit
from allocator.check.structure import Breach
from allocator.domain.case import Case
from allocator.domain.plan import Plan
from allocator.domain.policy import Policy
from allocator.engine.tiers import Stop
from allocator.errors import Defect
from allocator.jobs import worker
from allocator.questions import scenario as scenarios
from allocator.questions.scenario import Scenario, scenario
from allocator.reasons import answer
from allocator.reasons.answer import solve
from allocator.reasons.complete import complete
from tests.check.random_cases import random_case
from tests.check.test_ahead import misstated
from tests.sizes import whole_or


@pytest.fixture
def aside() -> Iterator[Aside]:
    made = Aside()
    yield made
    made.end()


@pytest.fixture
def at_hand(aside: Aside, monkeypatch: pytest.MonkeyPatch) -> Aside:
    """As a worker has it, whatever the size of the case."""
    monkeypatch.setattr(answer, "aside", aside)
    monkeypatch.setattr(answer, "APART", 0)
    return aside


def asked(aside: Aside, case: Case, policy: Policy, plan: Plan, seed: int | None = None) -> list[Breach]:
    begun = aside.begin(case, policy, plan.made_with.seed if seed is None else seed, plan.inputs)
    assert begun is not None
    with begun:
        found = begun.breaches(plan)
        assert begun.answered
        return found


def leaver(plan: Plan, n: int = 0) -> Scenario:
    first = sorted({a.sip for a in plan.assignments})[n]
    return scenario(plan, [{"sip_leaves": {"sip": first, "on": f"{plan.inputs.case['year'][:4]}-12-31"}}])


def test_it_finds_what_is_found_here(aside: Aside) -> None:
    wrong = 0
    for seed in range(whole_or(60, 12, 4)):
        case, policy = random_case(seed)
        plan = solve(case, policy)
        assert asked(aside, case, policy, plan) == []
        if not plan.assignments:
            continue
        found = asked(aside, case, policy, misstated(plan))
        assert found
        assert found == audit(case, policy, misstated(plan))
        after = leaver(plan)
        repaired = after.plan()
        assert asked(aside, after.case, after.policy, repaired) == []
        if repaired.assignments:
            found = asked(aside, after.case, after.policy, misstated(repaired))
            assert found == audit(after.case, after.policy, misstated(repaired))
            wrong += 1
    assert wrong > whole_or(5, 5, 1)


def test_no_case_policy_seed_or_repair_is_answered_from_the_one_before(aside: Aside) -> None:
    case, policy = random_case(2)
    plan = solve(case, policy)
    after, other = leaver(plan), leaver(plan, 1)
    assert after.inputs != other.inputs
    repaired = after.plan()
    assert asked(aside, case, policy, plan) == []
    strange = {
        "case": (case.model_copy(update={"history": ()}), policy, plan, None),
        "policy": (case, policy.model_copy(update={"name": "another"}), plan, None),
        "seed": (case, policy, plan, plan.made_with.seed + 1),
        "repair": (other.case, other.policy, repaired, None),
        "no repair": (case, policy, repaired, None),
    }
    for what, (rows, rules, made, seed) in strange.items():
        assert asked(aside, rows, rules, made, seed) == audit(rows, rules, made), what
        assert asked(aside, case, policy, plan) == [], what
        assert asked(aside, after.case, after.policy, repaired) == [], what


def test_one_asks_at_a_time(at_hand: Aside) -> None:
    case, policy = random_case(1)
    plan = solve(case, policy)
    with answer.reading(case, policy, 1) as first, answer.reading(case, policy, 1) as second:
        assert isinstance(first, Hearing)
        assert isinstance(second, answer.ReadAhead)
        assert first.breaches(plan) == second.breaches(plan) == []
    with answer.reading(case, policy, 1) as third:
        assert isinstance(third, Hearing)


def test_a_case_that_was_left_unanswered_is_no_answer_to_the_next(at_hand: Aside) -> None:
    one, two = random_case(1), random_case(3)
    plan = solve(*two)
    with answer.reading(*one, 1):
        pass
    assert asked(at_hand, *two, plan) == []
    assert asked(at_hand, *one, plan) == audit(*one, plan) != []


def test_killed_it_is_begun_again_and_nothing_goes_unaudited(at_hand: Aside) -> None:
    case, policy = random_case(3)
    plan = solve(case, policy)
    for wrong in (False, True):
        with answer.reading(case, policy, plan.made_with.seed) as ahead:
            assert isinstance(ahead, Hearing)
            at_hand.end()
            assert ahead.breaches(misstated(plan) if wrong else plan) == (
                audit(case, policy, misstated(plan)) if wrong else []
            )
            assert not ahead.answered
    assert asked(at_hand, case, policy, plan) == []


def test_a_case_that_cannot_be_written_down_keeps_nobody_from_asking(aside: Aside) -> None:
    case, policy = random_case(1)
    with pytest.raises(ValueError, match="surrogates not allowed"):
        aside.begin(case.model_copy(update={"year": "\ud800"}), policy, 1, None)
    assert asked(aside, case, policy, solve(case, policy)) == []


@pytest.mark.parametrize("command", [["/nowhere/at/all"], [sys.executable, "-c", ""]])
def test_where_there_is_no_such_process_the_audit_is_here(
    command: list[str], at_hand: Aside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "COMMAND", command)
    plan = solve(*random_case(1))
    assert audit(*random_case(1), plan) == []


def test_a_plan_that_it_finds_wrong_is_not_shown(at_hand: Aside, monkeypatch: pytest.MonkeyPatch) -> None:
    case, policy = random_case(3)
    assert solve(case, policy).assignments
    monkeypatch.setattr(answer, "complete", lambda *args: misstated(complete(*args)))
    monkeypatch.setattr(answer, "audit", lambda *_, **__: [])  # it is not asked
    with pytest.raises(Defect, match="failed its own audit"):
        solve(case, policy)


# -- a process that is there and does not answer -------------------------------------------------------------------------

WHOLE = 20.0  # seconds; its limit would be an hour


def halt(aside: Aside) -> None:
    assert aside._process is not None
    os.kill(aside._process.pid, signal.SIGSTOP)


@pytest.mark.parametrize("wrong", [False, True])
@pytest.mark.parametrize("told", ["to stop", "nothing"])
def test_halted_it_is_waited_for_no_longer_than_its_limit_and_the_audit_is_here(
    told: str, wrong: bool, aside: Aside, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, policy = random_case(3)
    plan = solve(case, policy)
    made = misstated(plan) if wrong else plan
    stop = threading.Event()
    monkeypatch.setattr(module, "ANSWERS", 3600.0 if told == "to stop" else 0.5)
    hearing = aside.begin(case, policy, plan.made_with.seed, None, stop)
    assert hearing is not None
    halt(aside)
    if told == "to stop":
        threading.Timer(0.2, stop.set).start()
    with hearing:
        began = time.monotonic()
        assert hearing.breaches(made) == (audit(case, policy, made) if wrong else [])
        assert time.monotonic() - began < WHOLE
        assert not hearing.answered
    monkeypatch.undo()  # the next begins its own process, which takes longer than that limit on a busy machine
    assert asked(aside, case, policy, plan) == []


def test_halted_before_a_case_that_no_pipe_holds_it_is_not_given_it_for_ever(
    aside: Aside, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, policy = random_case(1)
    plan = solve(case, policy)
    large = case.model_copy(update={"year": "x" * 2**20})
    stop = threading.Event()
    stop.set()
    for limit, stopped in ((0.5, None), (3600.0, stop)):
        monkeypatch.setattr(module, "READS", 3600.0)
        assert asked(aside, case, policy, plan) == []
        halt(aside)
        monkeypatch.setattr(module, "READS", limit)
        began = time.monotonic()
        assert aside.begin(large, policy, 1, None, stopped) is None
        assert time.monotonic() - began < WHOLE
    assert asked(aside, case, policy, plan) == []


@pytest.mark.parametrize("what", ["annual", "repair"])
def test_a_job_told_to_stop_while_it_is_halted_has_its_plan_soon(
    what: str, at_hand: Aside, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, policy = random_case(3)
    before = solve(case, policy)
    stop = Stop(event=threading.Event())

    def halted(*args: object) -> Plan:
        halt(at_hand)
        assert stop.event is not None
        stop.event.set()
        return complete(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "ANSWERS", 3600.0)
    monkeypatch.setattr(answer if what == "annual" else scenarios, "complete", halted)
    after = leaver(before)
    began = time.monotonic()
    assert (solve(case, policy, stop=stop) if what == "annual" else after.plan(stop)).assignments
    assert time.monotonic() - began < WHOLE


@pytest.mark.skipif(sys.platform != "linux", reason="only there a thread has a priority of its own")
def test_it_is_as_urgent_as_who_made_it_not_as_who_asks(aside: Aside) -> None:
    """First asked for a long job, it must not hold up the short ones after it."""
    case, policy = random_case(1)
    plan = solve(case, policy)
    assert worker.giving_way(lambda: asked(aside, case, policy, plan)) == []
    assert aside._process is not None
    assert os.getpriority(os.PRIO_PROCESS, aside._process.pid) == os.getpriority(os.PRIO_PROCESS, 0)
