"""Before solving: what only the rules can see. Posts that no SIP may take, and locks that cannot stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from allocator import rules
from allocator.allocate import Setup, clash_text
from allocator.domain.case import Case
from allocator.domain.facts import Facts
from allocator.domain.policy import Policy
from allocator.engine.relax import Demand, Gated, Gates
from allocator.engine.tiers import clashing
from allocator.errors import CaseError
from allocator.explain.unfilled import WHY
from allocator.intake.problems import Problem, capped
from allocator.rules.base import listed, words
from allocator.rules.reach import Pairs
from allocator.setup import instance

LARGEST = 500_000  # pairs above which whether all locks can stand together is left to `solve`


def preflight(case: Case, policy: Policy) -> tuple[Problem, ...]:
    """Errors for locks that `solve` would refuse, notices for posts that will stay empty; each with its remedy."""
    facts = Facts(case, policy)
    pairs = rules.pairs(facts)
    found = list(_nobody_may(facts, pairs))
    try:
        ready = instance(facts, pairs, seed=1)
    except CaseError as error:
        found += [Problem("lock_barred", "error", "decisions", line) for line in error.text.splitlines()]
    else:
        found += _locks_clash(ready)
    return capped(found)


def _nobody_may(facts: Facts, pairs: Pairs) -> Iterator[Problem]:
    for post in facts.posts:
        if pairs.allowed[post.key]:
            continue
        counts = Counter(pairs.blocks(*post.key, sip)[0][0] for sip in facts.sips).most_common()
        said = [f"{n} {WHY.get(rule, 'are barred by ' + words(rule))}" for rule, n in counts]
        yield Problem(
            "nobody_may", "notice", "schools",
            f"{facts.name(post.urn)} ({post.urn}): none of the {len(facts.sips)} SIPs may be its {post.kind}: {listed(said)}. "
            "It will stay empty; `allocator solve` says what would mend it.", column="urn", value=post.urn,
        )  # fmt: skip


def _locks_clash(ready: Setup) -> Iterator[Problem]:
    if ready.inst.fixed and len(ready.choices) > LARGEST:
        text = f"{len(ready.choices):,} pairs: whether all locks can stand together is seen when it is solved."
        yield Problem("rules_later", "notice", "decisions", text)
    elif ready.inst.fixed and not Gated(ready.inst, Gates(0), Demand(())).possible(()):
        yield Problem("locks_clash", "error", "decisions", clash_text(ready, clashing(ready.inst)))
