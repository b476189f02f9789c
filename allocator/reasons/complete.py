"""Words for a bare plan: reasons, runner-up, ties, why each change, why each empty post."""

from __future__ import annotations

from collections.abc import Mapping

from allocator import rules
from allocator.allocate import Key, Setup
from allocator.domain.claims import AskedToLeave
from allocator.domain.facts import Post
from allocator.domain.plan import Assignment, Moved, Plan, Reason, RunnerUp
from allocator.engine.instance import Solution
from allocator.engine.tiers import Stop
from allocator.engine.ties import ties
from allocator.reasons.claims import Claims
from allocator.reasons.fixes import Workshop
from allocator.reasons.spoken import to_manager, wish_to_manager
from allocator.reasons.unfilled import explain_unfilled
from allocator.rules.base import Audience
from allocator.words import day, days

SETTLED = "Settled before this change."  # why a change was made that an earlier plan decided
NOT_ALL = (
    "Equal choices were not looked for to the end: beside those named there may be others. why-not tells of "
    "any one SIP."
)


def complete(ready: Setup, plan: Plan, solution: Solution, stop: Stop | None = None) -> Plan:
    """The same plan with every text filled in; figures are untouched."""
    tied, looked = _tied(ready, solution, stop)
    workshop = Workshop(ready, solution, stop)
    held = held_in(ready, plan)
    free = {load.sip: round((load.capacity - load.days) * 4) for load in plan.loads}

    def worded(a: Assignment) -> Assignment:
        if a.settled:
            return a.model_copy(update={"reasons": (Reason(rule="settled", points=0, text=_settled(a)),)})
        post = ready.held_by(a)[-1]
        return a.model_copy(
            update={
                "reasons": reasons(ready, post, a, held),
                "runner_up": runner_up(ready, post, a, free),
                "tied_with": tied.get(post.key, ()),
            }
        )

    plan = plan.model_copy(update={"assignments": tuple(worded(a) for a in plan.assignments)})
    claims = Claims(ready, plan)
    return plan.model_copy(
        update={
            "unfilled": tuple(explain_unfilled(ready, solution, u, workshop) for u in plan.unfilled),
            "changes": tuple(because(ready, claims, c) for c in plan.changes),
            "moves": tuple(because(ready, claims, c) for c in plan.moves),
            "wishes": tuple(w.model_copy(update={"text": wish_to_manager(ready, w)}) for w in claims.of_wishes()),
            "notices": plan.notices if looked else (*plan.notices, NOT_ALL),
        }
    )


def held_in(ready: Setup, plan: Plan) -> dict[Key, str]:
    """Part -> SIP, as the plan's rows have it from the change on."""
    return {p.key: a.sip for a in plan.assignments for p in ready.held_by(a)}


def short_in(ready: Setup, plan: Plan) -> dict[int, int]:
    """Post index -> quarter-days short, as the plan's rows have it; of a row over several parts, as their trims
    allow."""
    out: dict[int, int] = {}
    for row in plan.assignments:
        left = round(4 * row.days_short)
        for part in reversed(ready.held_by(row)) if left else ():
            cut = max((q for q, _ in part.trims if q <= left), default=0)
            if cut:
                out[ready.post_index[part.key]], left = cut, left - cut
    return out


def _settled(a: Assignment) -> str:
    return f"{a.name}: {days(a.days)} from {day(a.from_)} to {day(a.to)}, settled before this change"


def _tied(ready: Setup, solution: Solution, stop: Stop | None) -> tuple[dict[Key, tuple[str, ...]], bool]:
    """Who tied for each post, and whether those are all."""
    out: dict[Key, tuple[str, ...]] = {}
    found, looked = ties(ready.inst, solution, stop)
    for i in found:
        urn, kind, sip = ready.choices[i]
        out[urn, kind] = (*out.get((urn, kind), ()), sip)
    return out, looked


def reasons(
    ready: Setup, post: Post, a: Assignment, held: Mapping[Key, str], audience: Audience = "manager"
) -> tuple[Reason, ...]:
    """Each rule that speaks for or against this pair, strongest first, in words for one audience.

    `held` (post -> SIP) tells whether a wish that spans posts is met; a school or SIP hears of it only then.
    """
    facts, sip = ready.facts, ready.facts.sips[a.sip]
    raw = ready.pairs.raw(*post.key, sip.sip)
    given = {r.rule: r.points for r in a.reasons if r.rule != "settled"} if len(ready.held_by(a)) > 1 else {}
    given = given or ready.pairs.weighted(*post.key, sip.sip)
    out = []
    for rule in facts.once("in force", lambda: [r for r in rules.RULES if r.on(facts)]):
        points = given.get(rule.id, 0)
        if audience != "manager" and rule.soft and not points:
            continue  # without weight it had no say
        text = rule.say(facts, post, sip, raw.get(rule.id, 0), audience)
        if text and rule.met(facts, post, held) is False:
            text = f"{text}: not met" if audience == "manager" else None
        if points or text:
            out.append(Reason(rule=rule.id, points=points, text=text or ""))
    out.sort(key=lambda r: -abs(r.points))
    return tuple(out) if audience == "manager" else tuple(r.model_copy(update={"points": 0}) for r in out if r.text)


def runner_up(ready: Setup, post: Post, a: Assignment, free: Mapping[str, int]) -> RunnerUp | None:
    """The best other allowed SIP by pair points, capacity aside, and why it is not that one."""
    facts = ready.facts
    able = ready.pairs.allowed[post.key]
    first = ready.index[*post.key, able[0]] if able else 0  # pairs of a post follow one another, in order of ids
    rows = zip(ready.inst.pairs[first : first + len(able)], able, strict=True)
    others = [(-pair.points, s) for pair, s in rows if s != a.sip]
    if not others:
        return None
    less, best = min(others)
    points = -less
    name = facts.sips[best].name
    room = free.get(best, 0)
    load = facts.load(post, facts.sips[best])[0]
    if a.locked:
        text = f"{name}, but this pair is locked."
    elif points <= a.points:
        text = f"{name}, allowed, {'but a weaker' if points < a.points else 'and as good a'} fit."
    elif load > room:
        text = f"{name} would fit better, but has {days(room / 4)} left and this needs {load / 4:g}."
    else:
        text = (
            f"{name} would fit better here, but the plan as a whole is better this way. "
            f"Ask “why not {name}?” for the exact price."
        )
    return RunnerUp(sip=best, points=points, text=text)


def because(ready: Setup, claims: Claims, change: Moved) -> Moved:
    """The change with its claims, and those in a manager's words (domain F13)."""
    found = claims.of_change(change)
    if found is None:
        return change.model_copy(update={"because": SETTLED})
    own = any(isinstance(c, AskedToLeave) for c in found)
    return change.model_copy(update={"claims": found, "because": to_manager(ready, found), "voluntary": own})
