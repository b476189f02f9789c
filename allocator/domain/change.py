"""Changes are data: `apply(case, policy, changes)` gives a new case and policy (contract 4). Nothing is edited.

A change is `{kind: {…}}`, for example `{"sip_leaves": {"sip": "S01", "on": "2026-12-31"}}`; the kinds are KINDS.
"""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from allocator.domain import case as tables
from allocator.domain import change_args as take
from allocator.domain import said
from allocator.domain.calendar import Year
from allocator.domain.case import Case, Decision, Interest, Need, Refusal, School, Sip
from allocator.domain.change_args import Change
from allocator.domain.change_rows import World, edit, on_team, put, school_of, sip_of
from allocator.domain.characters import strange
from allocator.domain.policy import Policy
from allocator.errors import UsageError

BY = "what-if"  # who stands behind a decision that a scenario makes


@dataclass(frozen=True)
class Kind:
    """One kind of change: the shape of its arguments, and what it does."""

    args: type[BaseModel]
    act: Callable[[World, Any], World]


def apply(case: Case, policy: Policy, changes: Iterable[Mapping[str, Any]]) -> World:
    """The case and policy after all changes, in the order given.

    Raises UsageError naming the change, what is wrong with it and what would be right.
    """
    world = case, policy
    for change in changes:
        kind, args = parse(change)
        in_year(world, kind, args)
        try:
            world = KINDS[kind].act(world, args)
        except ValidationError as error:  # a value no table would take
            first = error.errors()[0]
            raise UsageError(f"{kind}: {first['loc'][0]} is {first['input']!r}; {first['msg']}.") from None
    return world


LARGEST = 10_000_000  # more than an easting in metres


def parse(change: Mapping[str, Any]) -> tuple[str, Any]:
    """(kind, checked arguments) of `{kind: {…}}` or of `{"kind": kind, …}`."""
    if not isinstance(change, Mapping):
        raise UsageError(
            f"A change is one table, {{kind = {{…}}}}, and changes are a list of them; this is {change!r}."
        )
    data = dict(change)
    kind = data.pop("kind", None)
    if kind is None or kind not in KINDS:  # a succession has a `kind` of its own, inside its table
        if len(change) != 1:
            raise UsageError(f"A change is one table, {{kind = {{…}}}}; this one holds {', '.join(map(str, change))}.")
        kind, data = next(iter(change.items()))
    if kind not in KINDS:
        near = difflib.get_close_matches(str(kind), KINDS, 1)
        hint = f" Did you mean {near[0]}?" if near else f" The kinds are {', '.join(KINDS)}."
        raise UsageError(f"{kind}: there is no such change.{hint}")
    model = KINDS[kind].args
    if not isinstance(data, Mapping):
        raise UsageError(f"{kind}: its details are a table, {{…}}, not {data!r}.")
    if told := unfit(data):
        raise UsageError(f"{kind}: {told}.")
    try:
        return kind, model.model_validate(lists_split(model, data))
    except ValidationError as error:
        parts = [f"{'.'.join(map(str, e['loc'])) or kind}: {e['msg']}" for e in error.errors()]
        known = ", ".join(f.alias or n for n, f in model.model_fields.items())
        raise UsageError(f"{kind}: {'; '.join(parts)}. It takes {known}.") from None


def unfit(value: Any) -> str | None:
    """What of these details no table would take, either: a character that cannot be kept, a number of no sensible
    size."""
    match value:
        case Mapping():
            return next((told for v in value.values() if (told := unfit(v))), None)
        case list() | tuple():
            return next((told for v in value if (told := unfit(v))), None)
        case str():
            odd = strange(value)
            return f"{odd} cannot be kept; take it out" if odd else None
        case int() | float():
            return None if -LARGEST <= value <= LARGEST else f"{str(value)[:12]} is no number of a sensible size"
    return None


def lists_split(model: type[BaseModel], data: Mapping[str, Any]) -> dict[str, Any]:
    """`a;b` to a list where the column is a list, as in the tables."""
    out = dict(data)
    for name, info in model.model_fields.items():
        if isinstance(out.get(name), str) and "tuple" in str(info.annotation):
            out[name] = [x.strip() for x in out[name].split(";") if x.strip()]
    return out


def canonical(change: Mapping[str, Any]) -> Change:
    """The change as `{kind: {…}}` with plain JSON values, blanks left out."""
    kind, args = parse(change)
    return {kind: args.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=False)}


def effective(change: Mapping[str, Any], year: Year) -> dt.date | None:
    """The first day on which the change tells; None for one without a date, or from before the year."""
    kind, args = parse(change)
    on: dt.date | None = getattr(args, "from_", None) or getattr(args, "on", None)
    if isinstance(args, Sip):
        on = args.joined_on
    elif isinstance(args, School):
        on = args.opens_on
    elif isinstance(args, tables.Interest):
        on = args.declared_on
    if on is not None and kind in ("sip_leaves", "school_closes"):
        on += dt.timedelta(days=1)
    return on if on is not None and on >= year.first else None


def in_year(world: World, kind: str, args: Any) -> None:
    """A dated change must fall in the academic year planned."""
    year = Year(world[0].year, world[1].calendar)
    for name in ("on", "from_", "to"):
        day = getattr(args, name, None)
        if day is not None and kind not in ("decision", "succession") and not year.first <= day <= year.last:
            raise UsageError(
                f"{kind}: {day} is outside the year {year.label}, which runs from {year.first} to {year.last}."
            )


# -- what each kind does -----------------------------------------------------------------------------------


def leaves(world: World, a: take.Leaves) -> World:
    row = on_team(world, a.sip)
    if a.on is None:
        return edit(world, "sips", row, status="left")
    if row.leaves_on and row.leaves_on <= a.on:
        raise UsageError(f"{row.name} ({a.sip}) already leaves on {row.leaves_on}.", sip=a.sip)
    return edit(world, "sips", row, leaves_on=a.on)


def absent(world: World, a: take.Absent) -> World:
    on_team(world, a.sip)
    if a.to < a.from_:
        raise UsageError(f"sip_absent: {a.sip} is away from {a.from_} to {a.to}; the end is before the start.")
    return put(world, "absences", None, tables.Absence(sip=a.sip, away_from=a.from_, away_to=a.to))


def joins(world: World, row: Sip) -> World:
    old = next((s for s in world[0].sips if s.sip == row.sip), None)
    if old is not None and old.status != "left":
        raise UsageError(f"{row.sip} is already the id of {old.name}; give a joining SIP an id of their own.")
    return put(world, "sips", old, row)


def need(world: World, a: take.NeedOf) -> World:
    school = school_of(world, a.urn)
    first = Year(world[0].year, world[1].calendar).first
    if a.on is None or a.on <= first:
        return edit(world, "schools", school, need=a.need)
    return put(world, "needs", None, tables.NeedChange(urn=a.urn, on=a.on, need=a.need))


def category(world: World, a: take.CategoryOf) -> World:
    """A new category raises need at least as far as `repair.need_of_category` says (domain B13, G3)."""
    school = school_of(world, a.urn)
    case, policy = world
    needs: list[Need] = [school.need or "standard"]
    needs += [change.need for change in case.needs if change.urn == a.urn and change.need]
    least = policy.repair.need_of_category.get(a.category_of_concern, needs[-1])
    raised = min((needs[-1], least), key=lambda n: tables.NEEDS.index(n))
    wanted = raised if a.need is None else a.need
    first = Year(case.year, policy.calendar).first
    if a.on is None or a.on <= first:
        return edit(world, "schools", school, category_of_concern=a.category_of_concern, need=wanted)
    row = tables.NeedChange(urn=a.urn, on=a.on, need=wanted, category_of_concern=a.category_of_concern)
    return put(world, "needs", None, row)


def school_joins(world: World, row: School) -> World:
    if any(s.urn == row.urn for s in world[0].schools):
        raise UsageError(f"{row.urn} is already a school of this case.", urn=row.urn)
    return put(world, "schools", None, row)


def succession(world: World, a: take.Successor) -> World:
    """History follows from old to new. A conversion renames the row; an amalgamated school closes."""
    old = school_of(world, a.old_urn)
    known = any(s.urn == a.new_urn for s in world[0].schools)
    if a.old_urn == a.new_urn:
        raise UsageError(f"succession: {a.old_urn} is named twice; a school is followed by another.", urn=a.old_urn)
    if a.kind == "split" and not known:
        raise UsageError(f"succession: {a.new_urn} is new; add it with school_joins before the split.", urn=a.new_urn)
    if a.kind == "conversion" and known:
        raise UsageError(f"succession: {a.new_urn} is already a school; a conversion needs a new URN.", urn=a.new_urn)
    if a.kind != "split" and not known:
        world = edit(world, "schools", old, urn=a.new_urn)
        world = renamed(world, a.old_urn, a.new_urn)
    elif a.kind == "amalgamation":
        world = edit(world, "schools", old, closes_on=a.on)
    row = tables.Succession(old_urn=a.old_urn, new_urn=a.new_urn, on=a.on, kind=a.kind)
    return put(world, "successions", None, row)


def renamed(world: World, old: str, new: str) -> World:
    """What was said of the school this year is said of its new URN; the past keeps the old one."""
    case, policy = world
    update: dict[str, Any] = {}
    for table in ("worked", "needs", "wishes", "decisions", "answers", "travel"):
        rows = getattr(case, table)
        update[table] = tuple(r.model_copy(update={"urn": new}) if r.urn == old else r for r in rows)
    update["schools"] = tuple(
        s.model_copy(update={"paired_with": new}) if s.paired_with == old else s for s in case.schools
    )
    return case.model_copy(update=update), policy


def head_moves(world: World, a: take.HeadMoves) -> World:
    """The SIP stays with the school; the head may ask the SIP to follow (domain F8, F9)."""
    if a.urn == a.to_urn:
        raise UsageError(f"head_moves: {a.urn} is named twice; a head moves to another school.", urn=a.urn)
    here, there = school_of(world, a.urn), school_of(world, a.to_urn)
    if a.urn == a.to_urn:
        raise UsageError(f"head_moves: the head of {a.urn} is there already; `to_urn` names the school they move to.")
    first = Year(world[0].year, world[1].calendar).first
    on = a.on or first
    head = here.head or f"head of {a.urn}"
    world = edit(world, "schools", here, head=None, head_status="interim", head_started=on)
    world = edit(world, "schools", there, head=head, head_status="substantive", head_started=on)
    if a.follow:
        led = [
            (h.year, h.sip)
            for h in world[0].history
            if h.urn == a.urn and h.role in (None, "lead") and h.ended in (None, "end_of_year")
        ]
        if not led:
            raise UsageError(f"head_moves: {a.urn} has no SIP on record whom the head could ask to follow.")
        wish = tables.Wish(by="school", urn=a.to_urn, sip=max(led)[1], wish="follow_head")
        world = put(world, "wishes", None, wish)
    return world


def cluster(world: World, a: take.ClusterOf) -> World:
    school = school_of(world, a.urn)
    values = {"cluster": a.cluster} if "cluster" in a.model_fields_set else {}
    return edit(world, "schools", school, **values, cluster_wants_one_sip=a.cluster_wants_one_sip)


def refuses(kind: Literal["veto", "breakdown"]) -> Callable[[World, take.PairOf], World]:
    def act(world: World, a: take.PairOf) -> World:
        school_of(world, a.urn)
        sip_of(world, a.sip)
        row = Refusal(urn=a.urn, sip=a.sip, kind=kind, year=world[0].year, on=a.on)
        if any(r.urn == a.urn and r.sip == a.sip and r.kind == kind and r.year == row.year for r in world[0].refusals):
            raise UsageError(f"{a.urn} has already refused {a.sip} this year.", urn=a.urn, sip=a.sip)
        return put(world, "refusals", None, row)

    return act


def decides(kind: Literal["lock", "forbid"]) -> Callable[[World, take.DecidedPair], World]:
    def act(world: World, a: take.DecidedPair) -> World:
        school_of(world, a.urn)
        sip_of(world, a.sip)
        first = Year(world[0].year, world[1].calendar).first
        own = a.model_dump(include={"urn", "sip", "post", "until"})
        row = Decision(decision=kind, reason=a.reason or BY, by=a.by or BY, on=a.on or first, **own)
        return put(world, "decisions", None, row)

    return act


def unlock(world: World, a: take.PairOf) -> World:
    """Take every lock of the pair away (of the post named, or of the lead)."""
    case, policy = world
    kept = tuple(
        d
        for d in case.decisions
        if not (d.decision == "lock" and (d.urn, d.sip, d.post or "lead") == (a.urn, a.sip, a.post or "lead"))
    )
    if len(kept) == len(case.decisions):
        raise UsageError(f"There is no lock of {a.sip} to {a.urn} to take away.", urn=a.urn, sip=a.sip)
    return case.model_copy(update={"decisions": kept}), policy


def adds(table: str) -> Callable[[World, Any], World]:
    def act(world: World, row: Any) -> World:
        if getattr(row, "urn", None) is not None:
            school_of(world, row.urn)
        if getattr(row, "sip", None) is not None:
            sip_of(world, row.sip)
        return put(world, table, None, row)

    return act


def interest(world: World, row: Interest) -> World:
    """A declared interest; one with an outcome takes the place of the open one of the same SIP, kind and reach."""
    sip_of(world, row.sip)
    if row.urn is not None:
        school_of(world, row.urn)

    def open_like(r: Interest) -> bool:
        alike = (r.sip, r.kind, r.urn, r.trust, r.la) == (row.sip, row.kind, row.urn, row.trust, row.la)
        return alike and r.outcome in (None, "open")

    old = next((r for r in world[0].interests if open_like(r)), None) if row.outcome in ("cleared", "barred") else None
    return put(world, "interests", old, row)


def checked(world: World, a: take.CheckOf) -> World:
    given = a.model_dump(include={"dbs_checked_on", "dbs_valid_until"}, exclude_none=True)
    return edit(world, "sips", on_team(world, a.sip), **given)


def setting(world: World, a: take.Setting) -> World:
    case, policy = world
    data = policy.model_dump()
    part: Any = data
    *path, last = a.key.split(".")
    for name in path:
        part = part.get(name) if isinstance(part, dict) else None
    if (
        not isinstance(part, dict)
        or (last not in part and not isinstance(part, dict))
        or (not path and last not in part)
    ):
        raise UsageError(f"policy: {a.key} is not a setting. `allocator policy show` lists them.")
    known = last in part
    part[last] = a.value
    try:
        return case, Policy.model_validate(data)
    except ValidationError as error:
        if not known:
            raise UsageError(f"policy: {a.key} is not a setting. `allocator policy show` lists them.") from None
        raise UsageError(f"policy: {a.key} = {a.value!r}: {error.errors()[0]['msg']}.") from None


def _sip_edit(**columns: str) -> Callable[[World, Any], World]:
    def act(world: World, a: Any) -> World:
        return edit(world, "sips", on_team(world, a.sip), **{k: getattr(a, v) for k, v in columns.items()})

    return act


KINDS: dict[str, Kind] = {
    "sip_leaves": Kind(take.Leaves, leaves),
    "sip_absent": Kind(take.Absent, absent),
    "sip_joins": Kind(Sip, joins),
    "days": Kind(take.DaysOf, _sip_edit(days="days")),
    "period_days": Kind(
        take.PeriodDays, lambda w, a: edit(w, "sips", on_team(w, a.sip), **{f"{a.period}_days": a.days})
    ),
    "max_schools": Kind(take.MostSchools, _sip_edit(max_schools="max_schools")),
    "min_schools": Kind(take.FewestSchools, _sip_edit(min_schools="min_schools")),
    "check": Kind(take.CheckOf, checked),
    "budget": Kind(take.BudgetOf, lambda w, a: setting(w, take.Setting(key="budget.days", value=a.days))),
    "need": Kind(take.NeedOf, need),
    "category": Kind(take.CategoryOf, category),
    "participation": Kind(
        take.ParticipationOf, lambda w, a: edit(w, "schools", school_of(w, a.urn), participation=a.participation)
    ),
    "school_joins": Kind(School, school_joins),
    "school_closes": Kind(take.Closes, lambda w, a: edit(w, "schools", school_of(w, a.urn), closes_on=a.on)),
    "succession": Kind(take.Successor, succession),
    "head_moves": Kind(take.HeadMoves, head_moves),
    "cluster": Kind(take.ClusterOf, cluster),
    "veto": Kind(take.PairOf, refuses("veto")),
    "breakdown": Kind(take.PairOf, refuses("breakdown")),
    "lock": Kind(take.DecidedPair, decides("lock")),
    "unlock": Kind(take.DecidedPair, unlock),
    "forbid": Kind(take.DecidedPair, decides("forbid")),
    "interest": Kind(tables.Interest, interest),
    "wish": Kind(tables.Wish, adds("wishes")),
    "decision": Kind(Decision, adds("decisions")),
    "school_says": Kind(said.SchoolSays, said.school_says),
    "sip_says": Kind(said.SipSays, said.sip_says),
    "answer": Kind(tables.Answer, adds("answers")),
    "policy": Kind(take.Setting, setting),
}


def all_of(changes: Sequence[Mapping[str, Any]]) -> tuple[Change, ...]:
    """Every change in canonical form, checked."""
    return tuple(canonical(c) for c in changes)
