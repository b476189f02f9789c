"""A calendar file (RFC 5545) of what has a date: whole days, no times, no place, nothing that another school may
not read."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from allocator.domain.calendar import year_of
from allocator.domain.plan import Plan

LONGEST = 73  # bytes of a line before it goes on below


@dataclass(frozen=True)
class Date:
    """A day with something to do. `key` tells it from others, so that the same day imported again is the same entry."""

    on: dt.date
    title: str
    key: str
    text: str = ""


def ics(dates: Iterable[Date], name: str = "School Improvement Partners") -> str:
    """The file's text, for any calendar program."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//School Improvement Partners//EN",
        f"X-WR-CALNAME:{_plain(name)}",
    ]
    for d in sorted(dates, key=lambda d: (d.on, d.title, d.key)):
        uid = hashlib.sha256(f"{d.key}|{d.title}".encode()).hexdigest()[:24]
        lines += [
            "BEGIN:VEVENT",
            f"UID:{uid}@sip",
            f"DTSTAMP:{d.on:%Y%m%d}T000000Z",
            f"DTSTART;VALUE=DATE:{d.on:%Y%m%d}",
            f"DTEND;VALUE=DATE:{d.on + dt.timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_plain(d.title)}",
            *([f"DESCRIPTION:{_plain(d.text)}"] if d.text else []),
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    return "".join(f"{part}\r\n" for line in [*lines, "END:VCALENDAR"] for part in _folded(line))


def _plain(text: str) -> str:
    for sign in "\\;,":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\r\n", "\n").replace("\n", "\\n")


def _folded(line: str) -> Iterable[str]:
    """Lines of at most 75 bytes; no character is cut in two."""
    part, size = "", 0
    for sign in line:
        bytes_of = len(sign.encode())
        if size + bytes_of > LONGEST:
            yield part
            part, size = " ", 1
        part, size = part + sign, size + bytes_of
    yield part


def dates_of_plan(plan: Plan) -> list[Date]:
    """When each SIP begins at a school that is new to them, and when a post passes from one to another."""
    first = year_of(plan).first
    out = []
    for a in plan.assignments:
        post = "" if a.post == "lead" else f" ({a.post})"
        key = f"{a.urn}|{a.post}|{a.sip}|{a.from_}"
        if a.from_ > first:
            out.append(
                Date(a.from_, f"{a.name} takes over {a.school}{post}", key, "Handover: agree what is passed on.")
            )
        elif a.new_pairing and not a.settled:
            out.append(Date(a.from_, f"{a.name} begins at {a.school}{post}", key))
    return out
