"""The steps of a round: what may happen next, and what it records (domain E2, F1, F2, F12, O3, 3.7; practice).

Each step is a function of the `Desk` (the plan on it and the round so far) that returns a `Fact`, or raises
RoundRefuses and changes nothing. `record` turns a fact into the next event; whoever keeps the events keeps the round.
"""

from allocator.rounds.answers import (
    above,
    answer,
    close_query,
    decide_refusal,
    granted,
    may_raise,
    needs_a_person,
    silence,
    sip_says,
    take_up,
)
from allocator.rounds.confirming import Altered, altered, confirm, governors, missing, private_words, put_in_force
from allocator.rounds.desk import (
    Desk,
    Fact,
    adopt,
    by_hand,
    facts_of,
    held_by_hand,
    may_adopt,
    plan_id,
    put_back,
    record,
    resubmit,
)
from allocator.rounds.due import asks, offered, sip_due, tell, tells, to_tell, together, told_only
from allocator.rounds.telling import deadline, outstanding, propose, remind, reminders, sealed, sound, withdraw, written

__all__ = [
    "Altered",
    "Desk",
    "Fact",
    "above",
    "adopt",
    "altered",
    "answer",
    "asks",
    "by_hand",
    "close_query",
    "confirm",
    "deadline",
    "decide_refusal",
    "facts_of",
    "governors",
    "granted",
    "held_by_hand",
    "may_adopt",
    "may_raise",
    "missing",
    "needs_a_person",
    "offered",
    "outstanding",
    "plan_id",
    "private_words",
    "propose",
    "put_back",
    "put_in_force",
    "record",
    "remind",
    "reminders",
    "resubmit",
    "sealed",
    "silence",
    "sip_due",
    "sip_says",
    "sound",
    "take_up",
    "tell",
    "tells",
    "to_tell",
    "together",
    "told_only",
    "withdraw",
    "written",
]
