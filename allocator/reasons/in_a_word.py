"""A change in a word or two, for a column of a table: the claims in full are said by `spoken`."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence

from allocator.domain import claims as say
from allocator.domain.plan import Plan
from allocator.words import words

OPEN = "may not be needed"  # the search ended before it was known whether who was there could stay
OPEN_TOLD = (
    "The search ended before it was known whether these schools could keep whom they had in a plan as good. "
    "A longer search may keep some of them."
)
RULES = {  # what bars somebody, as short as a column needs it
    "dbs": "check lapsed",
    "interest": "interest",
    "own_ties": "own ties",
    "travel": "too far",
    "authority": "other authority",
    "training": "not trained",
    "approval": "not approved",
    "phase": "other phase",
    "capacity": "days full",
    "need": "experience",
    "reciprocal": "each other's SIP",
    "cluster": "same cluster",
    "former_tie": "former tie",
    "availability": "not there",
    "cooling_off": "may not return yet",
    "eligibility": "not eligible",
    "decision": "by decision",
    "floor": "fits too little",
}
SHORT = {"outweighed": "fits better", "by_hand": "by hand", "not_proved_best": OPEN, "tied": "by lot"}
TOGETHER = {"shared_head": "shared head", "halves": "infant and junior", "cluster": "one for the cluster"}


def why_they_change(plan: Plan) -> list[tuple[str, int]]:
    """(why, how many schools) of each school's last change of lead, the commonest first."""
    changes = sorted((c for c in plan.changes if c.post == "lead"), key=lambda c: c.on or dt.date.min)
    last = {c.urn: in_a_word(c.claims) or "other" for c in changes}
    return sorted(Counter(last.values()).items(), key=lambda x: (-x[1], x[0]))


def in_a_word(claims: Sequence[say.Cause]) -> str:
    """Why somebody is not there any more; empty where nothing is claimed."""
    return _word(claims[0]) if claims else ""


def _word(c: say.Cause) -> str:
    if isinstance(c, say.Gone):
        return "leaves" if c.on else "has left"
    if isinstance(c, say.LimitReached):
        return f"limit of {c.limit} years"
    if isinstance(c, say.AskedToLeave):
        return "refused" if c.how == "refusal" else "school asked" if c.by == "school" else "SIP asked"
    if isinstance(c, say.Barred):
        return RULES.get(c.rule, words(c.rule))
    if isinstance(c, say.OneForAll):
        return TOGETHER.get(c.rule, "one for all")
    return SHORT.get(c.kind, words(c.kind))
