"""Year and period days after overhead and reserve (domain A4, B9, B11, B19, J1).

The limits themselves enter the engine with each person (`allocate.person`).
"""

from __future__ import annotations

from allocator.rules.base import Rule


class Capacity(Rule):
    id = "capacity"
    law = "domain A4, B9, B11, B19, J1; contract 2"
    title = "Days of each SIP"
    meaning = "Year and period days after overhead and reserve."
