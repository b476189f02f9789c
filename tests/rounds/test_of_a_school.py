"""In a county's log of a thousand answers, one school's answer asks nothing of the pairs of others."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from allocator import rounds
from allocator.domain import fold
from allocator.domain.happened import Event, GovernorsSay
from allocator.domain.policy import Policy
from allocator.domain.round import Round
from allocator.reasons.answer import solve
from allocator.store import keep
from tests.service.office import MEL, facts


def test_an_answer_and_governors_look_at_one_school_s_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    def everyone(*_: object) -> Round:
        raise AssertionError("every pair was looked at")

    plan, at = solve(facts(), Policy()), keep.now()
    stands, n = Round(), 0
    steps: tuple[Callable[[rounds.Desk], rounds.Fact], ...] = (
        lambda d: rounds.adopt(d.round, plan),
        lambda d: rounds.propose(d, None, at.date()),
        lambda d: rounds.answer(d, "2", "accept", "head", at.date()),
    )
    for make in steps:
        fact, n = make(rounds.Desk(plan, stands)), n + 1
        if fact.kind == "answer":
            monkeypatch.setattr(fold, "_all", everyone)
        before = stands
        stands = fold.after(stands, Event(n, at, MEL, fact))
    assert {p.urn: p.stage for p in stands.everyone} == {
        "1": "proposed",
        "2": "accepted",
        "3": "proposed",
        "4": "proposed",
    }
    assert all(stands.pairs[k] is p for k, p in before.pairs.items() if k[0] != "2")
    said = Event(n + 1, at, MEL, GovernorsSay(urn="3", yes=True, on=at.date()))
    assert fold.after(stands, said).pairs == stands.pairs  # no appraisal is there to be decided on


def test_pairs_of_schools_are_found_by_their_urns() -> None:
    plan = solve(facts(), Policy())
    fact = rounds.adopt(Round(), plan)
    stands = fold.after(Round(), Event(1, keep.now(), MEL, fact))
    for urns in ([], ["3"], ["4", "1", "4"], ["nobody"]):
        assert stands.of(urns) == [p for p in stands.everyone if p.urn in urns]
