"""Why nobody: the clash named is a clash, and each element of it is needed; shown by trying everything.

The search below knows no solver: it relaxes every constraint that the clash does not name and tries all choices.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from allocator import allocate
from allocator.check.audit import audit
from allocator.domain.change import apply
from allocator.domain.plan import Unfilled
from allocator.domain.tiers import FILLED
from allocator.engine.instance import Solution
from allocator.reasons.clash import clash
from allocator.reasons.fixes import Workshop
from allocator.reasons.unfilled import explain_unfilled
from tests.check.random_cases import random_case
from tests.sizes import long, whole_or

BLOCKS, CASES, ENOUGH = 4, whole_or(240, 32), whole_or(8, 2)
Item = tuple[str, str | None, str | None]


def fillable(
    ready: allocate.Setup, tiers: dict[str, int], key: tuple[str, str], named: set[Item], bonus: int, near: bool = False
) -> bool:
    """Whether the post can be filled, no tier 1a-1c worse, while only the named constraints hold; with `near` nobody
    takes a post out of their reach."""
    facts, posts = ready.facts, ready.facts.posts
    people = sorted(facts.sips)

    def free(urn: str, kind: str, sip: str) -> bool:
        if near and sip not in ready.pairs.in_reach((urn, kind)):
            return False
        return not any((rule, urn, sip) in named for rule, _ in ready.pairs.blocks(urn, kind, sip))

    options = [[None, *(s for s in people if free(*p.key, s))] for p in posts]
    groups: dict[str, list[int]] = {}
    for n, p in enumerate(posts):
        groups.setdefault({"lead": f"1a_{p.need}", "support": "1b", "appraisal": "1c"}[p.kind], []).append(n)
    target = next(n for n, p in enumerate(posts) if p.key == key)
    for choice in product(*options):
        if choice[target] is None:
            continue
        own = next(name for name, mine in groups.items() if target in mine)
        if any(sum(choice[n] is not None for n in mine) < tiers[t] + bonus * (t == own) for t, mine in groups.items()):
            continue
        if _holds(ready, choice, named, people):
            return True
    return False


def _holds(ready: allocate.Setup, choice: tuple[str | None, ...], named: set[Item], people: list[str]) -> bool:
    facts, posts = ready.facts, ready.facts.posts
    for s in people:
        mine = [n for n, c in enumerate(choice) if c == s]
        leads = sum(posts[n].kind == "lead" for n in mine)
        if ("portfolio", None, s) in named and leads > facts.most_schools(facts.sips[s]):
            return False
        if ("portfolio", None, s) in named and 0 < leads < facts.fewest_schools(facts.sips[s]):
            return False
        if ("capacity", None, s) in named and not _fits(ready, s, mine):
            return False
    return True


def _fits(ready: allocate.Setup, sip: str, mine: list[int]) -> bool:
    """Whether some way of trimming these posts fits the SIP's year and periods."""
    facts = ready.facts
    limits = [facts.capacity(facts.sips[sip]), *facts.period_hard(facts.sips[sip])]
    ways: list[list[tuple[int, ...]]] = []
    for n in mine:
        post = facts.posts[n]
        full = facts.load(post, facts.sips[sip])
        ways.append([full, *(tuple(a - b for a, b in zip(full, (q, *less), strict=True)) for q, less in post.trims)])
    return not ways or any(
        all(limit is None or sum(part) <= limit for limit, part in zip(limits, zip(*way, strict=True), strict=True))
        for way in product(*ways)
    )


def empty_posts(block: int) -> Iterator[tuple[int, allocate.Setup, dict[str, int], Unfilled]]:
    for n in range(4 * block, 4 * CASES, 4 * BLOCKS):  # every fourth random case is short of people
        case, policy = random_case(n)
        ready = allocate.setup(case, policy)
        inst = ready.inst
        if inst.same or inst.different or inst.never_both or inst.fixed:
            continue
        plan, solution = allocate.allocate(ready)
        for row in plan.unfilled:
            yield (
                n,
                ready,
                {t.name: t.value for t in solution.tiers},
                explain_unfilled(ready, solution, row, Workshop(ready, solution)),
            )


@long(but=("0", "1"))
@pytest.mark.parametrize("block", range(BLOCKS))
def test_the_clash_holds_and_nothing_in_it_can_be_left_out(block: int) -> None:
    tried = 0
    for n, ready, tiers, row in empty_posts(block):
        named = {(c.rule, c.urn, c.sip) for c in row.clash}
        assert named, f"case {n}: no clash is empty: {row.text}"
        key, bonus = (row.urn, str(row.post)), int("have to go without" in row.text)
        assert not fillable(ready, tiers, key, named, bonus), f"case {n}: {row.text}"
        for item in named:
            assert fillable(ready, tiers, key, named - {item}, bonus), f"case {n}: {item} is not needed: {row.text}"
        tried += 1
    assert tried >= ENOUGH


def test_a_clash_found_in_an_area_holds_in_the_whole() -> None:
    tried = 0
    for n in range(0, 4 * CASES, 4):
        case, policy = random_case(n)
        ready = allocate.setup(case, policy)
        inst = ready.inst
        if inst.same or inst.different or inst.never_both or inst.fixed:
            continue
        plan, solution = allocate.allocate(ready)
        if len(plan.unfilled) != 1:  # others that are empty, outside the area, would not be counted
            continue
        (row,) = plan.unfilled
        key = (row.urn, str(row.post))
        found, swap, where = clash(ready, solution, key, whole=0)
        assert where.cut
        named = {("portfolio" if rule == "fewest" else rule, urn, who) for rule, urn, who in found}
        if not named:
            continue
        tiers = {t.name: t.value for t in solution.tiers}
        assert not fillable(ready, tiers, key, named, int(swap), near=True), f"case {n}"
        for item in named:
            assert fillable(ready, tiers, key, named - {item}, int(swap), near=True), f"case {n}: {item} is not needed"
        tried += 1
    assert tried >= ENOUGH


def test_every_fix_offered_fills_the_post_it_is_offered_for() -> None:
    tried, places = 0, 0
    for n in range(0, 4 * CASES, whole_or(4, 8, 20)):
        case, policy = random_case(n)
        ready = allocate.setup(case, policy)
        plan, solution = allocate.allocate(ready)
        for row in plan.unfilled:
            key = (row.urn, str(row.post))
            _, _, where = clash(ready, solution, key, whole=0)
            for place in (ready, where):
                offered = Workshop(ready, solution).mends(place, key)
                places += bool(offered)
                for fix in offered:
                    new_case, new_policy = apply(case, policy, fix.changes)
                    after, found = allocate.allocate(allocate.setup(new_case, new_policy))
                    assert audit(new_case, new_policy, after) == []
                    assert key in {(a.urn, str(a.post)) for a in after.assignments}, f"case {n}: {fix.text}"
                    assert _filled(found) > _filled(solution), f"case {n}: {fix.text}"
                    tried += 1
    assert min(tried, places) >= ENOUGH


def _filled(solution: Solution) -> list[int]:
    """Posts filled, tier by tier, in their order."""
    return [t.value for t in solution.tiers if t.name in FILLED]
