"""The answer found around a pair is the answer of the whole; with fewer posts free it is never better, and says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from allocator import allocate
from allocator.domain.case import Case
from allocator.domain.policy import Policy
from allocator.engine.force import force
from allocator.engine.instance import Instance, Solution
from allocator.engine.tiers import Conflict, solve
from allocator.intake.changes import read_changes
from allocator.intake.read import read_case
from allocator.questions.choices import choices
from allocator.questions.scenario import scenario
from allocator.reasons.answer import solve as answered
from tests.check.random_cases import random_case
from tests.sizes import long, whole_or

READY = sorted(p.parent for p in (Path(__file__).parents[2] / "scenarios").glob("*/schools.csv"))
TRIED = {True: 5, False: 1}  # pairs of each ready case, small or not
EVERYTHING = 10**9


def ranked(inst: Instance, s: Solution) -> tuple[int, ...]:
    """Larger is better, the lot included."""
    return tuple(v.value if t.sense == "most" else -v.value for t, v in zip(inst.tiers, s.tiers, strict=True))


def compare(inst: Instance, now: Solution, pair: int) -> bool:
    """Compare the three ways for one pair; whether it could be had at all."""
    try:
        full, _ = force(inst, now.chosen, now.short, pair, many=EVERYTHING)
    except Conflict:
        with pytest.raises(Conflict):
            force(inst, now.chosen, now.short, pair, many=0, near=None)
        return False
    chain, whole = force(inst, now.chosen, now.short, pair, many=0, near=None)
    assert (ranked(inst, chain), chain.chosen, dict(chain.short)) == (ranked(inst, full), full.chosen, dict(full.short))
    assert whole or inst.most_load is not None
    few, _ = force(inst, now.chosen, now.short, pair, many=0, near=3)
    if few.status != "stopped":
        assert ranked(inst, few) <= ranked(inst, full)
        assert pair in few.chosen
    return True


def others(inst: Instance, now: Solution) -> list[int]:
    chosen = set(now.chosen)
    return [i for i in range(len(inst.pairs)) if i not in chosen]


@long(but=("hartwell", "tenure-bites", "kept-lock", "no-one", "zero-weights"))
@pytest.mark.parametrize("folder", READY, ids=lambda p: p.name)
def test_on_every_ready_case(folder: Path) -> None:
    reading = read_case(folder)
    assert reading.case is not None
    ready = allocate.setup(reading.case, reading.policy)
    plan, now = allocate.allocate(ready)
    spare = others(ready.inst, now)
    for pair in spare[:: max(1, len(spare) // TRIED[len(spare) < 200])]:
        compare(ready.inst, now, pair)
    if (folder / "changes.toml").exists() and "veto" not in (changes := read_changes(folder / "changes.toml"))[0]:
        world = scenario(plan, changes)
        _, after = world.solve()
        spare = others(world.ready.inst, after)
        for pair in spare[:: max(1, len(spare) // TRIED[len(spare) < 200])]:
            compare(world.ready.inst, after, pair)


@long(but="0")
@pytest.mark.parametrize("block", range(3))
def test_on_random_cases_with_every_rule(block: int) -> None:
    tried = 0
    for n in range(block * 20, block * 20 + whole_or(20, 8, 4)):
        case, policy = random_case(n)
        inst = allocate.setup(case, policy).inst
        now = solve(inst)
        tried += sum(compare(inst, now, pair) for pair in others(inst, now))
    assert tried > whole_or(20, 8, 4)


@long(but="head-moves")
@pytest.mark.parametrize("name", ["leaver-at-christmas", "head-moves", "cluster-asks"])
def test_lists_for_a_leaver_are_the_same_found_around_each_pair(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = read_case(READY[0].parent / name)
    assert reading.case is not None
    plan = answered(reading.case, reading.policy)
    change = [{"sip_leaves": {"sip": plan.assignments[0].sip, "on": "2026-12-31"}}]
    full = choices(plan, change)
    monkeypatch.setattr("allocator.engine.force.AGAIN", 0)
    monkeypatch.setattr("allocator.engine.force.MANY", 0)
    around = choices(plan, change)
    assert full.lists
    assert (around.lists, around.contests) == (full.lists, full.contests)


def test_two_places_far_apart_do_not_ask_one_another() -> None:
    """Only the part that hangs together is solved again; the rest of the plan stays."""
    from tests.make import BARE, case, policy, school, sip

    made: Case = case(
        [school(str(n), la="Hart" if n < 4 else "Vale") for n in range(8)],
        [sip(s, las=("Hart",) if s in "AB" else ("Vale",)) for s in "ABCD"],
    )
    rules: Policy = policy(**BARE)
    inst = allocate.setup(made, rules).inst
    now = solve(inst)
    pair = others(inst, now)[0]
    new, whole = force(inst, now.chosen, now.short, pair, many=0, near=None)
    touched = {inst.pairs[i].post for i in set(new.chosen) ^ set(now.chosen)}
    assert whole
    assert pair in new.chosen
    assert touched <= {0, 1, 2, 3} or touched <= {4, 5, 6, 7}
