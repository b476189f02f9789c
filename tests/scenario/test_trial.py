"""One post tried with another SIP: barred, impossible, or what a change by hand then does."""

from __future__ import annotations

import pytest

from allocator.domain.policy import Policy
from allocator.domain.round import Round
from allocator.errors import UsageError
from allocator.questions.trial import Trial, ground, tried
from allocator.reasons.answer import solve
from allocator.rounds import by_hand
from allocator.rounds.desk import Desk
from tests.make import case, led, school, sip
from tests.service.office import facts


def trial(urn: str, to: str, **tables: object) -> Trial:
    plan = solve(facts().model_copy(update=tables), Policy())
    return tried(ground(plan), plan, (urn, "lead"), to)


def test_a_barred_pair_says_why() -> None:
    found = trial("4", "C")
    assert [rule for rule, _ in found.blocked] == ["interest"]
    assert not found.possible
    assert (
        found.text
        == "Sip C may not take 4 Hill School: Sip C has a declared interest at 4 Hill School that bars the pair."
    )


def test_a_free_sip_takes_it_and_nobody_else_moves() -> None:
    found = trial("1", "C")
    assert found.possible
    assert found.shifts == ()
    assert found.points > 0  # continuity is given up
    assert (
        found.text
        == "Sip C may take 1 Hill School. No other school moves; the plan as a whole fits a little less well."
    )


def test_who_would_move_is_who_moves_when_it_is_kept() -> None:
    """B has room for two schools: a third pushes one of hers out."""
    schools = [school(str(n), name=f"{n} Hill School") for n in range(1, 5)]
    history = [row for n in range(1, 5) for row in led(str(n), "A" if n < 3 else "B", "2025/26")]
    small = case(schools, [sip("A"), sip("B", max_schools=2), sip("C")], history=history)
    plan = solve(small, Policy())
    found = tried(ground(plan), plan, ("1", "lead"), "B")
    change = {"lock": {"urn": "1", "sip": "B", "reason": "asked for"}}
    after, _ = by_hand(Desk(plan, Round()), [change], "asked for")
    moved = {c.urn for c in after.changes if c.from_ != c.to} - {"1"}
    assert {s.urn for s in found.shifts} == moved
    assert len(moved) == 1
    before = {t.name: t.value for t in plan.certificate.tiers}
    assert found.points == before["4"] - next(t.value for t in after.certificate.tiers if t.name == "4")


def test_a_lock_elsewhere_that_leaves_no_room_is_named() -> None:
    schools = [school(str(n), name=f"{n} Hill School") for n in (1, 2)]
    lock = {"decision": "lock", "urn": "2", "sip": "A", "reason": "agreed", "by": "Mel", "on": "2026-06-01"}
    small = case(schools, [sip("A", max_schools=1), sip("B")], decisions=[lock])
    plan = solve(small, Policy())
    found = tried(ground(plan), plan, ("1", "lead"), "A")
    assert found.clash == "Sip A cannot take 1 Hill School beside Sip A at 2 Hill School."
    assert not tried(ground(plan), plan, ("2", "lead"), "B").clash  # the post's own lock gives way


def test_what_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match="Z is not a SIP"):
        trial("1", "Z")
    with pytest.raises(UsageError, match="no lead post"):
        trial("9", "A")
