"""The headteacher's veto: one refusal a school a round, resubmitted with as little change as possible (domain F1)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from allocator.domain.case import Case, PostKind
from allocator.domain.facts import Facts
from allocator.domain.plan import Assignment, Plan
from allocator.domain.policy import Policy
from allocator.engine.tiers import Stop
from allocator.errors import RoundRefuses, UsageError
from allocator.questions.scenario import scenario
from allocator.reasons.answer import world
from allocator.reasons.spoken import name_of

CONCERN = {"special_measures", "significant_improvement"}


@dataclass(frozen=True)
class Resubmission:
    """The new plan, whom the school now has, and who else is affected (school, from, to, why)."""

    plan: Plan
    refused: Assignment
    now: str | None
    affected: tuple[tuple[str, str, str, str], ...]
    private_word: str | None  # to the manager only: two schools have refused the same SIP


def veto(
    plan: Plan,
    urn: str,
    post: PostKind = "lead",
    *,
    decided_by: str | None = None,
    on: dt.date | None = None,
    stop: Stop | None = None,
) -> Resubmission:
    """Bar the pair proposed, hold every accepted pair, and find the fewest further moves. The refusal tells from `on`;
    without it, as any change without a day, from the day of the last change, or the first day where there was none.

    Raises UsageError when nobody was proposed there; RoundRefuses for a second refusal in the round, and for a
    concern school's refusal that no manager has decided (`decided_by`).
    """
    case, policy = world(plan)
    facts = Facts(case, policy)
    row = _proposed(plan, urn, post)
    if row is None:
        where = facts.name(urn) if urn in facts.schools else f"{urn}, which is not a school of this case"
        raise UsageError(f"Nobody was proposed as {post} for {where}: there is nothing to refuse.", urn=urn)
    together = one_answer(facts, urn)
    _may_refuse(facts, policy, row, together, decided_by)
    uncounted: list[tuple[str, PostKind]] = [(u, post) for u in together]
    proposed = plan.held()
    held = [k for k in accepted(case) if k in proposed and k[0] not in together]
    change = {"veto": {"urn": urn, "sip": row.sip} | ({"on": on.isoformat()} if on else {})}
    stay = [k for k in held if k not in uncounted]
    new = scenario(plan, [change], held=stay, uncounted=uncounted).plan(stop)
    now = _proposed(new, urn, post)
    affected = tuple(
        (
            facts.name(c.urn) + ("" if c.post == "lead" else f" ({c.post})"),
            name_of(facts, c.from_),
            name_of(facts, c.to),
            c.because,
        )
        for c in new.moves
        if c.urn not in together
    )
    return Resubmission(new, row, now.name if now else None, affected, _private(facts, row))


def _proposed(plan: Plan, urn: str, post: PostKind) -> Assignment | None:
    """Whom the school is offered: of several within the year, who is there for the most of it."""
    return max(plan.open(urn, post), key=lambda a: (a.to - a.from_, a.from_), default=None)


def one_answer(facts: Facts, urn: str) -> tuple[str, ...]:
    """Schools that answer as one: those that share the head (practice), the school itself first."""
    head = facts.schools[urn].head
    others = [u for u, s in facts.schools.items() if head and s.head == head and u != urn and facts.in_run(s)]
    return (urn, *others) if facts.policy.shared_head.on else (urn,)


def accepted(case: Case) -> list[tuple[str, PostKind]]:
    """Posts whose school accepted the proposal; the last answer counts."""
    last: dict[tuple[str, PostKind], str] = {}
    for row in sorted(case.answers, key=lambda r: r.on):
        if row.by in ("head", "chair"):
            last[row.urn, row.post] = row.answer
    return [k for k in sorted(last) if last[k] in ("accept", "agree")]


def _may_refuse(
    facts: Facts, policy: Policy, row: Assignment, together: tuple[str, ...], decided_by: str | None
) -> None:
    school, rules = facts.name(row.urn), policy.round
    before = [r for r in facts.case.refusals if r.kind == "veto" and r.urn in together and r.year == facts.case.year]
    if len(before) >= rules.vetoes:
        said = {0: "no refusal", 1: "one refusal"}.get(rules.vetoes, f"{rules.vetoes} refusals")
        steps = ", then the ".join(rules.ladder)
        raise RoundRefuses(
            f"{school} ({row.urn}) has {said} a round and has used {'it' if rules.vetoes == 1 else 'them'}. "
            "Nothing was "
            f"solved again: this goes to the {steps}. Record what they decide as a decision "
            "(lock or forbid), and run a what-if with it.",
            urn=row.urn,
        )
    concern = {flag.name for flag in facts.flags(row.urn)} & CONCERN
    if concern and rules.concern_veto == "manager_decides" and not decided_by:
        raise RoundRefuses(
            f"{school} ({row.urn}) is a school of concern: its refusal is a representation that the {rules.ladder[0]} "
            "decides (round.concern_veto). Give --decided-by NAME to let it stand, or answer the head.",
            urn=row.urn,
        )


def _private(facts: Facts, row: Assignment) -> str | None:
    """Two refusals of one SIP by different schools: a private word prompted (practice)."""
    others = {
        r.urn
        for r in facts.case.refusals
        if r.kind == "veto" and r.sip == row.sip and r.year == facts.case.year and r.urn != row.urn
    }
    if not others:
        return None
    n = len(others) + 1
    return f"{n} schools have now refused {row.name} this year: a private word may be due. For you only."
