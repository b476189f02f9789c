"""A plan's tables as pandas DataFrames, one row a thing. pandas loads only when these are called."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from allocator.domain.plan import Plan
from allocator.errors import UsageError
from allocator.intake.problems import nearest

if TYPE_CHECKING:
    import pandas as pd

DATES = ("from", "to", "on")
Rows = list[dict[str, Any]]


def frame(plan: Plan, table: str = "assignments") -> pd.DataFrame:
    """One table of the plan. Days are days, points are weighted points, dates are dates, lists are joined by `;`.

    Raises UsageError for a name that is not in TABLES.
    """
    import pandas as pd

    if table not in TABLES:
        near = nearest(table, TABLES)
        hint = f" Did you mean {near}?" if near else ""
        raise UsageError(f"{table} is not a table of a plan.{hint} They are {', '.join(TABLES)}.")
    columns, rows = TABLES[table]
    made = pd.DataFrame(rows(plan), columns=pd.Index(columns))
    dated = [c for c in DATES if c in columns and table in ("assignments", "unfilled", "changes", "moves")]
    if table in ("changes", "moves"):
        dated = ["on"]  # their from and to are SIPs
    made = made.assign(**{c: pd.to_datetime(made[c]) for c in dated})
    return made.astype({c: "Int64" for c in ("runner_up_points",) if c in columns})


def _assignments(plan: Plan) -> Rows:
    out = []
    for a in plan.assignments:
        row = a.model_dump(by_alias=True, exclude={"reasons", "runner_up", "periods", "tied_with"})
        runner = a.runner_up
        out.append(
            row
            | a.periods.model_dump()
            | {
                "tied_with": ";".join(a.tied_with),
                "runner_up": runner.sip if runner else None,
                "runner_up_points": runner.points if runner else None,
            }
        )
    return out


def _reasons(plan: Plan) -> Rows:
    return [{"urn": a.urn, "post": a.post, "sip": a.sip, **r.model_dump()} for a in plan.assignments for r in a.reasons]


def _unfilled(plan: Plan) -> Rows:
    return [u.model_dump(by_alias=True, exclude={"clash", "fixes"}) for u in plan.unfilled]


def _loads(plan: Plan) -> Rows:
    return [x.model_dump(exclude={"periods"}) | x.periods.model_dump() for x in plan.loads]


def _moved(name: str) -> Callable[[Plan], Rows]:
    return lambda plan: [x.model_dump(by_alias=True) for x in getattr(plan, name)]


def _tiers(plan: Plan) -> Rows:
    return [x.model_dump() for x in plan.certificate.tiers]


FOUR = ["autumn_1", "autumn_2", "spring", "summer"]
MOVED = ["urn", "post", "from", "to", "on", "because", "voluntary"]
TABLES: dict[str, tuple[list[str], Callable[[Plan], Rows]]] = {  # name -> its columns, in order, and its rows
    "assignments": (
        [
            "urn",
            "school",
            "post",
            "sip",
            "name",
            "from",
            "to",
            "days",
            *FOUR,
            "new_pairing",
            "tenure_year",
            "points",
            "days_short",
            "extra_days",
            "settled",
            "locked",
            "tied_with",
            "runner_up",
            "runner_up_points",
        ],
        _assignments,
    ),
    "reasons": (["urn", "post", "sip", "rule", "points", "text"], _reasons),
    "unfilled": (["urn", "school", "post", "need", "from", "to", "text"], _unfilled),
    "loads": (["sip", "name", "posts", "days", "capacity", *FOUR], _loads),
    "changes": (MOVED, _moved("changes")),
    "moves": (MOVED, _moved("moves")),
    "tiers": (["name", "value", "bound"], _tiers),
}
