"""What a plan says beside its figures: who comes next, who tied, what is locked, which posts are empty and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from allocator.check import points
from allocator.check.before import empty_from, filled
from allocator.check.derived import Post
from allocator.check.plan_rows import Row
from allocator.check.score import Auditor
from allocator.check.structure import Breach, Choice, locks
from allocator.domain.plan import Assignment, ClashItem, Plan, Unfilled
from allocator.domain.policy import Policy

PAIR_RULES = (
    "phase",
    "availability",
    "training",
    "approval",
    "dbs",
    "eligibility",
    "need",
    "interest",
    "own_ties",
    "refusal",
    "parting",
    "travel",
    "authority",
    "appraisal",
    "tenure",
    "cooling_off",
    "decision",
    "floor",
)
OTHER_RULES = (
    "school_status",
    "budget",
    "days",
    "stretch",
    "handover",
    "settled",
    "repair",
    "lead",
    "support",
    "fewest",
)
SWITCHED = tuple(name for name, part in Policy() if hasattr(part, "on"))  # a rule with a switch of its own
RULES = frozenset((*PAIR_RULES, *OTHER_RULES, *SWITCHED, *points.RULES))


def said(a: Auditor, plan: Plan, right: Sequence[Row]) -> Iterator[Breach]:
    """Names, runners-up, ties and locks of the rows; `right` are the rows as they should be."""
    told = any(r.text for x in plan.assignments for r in x.reasons)  # a bare plan has no words, and no runners-up
    given = {(x.urn, str(x.post), x.sip, x.from_): x for x in plan.assignments}
    held = locks(a.stand)
    for row in right:
        x = given.get((*row.post, row.sip, row.start))
        if x is None:  # said elsewhere
            continue
        for rule in sorted({r.rule for r in x.reasons} - RULES):
            yield Breach("reasons", f"{x.urn} ({x.post}): there is no rule {rule}.", *row.post, x.sip)
        locked = any(row.sip in held.get(key, ()) for key in row.parts)
        if x.locked != locked:
            text = f"{x.urn} ({x.post}): the row is {'' if locked else 'not '}locked to {x.sip}, and says otherwise."
            yield Breach("decision", text, *row.post, x.sip)
        yield from _next(a, row, x, told)
        for sip in x.tied_with:
            if sip == row.sip or not any(a.may(key, sip) for key in row.parts):
                yield Breach("figures", f"{x.urn} ({x.post}): {sip} could not have tied for it.", *row.post, x.sip)


def _next(a: Auditor, row: Row, x: Assignment, told: bool) -> Iterator[Breach]:
    """The best other SIP by pair points, who may take the row's last part."""
    others = [one for key in row.parts[-1:] for one in a.foremost(key) if one[1] != row.sip]
    best = next(iter(others), None)
    said = (x.runner_up.points, x.runner_up.sip) if x.runner_up else None
    if said != best and (said or told):
        text = f"{x.urn} ({x.post}): the next choice is given as {said}, and is {best}."
        yield Breach("figures", text, *row.post, x.sip)


def empty(a: Auditor, plan: Plan, choice: Choice) -> Iterator[Breach]:
    """The rows of `unfilled` against the parts that nobody holds, and the posts that ended without anybody."""
    right = {(p.urn, p.kind, p.begin): p for p in a.stand.posts if p.key not in choice}
    for p in a.book.year_posts:
        if p.key not in a.stand.parts and not filled(a, p, choice):
            right[p.urn, p.kind, empty_from(a, p)] = p
    seen: set[tuple[str, str, dt.date]] = set()
    for u in plan.unfilled:
        key = (u.urn, str(u.post), u.from_ or dt.date.min)  # a day not given is no key
        post = right.get(key)
        if post is None or key in seen:
            text = f"{u.urn} ({u.post}) is listed as unfilled{f' from {u.from_}' if u.from_ else ''} but is not."
            yield Breach("figures", text, u.urn, u.post)
            continue
        seen.add(key)
        yield from _why(a, u, post)
    for urn, kind, on in sorted(right.keys() - seen, key=str):
        text = f"{urn} ({kind}) is neither filled nor listed as unfilled once, from {on}."
        yield Breach("figures", text, urn, kind)


def _why(a: Auditor, u: Unfilled, post: Post) -> Iterator[Breach]:
    agree: list[tuple[str, object, object]] = [
        ("need", u.need, post.need),
        ("school", u.school, a.book.schools[post.urn].name),
        ("to", u.to, post.end),
    ]
    for what, given, true in agree:
        if given != true:
            yield Breach(
                "figures", f"{u.urn} ({u.post}), unfilled: {what} is {given}, and should be {true}.", *post.key
            )
    for item in u.clash:
        if problem := _no_limit(a, item):
            yield Breach("clash", f"{u.urn} ({u.post}), unfilled: {problem}", *post.key)


def _no_limit(a: Auditor, item: ClashItem) -> str | None:
    """What is wrong with an item of a clash: a rule that does not exist, or that bars nothing there."""
    b = a.book
    if item.rule not in RULES:
        return f"there is no rule {item.rule}."
    if item.sip is not None and item.sip not in b.sips:
        return f"{item.sip} is not a SIP of this case."
    if item.urn is not None and item.urn not in b.schools:
        return f"{item.urn} is not a school of this case."
    if item.sip is None or item.urn is None or item.rule not in PAIR_RULES:
        return None
    parts = [p for p in a.stand.posts if p.urn == item.urn]
    if item.rule in ("decision", "appraisal") or any(item.rule in a.bars.rules(p, b.sips[item.sip]) for p in parts):
        return None
    return f"{item.rule} does not bar {item.sip} from {item.urn}."
