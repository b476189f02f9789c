"""What may happen to a case, one function a kind of change (contract 4): each gives the change as data, checked.

Dates are `datetime.date` or ISO text, days are days. Each raises UsageError for what the kind does not take. What
a change means for the year is in docs/reference/changes.md.

>>> sip_leaves("john", on="2026-12-31")
{'sip_leaves': {'sip': 'john', 'on': '2026-12-31'}}
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from allocator.domain.change import canonical
from allocator.domain.change_args import Change

Day = dt.date | str


def _made(kind: str, /, **given: Any) -> Change:
    return canonical({kind: {k.removesuffix("_"): v for k, v in given.items() if v is not None}})


def sip_leaves(sip: str, on: Day | None = None) -> Change:
    """A SIP leaves for good after the day `on`; None = before the year begins."""
    return _made("sip_leaves", sip=sip, on=on)


def sip_absent(sip: str, from_: Day, to: Day) -> Change:
    """A SIP is away and comes back; both days included."""
    return _made("sip_absent", sip=sip, from_=from_, to=to)


def sip_joins(sip: str, **row: Any) -> Change:
    """A SIP joins: the columns of their row of `sips` (name, kind, phases and days at least)."""
    return _made("sip_joins", sip=sip, **row)


def days(sip: str, days: float, on: Day | None = None) -> Change:
    """Gross days that a SIP offers."""
    return _made("days", sip=sip, days=days, on=on)


def period_days(sip: str, period: str, days: float | None = None, on: Day | None = None) -> Change:
    """Days that a SIP can give in one period; None = no limit."""
    return _made("period_days", sip=sip, period=period, days=days, on=on)


def max_schools(sip: str, max_schools: int, on: Day | None = None) -> Change:
    """Most schools that a SIP leads."""
    return _made("max_schools", sip=sip, max_schools=max_schools, on=on)


def min_schools(sip: str, min_schools: int, on: Day | None = None) -> Change:
    """Fewest schools that a SIP leads, if any."""
    return _made("min_schools", sip=sip, min_schools=min_schools, on=on)


def check(
    sip: str, dbs_checked_on: Day | None = None, dbs_valid_until: Day | None = None, on: Day | None = None
) -> Change:
    """The DBS check on record; a date left out stays as it was."""
    return _made("check", sip=sip, dbs_checked_on=dbs_checked_on, dbs_valid_until=dbs_valid_until, on=on)


def budget(days: float, from_: Day | None = None) -> Change:
    """A cap on all days together; only days not yet worked can go."""
    return _made("budget", days=days, from_=from_)


def need(urn: str, need: str, on: Day | None = None) -> Change:
    """Another need, its days pro rata from `on`."""
    return _made("need", urn=urn, need=need, on=on)


def category(urn: str, category_of_concern: str, on: Day | None = None, need: str | None = None) -> Change:
    """A category of concern as published; need rises with it by policy unless given."""
    return _made("category", urn=urn, category_of_concern=category_of_concern, on=on, need=need)


def participation(urn: str, participation: str | None = None) -> Change:
    """How a school takes part."""
    return _made("participation", urn=urn, participation=participation)


def school_joins(urn: str, **row: Any) -> Change:
    """A school joins: the columns of its row of `schools` (name and phase at least)."""
    return _made("school_joins", urn=urn, **row)


def school_closes(urn: str, on: Day) -> Change:
    """The last day of a school."""
    return _made("school_closes", urn=urn, on=on)


def succession(old_urn: str, new_urn: str, on: Day, kind: str = "conversion") -> Change:
    """A school goes on under another URN."""
    return _made("succession", old_urn=old_urn, new_urn=new_urn, on=on, kind=kind)


def head_moves(urn: str, to_urn: str, on: Day | None = None, follow: bool = False) -> Change:
    """A head goes to another school; with `follow` they ask that the SIP come too."""
    return _made("head_moves", urn=urn, to_urn=to_urn, on=on, follow=follow)


def cluster(urn: str, cluster: str | None = None, cluster_wants_one_sip: bool | None = None) -> Change:
    """A school's cluster, and whether it wants one SIP."""
    return _made("cluster", urn=urn, cluster=cluster, cluster_wants_one_sip=cluster_wants_one_sip)


def _pair(kind: str, urn: str, sip: str, post: str | None, on: Day | None, reason: str | None, **more: Any) -> Change:
    return _made(kind, urn=urn, sip=sip, post=post, on=on, reason=reason, **more)


def veto(urn: str, sip: str, post: str | None = None, on: Day | None = None, reason: str | None = None) -> Change:
    """The school refuses this SIP: the pair is barred this year and the next."""
    return _pair("veto", urn, sip, post, on, reason)


def breakdown(urn: str, sip: str, post: str | None = None, on: Day | None = None, reason: str | None = None) -> Change:
    """The work of the two broke down: the pair is barred until cleared."""
    return _pair("breakdown", urn, sip, post, on, reason)


def lock(
    urn: str, sip: str, post: str | None = None, on: Day | None = None, reason: str | None = None, by: str | None = None
) -> Change:
    """This SIP for this school, whatever the points."""
    return _pair("lock", urn, sip, post, on, reason, by=by)


def unlock(
    urn: str, sip: str, post: str | None = None, on: Day | None = None, reason: str | None = None, by: str | None = None
) -> Change:
    """A lock taken back."""
    return _pair("unlock", urn, sip, post, on, reason, by=by)


def forbid(
    urn: str, sip: str, post: str | None = None, on: Day | None = None, reason: str | None = None, by: str | None = None
) -> Change:
    """Not this SIP for this school."""
    return _pair("forbid", urn, sip, post, on, reason, by=by)


def interest(sip: str, kind: str, **row: Any) -> Change:
    """A conflict declared: the columns of its row of `interests`, one of urn, trust and la among them."""
    return _made("interest", sip=sip, kind=kind, **row)


def wish(by: str, wish: str, **row: Any) -> Change:
    """What a school or a SIP asks for: the columns of its row of `wishes`."""
    return _made("wish", by=by, wish=wish, **row)


def decision(decision: str, urn: str, reason: str, by: str, on: Day, **row: Any) -> Change:
    """A manager's recorded word: the columns of its row of `decisions`."""
    return _made("decision", decision=decision, urn=urn, reason=reason, by=by, on=on, **row)


def school_says(urn: str, **said: Any) -> Change:
    """What a school answered when it was asked (wishes, focus, appraisal, other_support)."""
    return _made("school_says", urn=urn, **said)


def sip_says(sip: str, **said: Any) -> Change:
    """What a SIP answered when they were asked (days, periods, absences, interests, …)."""
    return _made("sip_says", sip=sip, **said)


def answer(urn: str, post: str, by: str, answer: str, on: Day, reason: str | None = None) -> Change:
    """What head, chair or SIP said to a proposal."""
    return _made("answer", urn=urn, post=post, by=by, answer=answer, on=on, reason=reason)


def policy(key: str, value: Any) -> Change:
    """One setting of the policy, such as `tenure.limit`."""
    return _made("policy", key=key, value=value)
