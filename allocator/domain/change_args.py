"""The shapes of a change's arguments, one class a shape (contract 4). Dates are ISO; `from` is a reserved word."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from allocator.domain.case import Need, PostKind

Change = dict[str, Any]  # {kind: {…}}, in JSON's values

TELLS = "the day it tells; blank = that of the change before it"


class Args(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Leaves(Args):
    """A SIP leaves for good."""

    sip: str
    on: dt.date | None = Field(None, description="last day; blank = not at all this year")


class Absent(Args):
    """A SIP is away and comes back; both days included."""

    sip: str
    from_: dt.date = Field(alias="from")
    to: dt.date


class DaysOf(Args):
    """Gross days a SIP offers."""

    sip: str
    days: float = Field(ge=0)
    on: dt.date | None = Field(None, description=TELLS)


class PeriodDays(Args):
    """Days a SIP can give in one period; blank = no limit."""

    sip: str
    period: Literal["autumn_1", "autumn_2", "spring", "summer"]
    days: float | None = Field(None, ge=0)
    on: dt.date | None = Field(None, description=TELLS)


class MostSchools(Args):
    """Most schools a SIP leads."""

    sip: str
    max_schools: int = Field(ge=0)
    on: dt.date | None = Field(None, description=TELLS)


class FewestSchools(Args):
    """Fewest schools a SIP leads, if any."""

    sip: str
    min_schools: int = Field(ge=0)
    on: dt.date | None = Field(None, description=TELLS)


class CheckOf(Args):
    """The DBS check on record; a date left out stays as it was."""

    sip: str
    dbs_checked_on: dt.date | None = None
    dbs_valid_until: dt.date | None = None
    on: dt.date | None = Field(None, description=TELLS)


class BudgetOf(Args):
    """A cap on all days together; only days not yet worked can go."""

    days: float = Field(ge=0)
    from_: dt.date | None = Field(None, alias="from")


class NeedOf(Args):
    """Need, pro rata from `on`."""

    urn: str
    need: Need
    on: dt.date | None = None


class CategoryOf(Args):
    """Category of concern as published; need rises with it by policy unless given."""

    urn: str
    category_of_concern: Literal["SM", "SWK", "RSI"]
    on: dt.date | None = None
    need: Need | None = None


class ParticipationOf(Args):
    """How the school takes part."""

    urn: str
    participation: str | None = None


class Closes(Args):
    """Last day of a school."""

    urn: str
    on: dt.date


class Successor(Args):
    """Old URN to new."""

    old_urn: str
    new_urn: str
    on: dt.date
    kind: Literal["conversion", "amalgamation", "split"] = "conversion"


class HeadMoves(Args):
    """A head goes to another school; with `follow` asks the SIP to come too."""

    urn: str
    to_urn: str
    on: dt.date | None = None
    follow: bool = False


class ClusterOf(Args):
    """Cluster of a school and whether it wants one SIP."""

    urn: str
    cluster: str | None = None
    cluster_wants_one_sip: bool | None = None


class PairOf(Args):
    """A school and a SIP."""

    urn: str
    sip: str
    post: PostKind | None = None
    on: dt.date | None = None
    reason: str | None = None


class DecidedPair(PairOf):
    """A school and a SIP, and who decided on them."""

    by: str | None = None
    until: dt.date | None = None


class Setting(Args):
    """One policy setting."""

    key: str
    value: Any = None
