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
from allocator.domain.plan import Assignment, Plan, Reason
from allocator.reasons.complete import reasons
from allocator.rules.base import Audience, day, listed, years

ROLE: dict[PostKind, str] = {
    "lead": "School Improvement Partner",
    "support": "support adviser",
    "appraisal": "adviser for the head's appraisal",
}
PERIODS = ("September and October", "November and December", "spring", "summer")
TO_KNOW = {
    "phase"
}  # rules whose words are neither for nor against: a phase in which the SIP was never head (contract 2)
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


def told(ready: Setup, plan: Plan, a: Assignment, audience: Audience, cause: str | None) -> Told:
    """What a school or SIP is told of its pair. `cause`: why there is somebody new."""
    post = ready.held_by(a)[-1]
    held: dict[Key, str] = {(x.urn, x.post): x.sip for x in plan.assignments if not x.settled}
    said = reasons(ready, post, a, held, audience)
    given = ready.pairs.weighted(*post.key, a.sip)
    for_it = [r.text.rstrip(".") for r in said if given.get(r.rule, 0) >= 0 and r.rule not in TO_KNOW]
    against = [r.text.rstrip(".") for r in said if given.get(r.rule, 0) < 0]
    to_know = [r.text.rstrip(".") for r in said if r.rule in TO_KNOW]
    made = (
        _school(ready, a, for_it, against, to_know, cause) if audience == "school" else _sip(ready, a, for_it, against)
    )
    return replace(made, reasons=said)


def _school(
    ready: Setup, a: Assignment, for_it: list[str], against: list[str], to_know: list[str], cause: str | None
) -> Told:
    if a.post == "lead" and cause is None and last_year(ready.facts, a.urn, "lead") == a.sip:
        opening = f"{a.name} stays your {ROLE[a.post]} for {ready.facts.year.label}"
    else:
        opening = f"{a.name} will be your {ROLE[a.post]} from {day(a.from_)}"
    because = _because([cause] if cause else [], for_it, a.name, named=cause is None)
    parts = [f"We know that {text}; this year that could not be." for text in against]
    parts += [f"You should know that {text}." for text in to_know]
    return Told(opening, because, " ".join([*parts, _days(ready, a)]))


def _days(ready: Setup, a: Assignment) -> str:
    """How many days, and for a lead about how many of them in school (domain B3, B4)."""
    if a.post == "appraisal":
        return f"It takes {_count(a.days)} of the service's time. Your governors decide whether they wish it."
    d = ready.facts.policy.days
    span = "the year" if a.from_.month == 9 else "the rest of the year"
    text = f"You have {_count(a.days)} for {span}"
    inside = (
        math.floor(4 * Fraction(str(a.days)) * min(Fraction(1), Fraction(str(d.face_to_face)) / Fraction(str(d.flat))))
        / 4
    )
    text += f", about {inside:g} of them in school." if a.post == "lead" and 0 < inside < a.days else "."
    if a.days_short:
        text += f" That is {a.days_short:g} fewer than we would wish; tell us what matters most."
    return text


def _sip(ready: Setup, a: Assignment, for_it: list[str], against: list[str]) -> Told:
    if a.post == "lead" and last_year(ready.facts, a.urn, "lead") == a.sip:
        opening = f"You are asked to go on as {ROLE[a.post]} at {a.school} in {ready.facts.year.label}"
    else:
        opening = f"You are offered {a.school} as {ROLE[a.post]} from {day(a.from_)}"
    because = _because([], for_it, a.name, named=True)
    parts = [f"We know that {text}." for text in against]
    split = ", ".join(
        f"{days:g} in {name}" for name, days in zip(PERIODS, a.periods.model_dump().values(), strict=True) if days
    )
    more = f", and {_count(a.extra_days)} more to begin with" if a.extra_days else ""
    parts.append(f"It is {_count(a.days)}: {split}{more}." if split else f"It is {_count(a.days)}{more}.")
    return Told(opening, because, " ".join(parts))


def _count(days: float) -> str:
    return "half a day" if days == 0.5 else "one day" if days == 1 else f"{days:g} days"


def _because(first: list[str], texts: list[str], name: str, *, named: bool) -> str:
    """The reasons as one clause: what the school asked for, what the SIP brings, then what is the rule.

    After the name has stood once it is *they*; clauses with one subject share it.
    """
    about = [t for t in texts if t.startswith((f"{name} ", "you have ", "you know "))]
    rest = [t for t in texts if t not in about and not t.startswith(("you asked", "the school"))]
    asked = [t for t in texts if t not in about and t not in rest]
    out = list(first)
    for text in (*asked, *about, *rest):
        new = _they(text, name) if named else text
        named = named or name in text
        out.append(new)
    for subject in ("they ", "you have "):
        mine = [n for n, t in enumerate(out) if t.startswith(subject)]
        for n in mine[1:]:
            if n - 1 in mine:
                out[n] = out[n].removeprefix(subject.split()[0] + " ")
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


def cause(ready: Setup, key: tuple[str, PostKind], before: str) -> str:
    """Why the school has somebody new, as its head may be told: no other school, no interest's detail (domain N)."""
    facts = ready.facts
    old = facts.sips.get(before)
    if old is None:
        return "the SIP you had has left us"
    head = facts.schools[key[0]].head
    sharing = [u for u, s in facts.schools.items() if head and s.head == head] or [key[0]]  # they answer as one
    rules = {rule for rule, _ in ready.pairs.blocks(*key, before)}
    if any(rule == "refusal" for u in sharing for rule, _ in ready.pairs.blocks(u, key[1], before)):
        return "you asked for somebody else"
    if any(w.by == "school" and w.wish == "change" and w.sip in (None, before) for w in facts.wishes_about(key[0])):
        return f"you asked for a change from {old.name}"
    if "tenure" in rules:
        held = years(facts.tenure_year(key[0], before) - 1)
        return f"{old.name} has been with you for {held}, and our published policy then asks for a fresh view"
    if "availability" in rules:
        leaving = old.status == "left" or old.leaves_on
        return f"{old.name} is leaving us" if leaving else f"{old.name} is not with us for the whole time"
    if rules:  # which rule, an interest or a wish of the SIP's own, is not for the school
        return f"{old.name} cannot go on with your school"
    return f"we have had to ask {old.name} to work elsewhere"


def limit_reached(ready: Setup, key: tuple[str, PostKind], before: str) -> str:
    """The way to ask for one more year, where the time limit is the cause (domain F5); else empty."""
    rules = {rule for rule, _ in ready.pairs.blocks(*key, before)}
    return "Your chair can ask me for one more year." if rules == {"tenure"} else ""
