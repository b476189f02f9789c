"""The national register brought into a table that is in use (domain 3.2): what it knows is refreshed, what a
manager wrote stays.

The register takes nothing away by saying nothing. It does not reopen a school that is closing here: a manager hears of
that before a register does.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from allocator.domain.bodies import Kind, alike, folded
from allocator.domain.case import School
from allocator.intake.gias import WRITTEN, authorities, import_gias
from allocator.intake.national import plain
from allocator.intake.refresh import ChangedCell, KeptTable, rows_of
from allocator.intake.source import Raw

BODIES: dict[str, Kind] = {"la": "la", "trust": "trust", "diocese": "diocese"}
SPELT = ("name", "religious_character", *BODIES)  # another spelling of the same is no change
DATED = ("status", "opens_on", "closes_on")  # refreshed together
REFRESHED = tuple(c for c in WRITTEN if c not in ("urn", *DATED))
KEEPABLE = (*REFRESHED, "status")  # a manager may say that these stay as they are; status with its dates
MOSTLY = 0.5  # the share of a body's schools from which the table is taken to be about that body


@dataclass
class Refreshed:
    """What the register says of a table in use; its rows have been refreshed, and `changes` lists every cell."""

    file: str
    changes: list[ChangedCell] = field(default_factory=list)
    schools: int = 0
    found: int = 0  # open or coming in the register
    opened: list[str] = field(default_factory=list)  # these lists: name (URN), with what there is to say
    closing: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)  # not in the register at all
    left_out: list[str] = field(default_factory=list)  # there, and not a school that we read
    only_here: list[str] = field(default_factory=list)  # closing or closed here, open in the register
    joined: list[str] = field(default_factory=list)  # another trust than before
    ties: list[str] = field(default_factory=list)  # SIPs tied to the trust that a school joined
    to_add: list[School] = field(default_factory=list)
    added: int = 0
    not_found: list[str] = field(default_factory=list)  # columns that the file does not have
    unread: Counter[str] = field(default_factory=Counter)


def refresh_register(
    path: Path, kept: KeptTable, raw: Raw, *, las: Sequence[str] = (), add: bool = False, keep: Collection[str] = ()
) -> Refreshed:
    """Refresh `kept` from the register file; nothing is written.

    `las`: authorities whose new schools are wanted; without, those of which the table has most schools. `add`: put the
    new ones in. `keep`: columns left as they are. Raises UsageError or CaseError when the file cannot be used.
    """
    found = import_gias(path)
    asked = authorities((s.la for s in found.rows), las, found.file)
    by_urn = {s.urn: s for s in found.rows}
    out = Refreshed(found.file, schools=len(kept.rows), not_found=found.not_found, unread=found.unread)
    for n in range(len(kept.rows)):
        urn = kept.urn(n)
        label = f"{kept.text(n, 'name')} ({urn})"
        if urn in by_urn:
            out.found += 1
            _cells(kept, n, by_urn[urn], keep, out)
            if "status" not in keep:
                _status(kept, n, label, by_urn[urn], out)
        elif urn in found.closed_on:
            if "status" not in keep:
                _close(kept, n, label, found.closed_on[urn], out)
        elif urn in found.left_out:
            out.left_out.append(f"{label}: {found.left_out[urn]}")
        else:
            out.gone.append(label)
    out.changes = list(kept.changes)
    out.ties = ties(raw, out.changes)
    out.to_add = new_schools(kept, found.rows, asked)
    if add:
        for school in out.to_add:
            kept.add({c: getattr(school, c) for c in WRITTEN})
        out.added = len(out.to_add)
    return out


def _cells(kept: KeptTable, n: int, school: School, keep: Collection[str], out: Refreshed) -> None:
    for column in REFRESHED:
        new, old = getattr(school, column), kept.text(n, column)
        if new is None or column in keep or (column in SPELT and _compared(column, old) == _compared(column, new)):
            continue
        if column == "trust":
            out.joined.append(f"{school.name} ({school.urn}): {old or 'no trust'} -> {new}")
        kept.put(n, column, new)


def _compared(column: str, name: str) -> str:
    if not name:
        return ""
    return folded(BODIES[column], name) if column in BODIES else plain(name)


def _status(kept: KeptTable, n: int, label: str, school: School, out: Refreshed) -> None:
    old, new = kept.value(n, "status") or "open", school.status or "open"
    if new == "open" and old in ("proposed_to_close", "closed"):
        out.only_here.append(f"{label}: {old.replace('_', ' ')} here")
        return
    if new == old and new == "open":
        return
    if new != old:
        (out.closing if new == "proposed_to_close" else out.opened).append(f"{label}: {new.replace('_', ' ')}")
    kept.put(n, "status", new)
    for column in ("opens_on", "closes_on"):
        if (day := getattr(school, column)) is not None:
            kept.put(n, column, day)


def _close(kept: KeptTable, n: int, label: str, on: dt.date | None, out: Refreshed) -> None:
    if kept.value(n, "status") == "closed":
        return
    out.closed.append(f"{label}: closed" + (f" on {on}" if on else ", no date given"))
    kept.put(n, "status", "closed")
    if on is not None:
        kept.put(n, "closes_on", on)


def ties(raw: Raw, changes: Sequence[ChangedCell]) -> list[str]:
    """Which SIPs work in, or have declared an interest in, a trust that a school has joined: each a conflict."""
    names = {r.get("sip", ""): r.get("name", "") for r in rows_of(raw, "sips")}
    tied = [(r["current_trust"], r.get("sip", ""), "works there") for r in rows_of(raw, "sips") if "current_trust" in r]
    tied += [
        (r["trust"], r.get("sip", ""), "has declared an interest in it")
        for r in rows_of(raw, "interests")
        if "trust" in r and r.get("outcome") != "cleared"
    ]
    told = []
    for c in changes:
        for trust, sip, how in tied if c.column == "trust" else ():
            who = names.get(sip) or sip
            if folded("trust", trust) == folded("trust", c.after):
                told.append(f"{c.school} ({c.urn}) is now in {c.after}, and {who} {how}")
            elif alike("trust", trust, c.after):
                told.append(f"{c.school} ({c.urn}) is now in {c.after}, which is much like {trust}: {who} {how}")
    return told


def new_schools(kept: KeptTable, register: Sequence[School], asked: Collection[str]) -> list[School]:
    """Schools of the register that the table may want: of its phases, in the authorities asked for, or in those most of
    whose schools it has; a table of no authority in particular may be a trust's."""
    at = kept.at()
    here = [s for s in register if s.urn in at]
    phases = {s.phase for s in here} or {s.phase for s in register}
    there = [s for s in register if s.phase in phases and s.status != "closed"]
    las = {folded("la", la) for la in asked} or _mostly(here, there, _la)
    trusts = set() if las else _mostly(here, there, _trust)
    return [s for s in there if s.urn not in at and (_la(s) in las or _trust(s) in trusts)]


def _la(school: School) -> str:
    return _compared("la", school.la or "")


def _trust(school: School) -> str:
    return _compared("trust", school.trust or "")


def _mostly(here: Iterable[School], there: Iterable[School], body: Callable[[School], str]) -> set[str]:
    """The bodies of which the table has at least MOSTLY of the schools."""
    mine, every = Counter(map(body, here)), Counter(map(body, there))
    return {b for b, n in mine.items() if b and n > 1 and n >= MOSTLY * every[b]}
