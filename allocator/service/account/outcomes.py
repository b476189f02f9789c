"""What a plan comes to for kinds of people and schools: days, changes, wishes met, refusals; and for groups that an
authority supplies. None of it enters the plan (domain 3.7, point 6)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from allocator.domain.case import NEEDS, Case, School, Sip
from allocator.domain.plan import Plan
from allocator.domain.round import Round

T = TypeVar("T")
SIZES = ((100, "under 100 pupils"), (250, "100 to 249"), (600, "250 to 599"), (10**9, "600 and more"))
ORDER = (*NEEDS, *(text for _, text in SIZES))
FEW = 5  # groups of fewer are shown without figures: they would tell of persons


@dataclass(frozen=True)
class OutcomeGroup:
    """One group: how many, and what the plan comes to for them. `changed`: schools with another SIP than last year."""

    of: str  # kind of SIP, need, phase, size, or a group's heading
    group: str
    how_many: int
    days_wanted: float  # offered by SIPs, due to schools
    days: float
    changed: int
    unwished: int  # of those, not by the school's or SIP's own wish
    asked: int
    met: int
    refused: int


def outcomes(
    case: Case, plan: Plan, stands: Round | None = None, groups: Mapping[str, Mapping[str, str]] | None = None
) -> list[OutcomeGroup]:
    """`groups`: heading -> URN or SIP id -> group."""
    out: list[OutcomeGroup] = []
    sips: dict[str, Callable[[Sip], str | None]] = {
        "kind of SIP": lambda x: x.kind.replace("_", " ").replace("la ", "LA ")
    }
    changed = {n.urn: n.need for n in sorted(case.needs, key=lambda n: n.on) if n.need}
    needs = {x.urn: changed.get(x.urn, x.need or "standard") for x in case.schools}
    schools: dict[str, Callable[[School], str | None]] = {
        "need": lambda x: needs.get(x.urn),
        "phase": lambda x: str(x.phase).replace("_", " "),
        "size": lambda x: size(x.pupils),
    }
    for heading, given in (groups or {}).items():
        if any(x.sip in given for x in case.sips):
            sips[heading] = partial(_given, given, lambda x: x.sip)
        if any(x.urn in given for x in case.schools):
            schools[heading] = partial(_given, given, lambda x: x.urn)
    for of, group in sips.items():
        out += _of_sips(case, plan, stands, of, group)
    for of, group_ in schools.items():
        out += _of_schools(case, plan, stands, of, group_)
    return out


def _given(groups: Mapping[str, str], key: Callable[[T], str], row: T) -> str:
    return groups.get(key(row), "not given")


def size(pupils: int | None) -> str:
    return "not known" if pupils is None else next(text for most, text in SIZES if pupils < most)


def _grouped(rows: Iterable[tuple[str | None, str]]) -> dict[str, set[str]]:
    out: dict[str, set[str]] = defaultdict(set)
    for group, id in rows:
        if group is not None:
            out[group].add(id)
    return dict(sorted(out.items(), key=lambda g: (ORDER.index(g[0]) if g[0] in ORDER else -1, g[0])))


def _of_sips(
    case: Case, plan: Plan, stands: Round | None, of: str, group: Callable[[Sip], str | None]
) -> Iterable[OutcomeGroup]:
    offered = {x.sip: x.days for x in case.sips}
    for name, ids in _grouped((group(x), x.sip) for x in case.sips).items():
        gone = [c for c in plan.changes if c.from_ in ids]
        wished = [w for w in plan.wishes if w.by == "sip" and w.sip in ids]
        refused = sum(sip in ids for _, _, sip in stands.refused) if stands else 0
        days = sum(load.days for load in plan.loads if load.sip in ids)
        yield OutcomeGroup(
            of,
            name,
            len(ids),
            sum(offered[i] for i in ids),
            days,
            len(gone),
            sum(not c.voluntary for c in gone),
            len(wished),
            sum(w.met for w in wished),
            refused,
        )


def _of_schools(
    case: Case, plan: Plan, stands: Round | None, of: str, group: Callable[[School], str | None]
) -> Iterable[OutcomeGroup]:
    planned = {a.urn for a in plan.assignments} | {u.urn for u in plan.unfilled}
    for name, ids in _grouped((group(x), x.urn) for x in case.schools if x.urn in planned).items():
        rows = [a for a in plan.assignments if a.urn in ids]
        moved = [c for c in plan.changes if c.urn in ids and c.post == "lead"]
        wished = [w for w in plan.wishes if w.by == "school" and w.urn in ids]
        refused = sum(urn in ids for urn, _, _ in stands.refused) if stands else 0
        days = sum(a.days for a in rows)
        yield OutcomeGroup(
            of,
            name,
            len(ids),
            days + sum(a.days_short for a in rows),
            days,
            len({c.urn for c in moved}),
            len({c.urn for c in moved if not c.voluntary}),
            len(wished),
            sum(w.met for w in wished),
            refused,
        )


HEAD = (
    "group",
    "how many",
    "days wanted",
    "days",
    "of what was wanted",
    "changed",
    "not by own wish",
    "wishes",
    "met",
    "refusals",
)
BRIEF = ("group", "n", "wanted", "days", "share", "moved", "forced", "asked", "met", "refused")


def rows(lines: Iterable[OutcomeGroup], *, hide: bool = False) -> list[tuple[str, ...]]:
    """As texts under HEAD; `hide`: groups of fewer than FEW without figures, for the public."""
    out = []
    for x in lines:
        if hide and x.how_many < FEW:
            out.append((f"{x.of}: {x.group}", f"under {FEW}", *[""] * (len(HEAD) - 2)))
            continue
        share = f"{x.days / x.days_wanted:.0%}" if x.days_wanted else ""
        out.append(
            (
                f"{x.of}: {x.group}",
                str(x.how_many),
                f"{x.days_wanted:g}",
                f"{x.days:g}",
                share,
                str(x.changed),
                str(x.unwished),
                str(x.asked),
                str(x.met),
                str(x.refused),
            )
        )
    return out
