"""Which schools enter the run: those that need or buy a SIP and are open (domain K1, 3.2)."""

from __future__ import annotations

from allocator.rules.base import Rule


class Participation(Rule):
    """Posts follow from this in `facts.posts`: a school outside the run has none, but is counted."""

    id = "participation"
    law = "domain K1, I2, 3.2"
    title = "Participation"
    meaning = "Which schools enter the run: those that need or buy a SIP and are open."
