"""A plan's tables as DataFrames agree with the plan."""

from __future__ import annotations

from functools import cache

import pytest

from allocator.domain.plan import Plan
from allocator.domain.policy import Policy
from allocator.errors import UsageError
from allocator.reasons.answer import solve
from allocator.report.plan_frames import TABLES, frame
from tests.service.office import facts


@cache
def plan() -> Plan:
    return solve(facts(), Policy())


def test_every_table_has_its_columns_and_a_row_for_each_thing() -> None:
    p = plan()
    counts = {
        "assignments": len(p.assignments),
        "reasons": sum(len(a.reasons) for a in p.assignments),
        "unfilled": len(p.unfilled),
        "loads": len(p.loads),
        "changes": len(p.changes),
        "moves": len(p.moves),
        "tiers": len(p.certificate.tiers),
    }
    for name, (columns, _) in TABLES.items():
        made = frame(p, name)
        assert (list(made.columns), len(made)) == (columns, counts[name])


def test_figures_are_figures_and_dates_are_dates() -> None:
    made = frame(plan())
    assert made.days.sum() == sum(a.days for a in plan().assignments)
    assert made["from"].dt.date.tolist() == [a.from_ for a in plan().assignments]
    assert str(made.runner_up_points.dtype) == "Int64"


def test_a_table_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match="Did you mean loads"):
        frame(plan(), "load")
