"""What a change of the data does: whom it bars or frees, which posts and days it asks for, and whether the plan
still stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from allocator import rules
from allocator.check.plan_rows import chosen
from allocator.check.score import Auditor
from allocator.domain.case import Case
from allocator.domain.change import apply
from allocator.domain.facts import Facts
from allocator.domain.plan import Plan
from allocator.domain.policy import Policy
from allocator.errors import UsageError
from allocator.reasons.in_brief import days_due
from allocator.reasons.unfilled import WHAT
from allocator.rules.reach import Pairs
from allocator.words import listed

FEW = 5  # schools of one SIP that are named; more are counted
MOST = 20  # lines of one kind


@dataclass(frozen=True)
class Effect:
    """Sentences for a manager. `broken`: what of the plan the data now forbid; None where there is no plan."""

    pairs: tuple[str, ...]
    posts: tuple[str, ...]
    broken: tuple[str, ...] | None

    @property
    def stands(self) -> bool:
        return not self.broken


def effect(old: Case, new: Case, policy: Policy, plan: Plan | None) -> Effect:
    """`old` to `new`, under the policy in force; `plan`: the one on the desk, judged by the auditor on the new data."""
    was, now = rules.pairs(Facts(old, policy)), rules.pairs(Facts(new, policy))
    broken = None if plan is None else tuple(_broken(new, policy, plan, now))
    return Effect(_few(_barred_or_freed(was, now)), _few(_posts(was.facts, now.facts)), broken)


def _few(lines: Iterator[str]) -> tuple[str, ...]:
    found = list(lines)
    more = [f"And {len(found) - MOST} more."] if len(found) > MOST else []
    return (*found[:MOST], *more)


def _barred_or_freed(was: Pairs, now: Pairs) -> Iterator[str]:
    """By SIP: the schools whose posts they may hold no longer, and those they may hold now."""
    barred: dict[str, dict[str, str]] = defaultdict(dict)
    freed: dict[str, dict[str, str]] = defaultdict(dict)
    for key in sorted(was.allowed.keys() & now.allowed.keys(), key=lambda k: (k[0], k[1] != "lead")):
        before, after = set(was.allowed[key]), set(now.allowed[key])
        for sip in (before - after) & now.facts.sips.keys():
            barred[sip].setdefault(key[0], key[1])
        for sip in (after - before) & was.facts.sips.keys():
            freed[sip].setdefault(key[0], key[1])
    for sip in sorted({*barred, *freed}):
        name = now.facts.sips[sip].name
        if found := barred[sip]:
            why = {text for urn, kind in found.items() for _, text in now.blocks(urn, kind, sip)[:1]}
            yield f"{name} may no longer be SIP of {_listed(now.facts, found)}" + (
                f": {why.pop()}." if len(why) == 1 else "."
            )
        if found := freed[sip]:
            yield f"{name} may now be SIP of {_listed(now.facts, found)}."


def _listed(facts: Facts, found: dict[str, str]) -> str:
    names = sorted(facts.name(u) for u in found)
    more = f" and {len(names) - FEW} more schools" if len(names) > FEW else ""
    return ", ".join(names[:FEW]) + more


def _posts(was: Facts, now: Facts) -> Iterator[str]:
    """Posts that come, go or are due other days, and the team's days against days due where either changes."""
    before, after = ({p.key: p for p in f.year_posts} for f in (was, now))
    for urn, kind in sorted(before.keys() | after.keys()):
        old, new = before.get((urn, kind)), after.get((urn, kind))
        name = (now if urn in now.schools else was).name(urn)
        if old is None and new is not None:
            yield f"{name} has a post now: {WHAT[new.kind]}, {new.due / 4:g} days due."
        elif new is None and old is not None:
            yield f"{name} has no post any more: {WHAT[old.kind]}."
        elif old is not None and new is not None and old.due != new.due:
            yield f"{name}, {WHAT[new.kind]}: {new.due / 4:g} days due, {old.due / 4:g} before."
    figures = [
        (days_due(f), sum(f.capacity(s) for s in f.sips.values() if s.status in (None, "active")) / 4)
        for f in (was, now)
    ]
    if figures[0] != figures[1]:
        due, offered = figures[1]
        yield (
            f"The team has {offered:g} days for schools and {due:g} are due; before, {figures[0][1]:g} and "
            f"{figures[0][0]:g}."
        )


def _broken(new: Case, policy: Policy, plan: Plan, pairs: Pairs) -> Iterator[str]:
    """Every hard rule that the plan breaks on the new data, by the auditor; its own changes go on top of them."""
    try:
        case, in_force = apply(new, policy, plan.inputs.changes)
    except UsageError as error:
        yield f"What has happened since in the plan does not fit the data any more: {error.text}"
        return
    auditor = Auditor(case, in_force, plan.made_with.seed, plan.inputs)
    choice, short, strange = chosen(auditor, plan)
    barred: dict[tuple[str, str], list[str]] = defaultdict(list)
    for breach in [*strange, *auditor.breaches(choice, short)]:
        known = bool(breach.urn and breach.post and breach.sip)
        why = dict(pairs.blocks(breach.urn or "", breach.post or "", breach.sip or "")) if known else {}
        if why and breach.sip:
            text = why.get(breach.rule) or next(iter(why.values()))
            barred[breach.sip, text].append(f"{WHAT[breach.post or 'lead']} of {pairs.facts.name(breach.urn or '')}")
        else:
            yield breach.text
    for (sip, text), held in barred.items():
        yield f"{pairs.facts.sips[sip].name} is {listed(list(dict.fromkeys(held)))} in it, and may not be: {text}."
    had = plan.posts() | {(u.urn, u.post) for u in plan.unfilled}
    for post in Facts(case, in_force).year_posts:
        if post.key not in had:
            yield f"{pairs.facts.name(post.urn)} has a post that the plan does not know: {WHAT[post.kind]}."
