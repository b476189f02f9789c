"""Canonical forms and hashes: equal cases have equal bytes whatever the order of rows or columns."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from allocator.domain.case import TABLES, Case, Row
from allocator.domain.policy import Policy


def row_out(row: Row) -> dict[str, Any]:
    """A row as JSON values, blanks left out."""
    return {
        k: v
        for k, v in row.model_dump(mode="json", exclude_none=True).items()
        if v != []  # an empty list is a blank cell
    }


def text(value: Any) -> str:
    """The one JSON text of a value: keys sorted, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256(value: Any) -> str:
    return hashlib.sha256(text(value).encode()).hexdigest()


def case_out(case: Case) -> dict[str, Any]:
    """`{"year": …, "schools": [...], …}`: tables in contract order, rows sorted, empty tables left out."""
    out: dict[str, Any] = {"year": case.year}
    for table in TABLES:
        rows = sorted((row_out(r) for r in getattr(case, table)), key=text)
        if rows:
            out[table] = rows
    return out


def sort_rows(case: Case) -> Case:
    """The same case with rows in canonical order (schools by urn and sips by id follow from it)."""
    return case.model_copy(
        update={t: tuple(sorted(getattr(case, t), key=lambda r: text(row_out(r)))) for t in TABLES}
        | {
            "schools": tuple(sorted(case.schools, key=lambda s: s.urn)),
            "sips": tuple(sorted(case.sips, key=lambda s: s.sip)),
        }
    )


def case_sha256(case: Case) -> str:
    return sha256(case_out(case))


def policy_sha256(policy: Policy) -> str:
    return sha256(policy.model_dump(mode="json"))
