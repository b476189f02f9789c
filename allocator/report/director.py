"""The director's one page: who has a SIP, what changed and why, what is short, what is wanted (practice, the voice)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from allocator.domain import claims as say
from allocator.domain.facts import Facts
from allocator.domain.phases import STANDS_FOR
from allocator.domain.plan import Plan
from allocator.domain.round import Round
from allocator.report.lapses import ties
from allocator.rules.base import listed
from allocator.rules.base import words as plain

CAUSES = {  # a claim's kind in a director's words
    "gone": "the SIP left, or the contract ends",
    "away": "the SIP is away for most of the time",
    "limit_reached": "the limit of years",
    "by_hand": "decided by a person",
    "one_for_all": "schools that must share a SIP",
    "kept_apart": "two tasks kept apart",
    "returns": "the SIP is back",
    "no_room": "the SIP's own days do not reach",
    "not_proved_best": "may not be needed: the search ended before it was known",
    "tied": "an equal choice, by the lot",
    "outweighed": "the plan as a whole is better so",
    "could_not_be": "not possible beside what is fixed",
}
BARS = {  # a rule that bars, where it has better words than its name
    "need": "the school needs other experience",
    "eligibility": "a rule on serving heads or headship",
    "interest": "an interest declared",
    "own_ties": "a tie to the SIP's own school",
    "dbs": "a DBS check that does not last",
    "travel": "too far",
    "phase": "another phase",
    "cooling_off": "no return so soon",
    "training": "training not on record",
    "approval": "approval not on record",
}
COUNTED = {  # schools that are in the authority's count and not in the run
    "own_sip": "a SIP of their own",
    "la_sip": "the authority's SIP",
    "trust_provided": "a SIP from their trust",
    "partnership": "a partnership's SIP",
    "not_taking_part": "none: not taking part",
}
NEEDY = ("top", "high")
MANY_INTERESTS = 5  # that wait for a decision; more are told together, as the register has each
SCARCE = 2  # a phase or tag that at most so many SIPs bring


@dataclass(frozen=True)
class Director:
    """Figures of the page; days in days."""

    schools: int
    with_sip: int
    elsewhere: tuple[tuple[str, int], ...]  # what schools outside the run have, how many
    without: tuple[tuple[str, str], ...]  # school, what is being done
    changes: tuple[tuple[str, int], ...]  # cause of a school's last change of lead, how many schools
    concern: tuple[tuple[str, str, float], ...]  # school, SIP, days
    promised: float
    given: float
    available: float
    short: tuple[tuple[str, float], ...]  # school, days short
    peak: tuple[tuple[str, float, float], ...]  # SIP, days in autumn 2, limit
    no_limit: int  # SIPs without a limit on record for those weeks
    wishes: tuple[int, int]  # met, all
    gaps: tuple[str, ...]
    answers_due: int
    refusals: int
    overruled: int
    told: bool  # whether any school has been told
    confirmed: int
    pairs: int  # of the round
    cleared: tuple[tuple[str, str], ...]  # SIP, who cleared
    altered: int
    wanted: tuple[str, ...]


def director(facts: Facts, plan: Plan, now: Round | None = None) -> Director:
    """Work the page out from the case and the plan, and from the round as it stands where there is one."""
    case, pairs = facts.case, now.pairs if now else {}
    leads = [p for p in facts.year_posts if p.kind == "lead"]
    rows_of = {p.key: rows for p in leads if (rows := plan.holders(*p.key))}
    held = {key: rows[-1] for key, rows in rows_of.items()}
    empty = {(u.urn, str(u.post)): u for u in plan.unfilled}
    short = [(a.school, a.days_short) for a in plan.assignments if a.days_short]
    answered = {(a.urn, a.post) for a in case.answers if a.by in ("head", "chair")}
    names = {s: row.name for s, row in facts.sips.items()}
    wanted = [f"{u.school}: {u.fixes[0].text}" for u in plan.unfilled if u.fixes]
    wanted += [
        f"{u.school} ({u.post}): nothing that policy may suggest would fill it." for u in plan.unfilled if not u.fixes
    ]
    wanted += [*_open_interests(facts, plan), *_to_decide(facts, now)]
    changes = sorted((c for c in plan.changes if c.post == "lead"), key=lambda c: c.on or dt.date.min)
    last = {c.urn: cause(c.claims) for c in changes}  # a school that changes twice counts once, by its last change
    refused = {(r.urn, r.sip) for r in case.refusals if r.year == case.year and r.kind == "veto"}
    refused |= {(urn, sip) for urn, _, sip in (now.refused if now else ())}
    return Director(
        schools=len(leads),
        with_sip=sum(p.key not in empty for p in leads),
        without=tuple(
            (facts.name(p.urn), empty[p.key].fixes[0].text if empty[p.key].fixes else empty[p.key].text)
            for p in leads
            if p.key in empty
        ),
        elsewhere=tuple(
            Counter(
                COUNTED[s.participation] for s in facts.schools.values() if s.participation in COUNTED
            ).most_common()
        ),
        changes=tuple(Counter(last.values()).most_common()),
        concern=tuple(
            (
                facts.name(p.urn),
                held[p.key].name if p.key in held else "nobody yet",
                sum(a.days for a in plan.assignments if a.urn == p.urn),  # of every post there, as on the desk
            )
            for p in leads
            if p.need in NEEDY or facts.as_it_stands(p.urn).category_of_concern
        ),
        promised=sum(p.due for p in facts.year_posts) / 4,
        given=sum(a.days for a in plan.assignments),
        available=plan.summary.days_offered,
        short=tuple(short),
        peak=tuple(
            (x.name, x.periods.autumn_2, limit)
            for x in plan.loads
            if (limit := facts.sips[x.sip].autumn_2_days) is not None and x.periods.autumn_2 > limit
        ),
        no_limit=sum(facts.sips[x.sip].autumn_2_days is None for x in plan.loads if x.days),
        wishes=(sum(w.met for w in plan.wishes), len(plan.wishes)),
        gaps=tuple(_gaps(facts)),
        answers_due=(
            sum(p.stage in ("draft", "proposed", "queried") for (_, kind), p in pairs.items() if kind == "lead")
            if now
            else sum(p.key not in answered for p in leads)
        ),
        refusals=_refusals(facts, refused),
        overruled=sum(p.heard is not None and not p.heard.stands for p in pairs.values()),
        told=any(p.stage != "draft" for p in pairs.values()),
        confirmed=sum(p.stage == "confirmed" for p in pairs.values()),
        pairs=len(pairs),
        cleared=tuple(
            (names.get(i.sip, i.sip), i.decided_by or "not recorded") for i in case.interests if i.outcome == "cleared"
        ),
        altered=sum(now.altered) if now else sum(d.decision in ("lock", "forbid") for d in case.decisions),
        wanted=tuple(wanted),
    )


def cause(claims: Sequence[say.Cause]) -> str:
    """The cause of a change in a director's words, from its first claim."""
    if not claims:
        return "decided earlier in the year"
    c = claims[0]
    if isinstance(c, say.AskedToLeave):
        if c.how == "breakdown":
            return "the work broke down"
        return "a refusal" if c.how == "refusal" else "the school asked" if c.by == "school" else "the SIP asked"
    if isinstance(c, say.Barred):
        return BARS.get(c.rule, f"a rule: {plain(c.rule)}")
    return CAUSES[c.kind]


def _refusals(facts: Facts, refused: set[tuple[str, str]]) -> int:
    """How many heads refused somebody: a head refuses once for all their schools."""
    heads = {u: facts.schools[u].head or u for u, _ in refused if u in facts.schools}
    return len({(heads[u], sip) for u, sip in refused if u in heads})


def _open_interests(facts: Facts, plan: Plan) -> Iterator[str]:
    """Interests that wait for a decision, with the schools they bar."""
    found = [t for t in ties(facts, plan) if t.outcome.startswith("open")]
    if len(found) > MANY_INTERESTS:
        who = sorted({t.name for t in found})
        shown = listed(who if len(who) < 7 else [*who[:5], f"{len(who) - 5} others"])
        yield f"{len(found)} declared interests are not decided yet ({shown}); clear or bar each."
        return
    for t in found:
        names = [name for _, name in t.schools]
        where = listed(names if len(names) < 4 else [*names[:2], f"{len(names) - 2} other schools"])
        yield f"{where}: {t.name} has declared an interest, not decided yet; clear it or bar it."


def _to_decide(facts: Facts, now: Round | None) -> Iterator[str]:
    for (urn, _), pair in sorted(now.pairs.items()) if now else ():
        if pair.represented:
            yield f"{facts.name(urn)}: its refusal waits for the {pair.rung or 'SIP manager'}."


def _gaps(facts: Facts) -> list[str]:
    """Phases in the run that at most two active SIPs serve."""
    active = [s for s in facts.sips.values() if s.status in (None, "active")]
    out = []
    for phase in sorted({facts.schools[p.urn].phase for p in facts.posts}):
        wants = STANDS_FOR.get(phase, phase)
        able = [s.name for s in active if wants in s.phases]
        if wants in ("special", "alternative", "secondary", "sixteen_plus") and len(able) <= SCARCE:
            out.append(f"{wants.replace('_', ' ')}: {', '.join(able) or 'nobody'}")
    return out
