"""The director's one page: who has a SIP, what changed and why, what is short, what is wanted (practice, the voice)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from allocator.domain.facts import Facts
from allocator.domain.plan import Plan

CAUSES = {  # words of a change's cause, first that fits
    "no room left": "the SIP is full with schools that need them more", "recorded as left": "the SIP left",
    "leaves on": "the SIP left", "longer on the team": "the SIP left", "contract ends": "the contract ends",
    "asked": "the school or the SIP asked", "refus": "a refusal", "the limit is": "the time limit",
    "interest": "an interest or tie", "needs experience": "the school now needs other experience",
    "needed at": "needed where need is greater",
}  # fmt: skip
NEEDY = ("top", "high")
SCARCE = 2  # a phase or tag that at most so many SIPs bring


@dataclass(frozen=True)
class Director:
    """Figures of the page; days in days."""

    schools: int
    with_sip: int
    without: tuple[tuple[str, str], ...]  # school, what is being done
    changes: tuple[tuple[str, int], ...]  # cause, how many
    concern: tuple[tuple[str, str, float], ...]  # school, SIP, days
    promised: float
    given: float
    available: float
    short: tuple[tuple[str, float], ...]  # school, days short
    peak: tuple[tuple[str, float, float], ...]  # SIP, days in autumn 2, limit
    gaps: tuple[str, ...]
    answers_due: int
    refusals: int
    cleared: tuple[tuple[str, str], ...]  # SIP, who cleared
    altered: int
    wanted: tuple[str, ...]


def director(facts: Facts, plan: Plan) -> Director:
    """Work the page out from the case and the plan."""
    case = facts.case
    leads = [p for p in facts.posts if p.kind == "lead"]
    held = {(a.urn, a.post): a for a in plan.assignments if not a.settled}
    empty = {(u.urn, u.post): u for u in plan.unfilled}
    short = [(a.school, a.days_short) for a in plan.assignments if a.days_short]
    answered = {(a.urn, a.post) for a in case.answers if a.by in ("head", "chair")}
    names = {s: row.name for s, row in facts.sips.items()}
    wanted = [f"{u.school}: {u.fixes[0].text}" for u in plan.unfilled if u.fixes]
    wanted += [
        f"{u.school} ({u.post}): nothing that policy may suggest would fill it." for u in plan.unfilled if not u.fixes
    ]
    wanted += [
        f"{names.get(i.sip, i.sip)}: a declared interest is open; clear it or bar it."
        for i in case.interests
        if i.outcome in (None, "open") and i.kind != "former_adviser"
    ]
    return Director(
        schools=len(leads),
        with_sip=sum(p.key in held for p in leads),
        without=tuple(
            (facts.name(p.urn), empty[p.key].fixes[0].text if empty[p.key].fixes else empty[p.key].text)
            for p in leads
            if p.key in empty
        ),
        changes=tuple(Counter(cause(c.because) for c in plan.changes).most_common()),
        concern=tuple(
            (
                facts.name(p.urn),
                held[p.key].name if p.key in held else "nobody yet",
                held[p.key].days if p.key in held else 0.0,
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
        gaps=tuple(_gaps(facts)),
        answers_due=sum(p.key not in answered for p in leads),
        refusals=sum(r.year == case.year for r in case.refusals),
        cleared=tuple(
            (names.get(i.sip, i.sip), i.decided_by or "not recorded") for i in case.interests if i.outcome == "cleared"
        ),
        altered=sum(d.decision in ("lock", "forbid") for d in case.decisions),
        wanted=tuple(wanted),
    )


def cause(because: str) -> str:
    """The cause of a change in a director's words."""
    return next((said for word, said in CAUSES.items() if word in because), "a better fit for the plan as a whole")


def _gaps(facts: Facts) -> list[str]:
    """Phases in the run that at most two active SIPs serve."""
    active = [s for s in facts.sips.values() if s.status in (None, "active")]
    out = []
    for phase in sorted({facts.schools[p.urn].phase for p in facts.posts}):
        wants = {"middle_primary": "primary", "middle_secondary": "secondary"}.get(phase, phase)
        able = [s.name for s in active if wants in s.phases]
        if wants in ("special", "alternative", "secondary", "sixteen_plus") and len(able) <= SCARCE:
            out.append(f"{wants.replace('_', ' ')}: {', '.join(able) or 'nobody'}")
    return out
