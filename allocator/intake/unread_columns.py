"""Columns of the schools and the SIPs that are not ours, but by their headers say who must not be paired, who is
away, or how far and how long: told as errors where something stands in them, as no rule would know of it."""

from __future__ import annotations

import re

from allocator.intake.cells import NO, NOTHING, blank, text
from allocator.intake.source import RawTable

BARS = (
    r"\bconflict|\bdeclar|\bexcluded?\b|\bavoid|\bbarred\b|\bbar\b"
    r"|\bdo not\b|\bdon'?t\b|\bnot to\b|\bmust not\b|\bcannot\b"
    r"|\bveto|\brefus|\bobject(?:s|ion)|\bbreakdown"
)
SHOWS: dict[str, tuple[tuple[re.Pattern[str], str], ...]] = {  # table -> a header, and where what it says belongs
    "schools": (
        (re.compile(BARS, re.IGNORECASE), "rows of interests, refusals or decisions"),
        (re.compile(r"\block(?:ed)?\b|\bfixed sip|\bmust keep|\bsip fixed", re.IGNORECASE), "rows of decisions"),
    ),
    "sips": (
        (
            re.compile(rf"{BARS}|\bgovernor (?:at|of)|\bgovernorships?\b|^interests?$|\bfamily\b", re.IGNORECASE),
            "rows of interests, refusals or decisions",
        ),
        (
            re.compile(
                r"\baway\b|\babsen|\bunavailab|\bnot available|\bsabbatical|\bmaternity|\bholidays?\b|\bsick|^leave\b",
                re.IGNORECASE,
            ),
            "rows of absences",
        ),
        (re.compile(r"^leaving\b|\bretir(?:es|ing)\b|\blast day\b", re.IGNORECASE), "leaves_on, as a date"),
        (
            re.compile(r"(?:\bmax|\blimit|\bwithin|\bradius).*(?:mile|dist|travel)", re.IGNORECASE),
            "max_km, in kilometres",
        ),
    ),
}


def belongs(table: RawTable, at: int) -> str | None:
    """Where what a column not ours says should stand, if it says something that a rule must know; else None."""
    label = table.labels.get(at, table.header[at])
    where = next((told for header, told in SHOWS.get(table.name, ()) if header.search(label)), None)
    said = {text(c[at]).casefold() for _, c in table.rows if at < len(c) and not blank(c[at])}
    return where if said - NOTHING - NO else None
