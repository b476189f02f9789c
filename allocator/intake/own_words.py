"""A programme's own words for our sheets, columns, schools and SIPs: mapped once, remembered, and used on every
reading."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import get_args

from allocator.domain.bodies import Kind
from allocator.domain.case import TABLES, Case, InterestKind
from allocator.intake.cells import ANYWHERE, NOBODY, NOTHING, BadCell, blank, convert, text
from allocator.intake.last_year import LAST_SIP, last_sips, sip_columns
from allocator.intake.naming import plain, same
from allocator.intake.problems import MOST_LISTED, nearest
from allocator.intake.resolve import Unmatched, place, resolve
from allocator.intake.source import Raw, RawTable
from allocator.intake.spelling import squeezed
from allocator.intake.unread import PROTECTING
from allocator.intake.unread_columns import belongs
from allocator.intake.urns import six_digits
from allocator.intake.usual import VALUES, usual_column

MOSTLY = 0.8  # the part of a column's different cells that must fit, for a usual header to be believed
SAMPLE = 60  # different cells of a column that are looked at
FEW_WORDS = 15  # different cells of a column that may be a choice of a few
TELLS = ("role", "ended", "outcome", "until", "strength", "post", "kind", "by", "wish", "decision", "answer")
CLOSE = 0.7  # how alike a header is to the name of a column of ours at least, to be suggested
EMPTY: dict[str, dict[str, set[str]]] = {  # where a text that means nothing would mean somebody
    "schools": {
        "head": NOBODY,
        "paired_with": NOTHING,
        "trust": NOTHING,
        "la": NOTHING,
        "cluster": NOTHING,
        "diocese": NOTHING,
        "head_email": NOBODY,
        "chair_email": NOBODY,
    },
    "sips": {
        "current_urn": NOTHING,
        "current_la": NOTHING,
        "current_trust": NOTHING,
        "current_cluster": NOTHING,
        "las": ANYWHERE,
        "email": NOTHING,
    },
    "interests": {"urn": NOTHING, "trust": NOTHING, "la": NOTHING},
    "wishes": {"urn": NOTHING, "sip": NOTHING},
    "decisions": {"sip": NOTHING},
}


@dataclass(frozen=True)
class OwnWords:
    """Own word, as compared -> ours. A sheet or column that means nothing (blank) is left aside or kept as it is."""

    sheets: Mapping[str, str] = field(default_factory=dict)  # title -> table
    columns: Mapping[tuple[str, str], str] = field(default_factory=dict)  # (table, label) -> column, or LAST_SIP
    schools: Mapping[str, str] = field(default_factory=dict)  # name -> URN
    sips: Mapping[str, str] = field(default_factory=dict)  # name -> SIP id
    bodies: Mapping[tuple[Kind, str], str] = field(
        default_factory=dict
    )  # (trust, la …, name as compared) -> the schools' name for it
    values: Mapping[tuple[str, str], str] = field(
        default_factory=dict
    )  # (column, value as compared) -> ours; blank = unknown


@dataclass(frozen=True)
class OwnColumn:
    """A column whose header is not ours: what it was read as or may mean, and its first cells so that a person can
    tell."""

    table: str
    label: str
    samples: tuple[str, ...]
    nearest: str | None  # the column of ours that it likely is
    free: tuple[str, ...]  # columns of ours that the table does not have yet, and LAST_SIP
    wanted: bool = False  # it may bar somebody, or the table still lacks a column that must be filled: this may not be
    # put aside unseen
    read: bool = False  # it was read as `nearest`
    asked: bool = False  # it may bar somebody, and a person must say what it is


def translate(raw: Raw, words: OwnWords, year: str | None = None) -> list[OwnColumn]:
    """Columns under our names, in place: as somebody has said, else where a usual header stands over cells that fit.
    `year`: the one planned, where it is told.

    A column said to be nobody's is kept and handed back without a word. Every other whose header is not ours is
    returned.
    """
    out = []
    for table in raw.tables.values():
        if table.name in TABLES:
            said = {
                n: m
                for n, x in enumerate(table.header)
                if (m := words.columns.get((table.name, squeezed(x)))) is not None
            }
            labels = list(table.header)
            table.labels = dict(enumerate(labels))
            for n, means in said.items():
                if means:
                    table.header[n] = means
                else:
                    table.kept.add(table.header[n])
            read = _usual(table, said, raw, year)
            if read:
                ours = ("the SIP of a year" if table.header[n] == LAST_SIP else table.header[n] for n in read)
                listed = ", ".join(f"{labels[n]} as {name}" for n, name in zip(read, ours, strict=True))
                raw.notice(
                    "headers_read",
                    table.name,
                    f"{table.title or table.name}: columns are read by their usual names: {listed}.",
                )
            out += _others(table, labels, read)
            _without_kind(table, raw)
    return out


def _usual(table: RawTable, said: Mapping[int, str], raw: Raw, year: str | None) -> list[int]:
    """Positions of the headers that were made ours because they are usual and their cells fit."""
    read = []
    have = {name for x in table.header if (name := _ours(table.name, x))}
    led = sip_columns(table, raw, year) if table.name == "schools" and LAST_SIP not in have | set(said.values()) else []
    for n, label in enumerate(table.header):
        if n in said or not label or _ours(table.name, label):
            continue
        cells = column_of(table, n)
        name = usual_column(table.name, label)
        if table.name == "schools" and name == "name" and _mostly(cells, six_digits) and "urn" not in have:
            name = "urn"
        if n in led:
            name = LAST_SIP
        told = table.name in PROTECTING and name in TELLS  # what it says is asked about, not put aside
        if name and (name not in have or n in led) and (told or fits(table.name, name, cells)):
            table.header[n] = name
            have.add(name)
            read.append(n)
    at = place(table, "sip")
    if (
        table.name == "sips"
        and "name" not in have
        and at is not None
        and _mostly(column_of(table, at), lambda c: " " in c)
    ):
        table.header[at] = "name"  # a list of people under the heading SIP
        read.append(at)
    return read


def _ours(table: str, label: str) -> str | None:
    return next((c for c in (*TABLES[table].model_fields, LAST_SIP) if squeezed(c) == squeezed(label)), None)


def column_of(table: RawTable, n: int, most: int = SAMPLE) -> list[str]:
    """The first so many different filled cells of a column, as texts."""
    found: dict[str, None] = {}
    for _, cells in table.rows:
        if n < len(cells) and not blank(cells[n]):
            found[text(cells[n])] = None
            if len(found) == most:
                break
    return list(found)


def _mostly(cells: list[str], holds: Callable[[str], bool]) -> bool:
    return bool(cells) and sum(map(holds, cells)) >= MOSTLY * len(cells)


def fits(table: str, column: str, cells: list[str]) -> bool:
    """Whether what stands in a column is what ours takes: most cells, words for *unknown* and usual words of
    programmes included."""
    kind = str if column == LAST_SIP else TABLES[table].model_fields[column].annotation

    def one(cell: str) -> bool:
        if "email" in column:
            return "@" in cell or cell.casefold() in NOBODY
        if column in ("la", "trust", "cluster", "diocese", "name") and cell.isdigit():
            return False
        if (table, column) == ("interests", "kind"):
            return not cell[:1].isdigit()
        try:
            convert(cell, kind, column)
        except BadCell:
            return cell.casefold() in NOTHING
        return True

    return not cells or _mostly(cells, one)


def _others(table: RawTable, labels: list[str], read: list[int]) -> list[OwnColumn]:
    known = TABLES[table.name].model_fields
    have = {_ours(table.name, x) for x in table.header}
    free = [c for c in known if c not in have]
    made = {"sip"} if table.name == "sips" and "name" in have else set()  # an id is made from the name
    wanted = any(known[c].is_required() for c in free if c not in made)
    if table.name == "schools" and LAST_SIP not in have:
        free.append(LAST_SIP)
    out = []
    for n, label in enumerate(labels):
        if not label or label in table.kept or (n not in read and _ours(table.name, table.header[n])):
            continue
        cells = column_of(table, n)
        near = table.header[n] if n in read else _likely(table.name, label, cells, free)
        choices = (*([near] if n in read and near else []), *free)
        asked = n not in read and belongs(table, n) is not None
        out.append(OwnColumn(table.name, label, tuple(cells[:3]), near, choices, wanted or asked, n in read, asked))
    return out


def _likely(table: str, label: str, cells: list[str], free: list[str]) -> str | None:
    """The column it likely is: by its usual name, by what stands in it, else by a name that is near."""
    usual = usual_column(table, label)
    if usual in free:
        return usual
    closed = [
        c
        for c in free
        if c in TABLES[table].model_fields and "Literal" in str(TABLES[table].model_fields[c].annotation)
    ]
    by_cells = [c for c in closed if 1 < len(cells) <= FEW_WORDS and fits(table, c, cells)]
    if len(by_cells) == 1:
        return by_cells[0]
    near = nearest(label, [c for c in free if c != "head"])  # an id for the head, which no usual header holds
    return (
        near
        if near and fits(table, near, cells) and SequenceMatcher(None, squeezed(label), squeezed(near)).ratio() >= CLOSE
        else None
    )


def _without_kind(table: RawTable, raw: Raw) -> None:
    """A list of conflicts that does not say what kind they are: each bars."""
    if table.name == "interests" and table.rows and place(table, "kind") is None:
        at = len(table.header)
        table.header.append("kind")
        for _, cells in table.rows:
            cells.extend([None] * (at + 1 - len(cells)))
            cells[at] = "other"
        raw.notice(
            "kind_assumed",
            "interests",
            "interests: no column says what kind they are; each is read as *other*, and bars.",
        )


def values(raw: Raw, words: OwnWords) -> None:
    """A programme's own words in cells made ours, in place, as somebody has said; what an interest is called is
    read widely, and told."""
    for table in raw.tables.values():
        for n, label in enumerate(table.header):
            column = squeezed(label)
            mine = {v: m for (c, v), m in words.values.items() if squeezed(c) == column}
            if not mine and (table.name, column) != ("interests", "kind"):
                continue
            told: dict[str, str] = {}
            for _, cells in table.rows:
                if n >= len(cells) or not isinstance(cells[n], str) or blank(cells[n]):
                    continue
                means = mine.get(as_word(cells[n]))
                if means is not None:
                    cells[n] = means or None
                elif (table.name, column) == ("interests", "kind") and (kind := _interest(cells[n])):
                    told[cells[n].strip()], cells[n] = kind, kind
            if told:
                listed = "; ".join(f"{given} as {kind}" for given, kind in list(told.items())[:MOST_LISTED])
                raw.notice("values_read", table.name, f"{table.name}: {column} is read: {listed}.", column=column)


def as_word(value: str) -> str:
    """A value as own words are compared."""
    return " ".join(value.casefold().split())


def _interest(given: str) -> str | None:
    """What kind of interest a text tells of: *other*, which bars, where it tells of none we know; None where it
    may be a slip of one."""
    kinds = get_args(InterestKind)
    plain_ = re.sub(r"[^a-z]+", " ", given.casefold()).strip()
    if plain_.replace(" ", "_") in kinds:
        return None
    if plain_ in VALUES["interest"]:
        return VALUES["interest"][plain_]
    if not re.search(r"\b(?:former|ex|previous|previously|past)\b", plain_):
        for word, kind in VALUES["interest"].items():
            if re.search(rf"\b{word}\b", plain_):
                return kind
    return None if nearest(plain_.replace(" ", "_"), kinds) else "other"


def blanks(raw: Raw) -> None:
    """Cells that say in words that nothing is known (*n/a*, *TBC*, *Vacant* as a head), made blank and told: they
    are no body's or person's name, and two of them are not the same one."""
    for table in raw.tables.values():
        for column, words in EMPTY.get(table.name, {}).items():
            at = place(table, column)
            found = Counter[str]()
            if at is None:
                continue
            for _, cells in table.rows:
                if at < len(cells) and isinstance(cells[at], str) and cells[at].strip().casefold() in words:
                    found[cells[at].strip()] += 1
                    cells[at] = None
            if found:
                listed = ", ".join(f"{word} ({n})" for word, n in found.most_common(MOST_LISTED))
                who = "nobody" if words is NOBODY else "blank"
                raw.notice(
                    "nothing_said",
                    table.name,
                    f"{table.name}: {column} is read as {who} where it says {listed}.",
                    column=column,
                )


def match_names(raw: Raw, words: OwnWords, before: Case | None, year: str) -> list[Unmatched]:
    """Ids in place of names, in `raw`: by what a person has said, else by a name that only one has. The others are
    returned.

    `year`: the academic year planned, to tell which year's SIP a column of the schools sheet holds.
    """
    _give_ids(raw, words, before)
    last_sips(raw, year)
    return resolve(raw, words.schools, words.sips)


def _give_ids(raw: Raw, words: OwnWords, before: Case | None) -> None:
    """Schools and SIPs listed by name alone get the id they had before; a new SIP gets one made from the name."""
    had = (
        {"schools": {s.urn: s.name for s in before.schools}, "sips": {s.sip: s.name for s in before.sips}}
        if before
        else {}
    )
    for name, key, theirs in (("schools", "urn", words.schools), ("sips", "sip", words.sips)):
        table = raw.tables.get(name)
        called = place(table, "name") if table else None
        if table is None or called is None:
            continue
        at = place(table, key)
        if at is None:
            at = len(table.header)
            table.header.append(key)
        taken = {text(c[at]) for _, c in table.rows if at < len(c) and not blank(c[at])}
        made = 0
        for _, cells in table.rows:
            if called >= len(cells) or blank(cells[called]) or (at < len(cells) and not blank(cells[at])):
                continue
            cells.extend([None] * (at + 1 - len(cells)))
            found = text(cells[called])
            id = theirs.get(plain(found)) or same(found, had.get(name, {}))
            if id is None and key == "sip":
                id = _new_id(found, taken)
            if id and id not in taken:
                cells[at] = id
                taken.add(id)
                made += 1
        if made:
            raw.notice(
                "ids_from_names",
                name,
                f"{name}: {made} rows give no {key}; it is found by the name, or made from it.",
                column=key,
            )


def _new_id(name: str, taken: set[str]) -> str:
    base = plain(name).replace(" ", "-") or "sip"
    return next(i for n in range(1, 10_000) if (i := base if n == 1 else f"{base}-{n}") not in taken)
