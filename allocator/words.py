"""English, for whoever speaks to people: dates, lists, plurals, numbers, tags."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
WRITTEN = {  # abbreviations as everybody writes them
    **{w: w.upper() for w in ("send", "sen", "eal", "eyfs", "pshe", "ict", "dbs", "nle", "lle", "qa")},
    **{"sip": "SIP", "sips": "SIPs", "la": "LA", "las": "LAs", "urn": "URN", "fsm": "FSM", "oeif": "OEIF"},
}

PERIODS = {  # the year's parts, as they are told
    "autumn_1": "September and October",
    "autumn_2": "November and December",
    "spring": "spring",
    "summer": "summer",
}


def day(date: dt.date) -> str:
    """31 March 2027."""
    return f"{date.day} {date:%B %Y}"


def number(n: int) -> str:
    """Small numbers as people write them: no, one, two … ten, 11."""
    return NUMBERS[n] if n < len(NUMBERS) else f"{n:,}"


def noun(n: float, one: str, many: str = "") -> str:
    """The noun for so many: school, schools; entry, entries where `many` says so."""
    return one if n == 1 else many or f"{one}s"


def counted(n: int, one: str, many: str = "") -> str:
    """1 school, 2 schools, 21,917 schools."""
    return f"{n:,} {noun(n, one, many)}"


def days(n: float) -> str:
    """1 day, 2.5 days."""
    return f"{n:g} {noun(n, 'day')}"


def years(n: int) -> str:
    """one year, two years, 11 years."""
    return f"{number(n)} {noun(n, 'year')}"


def keeps(n: int) -> str:
    """What so many schools do with their SIP: keeps its, keep their."""
    return "keeps its" if n == 1 else "keep their"


def times(n: int) -> str:
    """once, twice, three times."""
    return {1: "once", 2: "twice"}.get(n, f"{number(n)} times")


def listed(parts: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def no_longer(sip: str) -> str:
    """Somebody of whom the case knows no more than the id: ross (no longer on the team)."""
    return f"{sip} (no longer on the team)"


def words(tag: str) -> str:
    """A tag as words, abbreviations as people write them: ri_to_good, SEND, SIPs."""
    return " ".join(WRITTEN.get(w.lower(), w) for w in tag.replace("_", " ").split(" "))
