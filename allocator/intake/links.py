"""The register's links file to `successions`: which schools carry on which, for the schools of a case only
(contract 1).

Two rows of the file say one thing, each from its own side, and either may lack the date. What is no succession (a sixth
form centre, an expansion) is left out and counted.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from allocator.domain.calendar import first_year
from allocator.domain.case import TABLES
from allocator.errors import CaseError
from allocator.intake.cells import BadCell, blank, date
from allocator.intake.national import plain, read_table
from allocator.intake.refresh import rows_of
from allocator.intake.source import Raw, RawTable
from allocator.intake.spelling import squeezed
from allocator.intake.urns import read_urn

COLUMNS = {
    "urn": ("urn",),
    "other": ("linkurn", "link urn"),
    "name": ("linkname", "link name"),
    "type": ("linktype", "link type"),
    "on": ("linkestablisheddate", "link established date"),
}
DATES = {"urn": ("urn",), "opens_on": ("opendate", "open date"), "closes_on": ("closedate", "close date")}
FOLLOW = ("history", "interests", "refusals")  # rows that follow a school to its new URN
HELD = {"urn", "pairedwith", "currenturn"}  # columns that a new number goes into; the rows that follow keep the old one
Kind = Literal["conversion", "amalgamation", "split"]


@dataclass(frozen=True)
class Link:
    """`old` is carried on by `new`."""

    old: str
    new: str
    on: dt.date | None
    kind: Kind


@dataclass
class Linked:
    """What the links file says of a case. `rows`: successions that are new to it."""

    file: str
    read: int = 0
    rows: list[Link] = field(default_factory=list)
    known: int = 0  # successions that the case had already
    follow: list[str] = field(default_factory=list)  # a school, and what of its past now counts
    moved_on: dict[str, str] = field(default_factory=dict)  # URN of the case -> the one URN it has now
    ended: list[str] = field(default_factory=list)  # schools of the case that several others, or a merger, carry on
    assumed: dict[str, dt.date] = field(default_factory=dict)  # "old -> new", where no file gives a date
    others: Counter[str] = field(default_factory=Counter)  # types of link that are no succession -> rows


def link_successions(path: Path, raw: Raw, *, register: Path | None = None, renumber: bool = False) -> Linked:
    """Put the successions of the case's schools into `raw`; nothing is written.

    `register`: where dates are looked up that the links file lacks (by itself, the same zip). `renumber`: schools that
    go on as one school under a new URN take it, in every table but those that follow by succession. Raises
    UsageError or CaseError when the file cannot be used.
    """
    links, out = _read(path)
    urns = {r["urn"] for r in rows_of(raw, "schools") if "urn" in r}
    after: dict[str, list[Link]] = defaultdict(list)
    before: dict[str, list[Link]] = defaultdict(list)
    for link in links.values():
        after[link.old].append(link)
        before[link.new].append(link)
    for urn in sorted(urns):
        end = _goes_on_as(urn, after)
        if end is not None and end not in urns:
            out.moved_on[urn] = end
        elif end is None and after.get(urn) and not any(x.new in urns for x in after[urn]):
            out.ended.append(f"{urn} ({', '.join(f'{x.kind}: {x.new}' for x in after[urn])})")
    now = {out.moved_on.get(u, u) for u in urns} if renumber else urns
    wanted = _leading_to(now, before)
    had = {(r.get("old_urn"), r.get("new_urn")) for r in rows_of(raw, "successions")}
    out.known = sum((x.old, x.new) in had for x in wanted)
    fresh = [x for x in wanted if (x.old, x.new) not in had]
    out.rows = _dated(fresh, register or path, raw, out)
    out.follow = _following(out.rows, now, before, raw)
    if renumber:
        _renumber(raw, out.moved_on)
    _append(raw, out.rows)
    return out


def _read(path: Path) -> tuple[dict[tuple[str, str], Link], Linked]:
    table = read_table(path, COLUMNS)
    if not {"urn", "other", "type"} <= table.found:
        raise CaseError(
            f"{path.name}: the columns LinkURN and LinkType were not found. Give the register's links file "
            "(links_edubasealldata….csv, or the zip it comes in) as published."
        )
    out = Linked(path.name, len(table.rows))
    links: dict[tuple[str, str], Link] = {}
    for row in table.rows:
        urn, other, words = row["urn"], row["other"], plain(row["type"] or "")
        side = words.split(" ")[0]
        if side not in ("predecessor", "successor") or not urn or not other or urn == other:
            out.others[row["type"] or "no type given"] += 1
            continue
        old, new = (other, urn) if side == "predecessor" else (urn, other)
        links[old, new] = _both(links.get((old, new)), Link(old, new, _date(row.get("on")), _kind(words)))
    return _plain_kinds(links), out


def _kind(words: str) -> Kind:
    if "split" in words:
        return "split"
    return "amalgamation" if "amalgam" in words or "merge" in words else "conversion"


def _both(a: Link | None, b: Link) -> Link:
    """Two rows about one pair: the date and the kind of whichever says more."""
    if a is None:
        return b
    days = [x.on for x in (a, b) if x.on]
    return Link(a.old, a.new, min(days, default=None), b.kind if a.kind == "conversion" else a.kind)


def _plain_kinds(links: Mapping[tuple[str, str], Link]) -> dict[tuple[str, str], Link]:
    """A plain link is a conversion only between two schools: several old make an amalgamation, several new a split."""
    olds, news = Counter(new for _, new in links), Counter(old for old, _ in links)
    return {
        k: x
        if x.kind != "conversion" or olds[x.new] == news[x.old] == 1
        else Link(x.old, x.new, x.on, "split" if news[x.old] > 1 else "amalgamation")
        for k, x in links.items()
    }


def _date(given: str | None) -> dt.date | None:
    try:
        return date(given) if given else None
    except BadCell:
        return None


def _goes_on_as(urn: str, after: Mapping[str, list[Link]]) -> str | None:
    """The last URN of a chain of conversions from this one; None where it does not go on as one school."""
    seen, last = {urn}, None
    while len(found := after.get(last or urn, [])) == 1 and found[0].kind == "conversion" and found[0].new not in seen:
        last = found[0].new
        seen.add(last)
    return None if last is None or after.get(last) else last


def _leading_to(urns: set[str], before: Mapping[str, list[Link]]) -> list[Link]:
    """Every link on a way to one of these schools, sorted."""
    out: dict[tuple[str, str], Link] = {}
    todo = sorted(urns)
    while todo:
        for link in before.get(todo.pop(), ()):
            if (link.old, link.new) not in out:
                out[link.old, link.new] = link
                todo.append(link.old)
    return [out[k] for k in sorted(out, key=lambda k: (k[1], k[0]))]


def _dated(links: list[Link], register: Path, raw: Raw, out: Linked) -> list[Link]:
    """Each with a date: the file's, else when the register says the one closed or the other opened, else one
    assumed."""
    if all(x.on for x in links):
        return links
    known = _register_dates(register, {u for x in links for u in (x.old, x.new)})
    days = []
    for x in links:
        on = x.on or known.get(("closes_on", x.old)) or known.get(("opens_on", x.new))
        if on is None:
            on = out.assumed[f"{x.old} -> {x.new}"] = _first_day(raw, links)
        days.append(Link(x.old, x.new, on, x.kind))
    return days


def _register_dates(path: Path, urns: set[str]) -> dict[tuple[str, str], dt.date]:
    table = read_table(path, DATES)
    return {
        (c, r["urn"]): d
        for r in table.rows
        if r["urn"] in urns and r["urn"]
        for c in ("opens_on", "closes_on")
        if (d := _date(r.get(c)))
    }


def _first_day(raw: Raw, links: list[Link]) -> dt.date:
    """1 September after the last year of history; without one, the newest date that the links have."""
    years = []
    for row in rows_of(raw, "history"):
        try:
            years.append(first_year(row.get("year", "")))
        except ValueError:
            continue
    return dt.date(max(years) + 1, 9, 1) if years else max((x.on for x in links if x.on), default=dt.date.today())


def _following(links: list[Link], urns: set[str], before: Mapping[str, list[Link]], raw: Raw) -> list[str]:
    """For each school with a new succession, how many rows about its predecessors count for it now."""
    names = {r.get("urn"): r.get("name", "") for r in rows_of(raw, "schools")}
    counts = {table: Counter(r.get("urn") for r in rows_of(raw, table)) for table in FOLLOW}
    told = []
    for urn in sorted(urns):
        older = {x.old for x in _leading_to({urn}, before)}
        if not any(x.old in older for x in links):
            continue
        rows = [f"{n} of {table}" for table in FOLLOW if (n := sum(counts[table][u] for u in older))]
        if rows:
            name = names.get(urn) or next((names[u] for u in sorted(older) if u in names), "")
            told.append(f"{name} ({urn}): rows of {', '.join(sorted(older))}: {', '.join(rows)}")
    return told


def _renumber(raw: Raw, now: Mapping[str, str]) -> None:
    for name, table in raw.tables.items():
        if name in FOLLOW or name == "successions":
            continue
        places = [n for n, h in enumerate(table.header) if squeezed(h) in HELD]
        for _, cells in table.rows:
            for n in places:
                if n < len(cells) and not blank(cells[n]):
                    cells[n] = now.get(read_urn(cells[n]), cells[n])


def _append(raw: Raw, links: list[Link]) -> None:
    """New rows at the end of the successions table, whatever the order of its columns."""
    fields = list(TABLES["successions"].model_fields)
    table = raw.tables.setdefault("successions", RawTable("successions", list(fields)))
    labels = {squeezed(h): n for n, h in enumerate(table.header)}
    for column in fields:
        if squeezed(column) not in labels:
            labels[squeezed(column)] = len(table.header)
            table.header.append(column)
    for link in links:
        cells: list[object] = [None] * len(table.header)
        values = {"old_urn": link.old, "new_urn": link.new, "on": str(link.on), "kind": link.kind}
        for column, value in values.items():
            cells[labels[squeezed(column)]] = value
        table.rows.append((len(table.rows) + 2, cells))
