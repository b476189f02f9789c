"""Who held each post before: what changed, what stayed, what moved (rules.md, "What a plan then says")."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from allocator.check.derived import Book, Post
from allocator.check.ledger import by
from allocator.check.plan_rows import Row
from allocator.check.score import Auditor
from allocator.check.standing import ONE
from allocator.check.structure import Breach, Choice, Key
from allocator.domain.plan import Moved, Plan

Line = tuple[str, str, str | None, str | None, dt.date | None]  # URN, post, from, to, on


@dataclass(frozen=True)
class Turn:
    """A row, an empty part, or the empty end of a post: who holds it from `on`, and who did before."""

    post: Key
    before: str | None
    sip: str | None
    on: dt.date

    @property
    def changed(self) -> bool:
        return self.before is not None and self.sip != self.before


def last_year(b: Book, urn: str, kind: str) -> str | None:
    """The holder of a post in the year before, whatever way it ended."""
    if kind == "lead":
        return b.last_lead(urn) if urn in b.rows else None
    rows = [h for h in b.rows.get(urn, ()) if int(h.year[:4]) == b.start - 1 and (h.role or "lead") == kind]
    end = dt.date(b.start, 8, 31)
    rank = [(h.ended not in (None, "end_of_year"), end - (h.ended_on or end), h.sip) for h in rows]
    return min(rank)[2] if rank else None


def turns(a: Auditor, choice: Choice, right: Sequence[Row]) -> dict[Key, list[Turn]]:
    """Every turn of each post of the year, by date."""
    of_post, year = by(right, lambda r: r.post), {p.key: p for p in a.book.year_posts}
    out: dict[Key, list[Turn]] = {}
    for key in sorted(year.keys() | of_post.keys()):
        held: list[tuple[dt.date, str | None]] = [(r.start, r.sip) for r in of_post.get(key, ())]
        begin = year[key].begin if key in year else min(day for day, _ in held)
        held += [(p.begin, None) for p in a.stand.parts.get(key, ()) if p.key not in choice]
        if key in year and key not in a.stand.parts and not filled(a, year[key], choice):
            held.append((empty_from(a, year[key]), None))
        before = holder = last_year(a.book, *key)
        out[key] = []
        last: str | None = ""
        for on, sip in sorted(held, key=lambda h: h[0]):
            if sip or last is not None:  # of empty parts that follow one another the first counts
                out[key].append(Turn(key, before if on == begin else holder, sip, on))
            holder, last = sip or holder, sip
    return out


def filled(a: Auditor, post: Post, choice: Choice) -> bool:
    """Whether somebody holds each day from *since* on; of a post that ended before, its last day."""
    parts = a.stand.parts.get(post.key)
    if parts:
        return all(p.key in choice for p in parts)
    return any(k.end == post.end for k in a.stand.of_post.get(post.key, ()))


def empty_from(a: Auditor, post: Post) -> dt.date:
    """The day from which nobody holds a post that has ended."""
    return max((k.end + ONE for k in a.stand.of_post.get(post.key, ())), default=post.begin)


def changes(found: Mapping[Key, Sequence[Turn]], plan: Plan) -> Iterator[Breach]:
    """The plan's `changes` against what differs from before."""
    right: list[Line] = [(*t.post, t.before, t.sip, t.on) for mine in found.values() for t in mine if t.changed]
    yield from _listed("changes", right, plan.changes)


def moves(a: Auditor, choice: Choice, plan: Plan) -> Iterator[Breach]:
    """The plan's `moves` against what differs from the plan gone on from."""
    stand = a.stand
    right: list[Line] = [
        (p.urn, p.kind, was, choice.get(p.key), p.begin)
        for p in stand.posts
        if (was := stand.was.get(p.key)) and choice.get(p.key) != was
    ]
    yield from _listed("moves", right, plan.moves)


def _listed(what: str, right: Sequence[Line], given: Sequence[Moved]) -> Iterator[Breach]:
    wanted, told = Counter(right), Counter[Line]((m.urn, str(m.post), m.from_, m.to, m.on) for m in given)
    for urn, post, old, new, on in sorted(wanted - told, key=str):
        text = f"{what}: {urn} ({post}) from {old or 'nobody'} to {new or 'nobody'} on {on} is missing."
        yield Breach("figures", text, urn, post, new)
    for urn, post, old, new, on in sorted(told - wanted, key=str):
        text = f"{what}: {urn} ({post}) from {old or 'nobody'} to {new or 'nobody'} on {on} is not so."
        yield Breach("figures", text, urn, post, new)


def tally(a: Auditor, choice: Choice, found: Mapping[Key, Sequence[Turn]]) -> dict[str, int]:
    """Posts filled and not; lead posts filled, by whether their school keeps whom it had."""
    year = a.book.year_posts
    full = {p.key for p in year if filled(a, p, choice)}
    out = {"schools": sum(p.kind == "lead" for p in year), "filled": len(full), "unfilled": len(year) - len(full)}
    out |= {"kept": 0, "changed": 0, "had_none": 0}
    for urn, kind in full:
        if kind == "lead":
            moved = any(t.changed for t in found[urn, kind])
            out["changed" if moved else "kept" if last_year(a.book, urn, kind) else "had_none"] += 1
    return out
