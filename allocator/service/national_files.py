"""National files over the data of a round: read one after another on a copy, told file by file, taken as one new
version."""

from __future__ import annotations

import base64
import io
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from allocator.domain import canon
from allocator.domain.case import TABLES, Case
from allocator.domain.policy import Policy
from allocator.errors import CaseError
from allocator.intake.broken import BROKEN_TEXT
from allocator.intake.edit import with_tables
from allocator.intake.gias import WRITTEN, import_gias
from allocator.intake.links import link_successions
from allocator.intake.ofsted import merge_ofsted
from allocator.intake.own_words import OwnWords
from allocator.intake.plain import put
from allocator.intake.read import Reading
from allocator.intake.refresh import ChangedCell, KeptTable
from allocator.intake.register import refresh_register
from allocator.intake.source import Raw, RawTable, document
from allocator.intake.template import write_template
from allocator.report.national_words import gias_text, linked_text, ofsted_text, refreshed_text
from allocator.service.http_problems import HttpProblem

KINDS = {"register": "The register", "links": "The register's links", "ofsted": "Inspection outcomes"}
MOST = 900_000  # characters of what a page hands back when it is taken; a form's field holds a million
UNPACKED = 40 * 2**20


@dataclass(frozen=True)
class FileTold:
    """One file: its name, what it would change in sentences, and every cell of the schools table."""

    kind: str
    file: str
    lines: tuple[str, ...]
    changes: tuple[ChangedCell, ...] = ()


@dataclass
class Brought:
    """The tables as they would be, and what each file did to them. `now`: a URN of before -> the one it has now."""

    raw: Raw
    told: list[FileTold] = field(default_factory=list)
    now: dict[str, str] = field(default_factory=dict)

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Those that may have changed, as rows of a JSON case, blanks left out."""
        names = TABLES if self.now else ("schools", "successions")
        return {
            t.name: [
                {h: c for h, c in zip(t.header, cells, strict=False) if c not in (None, "")} for _, cells in t.rows
            ]
            for t in self.raw.tables.values()
            if t.name in names
        }


def bring_in(
    case: Case | None, files: dict[str, Path], *, las: Sequence[str] = (), add: bool = False, renumber: bool = False
) -> Brought:
    """Every file given (a key of KINDS) on a copy of the case; without a case the register makes the first table.

    The links come first, so that a school found under its new URN is refreshed under it. Raises UsageError or
    CaseError, told of the file it is about.
    """
    out = Brought(Raw())
    if case is not None:
        document(canon.case_out(case), out.raw)
    elif "register" in files:
        found = import_gias(files["register"], las)
        rows = [s.model_dump(mode="json", include=set(WRITTEN)) for s in found.rows]
        out.raw.tables["schools"] = RawTable(
            "schools", list(WRITTEN), [(n, [r[c] for c in WRITTEN]) for n, r in enumerate(rows, 2)]
        )
        out.told.append(FileTold("register", found.file, tuple(gias_text(found))))
    else:
        raise CaseError("This round has no schools yet: give the register, which makes the first table.")
    if "links" in files:
        linked = link_successions(files["links"], out.raw, register=files.get("register"), renumber=renumber)
        out.told.append(FileTold("links", linked.file, tuple(linked_text(linked, renumber, hints=False))))
        out.now = linked.moved_on if renumber else {}
    if "register" in files and case is not None:
        kept = KeptTable(out.raw.tables["schools"])
        refreshed = refresh_register(files["register"], kept, out.raw, las=las, add=add)
        out.told.append(
            FileTold(
                "register", refreshed.file, tuple(refreshed_text(refreshed, hints=False)), tuple(refreshed.changes)
            )
        )
        out.raw.tables["schools"] = kept.table()
    if "ofsted" in files:
        kept = KeptTable(out.raw.tables["schools"])
        merged = merge_ofsted(files["ofsted"], kept)
        out.told.append(FileTold("ofsted", merged.file, tuple(ofsted_text(merged, hints=False)), tuple(merged.changes)))
        out.raw.tables["schools"] = kept.table()
    return out


def packed(brought: Brought, base: int) -> str:
    """What the page hands back when it is taken, with the version of the data that it was worked out on."""
    data = {"base": base, "tables": brought.tables(), "now": brought.now}
    text = base64.b64encode(zlib.compress(json.dumps(data).encode(), 9)).decode()
    if len(text) > MOST:
        raise CaseError(
            "These tables are too large to be changed on a page. Use `allocator import` on the case's folder, and give "
            "the result on the page of the data."
        )
    return text


@dataclass(frozen=True)
class Package:
    """What a page hands back: the version of the data that it rests on, the tables, and the URNs that schools have
    now."""

    base: int
    tables: dict[str, Any]
    now: dict[str, str]


def unpacked(text: str) -> Package:
    """Raises HttpProblem `invalid` for what no page of ours has sent."""
    try:
        unzip = zlib.decompressobj()
        data = json.loads(unzip.decompress(base64.b64decode(text, validate=True), UNPACKED))
        if unzip.unconsumed_tail or not isinstance(data["base"], int) or not isinstance(data["tables"], dict):
            raise ValueError
        return Package(data["base"], data["tables"], dict(data["now"]))
    except (*BROKEN_TEXT, KeyError, TypeError, zlib.error):
        raise HttpProblem("invalid", "Give the files again: what the page sent back cannot be read.") from None


def as_case(case: Case, policy: Policy, tables: dict[str, Any], now: dict[str, str], words: OwnWords) -> Reading:
    """The case with these tables in place of its own; a manager's own columns stay with their schools, what they
    said of names too."""
    reading = with_tables(case, policy, tables, words)
    if reading.case is None:
        return reading
    own = dict(case.extras)
    if "schools" in own:
        own["schools"] = {now.get(urn, urn): cells for urn, cells in own["schools"].items()}
    return Reading(reading.case.model_copy(update={"extras": own}), reading.policy, reading.problems)


def to_fill(brought: Brought, path: Path) -> bytes:
    """The empty workbook with the tables made so far in it; a manager fills the rest."""
    write_template(path)
    book = load_workbook(path)
    for name, rows in brought.tables().items():
        sheet = book[name]
        sheet.delete_rows(2)
        header = [str(c.value).rstrip("*").strip() for c in sheet[1]]
        for n, row in enumerate(rows, 2):
            for at, column in enumerate(header, 1):
                put(sheet.cell(n, at), row.get(column))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
