"""Before solving: what only the rules can see. Posts that no SIP may take, and locks that cannot stand."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from allocator import rules
from allocator.allocate import Setup, clash_text, setup
from allocator.domain.case import Case
from allocator.domain.facts import Facts
from allocator.domain.policy import Policy
from allocator.engine.relax import Demand, Gated, Gates
from allocator.engine.tiers import clashing
from allocator.errors import CaseError
from allocator.explain.unfilled import WHY
from allocator.intake.problems import Problem, capped
from allocator.rules.base import listed, words

LARGEST = 500_000  # pairs of school and SIP above which this is left to `solve`


def preflight(case: Case, policy: Policy) -> tuple[Problem, ...]:
    """Errors for locks that `solve` would refuse, notices for posts that will stay empty; each with its remedy."""
    if len(case.schools) * len(case.sips) > LARGEST:
        text = f"{len(case.schools):,} schools and {len(case.sips):,} SIPs: the rules are applied when it is solved."
        return (Problem("rules_later", "notice", "schools", text),)
    facts = Facts(case, policy)
    found = list(_nobody_may(facts))
    try:
        ready = setup(case, policy)
    except CaseError as error:
        found += [Problem("lock_barred", "error", "decisions", line) for line in error.text.splitlines()]
    else:
        found += _locks_clash(ready)
    return capped(found)


def _nobody_may(facts: Facts) -> Iterator[Problem]:
    pairs = rules.pairs(facts)
    able = {(urn, kind) for urn, kind, _ in pairs.allowed}
    barred: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for (urn, kind, _), why in pairs.blocked.items():
        barred[urn, kind].update({why[0][0]: 1} if why else {})
    for post in facts.posts:
        if post.key in able:
            continue
        counts = barred[post.key].most_common()
        said = [f"{n} {WHY.get(rule, 'are barred by ' + words(rule))}" for rule, n in counts]
        yield Problem(
            "nobody_may", "notice", "schools",
            f"{facts.name(post.urn)} ({post.urn}): none of the {len(facts.sips)} SIPs may be its {post.kind}: {listed(said)}. "
            "It will stay empty; `allocator solve` says what would mend it.", column="urn", value=post.urn,
        )  # fmt: skip


def _locks_clash(ready: Setup) -> Iterator[Problem]:
    if ready.inst.fixed and not Gated(ready.inst, Gates(0), Demand(())).possible(()):
        yield Problem("locks_clash", "error", "decisions", clash_text(ready, clashing(ready.inst)))
