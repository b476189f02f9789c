"""Before solving: what only the rules can see. Posts that no SIP may take, and locks that cannot stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from allocator import rules
from allocator.allocate import Setup
from allocator.domain.case import Case
from allocator.domain.facts import Facts, Post
from allocator.domain.policy import Policy
from allocator.engine.relax import Demand, Gated, Gates
from allocator.engine.tiers import clashing
from allocator.errors import CaseError
from allocator.intake.problems import Problem
from allocator.locks import clash_text
from allocator.reasons.in_brief import days_due
from allocator.reasons.unfilled import what_bars
from allocator.rules.reach import Pairs
from allocator.setup import instance
from allocator.words import day, days, listed

CHECKS = ("training", "approval", "dbs")
LARGEST = 500_000  # pairs above which whether all locks can stand together is left to `solve`


def preflight(case: Case, policy: Policy) -> tuple[Problem, ...]:
    """Errors for locks that `solve` would refuse, notices for posts that will stay empty; each with its remedy."""
    facts = Facts(case, policy)
    pairs = rules.pairs(facts)
    found = [*_days_short(facts), *_barred_by_checks(facts), *_no_day(facts), *_nobody_may(facts, pairs)]
    try:
        ready = instance(facts, pairs, seed=1)
    except CaseError as error:
        found += [Problem("lock_barred", "error", "decisions", line) for line in error.text.splitlines()]
    else:
        found += _locks_clash(ready)
    return tuple(found)


def _days_short(facts: Facts) -> Iterator[Problem]:
    """Days of the team against days due of every post, whoever takes which."""
    offered = sum(facts.capacity(s) for s in facts.sips.values() if s.status in (None, "active")) / 4
    due = days_due(facts)
    if due > offered:
        yield Problem(
            "days_short",
            "notice",
            "sips",
            f"The team has {days(offered)} for schools, and {due:g} are due: {due - offered:g} too few. "
            "Schools will have fewer days than due, or no SIP.",
            column="days",
        )


def _barred_by_checks(facts: Facts) -> Iterator[Problem]:
    """SIPs whom training, board approval or the DBS check bars from every post."""
    checks = [r for r in rules.RULES if r.id in CHECKS and r.on(facts)]
    if not facts.posts:
        return
    for sip in facts.sips.values():
        if sip.status not in (None, "active"):
            continue
        said = [
            text
            for r in checks
            if all(r.block(facts, p, sip) for p in _windows(facts)) and (text := r.block(facts, facts.posts[0], sip))
        ]
        if said:
            yield Problem(
                "barred_by_check",
                "notice",
                "sips",
                f"{sip.name} ({sip.sip}) may hold no post: {'; '.join(said)}.",
                column="sip",
                value=sip.sip,
            )


def _windows(facts: Facts) -> list[Post]:
    """One post for each stretch of the year that any has: all that these checks look at."""
    return facts.once("windows", lambda: list({(p.start, p.end): p for p in facts.posts}.values()))


def _no_day(facts: Facts) -> Iterator[Problem]:
    """Posts asked for that would end before they begin."""
    have = {p.key for p in facts.posts}
    for urn, s in facts.schools.items():
        if not facts.in_run(s) or s.opens_on is None:
            continue
        said = ""
        if s.closes_on and s.closes_on < s.opens_on:
            said = (
                f"closes on {day(s.closes_on)}, before it opens on {day(s.opens_on)}: it has no post this "
                "year. Correct the dates."
            )
        elif s.appraisal not in (None, "none") and s.appraisal_days != 0 and s.opens_on > facts.year.appraisal_by:
            by = day(facts.year.appraisal_by)
            said = (
                f"opens on {day(s.opens_on)}, and appraisals are done by {by} (calendar.appraisal_by): it has "
                "no appraisal post."
            )
        if said and (urn, "appraisal") not in have:
            yield Problem("no_day", "notice", "schools", f"{s.name} ({urn}) {said}", column="opens_on", value=urn)


def _nobody_may(facts: Facts, pairs: Pairs) -> Iterator[Problem]:
    for post in facts.posts:
        if pairs.allowed[post.key]:
            continue
        counts = Counter(pairs.blocks(*post.key, sip)[0][0] for sip in facts.sips).most_common()
        said = [f"{n} {what_bars(rule)}" for rule, n in counts]
        yield Problem(
            "nobody_may",
            "notice",
            "schools",
            f"{facts.name(post.urn)} ({post.urn}): "
            f"{'the one SIP may not' if len(facts.sips) == 1 else f'none of the {len(facts.sips)} SIPs may'} "
            f"be its {post.kind}: {listed(said)}. "
            "It will stay empty; `allocator solve` says what would mend it.",
            column="urn",
            value=post.urn,
        )


def _locks_clash(ready: Setup) -> Iterator[Problem]:
    if ready.inst.fixed and len(ready.choices) > LARGEST:
        text = f"{len(ready.choices):,} pairs: whether all locks can stand together is seen when it is solved."
        yield Problem("rules_later", "notice", "decisions", text)
    elif ready.inst.fixed and not Gated(ready.inst, Gates(0), Demand(())).possible(()):
        yield Problem("locks_clash", "error", "decisions", clash_text(ready, clashing(ready.inst)))
