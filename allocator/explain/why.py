"""Why this SIP? One post's answer for a manager, the school or the SIP, each told what they may know.

A school and a SIP never see points, a runner-up, a price or another school (contract 5, domain N).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from allocator.allocate import Setup
from allocator.domain.case import PostKind
from allocator.domain.plan import Assignment, Plan, Reason, Unfilled
from allocator.errors import UsageError
from allocator.explain.complete import reasons
from allocator.explain.why_not import WhyNot, why_not
from allocator.rules.base import Audience, day, years

ROLE = {"lead": "School Improvement Partner", "support": "support adviser", "appraisal": "adviser for the appraisal"}


@dataclass(frozen=True)
class Explanation:
    """`text` is the whole answer in prose; the parts are there for pages and machines."""

    urn: str
    post: PostKind
    audience: Audience
    text: str
    sip: str | None = None
    points: int | None = None
    reasons: tuple[Reason, ...] = ()
    runner_up: str | None = None
    why_not: WhyNot | None = None
    facts: tuple[str, ...] = field(default=())


def explain(
    ready: Setup,
    plan: Plan,
    urn: str,
    post: PostKind = "lead",
    *,
    sip: str | None = None,
    audience: Literal["manager", "school", "sip"] = "manager",
) -> Explanation:
    """Explain a post of `plan`; with `sip`, why that one does not hold it (manager only)."""
    if urn not in ready.facts.schools:
        raise UsageError(f"School {urn} is not in this plan.", urn=urn)
    mine = [a for a in plan.assignments if (a.urn, a.post) == (urn, post)]
    row = next((a for a in mine if not a.settled), mine[-1] if mine else None)
    empty = next((u for u in plan.unfilled if (u.urn, u.post) == (urn, post)), None)
    if row is None and empty is None:
        raise UsageError(f"{ready.facts.schools[urn].name} ({urn}) has no {post} post this year.", urn=urn)
    if sip is not None:
        if audience != "manager":
            raise UsageError("A comparison with another SIP is for the manager only (domain N).")
        found = why_not(ready, plan, (urn, post), sip)
        return Explanation(urn, post, audience, found.text, sip, why_not=found)
    if row is None:
        assert empty is not None
        return Explanation(urn, post, audience, _empty(ready, empty, audience))
    if row.settled or (urn, post) not in ready.post_index:
        text = "; ".join(f"{a.name}, {a.days:g} days from {day(a.from_)} to {day(a.to)}" for a in mine)
        return Explanation(urn, post, audience, f"{row.school}: {text}.", row.sip)
    if audience == "manager":
        return _manager(ready, row)
    moved = next((c for c in plan.changes if (c.urn, c.post) == (urn, post) and c.from_ != c.to), None)
    return _plain(ready, row, audience, cause(ready, (urn, post), moved.from_) if moved and moved.from_ else None)


def cause(ready: Setup, key: tuple[str, str], before: str) -> str:
    """Why the school has somebody new, as its head may be told: no other school, no interest's detail (domain N)."""
    facts = ready.facts
    old = facts.sips.get(before)
    if old is None:
        return "the SIP you had has left us"
    head = facts.schools[key[0]].head
    sharing = [u for u, s in facts.schools.items() if head and s.head == head] or [key[0]]  # they answer as one
    rules = {rule for rule, _ in ready.pairs.blocked.get((*key, before), ())}
    if any(rule == "refusal" for u in sharing for rule, _ in ready.pairs.blocked.get((u, key[1], before), ())):
        rules.add("refusal")
    if "tenure" in rules:
        told = years(facts.tenure_year(key[0], before) - 1)
        return f"{old.name} has been with you for {told}, and our published policy then asks for a fresh view"
    asked = any(w.by == "school" and w.wish == "change" and w.sip in (None, before) for w in facts.wishes_about(key[0]))
    if asked or "refusal" in rules or "parting" in rules:
        return "you asked for somebody else" if "refusal" in rules else "a change was asked for"
    if "availability" in rules:
        leaving = old.status == "left" or old.leaves_on
        return f"{old.name} is leaving us" if leaving else f"{old.name} is not with us for the whole time"
    if rules:
        return f"{old.name} can no longer work with your school"
    return f"we have had to ask {old.name} to work elsewhere"


def _manager(ready: Setup, a: Assignment) -> Explanation:
    lines = [f"{a.school} ({a.urn}), {a.post}: {a.name}, {a.days:g} days, {a.points} points."]
    lines += [f"  {r.points:+d}  {r.rule}: {r.text}" for r in a.reasons]
    if a.locked:
        lines.append("  This pair is locked by a recorded decision.")
    if a.days_short:
        lines.append(f"  {a.days_short:g} days short of what is due: nobody has the time without leaving a post empty.")
    if a.runner_up:
        lines.append(f"  Runner-up: {a.runner_up.text}")
    if a.tied_with:
        names = ", ".join(ready.facts.sips[s].name for s in a.tied_with)
        lines.append(f"  Tied with {names}: the published lot decided. Lock the one you prefer.")
    return Explanation(
        a.urn, a.post, "manager", "\n".join(lines), a.sip, a.points, a.reasons, a.runner_up.sip if a.runner_up else None
    )


def _plain(ready: Setup, a: Assignment, audience: Audience, changed: str | None) -> Explanation:
    facts = ready.facts
    post = next(p for p in facts.posts if p.key == (a.urn, a.post))
    said = reasons(ready, post, a, audience)
    texts = [r.text.rstrip(".") for r in said]
    again = f"{a.name} has "
    first = next((n for n, text in enumerate(texts) if text.startswith(again)), None)
    texts = [text[len(a.name) + 1 :] if text.startswith(again) and n != first else text for n, text in enumerate(texts)]
    given = ready.pairs.weighted(a.urn, a.post, a.sip)
    sorry = [text for r, text in zip(said, texts, strict=True) if given.get(r.rule, 0) < 0]
    texts = [text for text in texts if text not in sorry]
    because = _and([changed, *texts] if changed and audience == "school" else texts)
    start = f"{a.from_.day} {a.from_:%B %Y}"
    if audience == "school":
        opening = f"{a.name} will be your {ROLE[a.post]} from {start}"
        closing = f"You have {a.days:g} days for {'the year' if a.from_.month == 9 else 'the rest of the year'}."
        if a.days_short:
            closing += f" That is {a.days_short:g} fewer than we would wish; tell us what matters most."
    else:
        opening = f"You are offered {a.school} as {ROLE[a.post]} from {start}"
        closing = f"It is {a.days:g} days: " + ", ".join(
            f"{days:g} in {name}"
            for name, days in zip(
                ("September and October", "November and December", "spring", "summer"),
                a.periods.model_dump().values(),
                strict=True,
            )
            if days
        ) + "."  # fmt: skip
    if sorry:
        closing = f"We know that {_and(sorry)}. {closing}"
    text = f"{opening}, because {because}. {closing}" if because else f"{opening}. {closing}"
    return Explanation(a.urn, a.post, audience, text, a.sip if audience == "sip" else None, reasons=said)


def _and(parts: list[str]) -> str:
    if any("," in part for part in parts[:-1]):
        return "; ".join([*parts[:-1], f"and {parts[-1]}"] if len(parts) > 1 else parts)
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _empty(ready: Setup, empty: Unfilled, audience: Audience) -> str:
    if audience == "school":
        return (
            f"We have not yet named your {ROLE[empty.post]}. Your SIP manager is working on it and will write to you."
        )
    if audience == "sip":
        raise UsageError("This post has no SIP; there is nothing a SIP may see.")
    lines = [empty.text] + [f"  Could be mended: {fix.text}" for fix in empty.fixes]
    return "\n".join(lines)
