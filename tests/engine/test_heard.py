"""A wish to stop is heard by a search whenever it is said."""

from __future__ import annotations

import threading
from time import monotonic
from typing import Any

import pytest
from ortools.sat.python import cp_model

from allocator.engine.cpsat import Clock, Stop, run


def test_a_stop_said_before_a_search_begins_is_said_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """OR-Tools does not hear it then: the last questions of a frontier went on for minutes after it was stopped."""
    model, heard, twice = cp_model.CpModel(), list[float](), threading.Event()
    model.maximize(model.new_int_var(0, 9, "x"))
    solve, stop = cp_model.CpSolver.solve, cp_model.CpSolver.stop_search

    def said(self: cp_model.CpSolver) -> None:
        heard.append(monotonic())
        if len(heard) > 1:
            twice.set()
        stop(self)

    def slow(self: cp_model.CpSolver, *args: Any) -> Any:
        """A search that begins when the wish has been said once."""
        assert twice.wait(30), heard
        return solve(self, *args)

    monkeypatch.setattr(cp_model.CpSolver, "stop_search", said)
    monkeypatch.setattr(cp_model.CpSolver, "solve", slow)
    event = threading.Event()
    event.set()
    run(model, Clock(Stop(event=event), monotonic()))
    assert len(heard) >= 2
