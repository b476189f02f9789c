"""Whom a cell means: a school or a SIP by id, or by a name that only one has. Nothing that protects somebody is
dropped.

What resolves to nobody or to two is an error with the nearest; a school outside the case is told of and counted.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from allocator.intake.cells import blank, text
from allocator.intake.companions import FOLLOW, companions
from allocator.intake.known import Known
from allocator.intake.naming import plain
from allocator.intake.problems import MOST_LISTED, and_more
from allocator.intake.source import Raw, RawTable
from allocator.intake.spelling import squeezed
from allocator.intake.urns import is_laestab, read_urn, six_digits

PARTS = re.compile(r"\s*(?:[;/,&+\n]|\band\b)\s*", re.IGNORECASE)  # between several in one cell
What = Literal["school", "sip"]
MAY_BE_OUTSIDE = (
    "history",
    "refusals",
    "interests",
    "travel",
    "schools",
    "sips",
    "successions",
)  # the past, and other people's schools
FOLLOWED = (
    " If a school here carries one of them on, say so in `successions` (`allocator import links` does), and "
    "its past follows."
)
KEYS: dict[What, tuple[str, str]] = {"school": ("schools", "urn"), "sip": ("sips", "sip")}
CALLED = {"school": "a URN or a school's name", "sip": "a SIP's id or name"}


@dataclass(frozen=True)
class Unmatched:
    """A name where a URN or SIP id belongs, with the most alike whom we know: (id, name), best first."""

    what: What
    text: str
    places: tuple[str, ...]
    suggested: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Cell:
    """A cell that should say whom its row is about."""

    what: What
    table: RawTable
    row: int
    cells: list[Any]
    at: int

    @property
    def found(self) -> str:
        return read_urn(self.cells[self.at]) if self.what == "school" else text(self.cells[self.at])

    @property
    def column(self) -> str:
        return self.table.header[self.at]

    @property
    def place(self) -> str:
        return f"{self.table.title or self.table.name}, row {self.row}"


@dataclass
class _Said:
    """What is to be told once the whole file has been gone through."""

    read: dict[tuple[str, str], dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    outside: dict[tuple[str, What], list[str]] = field(default_factory=lambda: defaultdict(list))
    gone: Counter[str] = field(default_factory=Counter)  # SIPs of the past -> rows
    open: dict[tuple[What, str], list[Cell]] = field(default_factory=lambda: defaultdict(list))
    stale: dict[str, str] = field(default_factory=dict)  # name -> the id that somebody gave it, which nobody has


def resolve(raw: Raw, schools: Mapping[str, str], sips: Mapping[str, str]) -> list[Unmatched]:
    """Ids in place of names, in `raw`; those nobody can tell are errors, and returned for a person to settle.

    `schools`, `sips`: names as compared -> the id that a person has said they mean; blank = somebody outside the case.
    """
    _numbers(raw)
    known = {what: _known(raw, what) for what in KEYS}
    told: dict[What, Mapping[str, str]] = {"school": schools, "sip": sips}
    older = {read_urn(c.cells[c.at]) for c in _references(raw) if squeezed(c.column) == "oldurn"}
    companions(raw, known["school"], known["sip"], older)
    said = _Said()
    for cell in sorted(_references(raw), key=lambda c: c.table.name != "history"):  # who is gone is told by history
        pool = known[cell.what]
        if pool is not None:
            _settle(cell, pool, told[cell.what], older, said)
    _tell(raw, said)
    return _ask(raw, said, {k: v for k, v in known.items() if v is not None})


def _settle(cell: Cell, pool: Known, told: Mapping[str, str], older: set[str], said: _Said) -> None:
    given, found = text(cell.cells[cell.at]), cell.found
    means = None if found in pool else told.get(plain(found))
    if means and means not in pool and means not in older:
        said.stale[found], means = means, None
    found = means or found
    ids = pool.find(found)
    if cell.what == "school" and found not in pool and (found in older or squeezed(cell.column) == "oldurn"):
        cell.cells[cell.at] = found
    elif means == "":
        said.outside[cell.table.name, cell.what].append(found)
    elif len(ids) == 1:
        cell.cells[cell.at] = ids[0]
        if not means and given != ids[0]:
            said.read[cell.table.name, squeezed(cell.column)][given] = f"{pool.names[ids[0]] or ids[0]} ({ids[0]})"
    elif not ids and _outside(cell, found, pool, said):
        cell.cells[cell.at] = found
    else:
        said.open[cell.what, found].append(cell)


def _outside(cell: Cell, found: str, pool: Known, said: _Said) -> bool:
    """Whether the row is plainly about somebody who is not in the case; counted where it is."""
    table = cell.table.name
    if cell.what == "sip":
        if table == "history" and (found in said.gone or not pool.slip(found)):
            said.gone[found] += 1
            return True
        outside = found in said.gone
    else:
        elsewhere = squeezed(cell.column) == "currenturn" and not pool.slip(found)
        outside = table in MAY_BE_OUTSIDE and (six_digits(found) or elsewhere)
    if outside:
        near = pool.digit_off(found) if cell.what == "school" else None
        said.outside[table, cell.what].append(
            f"{found} (did you mean {pool.names[near] or near}, {near}?)" if near else found
        )
    return outside


def _tell(raw: Raw, said: _Said) -> None:
    for (table, column), read in said.read.items():
        some = "; ".join(f"{given} as {who}" for given, who in sorted(read.items())[:MOST_LISTED])
        raw.notice(
            "names_read",
            table,
            f"{table}: {column} is read by name or spelling: {some}{and_more(len(read))}.",
            column=column,
        )
    for (table, what), found in said.outside.items():
        who = "schools" if what == "school" else "SIPs"
        names = sorted(set(found))
        several = len(found) > 1
        rows = (
            f"{len(found)} row{'s are' if several else ' is'} about {who} outside this case, and "
            f"bear{'' if several else 's'} on nobody here"
        )
        goes_on = FOLLOWED if what == "school" and table in FOLLOW else ""
        raw.notice(
            "outside_case",
            table,
            f"{table}: {rows}: {', '.join(names[:MOST_LISTED])}{and_more(len(names))}.{goes_on}",
            column=KEYS[what][1],
        )
    if said.gone:
        names = sorted(said.gone)
        raw.notice(
            "gone_sips",
            "history",
            f"history: {said.gone.total()} rows are of SIPs who are not in `sips`, taken as gone: "
            f"{', '.join(names[:MOST_LISTED])}{and_more(len(names))}.",
            column="sip",
        )


def _ask(raw: Raw, said: _Said, known: Mapping[What, Known]) -> list[Unmatched]:
    out = []
    for n, ((what, found), cells) in enumerate(said.open.items()):
        pool = known[what]
        sure = pool.find(found)
        ids = sure or (pool.near(found) if n < MOST_LISTED else [])
        shown = [f"{pool.names[i]} ({i})" if pool.names[i] else i for i in ids]
        if several := _several(found, pool):
            why = f"{found} names several: {', '.join(several)}. Write a row for each."
        elif sure:
            why = f"{found} may be {' or '.join(shown)}."
        else:
            why = f"{found} is not in this case." + (f" Did you mean {shown[0]}?" if shown else "")
            if what == "school" and is_laestab(found):
                why += " It is a DfE number (authority and establishment); a URN has six digits."
        if found in said.stale:
            why += f" It is said to mean {said.stale[found]}, which is not in this case either; blank says: outside it."
        out.append(Unmatched(what, found, tuple(c.place for c in cells), tuple((i, pool.names[i]) for i in ids)))
        for c in cells:
            raw.error(
                "ambiguous_name" if sure else "unknown_reference",
                c.table.name,
                f"{c.place}: {c.column} {why} Write {CALLED[what]} that only one has, or take the row out.",
                row=c.row,
                column=c.column,
                value=found,
                expected=CALLED[what],
            )
    return sorted(out, key=lambda u: (u.what, u.text))


def _several(found: str, pool: Known) -> list[str]:
    """Those whom one cell names, where it names two or more: `Ann Oak / Bob Ray`, `900101; 900102`."""
    parts = [p for p in PARTS.split(found) if p]
    ids = [pool.find(p) for p in parts]
    if len(parts) < 2 or not all(len(i) == 1 for i in ids):
        return []
    return [f"{pool.names[i]} ({i})" if pool.names[i] else i for (i,) in ids]


def _references(raw: Raw) -> Iterator[Cell]:
    """Every filled cell that should hold a school's URN or a SIP's id, outside the table that gives them."""
    for table in raw.tables.values():
        for n, label in enumerate(table.header):
            column = squeezed(label)
            school = column in ("urn", "oldurn", "newurn", "pairedwith", "currenturn")
            if (school and (table.name, column) != ("schools", "urn")) or (column == "sip" and table.name != "sips"):
                for number, cells in table.rows:
                    if n < len(cells) and not blank(cells[n]):
                        yield Cell("school" if school else "sip", table, number, cells, n)


def _numbers(raw: Raw) -> None:
    """The schools' own numbers as six digits, where they are dressed up."""
    table = raw.tables.get("schools")
    at = place(table, "urn") if table else None
    if table is None or at is None:
        return
    read = {}
    for _, cells in table.rows:
        if at < len(cells) and not blank(cells[at]):
            given, cells[at] = text(cells[at]), read_urn(cells[at])
            if given != cells[at]:
                read[given] = cells[at]
    if read:
        some = "; ".join(f"{given} as {urn}" for given, urn in sorted(read.items())[:MOST_LISTED])
        raw.notice(
            "urns_read", "schools", f"schools: urn is read as six digits: {some}{and_more(len(read))}.", column="urn"
        )


def _known(raw: Raw, what: What) -> Known | None:
    """Every id that the table gives, with its name, in rows with other problems too; None when it could not be read."""
    name, key = KEYS[what]
    table = raw.tables.get(name)
    k = place(table, key) if table else None
    if table is None or k is None:
        return None
    rows = [c for _, c in table.rows if k < len(c) and not blank(c[k])]

    def said(column: str) -> dict[str, str]:
        n = place(table, column)
        return {text(c[k]): text(c[n]) if n is not None and n < len(c) and not blank(c[n]) else "" for c in rows}

    return Known(said("name"), {id: address for id, address in said("email").items() if address})


def place(table: RawTable, column: str) -> int | None:
    """Where a column of ours stands."""
    return next((n for n, label in enumerate(table.header) if squeezed(label) == column), None)
