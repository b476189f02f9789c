"""Pairs without the product are the pairs of the product; and what a rule says it looks at is all it looks at."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from allocator import rules
from allocator.domain.case import Case
from allocator.domain.facts import Facts
from allocator.domain.interests import concerns, reached_by
from allocator.domain.national_grid import Circles
from allocator.domain.policy import Policy
from allocator.intake.read import read_case
from allocator.rules import reach
from allocator.rules.base import Rule
from allocator.rules.continuity import Continuity
from tests.check.random_cases import drawn
from tests.make import case, school, sip
from tests.sizes import whole_or

READY = sorted(p.parent for p in (Path(__file__).parents[2] / "scenarios").glob("*/schools.csv"))
BARRING = [r for r in rules.RULES if type(r).block is not Rule.block]


def worlds() -> Iterator[tuple[Case, Policy]]:
    """Every ready case, and random ones rich in every rule."""
    for folder in READY:
        reading = read_case(folder)
        assert reading.case is not None
        yield reading.case, reading.policy
    for n in range(whole_or(200, 80, 30)):
        yield drawn(random.Random(f"reach {n}"), 7, 6)


@pytest.fixture(scope="module")
def seen() -> list[Facts]:
    return [Facts(*world) for world in worlds()]


@pytest.mark.parametrize("few", [0, reach.FEW])
def test_they_are_those_of_every_school_with_every_sip(
    seen: list[Facts], few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach, "FEW", few)  # none: everybody is looked up by place
    for facts in seen:
        found = rules.pairs(facts)
        for post in facts.posts:
            hard = [r for r in BARRING if r.on(facts)]
            free = {s for s, row in facts.sips.items() if not any(r.block(facts, post, row) for r in hard)}
            spared = {s for _, _, s in found.spared if (post.urn, post.kind, s) in found.spared}
            assert set(found.allowed[post.key]) == free | spared
            assert not (free and spared)
            for s in facts.sips:
                assert bool(found.blocks(*post.key, s)) == (s not in found.allowed[post.key])


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda r: r.id)
def test_a_rule_keeps_its_word_on_what_it_looks_at(seen: list[Facts], rule: Rule) -> None:
    for facts in (f for f in seen if rule.on(f)):
        verdicts: dict[object, frozenset[str]] = {}
        for post in facts.posts:
            barred = frozenset(s for s, row in facts.sips.items() if rule.block(facts, post, row))
            given = {s for s, row in facts.sips.items() if rule.points(facts, post, row)}
            touched, near = rule.touches(facts, post), rule.reach(facts, post)
            assert touched is None or barred | given <= set(touched)
            assert near is None or set(facts.sips) - set(near) <= barred
            what = rule.sees(facts, post)
            assert what is None or verdicts.setdefault(what, barred) == barred


def test_points_of_a_post_are_those_of_each_pair(seen: list[Facts]) -> None:
    for facts in seen:
        pairs = rules.pairs(facts)
        soft = [r for r in rules.RULES if r.soft and r.on(facts)]
        for post in facts.posts:
            rows = [facts.sips[s] for s in pairs.allowed[post.key]]
            whole = [sum(r.points(facts, post, row) * r.weight(facts, post) for r in soft) for row in rows]
            assert pairs.points_of(post.key) == whole
            assert [pairs.points(*post.key, row.sip) for row in rows] == whole


def test_who_speaks_at_a_post_is_found_once(seen: list[Facts], monkeypatch: pytest.MonkeyPatch) -> None:
    facts = max(seen, key=lambda f: len(f.posts))
    pairs, asked = rules.pairs(facts), list[str]()
    monkeypatch.setattr(Continuity, "touches", lambda _, __, post: asked.append(post.urn))
    for _ in range(2):
        for key in pairs.allowed:
            pairs.points_of(key)
    assert sorted(asked) == sorted(p.urn for p in facts.posts)


def test_what_an_interest_reaches_is_what_it_concerns(seen: list[Facts]) -> None:
    for facts in seen:
        for row in (row for rows in facts.interests.values() for row in rows):
            asked = {urn for urn, school in facts.schools.items() if concerns(facts, row, school)}
            assert reached_by(facts, row) == asked


def test_pairs_out_of_reach_are_not_stored_but_explained_when_asked_about() -> None:
    far = case([school("1", easting=400_000, northing=100_000)], [sip("A", easting=400_000, northing=300_000)])
    pairs = rules.pairs(Facts(far, Policy()))
    assert pairs.allowed["1", "lead"] == ()
    assert "200.0 km" in dict(pairs.blocks("1", "lead", "A"))["travel"]


def test_a_square_holds_every_circle_that_reaches_a_point_of_it() -> None:
    r = random.Random(5)
    circles = {str(n): ((r.uniform(0, 9e4), r.uniform(0, 9e4)), r.choice([0.0, 900.0, 3e4, 4e5])) for n in range(60)}
    points = [(r.uniform(-2e4, 1.1e5), r.uniform(-2e4, 1.1e5)) for _ in range(300)]
    index = Circles(circles, points)
    for p in points:
        reaching = {n for n, (c, radius) in circles.items() if (p[0] - c[0]) ** 2 + (p[1] - c[1]) ** 2 <= radius**2}
        assert reaching <= set(index.over(p))
