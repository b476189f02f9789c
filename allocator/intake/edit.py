"""Facts changed one by one in a case that stands: read again, so that the case is what a workbook with the same
change would give."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from allocator.domain import canon
from allocator.domain.case import TABLES, Case, Row
from allocator.domain.policy import Policy
from allocator.errors import UsageError
from allocator.intake.own_words import OwnWords
from allocator.intake.read import Reading, read_document

NAMED_BY = {"schools": "urn", "sips": "sip"}  # tables whose rows have a name of their own, which stays


@dataclass(frozen=True)
class Edit:
    """Cells of one row: column -> text as a workbook would hold it, blank = not known.

    `key`: as `key_of` has it; blank = a new row. `cells` None: the row is taken out.
    """

    table: str
    key: str
    cells: Mapping[str, str] | None


def key_of(row: Row) -> str:
    """What a form calls a row: a school's URN, a SIP's id, else a hash of what the row says."""
    for table, column in NAMED_BY.items():
        if type(row) is TABLES[table]:
            return str(getattr(row, column))
    return hashlib.sha256(canon.text(canon.row_out(row)).encode()).hexdigest()[:16]


def edited(case: Case, policy: Policy, edits: Sequence[Edit], words: OwnWords) -> Reading:
    """The case with these edits, and every problem that they make.

    `words`: whom and which bodies the programme has said its names mean; its words for columns and values are not
    used, as the case is in ours. Raises UsageError for a row that is not there, a column that is none, or a school
    or SIP renamed or taken out.
    """
    tables = {t: {key_of(r): canon.row_out(r) for r in getattr(case, t)} for t in TABLES}
    for n, edit in enumerate(edits):
        _apply(tables[edit.table], edit, n)
    return with_tables(case, policy, {t: list(rows.values()) for t, rows in tables.items()}, words)


def with_tables(case: Case, policy: Policy, tables: Mapping[str, list[dict[str, Any]]], words: OwnWords) -> Reading:
    """The case with these tables in place of its own, read again; a manager's own columns stay. `words` as in
    `edited`."""
    ours = OwnWords(schools=words.schools, sips=words.sips, bodies=words.bodies)
    document = {t: rows for t, rows in {**canon.case_out(case), **tables}.items() if rows}
    reading = read_document(document, year=case.year, policy=policy, words=ours, before=case, kept=True)
    if reading.case is None:
        return reading
    return replace(reading, case=reading.case.model_copy(update={"extras": case.extras}))


def _apply(rows: dict[str, dict[str, Any]], edit: Edit, n: int) -> None:
    fields, own = TABLES[edit.table].model_fields, NAMED_BY.get(edit.table)
    if edit.key and edit.key not in rows:
        raise UsageError(
            f"This row of {edit.table} is no longer there: somebody has changed it. Look at the list again."
        )
    if edit.cells is None:
        if own:
            raise UsageError(
                f"A row of {edit.table} is not taken out: others name it. Say instead that it takes no "
                "part, or has left."
            )
        del rows[edit.key]
        return
    for column in edit.cells:
        if column not in fields or (column == own and edit.key):
            raise UsageError(f"{column} of {edit.table} is not changed here.")
    row = {**rows.get(edit.key, {}), **edit.cells}
    rows[edit.key or f"new {n}"] = {c: v for c, v in row.items() if v not in ("", None)}


def about_self(case: Case, edits: Sequence[Edit], own: Collection[str]) -> bool:
    """Whether an edit touches a row about one of these SIPs: a manager's own facts are changed by another manager."""
    rows = {t: {key_of(r): r for r in getattr(case, t)} for t in {e.table for e in edits}}
    return any(
        sip in own
        for e in edits
        for sip in (getattr(rows[e.table].get(e.key), "sip", None), (e.cells or {}).get("sip"))
    )


def rows_about(case: Case, own: Collection[str]) -> dict[str, list[Row]]:
    """Table -> its rows about one of these SIPs, of the tables that have any."""
    found = {
        t: [r for r in getattr(case, t) if r.sip in own] for t, model in TABLES.items() if "sip" in model.model_fields
    }
    return {t: rows for t, rows in found.items() if rows}


def differs_about(before: Case, after: Case, own: Collection[str]) -> list[str]:
    """The tables in which two cases differ in rows about one of these SIPs, whether they come, go or change."""
    old, new = rows_about(before, own), rows_about(after, own)
    return [t for t in TABLES if old.get(t) != new.get(t)]
