"""A certificate doubted: its bounds against plans that anybody would think of, mended by hand from pairs that stand.

It shares nothing with the search that stated the bounds, so that a fault there is seen here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from allocator.check.derived import Post, dec, floor
from allocator.check.score import Auditor
from allocator.check.structure import Breach, Choice, Key, Short, everyone, locks
from allocator.check.together import one_lead
from allocator.domain.case import NEEDS
from allocator.domain.plan import Plan

WIDE = 20_000  # posts x SIPs beyond which a post is offered to those alone who hold it, or held it last
LEAST = ("1d", "2", "3", "5")  # tiers of which less is better


def doubts(a: Auditor, plan: Plan, choice: Choice) -> Iterator[Breach]:
    """Bounds that a plan goes beyond which is as good as this one up to the first tier that is not proved."""
    before = {p.key: who for p in a.stand.posts if (who := _before(a, p))}
    anyone = not plan.certificate.proved and len(a.stand.posts) * len(a.book.sips) <= WIDE
    for name, first, second in (("last year's", before, choice), ("its own", choice, before)):
        score = a.score(*_Mended(a, first, second, anyone).plan())
        if score is None:
            continue
        open_ = False
        for t in plan.certificate.tiers:
            sign = -1 if t.name.startswith(LEAST) else 1
            other, value, bound = sign * score.tiers[t.name], sign * t.value, sign * t.bound
            if other > bound:
                text = f"Tier {t.name}: the bound {t.bound} is beaten by a plan from {name} pairs, which has "
                yield Breach("certificate", f"{text}{score.tiers[t.name]}.")
                break
            if other < value and not open_:
                break  # a worse plan, which says nothing of the tiers after
            open_ = open_ or bound != value


def _before(a: Auditor, post: Post) -> str | None:
    if a.stand.earlier is not None:
        return a.stand.holders.get(post.key)
    return a.book.incumbent(post.urn) if post.kind == "lead" else None


class _Mended:
    """A plan by hand: posts in order of need, all at their shortest; then days are given back in the same order."""

    def __init__(self, a: Auditor, first: Choice, second: Choice, anyone: bool) -> None:
        self.a, self.named, self.anyone = a, (first, second), anyone
        b, on = a.book, a.book.policy.capacity.on
        most = [None] * 4
        self.room: dict[str, list[int | None]] = {}
        for sip, row in b.sips.items():
            spent = a.stand.spent(sip)
            parts = [None if q is None else b.hard(q) - s for q, s in zip(b.limits(row), spent, strict=True)]
            self.room[sip] = [*(parts if on else most), b.capacity(row) - sum(spent) if on else None]
        cap = b.policy.budget.days
        self.budget = (
            None if cap is None else floor(4 * dec(cap)) - sum(sum(a.stand.spent(s)) for s in everyone(a.stand))
        )
        self.choice: dict[Key, str] = {}
        self.short: dict[Key, int] = {}

    def plan(self) -> tuple[Choice, Short]:
        """Who holds each post, and quarter-days short by post."""
        stand = self.a.stand
        order = sorted(stand.posts, key=lambda p: (p.kind != "lead", NEEDS.index(p.need), p.urn))
        must = self.a.kept() | {key: min(sips) for key, sips in locks(stand).items()}
        for p in sorted(order, key=lambda p: p.key not in must):
            if p.key not in self.choice:
                group = self._group(p)
                given = next((must[q.key] for q in group if q.key in must), None)
                for sip in [given] if given else self._who(group):
                    if self._give(group, sip):
                        break
        for p in order:
            if p.key in self.choice:
                self._give_back(p)
        return self.choice, self.short

    def _group(self, p: Post) -> list[Post]:
        """The post, with the leads that must have the same SIP."""
        parts = self.a.stand.parts
        for _, urns in one_lead(self.a.book) if p.kind == "lead" else ():
            if p.urn in urns:
                return [q for u in urns for q in parts.get((u, "lead"), ()) if q.meets(p) and q.key not in self.choice]
        return [p]

    def _who(self, group: list[Post]) -> Iterable[str]:
        for of in self.named:
            yield from dict.fromkeys(of[p.key] for p in group if p.key in of)
        if self.anyone:
            yield from sorted(self.a.allowed(group[0].key), key=lambda s: -(self.room[s][-1] or 0))

    def _give(self, group: list[Post], sip: str) -> bool:
        """The posts of a group to one person, as short as they can be; False where rules or days bar it."""
        b, stand = self.a.book, self.a.stand
        leads = {self.choice.get(q.key) for q in stand.parts.get((group[0].urn, "lead"), ()) if q.meets(group[0])}
        apart = group[0].kind == "support" or b.schools[group[0].urn].appraisal == "different"
        if (apart and sip in leads) or not all(self.a.may(p.key, sip) for p in group):
            return False
        least = {p.key: max(p.trims, default=0) for p in group}
        loads = [stand.loads(p, b.sips[sip], least[p.key]) for p in group]
        if not self._take(sip, [sum(parts) for parts in zip(*loads, strict=True)]):
            return False
        self.choice |= dict.fromkeys(least, sip)
        self.short |= {k: q for k, q in least.items() if q}
        return True

    def _give_back(self, p: Post) -> None:
        stand, sip = self.a.stand, self.a.book.sips[self.choice[p.key]]
        now = stand.loads(p, sip, self.short.get(p.key, 0))
        for q in sorted({0, *p.trims}):
            if q >= self.short.get(p.key, 0):
                return
            more = [x - y for x, y in zip(stand.loads(p, sip, q), now, strict=True)]
            if self._take(sip.sip, more):
                self.short[p.key] = q
                return

    def _take(self, sip: str, load: list[int]) -> bool:
        whole = [*load, sum(load)]
        if any(left is not None and q > left for q, left in zip(whole, self.room[sip], strict=True)):
            return False
        if self.budget is not None:
            if whole[-1] > self.budget:
                return False
            self.budget -= whole[-1]
        self.room[sip] = [None if left is None else left - q for q, left in zip(whole, self.room[sip], strict=True)]
        return True
