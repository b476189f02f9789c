"""A clause of an eligibility rule as policy data: `field op value` (domain D1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from allocator.domain.case import Sip

NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,6})?")  # years and days; `Fraction` would set out to work 1e20000000 out


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


@dataclass(frozen=True)
class Clause:
    """`field op value`, for example `headship_years >= 5` or `current_grade in good|outstanding`."""

    text: str

    def met(self, sip: Sip) -> bool:
        """Whether this SIP's row meets the clause; a blank field does not."""
        name, op, value = self.text.split(maxsplit=2)
        have = getattr(sip, name)
        if have is None or have == ():
            return False
        if op in (">=", "<="):
            a, b = Fraction(str(have)), Fraction(str(float(value)))
            return a >= b if op == ">=" else a <= b
        accepted = {_plain(v) for v in value.split("|")}
        given = have if isinstance(have, tuple) else ("yes" if have is True else "no" if have is False else str(have),)
        return any(_plain(str(g)) in accepted for g in given)

    def problem(self) -> str | None:
        """What is wrong with the clause itself; None when it can be used."""
        parts = self.text.split(maxsplit=2)
        if len(parts) != 3 or parts[1] not in (">=", "<=", "=", "in"):
            return f"{self.text!r} is not `field op value` with op one of >=, <=, =, in."
        if parts[0] not in Sip.model_fields:
            return f"{self.text!r}: {parts[0]} is not a column of sips."
        if parts[1] in (">=", "<=") and not NUMBER.fullmatch(parts[2]):
            return f"{parts[0]} {parts[1]} {parts[2][:30]!r}: that is not a number such as 5 or 2.5."
        return None
