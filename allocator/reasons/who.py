"""Who the SIP is, as a head and governors may read it: kind, headships, phases, years (domain N9; contract 2, *phases*)."""

from __future__ import annotations

from allocator.domain.case import Sip
from allocator.rules.base import listed, words, years

KIND = {
    "la_adviser": "an adviser of the authority",
    "serving_head": "a serving headteacher",
    "retired_head": "a former headteacher",
    "consultant": "a consultant",
}


def who_is(sip: Sip) -> str:
    """One sentence of what is on record; what is not recorded is not said."""
    said = f"{sip.name} is {KIND[sip.kind]}"
    phases = listed([words(p) for p in sip.headship_phases])
    if sip.ever_head is False:
        return f"{said}, and has not been a headteacher."
    if sip.headship_years:
        length = years(int(sip.headship_years)) if sip.headship_years >= 1 else "less than a year"
        return f"{said}, with {length} of headship{f' in the {phases} phase' if phases else ''}."
    return f"{said}, and has been a headteacher in the {phases} phase." if phases else f"{said}."
