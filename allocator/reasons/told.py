"""What a school or a SIP is told of its own pair, in the voice of practice.md: no points, no rival, no other school.

A head hears who, from when, why, how many days, and what to do if it does not suit (contract 5; domain F1, F2, N).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from fractions import Fraction

from allocator.allocate import Key, Setup
from allocator.domain.before import last_year
from allocator.domain.case import PostKind
from allocator.domain.claims import WishAnswered
from allocator.domain.facts import Facts
from allocator.domain.plan import Assignment, Moved, Plan, Reason
from allocator.reasons.complete import reasons
from allocator.reasons.spoken import name_of, to_head, unmet_to_head, unmet_to_sip
from allocator.rules.base import Audience, day, listed

ROLE: dict[PostKind, str] = {
    "lead": "School Improvement Partner",
    "support": "support adviser",
    "appraisal": "adviser for the head's appraisal",
}
PERIODS = ("September and October", "November and December", "spring", "summer")
TO_KNOW = {
    "phase"
}  # rules whose words are neither for nor against: a phase in which the SIP was never head (contract 2)
ANSWERED = ("wish", "local")  # wishes have an answer of their own
CONCERN = {"special_measures", "significant_improvement"}
VERBS = {"has": "have", "knows": "know", "can": "can"}


@dataclass(frozen=True)
class Told:
    """What a school or SIP is told, in parts for a letter: `opening` and `because` are clauses without a full stop,
    `rest` whole sentences (what could not be met, days). `reasons`: what it rests on."""

    opening: str
    because: str
    rest: str
    reasons: tuple[Reason, ...] = ()

    @property
    def text(self) -> str:
        first = f"{self.opening}, because {self.because}." if self.because else f"{self.opening}."
        return f"{first} {self.rest}"


def told(ready: Setup, plan: Plan, a: Assignment, audience: Audience) -> Told:
    """What a school or SIP is told of its pair: a school, of all who come within the year; a SIP, of their own row."""
    post = ready.held_by(a)[-1]
    held: dict[Key, str] = {p.key: x.sip for x in plan.assignments for p in ready.held_by(x)}
    said = reasons(ready, post, a, held, audience)
    given = ready.pairs.weighted(*post.key, a.sip)
    text = {r.rule: r.text.rstrip(".") for r in said}
    for_it = [t for rule, t in text.items() if given.get(rule, 0) >= 0 and rule not in TO_KNOW]
    against = [f"We know that {t}." for rule, t in text.items() if given.get(rule, 0) < 0 and rule not in ANSWERED]
    against += [f"You should know that {t}." for rule, t in text.items() if rule in TO_KNOW]
    made = _school(ready, plan, a, for_it, against) if audience == "school" else _sip(ready, plan, a, for_it, against)
    return replace(made, reasons=said)


def turn(plan: Plan, a: Assignment) -> Moved | None:
    """The change with which this row began; None where the same person goes on."""
    mine = (c for c in plan.changes if (c.urn, c.post, c.to) == (a.urn, a.post, a.sip))
    return next((c for c in mine if c.on is None or a.from_ <= c.on <= a.to), None)


def rows_from_now(plan: Plan, a: Assignment) -> list[Assignment]:
    """Who holds the post from here on, in order of time."""
    mine = [x for x in plan.assignments if (x.urn, x.post) == (a.urn, a.post) and not x.settled]
    return sorted(mine, key=lambda x: x.from_)


def stands_in(plan: Plan, a: Assignment) -> str | None:
    """The SIP for whom this row stands in: who was there before it, and is again after it."""
    mine = sorted((x for x in plan.assignments if (x.urn, x.post) == (a.urn, a.post)), key=lambda x: x.from_)
    n = mine.index(a)
    return mine[n - 1].name if 0 < n < len(mine) - 1 and mine[n - 1].sip == mine[n + 1].sip else None


def _school(ready: Setup, plan: Plan, a: Assignment, for_it: list[str], against: list[str]) -> Told:
    facts, rows = ready.facts, rows_from_now(plan, a)
    change = turn(plan, rows[0])
    cause = to_head(facts, change.claims) if change else ""
    if len(rows) > 1:
        opening = listed([_spell(facts, plan, x) for x in rows])
        because = cause
    else:
        had = turn(plan, a) is None and last_year(facts, a.urn, a.post) is not None
        stays = f"{a.name} stays your {ROLE[a.post]} for {facts.year.label}"
        opening = stays if had else f"{a.name} will be your {ROLE[a.post]} from {day(a.from_)}"
        because = _because([cause] if cause else [], for_it, a.name, named=not cause)
    parts = [*against]
    parts += [_unmet(facts, w, change) for w in plan.wishes if _is_ours(w, a)]
    return Told(opening, because, " ".join([*parts, *_days(ready, rows), *_limit(change)]))


def _spell(facts: Facts, plan: Plan, a: Assignment) -> str:
    """One of several who come within the year."""
    role, until = ROLE[a.post], "" if a.to >= facts.year.last_planned else f" to {day(a.to)}"
    if whom := stands_in(plan, a):
        return f"{a.name} will stand in for {whom} as your {role} from {day(a.from_)} to {day(a.to)}"
    before = [x for x in plan.assignments if (x.urn, x.post) == (a.urn, a.post) and x.from_ < a.from_]
    if any(x.sip == a.sip for x in before):
        return f"{a.name} is with you again from {day(a.from_)}{until}"
    return f"{a.name} {'is' if until else 'will be'} your {role} from {day(a.from_)}{until}"


def _is_ours(w: WishAnswered, a: Assignment) -> bool:
    return a.post == "lead" and w.by == "school" and w.urn == a.urn and not w.met


def _unmet(facts: Facts, w: WishAnswered, change: Moved | None) -> str:
    """A wish to keep the very person whose going is the cause that has been told needs no second reason."""
    if w.wish == "keep" and change is not None and change.from_ == w.sip:
        return f"We know that you asked to keep {name_of(facts, w.sip)}."
    return unmet_to_head(facts, w)


def _limit(change: Moved | None) -> list[str]:
    """The way to ask for one more year, where the limit of years alone is the cause (domain F5)."""
    alone = change is not None and [c.kind for c in change.claims] == ["limit_reached"]
    return ["If you would like one more year all the same, your chair can ask me, and I decide."] if alone else []


def _days(ready: Setup, rows: list[Assignment]) -> list[str]:
    """How many days, and for a lead about how many of them in school (domain B3, B4)."""
    a = rows[-1]
    if a.post == "appraisal":
        return [f"It takes {_count(a.days)} of the service's time. Your governors decide whether they wish it."]
    if len(rows) > 1:
        shares = [f"{_count(x.days)} with {x.name}" for x in rows]
        return [f"You have {listed(shares)}.", *_short(sum(x.days_short for x in rows))]
    d = ready.facts.policy.days
    span = "the year" if a.from_ <= ready.facts.year.first else "the rest of the year"
    text = f"You have {_count(a.days)} for {span}"
    inside = (
        math.floor(4 * Fraction(str(a.days)) * min(Fraction(1), Fraction(str(d.face_to_face)) / Fraction(str(d.flat))))
        / 4
    )
    text += f", about {inside:g} of them in school." if a.post == "lead" and 0 < inside < a.days else "."
    return [text, *_short(a.days_short)]


def _short(days: float) -> list[str]:
    if not days:
        return []
    return [
        f"That is {_count(days)} fewer than we would wish, because the team has no more to give; tell us what matters most."
    ]


def _sip(ready: Setup, plan: Plan, a: Assignment, for_it: list[str], against: list[str]) -> Told:
    whom = stands_in(plan, a)
    if whom:
        opening = f"You are asked to stand in as {ROLE[a.post]} at {a.school} from {day(a.from_)} to {day(a.to)}"
    elif turn(plan, a) is None and last_year(ready.facts, a.urn, a.post) is not None:
        opening = f"You are asked to go on as {ROLE[a.post]} at {a.school} in {ready.facts.year.label}"
    else:
        opening = f"You are offered {a.school} as {ROLE[a.post]} from {day(a.from_)}"
    because = _because([], for_it, a.name, named=True)
    parts = [*against]
    mine = [w for w in plan.wishes if (w.by, w.urn, w.sip) == ("sip", a.urn, a.sip) and not w.met]
    parts += [unmet_to_sip(ready.facts, w) for w in mine if a.post == "lead"]
    split = ", ".join(
        f"{days:g} in {name}" for name, days in zip(PERIODS, a.periods.model_dump().values(), strict=True) if days
    )
    parts.append(f"It takes {_count(a.days)}: {split}." if split else f"It takes {_count(a.days)}.")
    if a.extra_days:
        why = "to get to know the school" if a.new_pairing else "because the head is new"
        parts.append(f"You have {_count(a.extra_days)} more {why}.")
    return Told(opening, because, " ".join(parts))


def _count(days: float) -> str:
    return "half a day" if days == 0.5 else "one day" if days == 1 else f"{days:g} days"


def _because(first: list[str], texts: list[str], name: str, *, named: bool) -> str:
    """The reasons as one clause, strongest first. After the name has stood once it is *they*; neighbours share a subject."""
    out: list[str] = []
    for text in (*first, *texts):
        clause = _they(text, name) if named else text
        named = named or name in text
        subject = next((s for s in ("they have ", "you have ") if clause.startswith(s)), None)
        if subject and out and out[-1].startswith(subject) and "," not in out[-1] and " and have " not in out[-1]:
            out[-1] = f"{out[-1]} and have {clause.removeprefix(subject)}"
        else:
            out.append(clause)
    return _joined(out)


def _they(text: str, name: str) -> str:
    for verb, plural in VERBS.items():
        text = re.sub(rf"\b{re.escape(name)} {verb}\b", f"they {plural}", text)
    return text.replace(f"{name}'s", "their").replace(name, "them")


def _joined(parts: list[str]) -> str:
    """With commas or an *and* inside a part, the parts are kept apart by more."""
    if len(parts) < 2 or not any("," in part or " and " in part for part in parts[:-1]):
        return listed(parts)
    if len(parts) == 2 and "," not in parts[0]:
        return ", and ".join(parts)
    return "; ".join([*parts[:-1], f"and {parts[-1]}"])


def invitation(ready: Setup, a: Assignment, audience: Audience) -> str:
    """What to do if it does not suit; empty when the answer is given already (domain F1, F2; practice, the voice)."""
    facts, rules = ready.facts, ready.facts.policy.round
    within = f"within {rules.answer_days} days"
    if audience == "sip":
        return f"If you cannot take it, or have a tie to the school to declare, tell me {within}."
    if a.post == "appraisal" or any(x.urn == a.urn and x.post == a.post for x in facts.case.answers):
        return ""
    if a.post == "support":
        return f"If this does not suit you, tell me {within}."
    if rules.mode == "agree_with_school":
        return f"Please tell me {within} whether you and your chair of governors agree."
    used = sum(r.kind == "veto" and r.urn == a.urn and r.year == facts.case.year for r in facts.case.refusals)
    if used >= rules.vetoes:
        return f"If this does not suit you either, ring me {within}."
    if rules.concern_veto == "manager_decides" and {f.name for f in facts.flags(a.urn)} & CONCERN:
        return f"If you would rather not work with them, ring me {within}: I will hear you and decide."
    return f"If you would rather not work with them, ring me {within}; you need not say why."
