"""Changes in a manager's words: what might happen, one sentence each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from allocator.domain.case import Case
from allocator.domain.change import parse
from allocator.domain.policy import Policy, settings
from allocator.words import counted, day, days, listed, noun

PERIOD = {
    "autumn_1": "September and October",
    "autumn_2": "November and December",
    "spring": "the spring term",
    "summer": "the summer term",
}
CATEGORY = {
    "SM": "special measures",
    "SWK": "significant improvement (serious weaknesses)",
    "RSI": "significant improvement",
}
DECISION = {
    "extend_tenure": "{sip} may stay longer at {urn}",
    "allow_change": "{urn} may be changed again",
    "allow_return": "{sip} may return to {urn}",
    "accept_local_head": "{sip}, a head of the authority, is accepted at {urn}",
    "clear_breakdown": "the breakdown between {urn} and {sip} is cleared",
    "separate_support": "{urn} is given a support SIP",
    "one_sip_for_cluster": "the cluster of {urn} is given one SIP",
    "lock": "{urn} keeps {sip}",
    "forbid": "{urn} is not given {sip}",
}


class NamesWithChanges:
    """What schools and SIPs are called, those that a change brings included."""

    def __init__(self, case: Case, changes: Sequence[Mapping[str, Any]] = ()) -> None:
        self.schools = {s.urn: s.name for s in case.schools}
        self.sips = {s.sip: s.name for s in case.sips}
        self.clusters = {s.urn: s.cluster for s in case.schools}
        for change in changes:
            kind, args = parse(change)
            if kind == "sip_joins":
                self.sips[args.sip] = args.name
            elif kind == "school_joins":
                self.schools[args.urn] = args.name

    def school(self, urn: str | None) -> str:
        return self.schools.get(urn or "", urn or "")

    def sip(self, sip: str | None) -> str:
        return self.sips.get(sip or "", sip or "")


def sentences(changes: Sequence[Mapping[str, Any]], case: Case) -> list[str]:
    """One sentence a change; schools of one cluster that ask for one SIP together."""
    names, out = NamesWithChanges(case, changes), list[str]()
    for change in changes:
        text = _told(*parse(change), names)
        text = f"{text[:1].upper()}{text[1:]}."
        if text not in out:
            out.append(text)
    return out


def title(changes: Sequence[Mapping[str, Any]], case: Case) -> str:
    """All of it in one line, without the full stop."""
    told = [s.removesuffix(".") for s in sentences(changes, case)]
    return listed(told) if told else "Nothing changes"


def _told(kind: str, a: Any, names: NamesWithChanges) -> str:
    sip, school = names.sip(getattr(a, "sip", None)), names.school(getattr(a, "urn", None))
    since = f" from {day(a.on)}" if getattr(a, "on", None) else ""
    says: dict[str, Callable[[], str]] = {
        "sip_leaves": lambda: f"{sip} leaves after {day(a.on)}" if a.on else f"{sip} is not there at all this year",
        "sip_absent": lambda: f"{sip} is away from {day(a.from_)} to {day(a.to)}",
        "sip_joins": lambda: (
            f"{a.name} joins{f' on {day(a.joined_on)}' if a.joined_on else ''} with {days(a.days)} "
            f"({listed([str(p).replace('_', ' ') for p in a.phases])})"
        ),
        "days": lambda: f"{sip} offers {days(a.days)}",
        "period_days": lambda: (
            f"{sip} can give {days(a.days) if a.days is not None else 'any number of days'} in {PERIOD[a.period]}"
        ),
        "max_schools": lambda: f"{sip} leads at most {a.max_schools} {noun(a.max_schools, 'school')}",
        "min_schools": lambda: (
            f"{sip} leads at least {counted(a.min_schools, 'school')}, if any"
            if a.min_schools
            else f"{sip} may lead any number of schools"
        ),
        "check": lambda: (
            f"the DBS check of {sip} is renewed" + (f" until {day(a.dbs_valid_until)}" if a.dbs_valid_until else "")
        ),
        "budget": lambda: f"all days together are cut to {a.days:g}" + (f" from {day(a.from_)}" if a.from_ else ""),
        "need": lambda: f"{school} has {a.need} need{since}",
        "category": lambda: f"{school} is in {CATEGORY[a.category_of_concern]}{since}",
        "participation": lambda: f"{school}: {(a.participation or 'needs a SIP').replace('_', ' ')}",
        "school_joins": lambda: f"{a.name} joins" + (f" on {day(a.opens_on)}" if a.opens_on else ""),
        "school_closes": lambda: f"{school} closes after {day(a.on)}",
        "succession": lambda: f"{names.school(a.old_urn)} becomes {names.school(a.new_urn)} on {day(a.on)}",
        "head_moves": lambda: (
            f"the head of {school} moves to {names.school(a.to_urn)}{since}"
            + (" and asks the SIP to follow" if a.follow else "")
        ),
        "cluster": lambda: f"the cluster {names.clusters.get(a.urn) or a.cluster or school} asks for one SIP",
        "veto": lambda: f"{school} refuses {sip}",
        "breakdown": lambda: f"{school} and {sip} can no longer work together{since}",
        "lock": lambda: f"{school} is given {sip}",
        "unlock": lambda: f"{school} is no longer held to {sip}",
        "forbid": lambda: f"{school} is not given {sip}",
        "interest": lambda: (
            f"{sip} declares an interest in {school or a.trust or a.la}"
            if a.outcome in (None, "open")
            else f"the interest of {sip} in {school or a.trust or a.la} is {a.outcome}"
        ),
        "wish": lambda: f"{school or sip} asks: {a.wish.replace('_', ' ')}",
        "decision": lambda: DECISION[a.decision].format(sip=sip, urn=school),
        "answer": lambda: f"{school} answers: {a.answer}",
        "policy": lambda: setting(a.key, a.value),
    }
    if kind not in says:
        return f"{school or sip}: {kind.replace('_', ' ')}"
    return says[kind]()


def setting(key: str, value: Any) -> str:
    """A setting in words: what it means, then its new value."""
    meanings = {k: meaning for k, _, _, meaning, _ in settings(Policy())}
    if key.endswith(".weight"):
        rule = meanings.get(f"{key.removesuffix('.weight')}.on", key)
        return f"“{rule}” counts {plain(value)}"
    return f"“{meanings.get(key, key)}” is {plain(value)}"


def plain(value: Any) -> str:
    """A setting's value as people write it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {v:g}" if isinstance(v, int | float) else f"{k} {v}" for k, v in value.items())
    return f"{value:g}" if isinstance(value, int | float) else str(value)
