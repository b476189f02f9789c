"""Why nobody: a minimal clash of rules, re-proved, and the smallest fixes (contract 2)."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import count
from typing import Any

from allocator.allocate import Choice, Key, Setup
from allocator.domain.change import BY
from allocator.domain.plan import ClashItem, Fix, Unfilled
from allocator.engine import instance as en
from allocator.engine.instance import Solution
from allocator.engine.relax import Demand, Gated, Gates, Undecided
from allocator.explain.area import areas, held_still
from allocator.rules import RULES
from allocator.rules.base import day, listed, words
from allocator.rules.reach import Blocks

Item = tuple[str, str | None, str | None]  # rule, urn, SIP
MOST_FIXES = 3
TELLING = {rule.id: n for n, rule in enumerate(RULES)}  # the registry's order: what bars for good comes first
WHY = {  # a rule that bars several SIPs, in a few words
    "phase": "do not work in this phase", "availability": "are not available all year", "training": "are not trained",
    "approval": "are not approved by the board", "dbs": "have no valid DBS check", "eligibility": "are not eligible",
    "need": "lack the experience that the school's position demands", "interest": "have an interest not cleared",
    "own_ties": "have a tie of their own", "refusal": "have been refused", "travel": "are too far away",
    "authority": "do not work for its authority", "appraisal": "have no appraisal training on record",
    "tenure": "have reached the limit of years", "cooling_off": "may not return yet", "decision": "are forbidden by a decision",
    "floor": "fit it less well than policy asks for",
}  # fmt: skip
WORK = 1.0  # deterministic work for one post's clash, and again for its fixes, in an area: a few seconds
WHOLE = 2_500  # pairs: up to here the whole is asked (engine/method.py solves it to a proof in a blink)
FEW = 4  # so many reasons are told one by one; more are counted
RELAXABLE = {"tenure": "extend_tenure", "own_ties": "accept_local_head"}  # rule -> decision that lifts it


def explain_unfilled(ready: Setup, solution: Solution, empty: Unfilled) -> Unfilled:
    """The same row with clash, words and fixes."""
    part = next((p for p in ready.parts.of.get((empty.urn, empty.post), ()) if p.start == empty.from_), None)
    if part is None:
        return empty.model_copy(
            update={
                "text": f"{empty.school} had no {empty.post} SIP when the post ended{f' on {day(empty.to)}' if empty.to else ''}."
            }
        )
    key = part.key
    found, swap, where = clash(ready, solution, key)
    items = tuple(ClashItem(rule=r, urn=u, sip=s) for r, u, s in found)
    text = _text(ready, key, found, swap)
    if not found and where.cut:
        able = [ready.facts.sips[s].name for s in ready.pairs.allowed[key]]
        said = listed(able) if len(able) <= FEW else f"{len(able)} SIPs"
        has = "has" if len(able) == 1 else "have"
        text += (
            f" {said} may take it, but {has} no room: what they give goes to other schools. No smaller cause was found."
        )
    filled = {(urn, kind) for urn, kind, _ in (ready.choices[i] for i in solution.chosen)}
    mends = fixes(held_still(ready, where, solution) if where.cut else where, filled, key)
    return empty.model_copy(update={"clash": items, "text": text, "fixes": tuple(mends)})


@dataclass
class _Board:
    """All pairs, blocked ones too, each constraint behind a gate named by its clash item."""

    items: list[Item] = field(default_factory=list)
    number: dict[Item, int] = field(default_factory=dict)

    def gate(self, item: Item) -> int:
        if item not in self.number:
            self.number[item] = len(self.items)
            self.items.append(item)
        return self.number[item]


def _floors(ready: Setup, filled: set[Key], key: Key, strict: bool) -> tuple[tuple[tuple[int, ...], int], ...]:
    """As many posts filled in each of the tiers 1a-1c as now; with `strict`, in the target's own tier one more."""
    n, now = ready.post_index[key], {ready.post_index[k] for k in filled if k in ready.post_index}
    mine = [tuple(tier.filled) for tier in ready.inst.tiers if tier.filled]
    return tuple((posts, sum(p in now for p in posts) + (strict and n in posts)) for posts in mine)


def _superset(ready: Setup, board: _Board, own: set[str]) -> tuple[en.Instance, dict[int, tuple[int, ...]]]:
    """The instance with blocked pairs added, and the gates of each of those."""
    inst = ready.inst
    pairs, gates = list(inst.pairs), {}
    for (urn, kind, sip), blocks in _barred(ready, own):
        gates[len(pairs)] = tuple(board.gate((rule, urn, sip)) for rule in dict.fromkeys(r for r, _ in blocks))
        post = ready.pairs.posts[urn, kind]
        pairs.append(
            en.Pair(ready.post_index[post.key], ready.person_index[sip], ready.load(post, sip))
        )  # fmt: skip
    return replace(inst, pairs=tuple(pairs)), gates


def _barred(ready: Setup, urns: Collection[str]) -> Iterator[tuple[Choice, Blocks]]:
    """Barred pairs of these schools; in an area only with those in reach."""
    near = {k: set(ready.pairs.in_reach(k)) for k in ready.post_index if k[0] in urns} if ready.cut else {}
    for choice, blocks in ready.pairs.barred(urns):
        if choice[:2] in ready.post_index and (not ready.cut or choice[2] in near[choice[:2]]):
            yield choice, blocks


def clash(ready: Setup, solution: Solution, key: Key, whole: int = WHOLE) -> tuple[tuple[Item, ...], bool, Setup]:
    """A minimal set of items against "this post filled, no tier 1a-1c worse"; True when it could be filled
    by leaving an equal school without (the clash is then against filling both); and where it was found.

    With `whole` pairs or more it is looked for in ever wider areas around the post (`area.py`); empty when the
    widest holds none."""
    filled = {(urn, kind) for urn, kind, _ in (ready.choices[i] for i in solution.chosen)}
    last = ready
    for where in areas(ready, solution, key) if len(ready.choices) >= whole else (ready,):
        last = where
        for strict in (False, True):
            try:
                found = _clash(where, filled, key, strict)
            except Undecided:
                return (), False, where
            if found is not None:
                return found, strict, where
    return (), False, last


def _clash(ready: Setup, filled: set[Key], key: Key, strict: bool) -> tuple[Item, ...] | None:
    board = _Board()
    near = _relatives(ready, key)
    inst, pair_gates = _superset(ready, board, {urn for urn, _ in ready.post_index})
    inst_gates = _structural_gates(ready, board)
    gates = Gates(len(board.items), pairs=pair_gates, **inst_gates)
    demand = Demand((ready.post_index[key],), _floors(ready, filled, key, strict))
    gated = Gated(inst, gates, demand, work=WORK if ready.cut else None)
    first = [g for g, item in enumerate(board.items) if item[1] not in near and item[2] is not None and item[1]]
    rest = [g for g in range(len(board.items)) if g not in set(first)]
    rest.sort(key=lambda g: -TELLING.get(board.items[g][0], 0))  # what is tried first is the first to go
    found = gated.clash(first + rest) if not _possible_without(gated, rest) else gated.clash(rest)
    return None if found is None else tuple(sorted((board.items[g] for g in found), key=str))


def _possible_without(gated: Gated, rest: list[int]) -> bool:
    """True when the items near this post clash by themselves, so the others need not be tried."""
    return not gated.possible(rest)


def _relatives(ready: Setup, key: Key) -> set[str]:
    """The school, and those tied to it by a shared head or a cluster's one SIP."""
    n = ready.post_index[key]
    urns = [urn for urn, _ in ready.post_index]
    return {key[0]} | {urns[p] for group in ready.inst.same if n in group for p in group}


def _structural_gates(ready: Setup, board: _Board) -> dict[str, dict[int, int]]:
    inst = ready.inst
    limits = {s: board.gate(("capacity", None, p.key)) for s, p in enumerate(inst.people) if p.limits}
    most = {s: board.gate(("portfolio", None, p.key)) for s, p in enumerate(inst.people) if p.at_most is not None}
    named = {kind: [s for s in ready.structures if s.kind == kind] for kind in ("same", "different", "never_both")}
    same = {n: board.gate((s.rule, s.posts[0][0], None)) for n, s in enumerate(named["same"])}
    different = {n: board.gate((s.rule, s.posts[0][0], None)) for n, s in enumerate(named["different"])}
    never = {n: board.gate((s.rule, s.pairs[0][0], s.pairs[0][2])) for n, s in enumerate(named["never_both"])}
    fixed = {i: board.gate(("decision", ready.choices[i][0], ready.choices[i][2])) for i in inst.fixed}
    return {
        "limits": limits, "at_most": most, "same": same, "different": different, "never_both": never, "fixed": fixed,
    }  # fmt: skip


def _text(ready: Setup, key: Key, found: tuple[Item, ...], swap: bool) -> str:
    facts = ready.facts
    school = facts.schools[key[0]].name
    what = {"lead": "lead SIP", "support": "support SIP", "appraisal": "appraisal adviser"}[key[1]]
    parts = []
    barred = [(rule, sip) for rule, urn, sip in found if urn == key[0] and sip and ready.pairs.blocks(*key, sip)]
    many = len(barred) > FEW
    for rule in dict.fromkeys(rule for rule, _ in barred) if many else ():
        who = [s for r, s in barred if r == rule]
        if len(who) == 1:
            texts = [t for r, t in ready.pairs.blocks(*key, who[0]) if r == rule]
            parts.append(texts[0].rstrip("."))
            continue
        names = [facts.sips[s].name for s in who]
        said = listed(names) if len(names) <= FEW else f"{', '.join(names[:2])} and {len(names) - 2} others"
        parts.append(f"{said} {WHY.get(rule, 'are barred by ' + words(rule))}")
    for rule, urn, sip in found:
        if many and (rule, sip) in barred and urn == key[0]:
            continue
        if rule == "capacity" and sip:
            full = facts.capacity(facts.sips[sip]) / 4
            parts.append(f"{facts.sips[sip].name} has {full:g} days for schools, all needed elsewhere")
        elif rule == "portfolio" and sip:
            parts.append(f"{facts.sips[sip].name} may lead {facts.most_schools(facts.sips[sip])} schools at most")
        elif urn and sip and ready.pairs.blocks(urn, key[1], sip) and urn == key[0]:
            texts = [t for r, t in ready.pairs.blocks(urn, key[1], sip) if r == rule]
            parts.append((texts[0] if texts else f"{facts.sips[sip].name}: {rule}").rstrip("."))
        elif urn and sip:
            parts.append(f"{facts.sips[sip].name} may not take {facts.schools[urn].name} ({rule.replace('_', ' ')})")
        elif urn:
            parts.append(f"{facts.schools[urn].name} is bound by {rule.replace('_', ' ')}")
    opening = f"{school} has no {what}"
    if swap:
        opening += ": another school of the same need would have to go without"
    return f"{opening}. {'; '.join(parts)}." if parts else f"{opening}."


def fixes(ready: Setup, filled: set[Key], key: Key) -> Iterator[Fix]:
    """Smallest changes from the policy's menu that fill this post and cost no other post its SIP.

    In an area held still (`area.held_still`): the smallest that leave what lies outside as it is."""
    facts, inst = ready.facts, ready.inst
    menu, most = set(facts.policy.fixes.menu), math.floor(facts.policy.fixes.most_days * 4)
    board = _Board()
    pairs = list(inst.pairs)
    gates: dict[int, tuple[int, ...]] = {}
    for (urn, kind, sip), blocks in _barred(ready, {key[0]}):
        lifts = {RELAXABLE.get(rule) for rule, _ in blocks}
        if not lifts <= menu or ("own_ties" in {r for r, _ in blocks} and not _only_local_head(ready, urn, sip)):
            continue
        gates[len(pairs)] = tuple(board.gate((str(lift), urn, sip)) for lift in sorted(str(x) for x in lifts))
        post = ready.pairs.posts[urn, kind]
        pairs.append(
            en.Pair(ready.post_index[post.key], ready.person_index[sip], ready.load(post, sip))
        )  # fmt: skip
    limits = (
        {s: board.gate(("days", None, p.key)) for s, p in enumerate(inst.people) if p.limits} if "days" in menu else {}
    )
    counts = {}
    if "max_schools" in menu:
        counts = {
            s: board.gate(("max_schools", None, p.key)) for s, p in enumerate(inst.people) if p.at_most is not None
        }
    fixed = {}
    if "unlock" in menu:
        fixed = {i: board.gate(("unlock", ready.choices[i][0], ready.choices[i][2])) for i in inst.fixed}
    people = list(inst.people)
    if "new_sip" in menu:
        gates[len(pairs)] = (board.gate(("new_sip", key[0], None)),)
        pairs.append(en.Pair(ready.post_index[key], len(people), (0,) * inst.width))
        people.append(en.Person("", ()))
    widened = replace(inst, pairs=tuple(pairs), people=tuple(people))
    demand = Demand((ready.post_index[key],), _floors(ready, filled, key, strict=True))
    gated = Gated(
        widened, Gates(len(board.items), gates, limits, counts, fixed=fixed), demand, dict.fromkeys(limits, most),
        WORK if ready.cut else None,
    )  # fmt: skip
    # a new person is the last resort: as dear as two changes of those already there
    costs = {g: 4 if item[0] == "new_sip" else 2 for g, item in enumerate(board.items)}
    for opened, extra in gated.fixes(costs, 1, MOST_FIXES):
        yield _fix(ready, key, [board.items[g] for g in opened], {people[s].key: q for s, q in extra.items()})


def _only_local_head(ready: Setup, urn: str, sip: str) -> bool:
    """Whether the tie is one that a manager's yes can accept (domain C8): same authority and nothing nearer."""
    facts = ready.facts
    row, school = facts.sips[sip], facts.schools[urn]
    return (
        row.kind == "serving_head"
        and row.current_urn not in facts.predecessors(urn)
        and not (row.current_trust and row.current_trust == school.trust)
        and not (row.current_cluster and row.current_cluster == school.cluster)
    )


def _fix(ready: Setup, key: Key, items: list[Item], extra: dict[str, int]) -> Fix:
    facts, school = ready.facts, ready.facts.schools[key[0]]
    words: list[str] = []
    changes: list[dict[str, Any]] = []
    for what, urn, sip in items:
        name = facts.sips[sip].name if sip else ""
        at = facts.schools[urn].name if urn else ""
        if what == "days" and sip:
            gross = days_for(ready, sip, facts.capacity(facts.sips[sip]) + extra.get(sip, 0))
            more = gross - facts.sips[sip].days
            words.append(f"{more:g} more days from {name} ({gross:g} instead of {facts.sips[sip].days:g})")
            changes.append({"days": {"sip": sip, "days": gross}})
        elif what == "max_schools" and sip:
            most = (facts.most_schools(facts.sips[sip]) or 0) + 1
            words.append(f"let {name} lead {most} schools")
            changes.append({"max_schools": {"sip": sip, "max_schools": most}})
        elif what == "unlock":
            words.append(f"unlock {name} from {at}")
            changes.append({"unlock": {"urn": urn, "sip": sip}})
        elif what == "new_sip":
            words.append(f"one more SIP who may take {school.name} ({school.phase.replace('_', ' ')})")
            changes.append({"sip_joins": _profile(ready, key)})
        else:
            verb = {"extend_tenure": "extend the tenure of", "accept_local_head": "accept the local head"}[what]
            words.append(f"{verb} {name} at {at}")
            why = f"{school.name} would have nobody otherwise"
            given = {"reason": why, "by": BY, "on": facts.year.first.isoformat()}
            changes.append({"decision": {"decision": what, "urn": urn, "sip": sip, **given}})
    return Fix(text=("; and ".join(words)[:1].upper() + "; and ".join(words)[1:]) + ".", changes=tuple(changes))


def _profile(ready: Setup, key: Key) -> dict[str, Any]:
    """A SIP who would fit this post and nothing else: phase, tags demanded, days, checks in order, a base nearby."""
    facts, school = ready.facts, ready.facts.schools[key[0]]
    post = ready.pairs.posts[key]
    tags = sorted({tags[0] for f in facts.flags(key[0]) if (tags := facts.policy.need.requires.get(f.name))})
    middle = {"middle_primary": ["primary"], "middle_secondary": ["secondary"]}
    phases = ["primary", "secondary"] if school.phase == "all_through" else middle.get(school.phase, [school.phase])
    quarters = Fraction(
        post.due + math.ceil(4 * facts.policy.days.new_pairing) + math.ceil(4 * facts.policy.days.new_head)
    )
    name = next(f"NEW{n}" for n in count(1) if f"NEW{n}" not in facts.sips)
    return {
        "sip": name, "name": "A new SIP", "kind": "consultant", "phases": phases, "headship_phases": phases,
        "ever_head": True, "experience": tags, "days": float(_gross(ready, quarters)), "max_schools": 1, "min_schools": 0,
        "trained": True, "board_approved": True, "dbs_checked_on": facts.year.first.isoformat(),
        "appraisal_trained": key[1] == "appraisal", "easting": school.easting, "northing": school.northing,
    }  # fmt: skip


def _gross(ready: Setup, capacity: Fraction | int) -> Fraction:
    """Fewest days, in quarters, whose capacity after overhead and reserve is at least this many quarter-days."""
    c = ready.facts.policy.capacity
    overhead, full = Fraction(str(c.overhead)), Fraction(str(c.full_time_days))
    reserve = Fraction(str(c.reserve_percent)) / 100
    days = Fraction(0)
    part = 1 - overhead / full - reserve
    if part > 0:
        days = Fraction(math.ceil(Fraction(capacity) / 4 / part * 4), 4)
    if part <= 0 or days > full:
        days = Fraction(math.ceil((Fraction(capacity) / 4 + overhead) / (1 - reserve) * 4), 4)
    return days


def days_for(ready: Setup, sip: str, capacity: int) -> float:
    """Gross days this SIP must offer for a capacity of so many quarter-days."""
    return max(float(_gross(ready, capacity)), ready.facts.sips[sip].days)
