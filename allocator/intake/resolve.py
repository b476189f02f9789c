"""Whom a cell means: a school or a SIP by id, or by a name that only one has. Nothing that protects somebody is dropped.

What resolves to nobody or to two is an error with the nearest; a school outside the case is told of and counted.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cached_property, lru_cache
from typing import Any, Literal

from allocator.intake.cells import blank, text
from allocator.intake.naming import Index, apart, nearest_names, plain, words
from allocator.intake.problems import MOST_LISTED, nearest
from allocator.intake.source import Raw, RawTable
from allocator.intake.spelling import squeezed
from allocator.intake.urns import read_urn, six_digits

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
BOTH = re.compile(r"(.+?)\s*[(\[]([^()\[\]]+)[)\]]|(\d{6})\s*[-:\u2013,]?\s+(\D.*)")
POST = r"(?:(?:executive|acting|interim|deputy|assistant) )?(?:head|headteacher|head teacher|principal|ht|dht|governor|chair)"
ROLE = re.compile(
    rf"{POST} (?:of|at|in) (?:the )?|\s*[(\[,-]+\s*{POST}[)\]]?$", re.IGNORECASE
)  # beside one's own school: `Head of Ash`
FOLLOW = ("history", "refusals", "interests")  # tables whose rows follow a school to its new URN
FOLLOWED = " If a school here carries one of them on, say so in `successions` (`allocator import links` does), and its past follows."
LOOK_ALIKE = str.maketrans("oil", "011")
SLIP = 0.8  # how alike an id or name is at least, to be taken for a slip of a known one
WORD = 0.65  # and each of its words
SHARED = 0.4  # the part of its runs of letters that one so alike has at least
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


class Known:
    """The schools or SIPs of a case by id and name, and how their names are compared."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = dict(names)
        self._by_id: dict[str, list[str]] = defaultdict(list)
        self._exact: dict[str, list[str]] = defaultdict(list)
        self._alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
        self._slips: dict[str, bool] = {}
        self._looks = {look for id in self.names for look in _looks(id)}
        for id, name in self.names.items():
            self._by_id[_bare(id)].append(id)
            if name:
                self._exact[" ".join(name.casefold().split())].append(id)
                self._alike[tuple(sorted(words(name)))].append(id)

    def __contains__(self, id: str) -> bool:
        return id in self.names

    def find(self, given: str) -> list[str]:
        """Everyone it may mean: by id but for case and signs, else by name but for spelling."""
        if given in self.names:
            return [given]
        alone = ROLE.sub("", given)
        if alone != given and (theirs := self.find(alone)):
            return theirs
        both = BOTH.fullmatch(given)
        if both:  # `Ash Primary (900101)`, as we print them, or `900101 - Ash Primary`
            id, name = (both[2], both[1]) if both[2] else (both[3], both[4])
            if id in self.names:  # the two must not contradict each other
                return [id] if not self.names[id] or self.find(name) == [id] else []
        named = self._exact.get(" ".join(given.casefold().split())) or [
            i for i in self._alike.get(tuple(sorted(words(given))), ()) if not apart(given, self.names[i])
        ]
        return list(dict.fromkeys([*self._by_id.get(_bare(given), ()), *named]))

    def digit_off(self, urn: str) -> str | None:
        """The one school whose URN is a digit or a turn of two digits away."""
        if not six_digits(urn):
            return None
        turned = {urn[:n] + urn[n + 1] + urn[n] + urn[n + 2 :] for n in range(len(urn) - 1)}
        changed = {urn[:n] + d + urn[n + 1 :] for n in range(len(urn)) for d in "0123456789"}
        found = sorted(u for u in turned | changed if u in self.names)
        return found[0] if len(found) == 1 else None

    @cached_property
    def _by_name(self) -> Index:
        return Index({id: plain(name) for id, name in self.names.items() if name})

    @cached_property
    def _by_letters(self) -> Index:
        return Index({id: _bare(id) for id in self.names})

    def near(self, given: str) -> list[str]:
        """The most alike, best first, for a person to choose from."""
        by_id = nearest(given, self._by_letters.most(_bare(given)))
        likely = {id: self.names[id] for id in self._by_name.most(plain(given))}
        return list(dict.fromkeys([*nearest_names(given, likely), *([by_id] if by_id else [])]))

    def slip(self, given: str) -> bool:
        """Whether it is so nearly one of them that it must not be taken for somebody else."""
        if given not in self._slips:
            self._slips[given] = self._slip(given)
        return self._slips[given]

    def _slip(self, given: str) -> bool:
        given = ROLE.sub("", given)
        mine, bare = words(given), _bare(given)
        if not self._looks.isdisjoint(_looks(given)):
            return True
        whole = " ".join(sorted(mine))
        for id in self._by_name.most(plain(given), SHARED):
            theirs = words(self.names[id])
            if set(mine) <= set(theirs) or (
                _word_by_word(mine, theirs) and _ratio(whole, " ".join(sorted(theirs)), SLIP) >= SLIP
            ):
                return True
        return any(_mistyped(bare, _bare(id)) for id in self._by_letters.most(bare))


def _ratio(a: str, b: str, least: float = WORD) -> float:
    """How alike two texts are; 0 where their lengths or letters alone show that they are not so alike as `least`."""
    if 2 * min(len(a), len(b)) < least * (len(a) + len(b)):
        return 0.0
    mine, theirs = _letters(a), _letters(b)
    if 2 * sum(min(n, theirs.get(x, 0)) for x, n in mine.items()) < least * (len(a) + len(b)):
        return 0.0
    return SequenceMatcher(None, a, b).ratio()


@lru_cache(maxsize=65536)
def _letters(text: str) -> Counter[str]:
    return Counter(text)


def _word_by_word(mine: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """Whether each word of the one is like one of the other: Fern Primary is no slip of Alder Primary."""
    return all(any(_like(w, o) for o in theirs) for w in mine) and all(any(_like(o, w) for o in mine) for w in theirs)


@lru_cache(maxsize=65536)
def _like(a: str, b: str) -> bool:
    return a == b or _ratio(a, b) >= WORD


def _mistyped(a: str, b: str) -> bool:
    """Whether one id is likely the other: O for 0, a zero too few, or one letter off; other digits are another person."""
    if [int(d) for d in re.findall(r"\d+", a)] != [int(d) for d in re.findall(r"\d+", b)]:
        return False
    if abs(len(a) - len(b)) > 2:
        return False
    mine, theirs = re.sub(r"\d+", "", a), re.sub(r"\d+", "", b)
    longest, alike = max(len(mine), len(theirs)), _ratio(mine, theirs)
    return mine == theirs or (longest > 2 and a[:1] == b[:1] and alike >= 0.66) or (longest > 3 and alike >= SLIP)


def _bare(id: str) -> str:
    return re.sub(r"[\W_]+", "", id.casefold())


def _looks(id: str) -> set[str]:
    """An id as the eye takes it: O and 0, l and 1 alike; and without leading zeros."""
    bare = _bare(id)
    return {bare.translate(LOOK_ALIKE), re.sub(r"(?<!\d)0+(?=\d)", "", bare).translate(LOOK_ALIKE)}


@dataclass
class _Said:
    """What is to be told once the whole file has been gone through."""

    read: dict[tuple[str, str], dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    outside: dict[tuple[str, What], list[str]] = field(default_factory=lambda: defaultdict(list))
    gone: Counter[str] = field(default_factory=Counter)  # SIPs of the past -> rows
    open: dict[tuple[What, str], list[Cell]] = field(default_factory=lambda: defaultdict(list))


def resolve(raw: Raw, schools: Mapping[str, str], sips: Mapping[str, str]) -> list[Unmatched]:
    """Ids in place of names, in `raw`; those nobody can tell are errors, and returned for a person to settle.

    `schools`, `sips`: names as compared -> the id that a person has said they mean; blank = somebody outside the case.
    """
    _numbers(raw)
    known = {what: _known(raw, what) for what in KEYS}
    told: dict[What, Mapping[str, str]] = {"school": schools, "sip": sips}
    older = {read_urn(c.cells[c.at]) for c in _references(raw) if squeezed(c.column) == "oldurn"}
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
            "names_read", table, f"{table}: {column} is read by name or spelling: {some}{_more(read)}.", column=column
        )
    for (table, what), found in said.outside.items():
        who = "schools" if what == "school" else "SIPs"
        names = sorted(set(found))
        several = len(found) > 1
        rows = f"{len(found)} row{'s are' if several else ' is'} about {who} outside this case, and bear{'' if several else 's'} on nobody here"
        goes_on = FOLLOWED if what == "school" and table in FOLLOW else ""
        raw.notice(
            "outside_case",
            table,
            f"{table}: {rows}: {', '.join(names[:MOST_LISTED])}{_more(names)}.{goes_on}",
            column=KEYS[what][1],
        )
    if said.gone:
        names = sorted(said.gone)
        raw.notice(
            "gone_sips",
            "history",
            f"history: {said.gone.total()} rows are of SIPs who are not in `sips`, taken as gone: "
            f"{', '.join(names[:MOST_LISTED])}{_more(names)}.",
            column="sip",
        )


def _more(listed: Any) -> str:
    return f" and {len(listed) - MOST_LISTED} more" if len(listed) > MOST_LISTED else ""


def _ask(raw: Raw, said: _Said, known: Mapping[What, Known]) -> list[Unmatched]:
    out = []
    for n, ((what, found), cells) in enumerate(said.open.items()):
        pool = known[what]
        sure = pool.find(found)
        ids = sure or (pool.near(found) if n < MOST_LISTED else [])
        shown = [f"{pool.names[i]} ({i})" if pool.names[i] else i for i in ids]
        if sure:
            why = f"{found} may be {' or '.join(shown)}."
        else:
            why = f"{found} is not in this case." + (f" Did you mean {shown[0]}?" if shown else "")
        out.append(Unmatched(what, found, tuple(c.place for c in cells), tuple((i, pool.names[i]) for i in ids)))
        for c in cells:
            raw.error(
                "ambiguous_name" if sure else "unknown_reference", c.table.name,
                f"{c.place}: {c.column} {why} Write {CALLED[what]} that only one has, or take the row out.",
                row=c.row, column=c.column, value=found, expected=CALLED[what],
            )  # fmt: skip
    return sorted(out, key=lambda u: (u.what, u.text))


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
        raw.notice("urns_read", "schools", f"schools: urn is read as six digits: {some}{_more(read)}.", column="urn")


def _known(raw: Raw, what: What) -> Known | None:
    """Every id that the table gives, with its name, in rows with other problems too; None when it could not be read."""
    name, key = KEYS[what]
    table = raw.tables.get(name)
    k = place(table, key) if table else None
    if table is None or k is None:
        return None
    n = place(table, "name")
    rows = [c for _, c in table.rows if k < len(c) and not blank(c[k])]
    return Known({text(c[k]): text(c[n]) if n is not None and n < len(c) and not blank(c[n]) else "" for c in rows})


def place(table: RawTable, column: str) -> int | None:
    """Where a column of ours stands."""
    return next((n for n, label in enumerate(table.header) if squeezed(label) == column), None)
