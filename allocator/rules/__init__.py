"""The rules, one file each, whole in its file: law, title, what it bars, gives or binds, and its words. A file that is
put here is found: `RULES` has one of each.

A rule reads facts and answers in data: no rule imports another, a solver, or anything that speaks to people beside
`words`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from importlib import import_module
from pkgutil import iter_modules

from allocator.domain.facts import Facts
from allocator.domain.standing import Bars
from allocator.rules import reach
from allocator.rules.base import Rule, Span
from allocator.rules.reach import Pairs

ORDER = (  # in which they are asked, and their reasons read; a rule that is not named comes after these, by name
    *("participation", "phase", "availability", "training", "approval", "dbs", "eligibility", "need", "interest"),
    *("own_ties", "reciprocal", "shared_head", "refusal", "parting", "decision", "authority", "travel", "tenure"),
    *("cooling_off", "appraisal", "separation", "capacity", "portfolio", "protection"),
    *("continuity", "wish", "experience", "focus", "local", "former_tie", "churn", "diary", "cost"),
    *("balance", "spread", "halves", "cluster", "same_appraiser"),
)


def _found() -> tuple[Rule, ...]:
    """One of each rule whose file lies in this folder."""
    for file in iter_modules(__path__):
        import_module(f"{__name__}.{file.name}")
    rules = {rule.id: rule() for rule in Rule.__subclasses__()}
    return tuple(rules[name] for name in (*ORDER, *sorted(rules.keys() - set(ORDER))))


RULES = _found()


def pairs(facts: Facts) -> Pairs:
    """All pairs of a case through all rules in force."""
    return reach.pairs(facts, RULES)


def bars(facts: Facts, accepted: Collection[tuple[str, Span]], since: dt.date) -> Bars:
    """The days from `since` on which the holder of a row is barred, by the rules in force (rules.md, "In the year")."""
    return reach.bars(facts, RULES, accepted, since)


def one_lead(facts: Facts) -> list[tuple[str, ...]]:
    """Groups of schools that must have one lead."""
    return reach.one_lead(facts, RULES)
