"""The independent auditor: a plan from anywhere against its case, rule by rule and figure by figure."""

from __future__ import annotations

from collections.abc import Iterator

from allocator.check import before, beside, claims, day_by_day, totals
from allocator.check.doubt import doubts
from allocator.check.plan_rows import chosen, compare, rows
from allocator.check.score import Auditor, origin
from allocator.check.structure import Breach
from allocator.check.trust import against
from allocator.domain import canon
from allocator.domain.case import Case
from allocator.domain.change import apply
from allocator.domain.plan import Inputs, Plan
from allocator.domain.policy import Policy
from allocator.errors import UsageError


def opened(case: Case, policy: Policy, seed: int, inputs: Inputs | None = None) -> Auditor:
    """The case as the auditor reads it before there is a plan: who may hold what, and who is foremost at each post."""
    a = Auditor(case, policy, seed, inputs)
    for key in a.stand.by_key:
        a.foremost(key)
    return a


def audit(
    case: Case, policy: Policy, plan: Plan, earlier: Plan | None = None, ahead: Auditor | None = None
) -> list[Breach]:
    """Every breach of a hard rule and every figure that does not agree; empty when the plan holds.

    `case` and `policy` are those with the plan's changes applied. `earlier` is the plan that a repair went on from:
    with it, what lies before the repair is compared; without it, that is taken on trust (`trust.taken`). `ahead`: the
    case as it was `opened` while the plan was made; of another case, seed or repair it is not looked at.
    """
    a = ahead
    if a is not None and (a.book.case is not case or a.book.policy is not policy):
        a = None
    if a is not None and (a.seed, a.origin) != (plan.made_with.seed, origin(plan.inputs)):
        a = None
    a = a or Auditor(case, policy, plan.made_with.seed, plan.inputs)
    out = [*_inputs(case, policy, plan), *against(plan, earlier)]
    choice, short, strange = chosen(a, plan)
    out += strange
    broken = a.breaches(choice, short)
    out += broken
    out += day_by_day.judge(a, plan)
    if strange or any(x.rule == "days" for x in broken):
        return out
    right = rows(a, choice, short)
    out += compare(a, plan, right)
    out += beside.said(a, plan, right)
    out += beside.empty(a, plan, choice)
    out += claims.check(a, plan, choice, short)
    score = a.score(choice, short, checked=True)
    assert score is not None
    used = totals.loads(a, choice, short)
    found = before.turns(a, choice, right)
    out += before.changes(found, plan)
    out += before.moves(a, choice, plan)
    out += totals.summary(a, plan, choice, used, score, before.tally(a, choice, found))
    out += totals.of_people(a, plan, used, right)
    out += totals.certificate(plan, score, len(choice))
    return out if out else list(doubts(a, plan, choice))


def sentences(case: Case, policy: Policy, plan: Plan) -> claims.Count:
    """How many sentences of a plan that passes are shown, and how."""
    a = Auditor(case, policy, plan.made_with.seed, plan.inputs)
    return claims.count(a, plan)


def _inputs(case: Case, policy: Policy, plan: Plan) -> Iterator[Breach]:
    """The hashes: of the case and policy judged here, of those the plan carries, and of the ones it says it was
    made from."""
    if plan.inputs.base_sha256 != canon.sha256(plan.inputs.case):
        yield Breach("inputs", "The plan's own case is not the one that its base_sha256 is of.")
    carried = Case.model_validate(plan.inputs.case), Policy.model_validate(plan.inputs.policy)
    try:
        own, rules = apply(*carried, plan.inputs.changes)
    except UsageError as error:
        yield Breach("inputs", f"The plan's own changes cannot be made: {error}")
        return
    found = canon.case_sha256(own)
    if (found, canon.policy_sha256(rules)) != (plan.made_with.case_sha256, plan.made_with.policy_sha256):
        yield Breach("inputs", "The plan's own case, policy and changes are not those it was made from.")
    if plan.made_with.case_sha256 != (found if own == case else canon.case_sha256(case)):
        yield Breach("inputs", "The plan was made from another case: the hashes differ.")
    if plan.made_with.policy_sha256 != canon.policy_sha256(policy):
        yield Breach("inputs", "The plan was made under another policy: the hashes differ.")
