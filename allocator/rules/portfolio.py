"""Most and fewest schools a SIP leads (domain A5-A7). The counts enter with each person (`allocate.person`)."""

from __future__ import annotations

from allocator.rules.base import Rule


class Portfolio(Rule):
    id = "portfolio"
    law = "domain A5-A7, C13"
    title = "How many schools a SIP leads"
    meaning = "Most and fewest schools a SIP leads."
