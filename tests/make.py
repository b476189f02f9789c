"""Builders of tiny cases: valid defaults, so that a test says only what matters to it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from allocator.domain import canon
from allocator.domain.case import Case, School, Sip
from allocator.domain.policy import Policy

YEAR = "2026/27"
BARE: dict[str, Any] = {  # a policy in which only what a test switches on speaks
    "balance": {"on": False},
    "spread": {"on": False},
}


def school(urn: str = "1", **kw: Any) -> School:
    """A primary school in need of a SIP."""
    return School.model_validate({"urn": urn, "name": f"School {urn}", "phase": "primary", "la": "Hart", **kw})


def sip(sip: str = "A", **kw: Any) -> Sip:
    """A consultant with everything on record and 20 days."""
    return Sip.model_validate(
        {
            "sip": sip,
            "name": f"Sip {sip}",
            "kind": "consultant",
            "phases": ("primary",),
            "days": 20,
            "trained": True,
            "board_approved": True,
            "dbs_checked_on": dt.date(2026, 1, 1),
            **kw,
        }
    )


def case(schools: list[School], sips: list[Sip], **tables: Any) -> Case:
    """A case for 2026/27, in canonical order; other tables as lists of dicts."""
    return canon.sort_rows(
        Case.model_validate({"year": YEAR, "schools": tuple(schools), "sips": tuple(sips), **tables})
    )


def policy(**parts: Any) -> Policy:
    """The default policy with parts changed: `policy(travel={"on": False})`."""
    return Policy.model_validate(parts)


def led(urn: str, sip: str, *years: str, ended: str | None = None) -> list[dict[str, Any]]:
    """History rows: this SIP led this school in these years; the last ended so."""
    rows: list[dict[str, Any]] = [{"urn": urn, "sip": sip, "year": y} for y in years]
    if ended:
        rows[-1]["ended"] = ended
    return rows
