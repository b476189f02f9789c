"""Asking first (domain C10, D9, E6, F3, F6, X17; practice, May): the offer, the answers, and the case they make.

What is asked and answered is a log of its own beside the round's: `fold` says how it stands, `taken` makes the
next case.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from pydantic import Field

from allocator.domain import canon
from allocator.domain.case import Case, InterestKind, School, Sip
from allocator.domain.change import apply
from allocator.domain.change_args import Change
from allocator.domain.facts import Facts
from allocator.domain.policy import Policy
from allocator.domain.round import Frozen, Person, RoundState
from allocator.errors import UsageError
from allocator.intake.naming import same
from allocator.rules import RULES

Whose = Literal["school", "sip"]
Step = Literal["offered", "reminded", "answered", "taken", "next_year"]  # the last: said while the plan is in force
Key = tuple[Whose, str]  # a URN or SIP id
OPEN: tuple[RoundState, ...] = ("empty", "draft")  # once anybody has been told, a wish is an answer to a proposal
REACH = ("phase", "authority", "travel")  # rules that say which schools a SIP could ever meet


class SchoolWord(Frozen):
    """What a head says in May. `named` is the name as they wrote it, `named_sip` whom it means."""

    going_on: Literal["keep", "change", "discuss"] | None = None
    strongly: bool = False
    known: Literal["known_locally", "fresh_eyes"] | None = None
    not_serving_head: bool = False
    named: str | None = None
    named_sip: str | None = None
    focus: tuple[str, ...] = ()
    appraisal: Literal["none", "same", "different", "any"] | None = None
    other_support: str | None = None
    note: str | None = None


class AwaySaid(Frozen):
    """Both days included."""

    start: dt.date
    end: dt.date


class SipWord(Frozen):
    """What a SIP says in May. `ties`: URN -> kind, for each school with one; days are gross."""

    days: float
    periods: dict[Literal["autumn_1", "autumn_2", "spring", "summer"], float] = Field(default_factory=dict)
    flexible_diary: bool = False
    absences: tuple[AwaySaid, ...] = ()
    ties: dict[str, InterestKind] = Field(default_factory=dict)
    move_on: tuple[str, ...] = ()
    why: str | None = None


@dataclass(frozen=True)
class Asked:
    """How it stands with one school or SIP."""

    offered_on: dt.date | None = None
    reminded: tuple[dt.date, ...] = ()
    answer_by: dt.date | None = None  # as the letter to them said last
    answered_on: dt.date | None = None
    by: Person | None = None  # who gave the answer, or took it down
    word: dict[str, Any] = field(default_factory=dict)
    taken: bool = True  # into the case; nothing said, nothing to take


def _date(data: Mapping[str, Any]) -> dt.date | None:
    return dt.date.fromisoformat(data["answer_by"]) if data.get("answer_by") else None


Log = Iterable[tuple[Whose, str, Step, dt.datetime, Person, Mapping[str, Any]]]


def for_next_year(log: Log) -> dict[Key, Asked]:
    """What was said of the year after this one, as it was said last."""
    return {
        (whose, key): Asked(answered_on=at.date(), by=by, word=dict(data), taken=False)
        for whose, key, step, at, by, data in log
        if step == "next_year"
    }


def fold(log: Log) -> dict[Key, Asked]:
    """Everyone who was asked or has answered, after all steps in their order."""
    out: dict[Key, Asked] = {}
    for whose, key, step, at, by, data in log:
        if step == "next_year":
            continue
        now = out.get((whose, key), Asked())
        on = at.date()
        if step == "offered":
            now = replace(now, offered_on=on, answer_by=_date(data))
        elif step == "reminded":
            now = replace(now, reminded=(*now.reminded, on), answer_by=_date(data) or now.answer_by)
        elif step == "answered":
            now = replace(now, answered_on=on, by=by, word=dict(data), taken=False)
        else:
            now = replace(now, taken=True)
        out[whose, key] = now
    return out


def schools_asked(facts: Facts) -> list[School]:
    """Schools in the run, by name."""
    return sorted((s for s in facts.schools.values() if facts.in_run(s)), key=lambda s: (s.name, s.urn))


def sips_asked(facts: Facts) -> list[Sip]:
    """SIPs on the team, by name."""
    return sorted((s for s in facts.sips.values() if s.status in (None, "active", "paused")), key=lambda s: s.name)


def could_meet(facts: Facts, sip: Sip) -> list[School]:
    """Schools against which this SIP declares: those in the run that phase, authority and distance leave in reach,
    those they lead now, and those they have declared before."""
    rules = [r for r in RULES if r.id in REACH and r.on(facts)]
    near = {p.urn for p in facts.year_posts if p.kind == "lead" and not any(r.block(facts, p, sip) for r in rules)}
    near |= set(facts.led_last_year.get(sip.sip, ())) | {i.urn for i in facts.interests.get(sip.sip, ()) if i.urn}
    return [s for s in schools_asked(facts) if s.urn in near]


def change(facts: Facts, key: Key, asked: Asked) -> tuple[Change, str | None]:
    """The answer as a change of the case, and what a person must still settle."""
    whose, id = key
    if whose == "sip":
        return _of_sip(id, SipWord.model_validate(asked.word), asked.answered_on), None
    said = SchoolWord.model_validate(asked.word)
    name, wishes, unsettled = facts.name(id), [], None
    if said.going_on in ("keep", "change"):
        strength = 3 if said.strongly and said.going_on == "change" else None
        wishes.append({"wish": said.going_on, "strength": strength, "note": said.note})
    if said.known:
        wishes.append({"wish": said.known})
    if said.not_serving_head:
        wishes.append({"wish": "not_serving_head"})
    if said.named or said.named_sip:
        sip = said.named_sip or same(said.named or "", {s.sip: s.name for s in sips_asked(facts)})
        if sip is None:
            unsettled = f"{name} asks for {said.named}: nobody on the team has that name. Open the answer and choose."
        else:
            wishes.append({"wish": "named", "sip": sip})
    if said.going_on == "discuss":
        unsettled = " ".join(filter(None, [f"{name} would like to talk before anything is planned.", unsettled]))
    told = {
        "urn": id,
        "wishes": wishes,
        "focus": said.focus,
        "appraisal": said.appraisal,
        "other_support": said.other_support,
    }
    return {"school_says": told}, unsettled


def _of_sip(id: str, said: SipWord, on: dt.date | None) -> dict[str, Any]:
    return {
        "sip_says": {
            "sip": id,
            "declared_on": on,
            "days": said.days,
            "periods": said.periods,
            "flexible_diary": said.flexible_diary,
            "absences": [{"from": a.start, "to": a.end} for a in said.absences],
            "interests": [{"urn": u, "kind": k} for u, k in sorted(said.ties.items())],
            "move_on": [{"urn": u, "note": said.why} for u in said.move_on],
        }
    }


@dataclass(frozen=True)
class Taken:
    """The case with every answer not yet in it. `unsettled`: what a person must still do; `keys`: whose answers
    these are."""

    case: Case
    keys: tuple[Key, ...]
    unsettled: tuple[str, ...]


def taken(case: Case, policy: Policy, asked: Mapping[Key, Asked]) -> Taken:
    """Every answer not yet taken, into the case; one that no longer fits is told, and the others still go in."""
    facts, now, keys, unsettled = Facts(case, policy), case, [], []
    for key in sorted(k for k, a in asked.items() if not a.taken):
        if key[1] not in (facts.schools if key[0] == "school" else facts.sips):
            unsettled.append(f"{key[1]} has answered but is not in the data any more: the answer is left out.")
            continue
        made, word = change(facts, key, asked[key])
        unsettled += [word] if word else []
        try:
            now, _ = apply(now, policy, [made])
        except UsageError as error:
            unsettled.append(error.text)
            continue
        keys.append(key)
    return Taken(canon.sort_rows(now), tuple(keys), tuple(unsettled))
