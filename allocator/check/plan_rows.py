"""The rows that a plan must have for a choice of SIPs, and the choice that a plan's rows make."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from allocator.check.derived import Post
from allocator.check.pieces import Piece
from allocator.check.score import Auditor
from allocator.check.standing import ONE
from allocator.check.structure import Breach, Choice, Key, Short
from allocator.domain.plan import Assignment, Plan


@dataclass(frozen=True)
class Row:
    """One holder's unbroken time at a post: a past piece, parts, or both. Quarter-days; no `parts` = settled."""

    urn: str
    kind: str
    sip: str
    start: dt.date
    end: dt.date
    periods: tuple[int, ...]
    extra: int
    new_pairing: bool
    short: int = 0
    parts: tuple[Key, ...] = ()
    past: bool = False

    @property
    def post(self) -> Key:
        return self.urn, self.kind


def rows(a: Auditor, choice: Choice, short: Short) -> list[Row]:
    """Every row of the year, by post and date."""
    stand, out = a.stand, list[Row]()
    for post in sorted({*stand.of_post, *stand.parts}):
        mine: list[Row] = []
        for piece in sorted(stand.of_post.get(post, ()), key=lambda k: k.start):
            mine.append(_of_piece(piece))
        for part in stand.parts.get(post, ()):
            if part.key not in choice:
                continue
            row = _of_part(a, part.key, choice[part.key], short.get(part.key, 0))
            if mine and mine[-1].sip == row.sip and mine[-1].end + ONE == row.start:
                row = _joined(mine.pop(), row)
            mine.append(row)
        out += mine
    return out


def _of_piece(k: Piece) -> Row:
    return Row(k.urn, k.kind, k.sip, k.start, k.end, k.periods, k.extra, k.new_pairing, past=True)


def _of_part(a: Auditor, key: Key, sip: str, short: int) -> Row:
    part, s = a.stand.by_key[key], a.book.sips[sip]
    periods = part.trims[short] if short else part.periods
    begin, extra, fresh = a.book.begins(part, s), a.stand.extra(part, s), a.stand.new_pairing(part, s)
    return Row(part.urn, part.kind, sip, begin, part.end, tuple(periods), extra, fresh, short, (key,))


def _joined(one: Row, two: Row) -> Row:
    periods = tuple(p + q for p, q in zip(one.periods, two.periods, strict=True))
    return replace(
        one,
        end=two.end,
        periods=periods,
        extra=one.extra + two.extra,
        short=one.short + two.short,
        parts=one.parts + two.parts,
    )


def chosen(a: Auditor, plan: Plan) -> tuple[Choice, Short, list[Breach]]:
    """Who holds which part, and how short; rows of posts and SIPs unknown, and parts filled twice, are breaches."""
    out: list[Breach] = []
    given: dict[Key, list[Assignment]] = {}
    for x in plan.assignments:
        if x.settled:
            continue
        key = (x.urn, x.post)
        if key not in a.stand.parts:
            rule = "participation" if x.urn in a.book.schools else "figures"
            out.append(Breach(rule, f"{x.urn} has no {x.post} post left to fill.", *key, x.sip))
        elif x.sip not in a.book.sips:
            out.append(Breach("figures", f"{x.sip} at {x.urn} is not a SIP of this case.", *key, x.sip))
        else:
            given.setdefault(key, []).append(x)
    choice: dict[Key, str] = {}
    short: dict[Key, int] = {}
    for post, mine in given.items():
        held: dict[int, list[Key]] = {}
        parts = a.stand.parts[post]
        for part in parts:
            at = [n for n, x in enumerate(mine) if x.from_ <= part.end <= x.to] or list(
                range(len(mine)) if len(parts) == 1 else ()
            )
            if len(at) > 1:
                out.append(Breach("figures", f"{post[0]} ({post[1]}) is filled twice.", *post, mine[at[1]].sip))
            if at:
                choice[part.key] = mine[at[0]].sip
                held.setdefault(at[0], []).append(part.key)
        for n, keys in held.items():
            short |= _trims(a, mine[n], keys)
        for n, x in enumerate(mine):
            if n not in held and not any(len(keys) for m, keys in held.items() if m == n) and len(parts) > 1:
                text = f"{x.urn} ({x.post}): {x.sip} from {x.from_} to {x.to} fills none of its parts."
                out.append(Breach("figures", text, *post, x.sip))
    return choice, short, out


def _trims(a: Auditor, x: Assignment, keys: list[Key]) -> dict[Key, int]:
    """How short each part of a row is: as its days say, and spread as the last ties ask."""
    whole = round(x.days_short * 4)
    if not whole:
        return {}
    if len(keys) == 1:
        return {keys[0]: whole}
    parts = [a.stand.by_key[k] for k in keys]
    past = [k for k in a.stand.of_post.get((x.urn, x.post), ()) if k.sip == x.sip and k.end + ONE == parts[0].begin]
    found = [
        ways
        for ways in product(*[(0, *p.trims) for p in parts])
        if sum(ways) == whole and _four(parts, ways, past) == tuple(x.periods.model_dump().values())
    ]
    best = min(found, key=lambda ways: (sum(q * q for q in ways), ways), default=(whole,) + (0,) * (len(keys) - 1))
    return {k: q for k, q in zip(keys, best, strict=True) if q}


def _four(parts: Sequence[Post], ways: tuple[int, ...], past: list[Piece]) -> tuple[float, ...]:
    fours = [p.trims[q] if q else p.periods for p, q in zip(parts, ways, strict=True)] + [k.periods for k in past]
    return tuple(sum(q) / 4 for q in zip(*fours, strict=True))


def compare(a: Auditor, plan: Plan, right: list[Row]) -> Iterator[Breach]:
    """The plan's rows against those that its choice of SIPs makes, figure by figure."""
    given: dict[tuple[str, str, str], list[Assignment]] = {}
    for x in sorted(plan.assignments, key=lambda x: x.from_):
        given.setdefault((x.urn, x.post, x.sip), []).append(x)
    for row in right:
        mine = given.get((*row.post, row.sip), [])
        same = [x for x in mine if x.settled == (not row.parts)]
        found = next((x for x in same if x.from_ == row.start), same[0] if same else None)
        if found is None:
            text = f"{row.urn} ({row.kind}): what {row.sip} gave from {row.start} to {row.end} is missing or altered."
            yield Breach("repair", text, *row.post, row.sip)
            continue
        mine.remove(found)
        yield from _figures(a, row, found)
    for x in (x for rest in given.values() for x in rest):
        text = f"{x.urn} ({x.post}): nothing says that {x.sip} holds it from {x.from_} to {x.to}."
        yield Breach("repair", text, x.urn, x.post, x.sip)


def _figures(a: Auditor, row: Row, x: Assignment) -> Iterator[Breach]:
    b = a.book
    points: dict[str, int] = {}
    for key in row.parts:
        for rule, n in a.points(key, row.sip).items():
            points[rule] = points.get(rule, 0) + n
    school, sip = b.schools.get(row.urn), b.sips.get(row.sip)
    agree: list[tuple[str, object, object]] = [
        ("from", x.from_, row.start),
        ("to", x.to, row.end),
        ("days", x.days, sum(row.periods) / 4),
        ("periods", tuple(x.periods.model_dump().values()), tuple(q / 4 for q in row.periods)),
        ("extra_days", x.extra_days, row.extra / 4),
        ("days_short", x.days_short, row.short / 4),
        ("new_pairing", x.new_pairing, row.new_pairing),
        ("points", x.points, sum(points.values())),
    ]
    if school:
        agree.append(("school", x.school, school.name))
        agree.append(("tenure_year", x.tenure_year, b.tenure(row.urn, row.sip) if row.kind == "lead" else 1))
    if sip:
        agree.append(("name", x.name, sip.name))
    for what, said, true in agree:
        if said != true:
            yield Breach("figures", f"{x.urn} ({x.post}): {what} is {said}, and should be {true}.", *row.post, x.sip)
    told = {r.rule: r.points for r in x.reasons if r.points}
    for rule in sorted(told.keys() | points.keys()):
        if told.get(rule, 0) != points.get(rule, 0):
            text = f"{x.urn} ({x.post}): {rule} gives {points.get(rule, 0)} points, not {told.get(rule, 0)}."
            yield Breach(rule, text, *row.post, x.sip)
