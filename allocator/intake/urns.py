"""A school's national number (URN) as people and spreadsheets write it: six digits, or what is wrong with it."""

from __future__ import annotations

import re
from typing import Any

from allocator.intake.cells import text

LAESTAB = re.compile(r"[2-9]\d{2}[ /-]?\d{4}")
SIX = re.compile(r"[1-9]\d{5}")
DRESSED = re.compile(r"^(?:urn|no\.?|number)?\s*[:#]?\s*['’‘`\"]?\s*", re.IGNORECASE)
POWER = re.compile(r"([1-9])\.(\d+)[eE]\+?0?5")


def six_digits(urn: str) -> bool:
    """Whether it is written as a national number is."""
    return SIX.fullmatch(urn) is not None


def is_laestab(given: str) -> bool:
    """Whether it is written as a DfE number is: an authority of three digits, an establishment of four."""
    return LAESTAB.fullmatch(given) is not None


def read_urn(value: Any) -> str:
    """The cell as six digits where it can only mean those (`URN 910005`, `'910004`, `910,001`, `9.10001E+05`),
    else its text.

    `9.1E+05` stays: a spreadsheet has lost its last digits.
    """
    given = text(value)
    if six_digits(given):
        return given
    bare = DRESSED.sub("", given).strip("'’‘`\" \u00a0")
    power = POWER.fullmatch(bare)
    if power and len(power[2]) == 5:
        return power[1] + power[2]
    digits = re.sub(r"(?<=\d)[,\s\u00a0](?=\d{3}$)", "", bare)
    digits = re.sub(r"\.0+$", "", digits)
    return digits if six_digits(digits) else given
