"""The auditor's short ways end where its long ones do: who may, whom it need not ask, which rules have nothing to say."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from allocator.check import points, reach
from allocator.check.audit import audit
from allocator.check.barring import Bars
from allocator.check.derived import Book, apart
from allocator.check.points import of_pair, weigh
from allocator.check.score import Auditor
from allocator.domain.case import Case, Wish
from allocator.domain.change import apply
from allocator.domain.policy import Policy
from allocator.questions.scenario import scenario
from allocator.reasons.answer import solve
from tests import make
from tests.check.calm_cases import calm
from tests.check.random_cases import random_case
from tests.sizes import whole_or


def drawn(n: int) -> Iterator[tuple[Case, Policy]]:
    """Random cases, and one in which distance and strong wishes about anybody bar more often."""
    yield random_case(n)
    r = random.Random(n)
    case, policy = calm(r)
    yield case, policy
    sips = [s.model_copy(update={"max_km": r.choice((0.5, 3.0, 12.0, None))}) for s in case.sips]
    urns, ids = [s.urn for s in case.schools], [s.sip for s in case.sips]
    rows = [{"by": r.choice(("school", "sip")), "urn": r.choice(urns), "sip": r.choice(ids)} for _ in range(4)]
    wishes = [Wish.model_validate(row | {"wish": "change", "strength": 3}) for row in rows]
    yield case.model_copy(update={"sips": tuple(sips), "wishes": (*case.wishes, *wishes)}), policy


@pytest.mark.parametrize("n", range(40))
def test_who_may_is_whom_no_rule_bars(n: int) -> None:
    """`may` and `able` leave tests out that cannot bar; `rules` asks them all."""
    for case, policy in drawn(n):
        a = Auditor(case, policy)
        book, short = a.book, Bars(a.book, a.bars.tests)
        for post in a.stand.posts:
            long = Bars(book, a.bars.tests)
            free = [sip for sip, row in book.sips.items() if not long.rules(post, row)]
            assert [sip for sip, row in book.sips.items() if short.may(post, row)] == free
            assert a.bars.able(post) == free == a.allowed(post.key)


@pytest.mark.parametrize("n", range(40))
def test_points_are_those_of_every_rule(n: int) -> None:
    for case, policy in drawn(n):
        a = Auditor(case, policy)
        b = a.book
        for post in a.stand.posts:
            for sip in b.sips.values():
                whole = {}
                for name, rule in points.RULES.items():
                    part = getattr(policy, name)
                    worth = rule(b, post, sip) * weigh(part.weight, b.need(post.urn)) if part.on else 0  # type: ignore[arg-type]  # a need
                    if worth:
                        whole[name] = worth
                assert of_pair(b, post, sip) == whole


def test_the_holder_of_a_kept_part_may_have_it_wherever_they_stand_in_the_case() -> None:
    """In a repair `able` spares whom a test of people bars, in the order of the case."""
    seen = 0
    for n in range(whole_or(30, 30, 8)):
        case, policy = random_case(n)
        plan = solve(case, policy)
        leads = [x for x in plan.assignments if x.post == "lead"]
        if not leads:
            continue
        changes = [{"sip_leaves": {"sip": leads[0].sip, "on": "2026-12-31"}}]
        repaired = scenario(plan, changes).plan()
        a = Auditor(*apply(case, policy, repaired.inputs.changes), plan.made_with.seed, repaired.inputs)
        for post in a.stand.posts:
            who = a.stand.holders.get(post.key)
            assert a.allowed(post.key) == [s for s in a.book.sips if a.may(post.key, s)]
            assert who is None or who in a.allowed(post.key)
            seen += who is not None
    assert seen > whole_or(20, 20, 5)


def test_whole_metres_are_exact_however_far() -> None:
    r = random.Random(5)
    for _ in range(2000):
        e, n = r.randrange(10 ** r.randrange(1, 12)), r.randrange(10 ** r.randrange(1, 12))
        assert apart((e, 0), (0, n)) == math.isqrt(e * e + n * n)
    for m in (1, 2, 3, 10**7, 10**11 + 1):  # and on both sides of a whole root
        assert apart((m, 0), (0, 0)) == m


def test_an_audit_asks_little_of_each_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in questions to rules, not in seconds: a roomy year of 45 schools, all in one authority."""
    from tests.benchmarks.hard import invented, team

    case, policy = team(invented(45, 45), 1.12, "plain"), Policy()
    plan = solve(case, policy)
    asked: Counter[str] = Counter()

    def counted(name: str, rule: Callable[..., object]) -> Callable[..., object]:
        def rule_(*args: object) -> object:
            asked[name] += 1
            return rule(*args)

        return rule_

    tests = {name: counted("test", test) for name, test in reach.in_force(Book(case, policy)).items()}
    monkeypatch.setattr("allocator.check.barring.in_force", lambda _: tests)
    monkeypatch.setattr("allocator.check.score.of_pair", counted("pair", of_pair))
    monkeypatch.setattr(points, "RULES", {name: counted("points", rule) for name, rule in points.RULES.items()})
    assert audit(case, policy, plan) == []
    pairs = len(plan.assignments) * len(case.sips)
    assert asked["test"] < 7 * pairs  # 6.3; 15 where every rule was asked: of people once, of few where few are named
    assert asked["points"] < 2 * pairs  # 1.4; 2.3 where each was asked of everybody
    assert asked["pair"] <= pairs


def test_texts_that_differ_in_case_alone_are_one() -> None:
    """Case as Unicode folds it, as the rules do: a capital sharp s is two letters."""
    people = [make.sip("A", current_trust="STRASSE trust"), make.sip("B", current_trust="Straßen trust")]
    a = Auditor(make.case([make.school("1", trust="Straße Trust")], people), Policy())
    assert a.allowed(("1", "lead")) == ["B"]
