"""Canonical forms and hashes: equal cases have equal bytes whatever the order of rows or columns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from allocator.domain.case import TABLES, Case, Row
from allocator.domain.policy import Policy


def row_out(row: Row) -> dict[str, Any]:
    """A row as JSON values, blanks left out; -0.0 is the 0.0 that it equals."""
    return {
        k: v if v or not isinstance(v, float) else 0.0
        for k, v in row.model_dump(mode="json", exclude_none=True).items()
        if v != []  # an empty list is a blank cell
    }


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def text(value: Any) -> str:
    """The one JSON text of a value: keys sorted, no spaces."""
    return _ENCODER.encode(value)


def sha256(value: Any) -> str:
    return hashlib.sha256(text(value).encode()).hexdigest()


def case_out(case: Case) -> dict[str, Any]:
    """`{"year": …, "schools": [...], …}`: tables in contract order, rows sorted, empty tables left out."""
    out: dict[str, Any] = {"year": case.year}
    for table in TABLES:
        rows = [row for _, row in in_order(getattr(case, table))]
        if rows:
            out[table] = rows
    return out


def in_order(rows: Iterable[Row]) -> list[tuple[str, dict[str, Any]]]:
    """(text, values) of each row, by text."""
    return sorted(((text(values), values) for row in rows for values in (row_out(row),)), key=lambda r: r[0])


def sort_rows(case: Case) -> Case:
    """The same case with rows in canonical order (schools by urn and sips by id follow from it)."""
    named: dict[str, list[Any]] = {
        "schools": sorted(case.schools, key=lambda s: s.urn),
        "sips": sorted(case.sips, key=lambda s: s.sip),
    }
    others = {t: sorted(getattr(case, t), key=lambda r: text(row_out(r))) for t in TABLES if t not in named}
    return case.model_copy(update={t: tuple(rows) for t, rows in {**named, **others}.items()})


def case_sha256(case: Case) -> str:
    """The hash of `case_out`'s text, put together from the texts by which its rows are sorted."""
    tables = {t: [words for words, _ in in_order(getattr(case, t))] for t in TABLES}
    parts = {"year": text(case.year)} | {t: f"[{','.join(rows)}]" for t, rows in tables.items() if rows}
    whole = ",".join(f"{text(name)}:{parts[name]}" for name in sorted(parts))
    return hashlib.sha256(f"{{{whole}}}".encode()).hexdigest()


def policy_sha256(policy: Policy) -> str:
    return sha256(policy.model_dump(mode="json"))
