"""Trims counted, not chosen pair by pair.

Of a person's posts that are trimmed alike and count alike it does not matter which is short: so a column says how many
of them are trimmed so far. Where trims go by equal steps and only the person's whole load matters, one column says how
many steps they give in all. Which post gives what is settled last (`spread.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from allocator.engine.instance import Instance, Trim


@dataclass(frozen=True)
class TrimColumns:
    """Pairs of one person whose trims are counted together, in as many columns as `trims`.

    All columns together are at most the `room` of the pairs chosen: a post each, or (`even`) a post's steps.
    """

    trims: tuple[Trim, ...]
    pairs: tuple[int, ...]
    room: tuple[int, ...]
    even: bool

    def laid(self, inst: Instance, counts: Sequence[int], chosen: Iterable[int]) -> dict[int, int]:
        """Units short by post when the columns are `counts`: on posts of `chosen` pairs, in order."""
        posts = [inst.pairs[i].post for i in chosen]
        if not self.even:
            units = [t.short for t, many in zip(self.trims, counts, strict=True) for _ in range(many)]
            return dict(zip(posts, units, strict=False))
        out, left = {}, counts[0]
        for p in posts:
            taken = min(left, len(inst.posts[p].trims))
            if taken:
                out[p] = taken * self.trims[0].short
            left -= taken
        return out

    def counts(self, inst: Instance, short: Mapping[int, int], chosen: Collection[int]) -> list[int]:
        """The columns for a plan in which so many units are short by post."""
        units = [short.get(inst.pairs[i].post, 0) for i in self.pairs if i in chosen]
        return [sum(units) // self.trims[0].short] if self.even else [units.count(t.short) for t in self.trims]


def trimmed(inst: Instance, pairs: Iterable[int], parts: bool) -> list[TrimColumns]:
    """A person's pairs by how their posts are trimmed; `parts`: whether loads by part matter."""
    groups: dict[tuple[tuple[Trim, ...], bool, object], list[int]] = defaultdict(list)
    alike: dict[int, tuple[tuple[Trim, ...], bool, object]] = inst.kept.setdefault(f"trims of posts, {parts}", {})
    for i in pairs:
        post = inst.pairs[i].post
        trims = inst.posts[post].trims
        if trims:
            if post not in alike:
                step = trims[0].short
                even = not parts and all(t.short == step * k for k, t in enumerate(trims, 1))
                counts = tuple((t.name, t.short[post]) for t in inst.tiers if post in t.short)
                alike[post] = (Trim(step, (step,)),) if even else trims, even, counts
            groups[alike[post]].append(i)
    out = []
    for (trims, even, _), mine in groups.items():
        room = tuple(len(inst.posts[inst.pairs[i].post].trims) if even else 1 for i in mine)
        out.append(TrimColumns(trims, tuple(mine), room, even))
    return out
