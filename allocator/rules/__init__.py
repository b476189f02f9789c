"""The rules, one file each, whole in its file: law, title, what it bars, gives or binds, and its words. `RULES` is
the only registry.

A rule reads facts and answers in data: no rule imports another, a solver, or anything that speaks to people beside
`words`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from allocator.domain.facts import Facts
from allocator.domain.standing import Bars
from allocator.rules import reach
from allocator.rules.appraisal import Appraisal
from allocator.rules.approval import Approval
from allocator.rules.authority import Authority
from allocator.rules.availability import Availability
from allocator.rules.balance import Balance
from allocator.rules.base import Rule, Span
from allocator.rules.capacity import Capacity
from allocator.rules.churn import Churn
from allocator.rules.cluster import Cluster
from allocator.rules.continuity import Continuity
from allocator.rules.cooling_off import CoolingOff
from allocator.rules.cost import Cost
from allocator.rules.dbs import Dbs
from allocator.rules.decision import Decision
from allocator.rules.diary import Diary
from allocator.rules.eligibility import Eligibility
from allocator.rules.experience import Experience
from allocator.rules.focus import Focus
from allocator.rules.former_tie import FormerTie
from allocator.rules.halves import Halves
from allocator.rules.interest import Interest
from allocator.rules.local import Local
from allocator.rules.need import Need
from allocator.rules.own_ties import OwnTies
from allocator.rules.participation import Participation
from allocator.rules.parting import Parting
from allocator.rules.phase import Phase
from allocator.rules.portfolio import Portfolio
from allocator.rules.protection import Protection
from allocator.rules.reach import Pairs
from allocator.rules.reciprocal import Reciprocal
from allocator.rules.refusal import Refusal
from allocator.rules.same_appraiser import SameAppraiser
from allocator.rules.separation import Separation
from allocator.rules.shared_head import SharedHead
from allocator.rules.spread import Spread
from allocator.rules.tenure import Tenure
from allocator.rules.training import Training
from allocator.rules.travel import Travel
from allocator.rules.wish import Wish

RULES: tuple[Rule, ...] = (
    Participation(),
    Phase(),
    Availability(),
    Training(),
    Approval(),
    Dbs(),
    Eligibility(),
    Need(),
    Interest(),
    OwnTies(),
    Reciprocal(),
    SharedHead(),
    Refusal(),
    Parting(),
    Decision(),
    Authority(),
    Travel(),
    Tenure(),
    CoolingOff(),
    Appraisal(),
    Separation(),
    Capacity(),
    Portfolio(),
    Protection(),
    Continuity(),
    Wish(),
    Experience(),
    Focus(),
    Local(),
    FormerTie(),
    Churn(),
    Diary(),
    Cost(),
    Balance(),
    Spread(),
    Halves(),
    Cluster(),
    SameAppraiser(),
)


def pairs(facts: Facts) -> Pairs:
    """All pairs of a case through all rules in force."""
    return reach.pairs(facts, RULES)


def bars(facts: Facts, accepted: Collection[tuple[str, Span]], since: dt.date) -> Bars:
    """The days from `since` on which the holder of a row is barred, by the rules in force (rules.md, "In the year")."""
    return reach.bars(facts, RULES, accepted, since)


def one_lead(facts: Facts) -> list[tuple[str, ...]]:
    """Groups of schools that must have one lead."""
    return reach.one_lead(facts, RULES)
