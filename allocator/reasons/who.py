"""Who the SIP is, as a head and governors may read it: kind, headships, phases, years (domain N9; contract 2,
*phases*)."""

from __future__ import annotations

from allocator.domain.case import Sip
from allocator.rules.base import listed, words, years
from allocator.words import noun

KIND = {
    "la_adviser": "an adviser of the authority",
    "serving_head": "a serving headteacher",
    "retired_head": "a former headteacher",
    "consultant": "a consultant",
}


def who_is(sip: Sip) -> str:
    """One sentence of what is on record; what is not recorded is not said."""
    named = [words(p) for p in sip.headship_phases]
    where = f" in the {listed(named)} {noun(len(named), 'phase')}" if named else ""
    said = f"{sip.name} is {KIND[sip.kind]}"
    if sip.ever_head is False:
        return f"{said}, and has not been a headteacher."
    n = sip.headship_years or 0
    long = years(int(n)) if n >= 1 else "less than a year" if n else ""
    if sip.kind in ("serving_head", "retired_head"):
        return f"{said}{where}{f', with {long} of headship' if long else ''}."
    if long:
        return f"{said}, with {long} of headship{where}."
    return f"{said}, and has been a headteacher{where}." if named else f"{said}."
