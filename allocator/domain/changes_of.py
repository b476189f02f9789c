"""What lies between two versions of a case as changes (contract 4), where changes can say it all: so that a plan
can be repaired by them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from allocator.domain.canon import sort_rows
from allocator.domain.case import PERIODS, Case, Row
from allocator.domain.change import apply, canonical
from allocator.domain.change_args import Change
from allocator.domain.policy import Policy
from allocator.errors import UsageError

R = TypeVar("R", bound=Row)
UNPLANNED = {  # columns that no plan looks at
    "schools": ("head_email", "chair_email", "other_support", "diocese"),
    "sips": ("email", "pen_portrait", "day_rate"),
}
ADDED = {"interests": "interest", "wishes": "wish", "decisions": "decision"}  # table -> the change that adds a row


def changes_of(old: Case, new: Case) -> list[Change] | None:
    """Changes that make `new` of `old`; empty where no plan would see a difference, None where changes cannot say
    it."""
    old = _as_unplanned(old, new)
    try:
        found = [canonical(c) for c in _changes(old, new)]
        made, _ = apply(old, Policy(), found)
    except (UsageError, LookupError):
        return None
    same = {"notices": new.notices, "extras": new.extras}
    return found if sort_rows(made.model_copy(update=same)) == sort_rows(new) else None


def _as_unplanned(old: Case, new: Case) -> Case:
    """`old` with the columns that no plan looks at as `new` has them."""
    update = {}
    for table, columns in UNPLANNED.items():
        now: dict[str, Any] = {_key(r): r for r in getattr(new, table)}
        update[table] = tuple(
            r.model_copy(update={c: getattr(now[_key(r)], c) for c in columns}) if _key(r) in now else r
            for r in getattr(old, table)
        )
    return old.model_copy(update=update)


def _key(row: Any) -> str:
    return str(getattr(row, "urn", None) or row.sip)


def _changes(old: Case, new: Case) -> Iterator[Change]:
    was = {s.urn: s for s in old.schools}
    for s in new.schools:
        moved = _moved(was[s.urn], s)
        if "need" in moved and s.need:
            yield {"need": {"urn": s.urn, "need": s.need}}
        if "participation" in moved:
            yield {"participation": {"urn": s.urn, "participation": s.participation}}
        if "closes_on" in moved and s.closes_on:
            yield {"school_closes": {"urn": s.urn, "on": s.closes_on}}
        if moved & {"cluster", "cluster_wants_one_sip"}:
            yield {"cluster": {"urn": s.urn, "cluster": s.cluster, "cluster_wants_one_sip": s.cluster_wants_one_sip}}
    team = {s.sip: s for s in old.sips}
    for p in new.sips:
        moved = _moved(team[p.sip], p)
        if "days" in moved:
            yield {"days": {"sip": p.sip, "days": p.days}}
        for period in PERIODS:
            if f"{period}_days" in moved:
                yield {"period_days": {"sip": p.sip, "period": period, "days": getattr(p, f"{period}_days")}}
        for most in ("max_schools", "min_schools"):
            if most in moved:
                yield {most: {"sip": p.sip, most: getattr(p, most)}}
        if dates := moved & {"dbs_checked_on", "dbs_valid_until"}:
            yield {"check": {"sip": p.sip, **{c: getattr(p, c) for c in dates}}}
        if "leaves_on" in moved:
            yield {"sip_leaves": {"sip": p.sip, "on": p.leaves_on}}
        elif "status" in moved and p.status == "left":
            yield {"sip_leaves": {"sip": p.sip}}
    for table, kind in ADDED.items():
        for row in _new(getattr(old, table), getattr(new, table)):
            yield {kind: row.model_dump(exclude_none=True)}
    for a in _new(old.absences, new.absences):
        yield {"sip_absent": {"sip": a.sip, "from": a.away_from, "to": a.away_to}}
    for r in _new(old.refusals, new.refusals):
        yield {r.kind: {"urn": r.urn, "sip": r.sip, "on": r.on}}


def _moved(was: Row, now: Row) -> set[str]:
    return {c for c in type(now).model_fields if getattr(was, c) != getattr(now, c)}


def _new(old: Sequence[R], new: Sequence[R]) -> list[R]:
    had = set(old)
    return [r for r in new if r not in had]
