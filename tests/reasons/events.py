"""What befalls a plan in a year, one of each kind, picked from the plan itself: the same events for any case."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from allocator import allocate
from allocator.domain.plan import Assignment, Plan
from allocator.errors import CaseError, RoundRefuses, UsageError
from allocator.questions.scenario import rebuild, repair
from allocator.questions.veto import veto
from allocator.reasons.answer import ready_from, world
from allocator.reasons.complete import complete

BY = {"reason": "she knows the school", "by": "M. Hale"}
Event = Callable[[Plan], Plan]


def leads(plan: Plan) -> list[Assignment]:
    return [a for a in plan.assignments if a.post == "lead" and not a.settled]


def busiest(plan: Plan, n: int = 0) -> str:
    """The SIP with the most posts; the n-th of them."""
    return sorted(plan.loads, key=lambda x: (-x.posts, x.sip))[n].sip


def lock(plan: Plan) -> Plan:
    """A pair that is there already is locked, and nothing else happens."""
    row = next(a for a in leads(plan) if not a.locked)
    return repair(plan, [{"lock": {"urn": row.urn, "sip": row.sip, **BY}}])


def _hand(plan: Plan) -> list[dict[str, object]]:
    row = next(a for a in reversed(leads(plan)) if a.runner_up and not a.locked)
    assert row.runner_up is not None
    return [{"lock": {"urn": row.urn, "sip": row.runner_up.sip, **BY}}]


def drag(plan: Plan) -> Plan:
    """Moved by hand: the next choice of a school is put there."""
    return repair(plan, _hand(plan))


def rebuilt(plan: Plan) -> Plan:
    """The same, and all else made afresh."""
    return rebuild(plan, _hand(plan))


def refused(plan: Plan) -> Plan:
    """The first school that may refuses the SIP proposed."""
    for row in leads(plan):
        try:
            return veto(plan, row.urn).plan
        except (RoundRefuses, UsageError, CaseError):
            continue
    return plan


def refused_again(plan: Plan) -> Plan:
    """Two schools refuse, one after the other."""
    return refused(refused(plan))


def leaver(plan: Plan) -> Plan:
    return repair(plan, [{"sip_leaves": {"sip": busiest(plan), "on": f"{plan.inputs.case['year'][:4]}-12-31"}}])


def absence(plan: Plan) -> Plan:
    year = int(str(plan.inputs.case["year"])[:4]) + 1
    return repair(plan, [{"sip_absent": {"sip": busiest(plan, 1), "from": f"{year}-01-11", "to": f"{year}-03-05"}}])


def cut(plan: Plan) -> Plan:
    """A tenth of all days is lost before the year begins."""
    return repair(plan, [{"budget": {"days": round(plan.summary.days_used * 0.9)}}])


def unproved(plan: Plan) -> Plan:
    """The same plan, from a search that ended before it was proved."""
    ready = ready_from(plan)
    bare, solution = allocate.allocate(ready, inputs=plan.inputs)
    open_ = bare.certificate.model_copy(update={"proved": False})
    return complete(ready, bare.model_copy(update={"certificate": open_, "status": "feasible"}), solution)


EVENTS: dict[str, Event] = {
    "lock": lock,
    "drag": drag,
    "rebuild": rebuilt,
    "refusal": refused,
    "resubmission": refused_again,
    "leaver": leaver,
    "absence": absence,
    "cut": cut,
    "unproved": unproved,
}


def states(plan: Plan) -> Iterator[tuple[str, Plan]]:
    """The plan itself, and the plan after each event by itself; then a year of several, one upon the other."""
    yield "solve", plan
    for name, event in EVENTS.items():
        yield name, event(plan)
    for name in ("refusal", "absence", "leaver", "cut"):
        plan = EVENTS[name](plan)
        yield f"and then {name}", plan


def audited_of(plan: Plan) -> list[str]:
    """What the auditor finds against it."""
    from allocator.check.audit import audit

    return [f"{b.rule}: {b.text}" for b in audit(*world(plan), plan)]
