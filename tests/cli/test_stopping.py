"""Ctrl-C: the first ends the search and keeps the best plan, the second gives up; nothing is half written."""

from __future__ import annotations

import os
import signal

import pytest

from allocator import allocate
from allocator.cli.stopping import stopping
from allocator.engine.tiers import Stop
from allocator.intake.read import read_case
from allocator.reasons.answer import audited
from scenarios.tables import HERE


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_the_first_press_sets_the_event_and_raises_nothing() -> None:
    with stopping() as event:
        press()
        assert event.wait(5)


def test_a_second_press_gives_up() -> None:
    with stopping():
        press()
        with pytest.raises(KeyboardInterrupt):
            press()


def test_afterwards_ctrl_c_is_what_it_was() -> None:
    before = signal.getsignal(signal.SIGINT)
    with stopping():
        pass
    assert signal.getsignal(signal.SIGINT) is before


def test_a_search_that_was_stopped_gives_an_audited_plan_that_claims_no_proof() -> None:
    reading = read_case(HERE / "hartwell")
    assert reading.case is not None
    fewer = tuple(s.model_copy(update={"days": round(s.days * 0.93, 2)}) for s in reading.case.sips)
    case = reading.case.model_copy(update={"sips": fewer})  # a year short of days: not over before it can be stopped
    ready = allocate.setup(case, reading.policy)
    with stopping() as event:
        press()
        assert event.wait(5)
        plan, _ = allocate.allocate(ready, Stop(event=event))
    assert audited(case, reading.policy, plan).status == "feasible"
    assert not plan.certificate.proved


def test_the_solver_leaves_the_handler_alone() -> None:
    reading = read_case(HERE / "kept-lock")
    assert reading.case is not None
    before = signal.getsignal(signal.SIGINT)
    allocate.allocate(allocate.setup(reading.case, reading.policy))
    with stopping() as event:  # the process lives: the signal still reaches Python
        press()
        assert event.wait(5)
    assert signal.getsignal(signal.SIGINT) is before
