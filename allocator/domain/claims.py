"""What is said, as data: a kind and its arguments, from which words are made for each audience (contract 2, *claims*).

What each kind asserts, and in which order causes are looked for, is in docs/reference/rules.md, "Claims"; the auditor
works each one out again (`check/claims.py`).
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from allocator.domain.case import WishKind


class Said(BaseModel):
    """Base of all claims: frozen, and nothing that is not named."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Gone(Said):
    """Not a SIP of the case, not active, or gone (or out of contract) after `on`, before the post's end."""

    kind: Literal["gone"] = "gone"
    sip: str
    on: dt.date | None = None


class Span(Said):
    """First and last day away, both included."""

    from_: dt.date = Field(alias="from")
    to: dt.date


class Away(Said):
    """Away on these days, which cover at least half of the post's."""

    kind: Literal["away"] = "away"
    sip: str
    spans: tuple[Span, ...]


class LimitReached(Said):
    """Has led the school for `years` years in a row, and policy's limit is `limit`."""

    kind: Literal["limit_reached"] = "limit_reached"
    urn: str
    sip: str
    years: int
    limit: int


class AskedToLeave(Said):
    """They are to part: the school refused (`binding`), the work broke down (`binding`), or one of them wished it."""

    kind: Literal["asked_to_leave"] = "asked_to_leave"
    urn: str
    sip: str
    by: Literal["school", "sip"]
    how: Literal["refusal", "breakdown", "wish"]
    binding: bool


THE_SCHOOL, THE_GOVERNORS, THE_SIP = "the school", "the governors", "the SIP"  # who ruled one out for one task alone
TASKS = {"appraisal": "the head's appraisal", "support": "the support"}
ASKED = {  # who, and for which task -> the reason that stands beside it
    (who, post): f"asked {'to be let go of' if who == THE_SIP else 'for somebody else for'} {task}"
    for who in (THE_SCHOOL, THE_GOVERNORS, THE_SIP)
    for post, task in TASKS.items()
}


class ByHand(Said):
    """A person decided: the pair locked here (`lock`), or this SIP ruled out (`forbid`)."""

    kind: Literal["by_hand"] = "by_hand"
    urn: str
    sip: str
    decision: Literal["lock", "forbid"]
    by: str
    on: dt.date
    reason: str

    @property
    def task(self) -> str | None:
        """The task of which the school, its governors or the SIP asked that it be somebody else's; None: a manager's
        word."""
        post = next((post for (who, post), why in ASKED.items() if (who, why) == (self.by, self.reason)), None)
        return post and TASKS[post]


class Barred(Said):
    """Another rule bars this SIP from the post (a part by its name in the model: `lead`, `lead/2`)."""

    kind: Literal["barred_by"] = "barred_by"
    urn: str
    post: str
    sip: str
    rule: str


class OneForAll(Said):
    """These schools must have one lead, by the rule."""

    kind: Literal["one_for_all"] = "one_for_all"
    rule: str
    urns: tuple[str, ...]


class Apart(Said):
    """This SIP holds another post of the school (`post`), and the two are kept apart by the rule."""

    kind: Literal["kept_apart"] = "kept_apart"
    urn: str
    sip: str
    post: str
    rule: str


class NoRoom(Said):
    """The SIP's own days do not reach for the post, with nothing else beside it: in this period, in the year, or
    no school at all."""

    kind: Literal["no_room"] = "no_room"
    urn: str
    post: str
    sip: str
    period: Literal["autumn_1", "autumn_2", "spring", "summer", "year", "schools"]


class Returns(Said):
    """Was here earlier in the year, and is back after somebody else stood in."""

    kind: Literal["returns"] = "returns"
    sip: str


class NotProvedBest(Said):
    """This plan is not proved best: it may be possible after all."""

    kind: Literal["not_proved_best"] = "not_proved_best"
    urn: str
    sip: str | None = None


class Tied(Said):
    """An equal plan has this SIP here: the lot decided."""

    kind: Literal["tied"] = "tied"
    urn: str
    sip: str


class Loss(Said):
    """How much worse a tier is, in its own measure (quarter-days for days short); negative = better."""

    tier: str
    by: int


class Shift(Said):
    """A part that another SIP would hold; `post` is its name in the model (`lead`, `lead/2`)."""

    urn: str
    post: str
    from_: str | None = Field(None, alias="from")
    to: str | None = None


class Trimmed(Said):
    """A part that would be given fewer days than it is due."""

    urn: str
    post: str
    days: float


class Price(Said):
    """What it would have cost: the best plan with it, as shifts from this one, and the tiers that are then worse."""

    lost: tuple[Loss, ...]
    shifts: tuple[Shift, ...]
    short: tuple[Trimmed, ...] = ()  # every part that is short of days in that plan


class Outweighed(Said):
    """No rule bars it, and no plan that has it is as good as this one. `sip` None: any other than who holds it."""

    kind: Literal["outweighed"] = "outweighed"
    urn: str
    post: str
    sip: str | None = None
    price: Price | None = None


class CouldNotBe(Said):
    """No rule bars the pair by itself, but no plan whatever has it beside what is fixed: so a solve says."""

    kind: Literal["could_not_be"] = "could_not_be"
    urn: str
    post: str
    sip: str


class NobodySuch(Said):
    """None of the SIPs who may take the post, or its last part, from `from` on, is what was asked for."""

    kind: Literal["nobody_such"] = "nobody_such"
    urn: str
    wish: WishKind
    from_: dt.date | None = Field(default=None, alias="from")


Cause = Annotated[
    Gone
    | Away
    | LimitReached
    | AskedToLeave
    | ByHand
    | Barred
    | OneForAll
    | Apart
    | NoRoom
    | Returns
    | NotProvedBest
    | Tied
    | Outweighed
    | CouldNotBe
    | NobodySuch,
    Field(discriminator="kind"),
]


class WishAnswered(Said):
    """A wish, and what came of it. `sip`: whom it is about, where it is about somebody; `because`: why it was not met.

    `text` says so to a manager.
    """

    kind: Literal["wish_met", "wish_not_met"]
    by: Literal["school", "sip"]
    urn: str
    sip: str | None = None
    wish: WishKind
    strength: Literal[1, 2, 3]
    because: tuple[Cause, ...] = ()
    text: str = ""

    @property
    def met(self) -> bool:
        return self.kind == "wish_met"
