"""A case in a manager's words before it is taken: schools by phase and need, days against days due, what bars,
what was not understood."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from allocator.domain.case import NEEDS, PHASES, Case
from allocator.domain.facts import Facts
from allocator.domain.policy import Policy
from allocator.intake.source import Raw
from allocator.words import counted, noun


def in_brief(case: Case, policy: Policy, raw: Raw | None = None) -> tuple[str, ...]:
    """Some lines for a person. `raw`: the tables as they were read, for what was not understood in them."""
    facts = Facts(case, policy)
    schools = [s for s in facts.schools.values() if facts.in_run(s)]
    active = [s for s in facts.sips.values() if s.status in (None, "active")]
    due, offered = days_due(facts), sum(facts.capacity(s) for s in active) / 4
    phases = _counted(Counter(s.phase for s in schools), PHASES)
    needs = _counted(Counter(facts.need(s.urn) for s in schools), NEEDS)
    out = [
        f"Schools in the run: {len(schools)} ({phases}); need: {needs}.",
        (
            f"SIPs at work: {len(active)}, with {offered:g} days for schools, of "
            f"{sum(s.days for s in active):g} offered; {due:g} days are due."
        ),
        f"Of last year: {sum(facts.incumbent(s.urn) is not None for s in schools)} of these schools had a lead.",
        f"Bars: {_bars(facts)}.",
    ]
    return (*out, *_not_understood(raw)) if raw else tuple(out)


def days_due(facts: Facts) -> float:
    """Days due of every post in the year."""
    return sum(p.due for p in facts.year_posts) / 4


def _counted(found: Counter[str], order: Iterable[str]) -> str:
    return ", ".join(f"{found[k]} {k.replace('_', ' ')}" for k in order if found[k]) or "none"


def _bars(facts: Facts) -> str:
    case = facts.case
    interests = Counter(i.outcome or "open" for i in case.interests if i.kind != "former_adviser")
    parts = [
        (interests["open"] + interests["barred"], "interest"),
        (len(case.refusals), "refusal"),
        (sum(d.decision == "forbid" for d in case.decisions), "forbidden pair"),
    ]
    said = ", ".join(counted(n, what) for n, what in parts)
    cleared = interests["cleared"]
    return f"{said}; {counted(cleared, 'interest')} cleared"


def _not_understood(raw: Raw) -> list[str]:
    columns = [f"{p.column} ({p.table})" for p in raw.problems if p.code == "unknown_column" and p.column]
    parts = [f"{noun(len(raw.unknown), 'sheet')} {', '.join(raw.unknown)}"] if raw.unknown else []
    if columns:
        parts.append(f"{noun(len(columns), 'column')} {', '.join(columns)}")
    return [f"Not understood, and not used: {'; '.join(parts)}."] if parts else []
