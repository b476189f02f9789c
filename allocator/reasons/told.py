"""What a school or a SIP is told of its own pair, in the voice of practice.md: no points, no rival, no other school.

A head hears who, from when, why, how many days, and what to do if it does not suit (contract 5; domain F1, F2, N).
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from allocator.allocate import Key, Setup
from allocator.domain.before import last_year
from allocator.domain.case import PostKind
from allocator.domain.claims import Away, Returns, WishAnswered
from allocator.domain.facts import Facts, Post
from allocator.domain.plan import Assignment, Moved, Plan, Reason
from allocator.reasons.complete import held_in, reasons
from allocator.reasons.room import holds_if_locked
from allocator.reasons.spoken import to_head, to_reader, unmet_to_head, unmet_to_sip, with_why
from allocator.reasons.turns import is_now, news, spoken_on, stands_in, turn
from allocator.rules.base import Audience, day, listed
from allocator.rules.cluster import Cluster
from allocator.words import PERIODS

ROLE: dict[PostKind, str] = {
    "lead": "School Improvement Partner",
    "support": "support adviser",
    "appraisal": "adviser for the head's appraisal",
}
TO_KNOW = {
    "phase"
}  # rules whose words are neither for nor against: a phase in which the SIP was never head (contract 2)
SEVERAL = "partly"  # points are a sum: without the one that is named it might have come out the same
ANSWERED = ("wish", "local")  # wishes have an answer of their own
CONCERN = {"special_measures", "significant_improvement"}
STANDS = {"will be": "will stand in", "is": "stands in", "was": "stood in", "is to be": "is to stand in"}
SHARED = {
    "they have ": "have ",
    "you have ": "have ",
    "you asked ": "",
}  # subjects that neighbours share, and what is said again
VERBS = {"has": "have", "knows": "know", "can": "can", "come": "come"}


GOVERNORS_DECIDE = "Your governors decide whether they wish it."


def heard(text: str, governors: bool | None) -> str:
    """The words of an appraisal, once its governors have said yes or no."""
    said = f"Your governors have said {'yes' if governors else 'no'} to it."
    return text if governors is None else text.replace(GOVERNORS_DECIDE, said)


@dataclass(frozen=True)
class Told:
    """What a school or SIP is told, in parts for a letter: `opening` and `why` are clauses without a full stop
    (`why` as `with_why` takes it, or empty); `notes` (who it is, what could not be met), `days` and `after` (a way to
    ask for more) whole sentences. `reasons`: what it rests on."""

    opening: str
    why: str
    notes: str
    days: str = ""
    after: str = ""
    reasons: tuple[Reason, ...] = ()

    @property
    def rest(self) -> str:
        return " ".join(filter(None, (self.notes, self.days, self.after)))

    @property
    def text(self) -> str:
        return f"{with_why(self.opening, self.why)}. {self.rest}".rstrip()


def told(
    ready: Setup, plan: Plan, a: Assignment, audience: Audience, on: dt.date | None = None, *, agreed: bool = True
) -> Told:
    """What a school or SIP is told of its pair: a school, of all who come within the year; a SIP, of their own row.

    `on`: the day on which it is read, which decides between *will be*, *is* and *was* (default: `spoken_on`); what
    is not `agreed` yet *is to be*, though its first day has come.
    """
    on = on or spoken_on(plan, ready.facts)
    post = ready.held_by(a)[-1]
    held = _held(ready, plan)
    said = reasons(ready, post, a, held, audience)
    given = ready.pairs.weighted(*post.key, a.sip)
    text = {r.rule: r.text.rstrip(".") for r in said}
    new = turn(plan, a) is not None or last_year(ready.facts, a.urn, a.post) is None
    quiet = {*TO_KNOW, *(("protection",) if new else ())}  # who is new spares nobody a change
    for_it = [t for rule, t in text.items() if given.get(rule, 0) >= 0 and rule not in quiet]
    against = [f"We know that {t}." for rule, t in text.items() if given.get(rule, 0) < 0 and rule not in ANSWERED]
    against += [f"You should know that {t}." for rule, t in text.items() if rule in TO_KNOW]
    if audience == "school" and _cluster_apart(ready, post, a, held):
        against.append("We know that your cluster asked for one partner; it has not come about this year.")
    if audience == "sip":
        return replace(_sip(ready, plan, a, for_it, against, on), reasons=said)
    return replace(_school(ready, plan, a, for_it, against, on, agreed), reasons=said)


_lately: tuple[Setup, Plan, dict[Key, str]] | None = None  # a round's letters are written one after another


def _held(ready: Setup, plan: Plan) -> dict[Key, str]:
    """Part -> SIP; worked out once for letters that follow one another."""
    global _lately
    known = _lately
    if known is None or known[0] is not ready or known[1] is not plan:
        known = _lately = ready, plan, held_in(ready, plan)
    return known[2]


def _cluster_apart(ready: Setup, post: Post, a: Assignment, held: dict[Key, str]) -> bool:
    """Whether the school's cluster asked for one partner, and has not one."""
    rule, facts = Cluster(), ready.facts
    asked = rule.on(facts) and rule.say(facts, post, facts.sips[a.sip], 0, "school")
    return bool(asked) and rule.met(facts, post, held) is False


def _school(
    ready: Setup, plan: Plan, a: Assignment, for_it: list[str], against: list[str], on: dt.date, agreed: bool
) -> Told:
    facts, rows = ready.facts, plan.open(a.urn, a.post)
    change = news(plan, rows)
    why = to_head(facts, change.urn, change.claims, on) if change else ""
    parts = [*against]
    gaps = [u for u in plan.unfilled if (u.urn, u.post) == (a.urn, a.post) and u.from_ and u.to]
    if len(rows) > 1 or gaps or _was_here(plan, rows[0]):
        opening = _in_turn([_spell(facts, plan, x, on, agreed or x is not a) for x in rows])
        if change and _told_already(plan, rows, change):
            why = ""
    else:
        had = turn(plan, a) is None and last_year(facts, a.urn, a.post) is not None
        stays = f"{a.name} stays your {ROLE[a.post]} for {facts.year.label}"
        opening = stays if had else f"{a.name} {be(on, a.from_, a.to, agreed)} your {ROLE[a.post]} from {day(a.from_)}"
        speaks = _because(for_it, a.name)
        if speaks and why:
            parts = [f"Among the reasons for {a.name}: {speaks}.", *parts]
        elif speaks:
            why = f"{SEVERAL} because {speaks}"
    parts += [text for x in rows for text in _away(facts, x, on)]
    parts += [_unmet(facts, w, change, on) for w in plan.wishes if _is_ours(w, a)]
    if spans := [f"{day(u.from_)} to {day(u.to)}" for u in gaps if u.from_ and u.to and u.to >= on]:
        parts.append(f"For {listed(spans)} nobody is named yet; we shall write to you.")
    return Told(
        opening, why, " ".join(parts), " ".join(_days(ready, plan, rows)), " ".join(_limit(ready, plan, change))
    )


def _away(facts: Facts, a: Assignment, on: dt.date) -> list[str]:
    """When somebody is away while the post is theirs: too short a time for others to stand in."""
    mine = sorted((x.away_from, x.away_to) for x in facts.case.absences if x.sip == a.sip)
    shared = [(first, last) for first, last in mine if first <= a.to and last >= max(a.from_, on)]
    return [f"{a.name} {be(on, first, last)} away from {day(first)} to {day(last)}." for first, last in shared]


def be(on: dt.date, first: dt.date, last: dt.date, agreed: bool = True) -> str:
    """What somebody who is there from the first to the last of these days is on that one: will be, is, was; is to be,
    where nobody has agreed to it yet."""
    return "will be" if on < first else "was" if last < on else "is" if agreed else "is to be"


def being(plan: Plan, a: Assignment, on: dt.date, agreed: bool) -> str:
    """The same as a heading has it, of somebody who stands in too."""
    is_ = be(on, a.from_, a.to, agreed)
    return f"{STANDS[is_]} as" if stands_in(plan, a) else is_


def _in_turn(spells: list[str]) -> str:
    """Clauses of some length, one after another."""
    return f"{', '.join(spells[:-1])}, and {spells[-1]}" if len(spells) > 1 else "".join(spells)


def _spell(facts: Facts, plan: Plan, a: Assignment, on: dt.date, agreed: bool) -> str:
    """One of several who come within the year."""
    role, until = ROLE[a.post], "" if a.to >= facts.year.last_planned else f" to {day(a.to)}"
    is_ = be(on, a.from_, a.to, agreed)
    if whom := stands_in(plan, a):
        away = f", who {be(on, a.from_, a.to)} away," if _covers(plan, a) else ""
        return f"{a.name} {STANDS[is_]} for {whom}{away} as your {role} from {day(a.from_)} to {day(a.to)}"
    again = "with you again" if _was_here(plan, a) else f"your {role}"
    return f"{a.name} {is_} {again} from {day(a.from_)}{until}"


def _was_here(plan: Plan, a: Assignment) -> bool:
    """Whether the same SIP held the post in an earlier row of the year."""
    return any(x.sip == a.sip and x.from_ < a.from_ for x in plan.holders(a.urn, a.post))


def _covers(plan: Plan, a: Assignment) -> bool:
    """Whether this row stands in on just the days on which the other is away."""
    change = turn(plan, a)
    spans = [s for c in (change.claims if change else ()) if isinstance(c, Away) for s in c.spans]
    return [(s.from_, s.to) for s in spans] == [(a.from_, a.to)]


def _told_already(plan: Plan, rows: Sequence[Assignment], change: Moved) -> bool:
    """Whether the opening tells why this change is made: somebody is away, or is back."""
    back = any(isinstance(c, Returns) for c in change.claims)
    return back or any(turn(plan, x) == change and stands_in(plan, x) and _covers(plan, x) for x in rows)


def _is_ours(w: WishAnswered, a: Assignment) -> bool:
    return a.post == "lead" and w.by == "school" and w.urn == a.urn and not w.met


def _unmet(facts: Facts, w: WishAnswered, change: Moved | None, on: dt.date) -> str:
    """A wish to keep the very person whose going is the cause that has been told needs no second reason."""
    if w.wish == "keep" and change is not None and change.from_ == w.sip:
        return f"We know that you asked to keep {to_reader(facts, w.sip)}."
    return unmet_to_head(facts, w, on)


def _limit(ready: Setup, plan: Plan, change: Moved | None) -> list[str]:
    """The way to ask for one more year, where the limit of years alone bars it: an extension with a lock holds
    (domain F5).

    Not for a school that asked for somebody else.
    """
    alone = change is not None and [c.kind for c in change.claims] == ["limit_reached"]
    if (
        change is None
        or not alone
        or not is_now(plan, change)
        or any(w.wish in ("fresh_eyes", "change") for w in of_school(plan, change.urn))
    ):
        return []
    parts = ready.parts.of.get((change.urn, change.post), ())
    rest = [p for p in parts if change.on is None or change.on <= p.end]
    if not rest or not holds_if_locked(ready, rest[0], change.from_ or ""):
        return []
    if any(rule != "tenure" for p in rest for rule, _ in ready.pairs.blocks(*p.key, change.from_ or "")):
        return []  # they could not stay for the year
    return ["If you would like one more year all the same, your chair can ask me, and I decide."]


def of_school(plan: Plan, urn: str) -> list[WishAnswered]:
    """The school's own wishes, as they are answered."""
    return [w for w in plan.wishes if w.by == "school" and w.urn == urn]


def _days(ready: Setup, plan: Plan, rows: Sequence[Assignment]) -> list[str]:
    """How many days, and for a lead about how many of them in school (domain B3, B4)."""
    a = rows[-1]
    if a.post == "appraisal":
        return [f"It takes {in_words(a.days)} of the service's time. {GOVERNORS_DECIDE}"]
    if len(rows) > 1:
        shares = [f"{in_words(x.days)} with {x.name}" for x in rows]
        return [f"You have {listed(shares)}.", *short_of(ready, plan, rows)]
    d = ready.facts.policy.days
    span = "the year" if a.from_ <= ready.facts.year.first else "the rest of the year"
    text = f"You have {in_words(a.days)} for {span}"
    inside = (
        math.floor(4 * Fraction(str(a.days)) * min(Fraction(1), Fraction(str(d.face_to_face)) / Fraction(str(d.flat))))
        / 4
    )
    text += f", about {inside:g} of them in school." if a.post == "lead" and 0 < inside < a.days else "."
    return [text, *short_of(ready, plan, rows)]


def short_of(ready: Setup, plan: Plan, rows: Sequence[Assignment]) -> list[str]:
    """That days are missing; that nobody has more only where nobody who may take the post has a step of days left."""
    days = sum(x.days_short for x in rows)
    if not days:
        return []
    room = {x.sip: x.capacity - x.days for x in plan.loads}
    able = {s for a in rows for p in ready.held_by(a) for s in ready.pairs.allowed[p.key]}
    spent = all(room.get(s, 0) < ready.facts.policy.days.trim_step for s in able)
    why = ", because nobody who may take your school has more to give" if spent else ""
    return [f"That is {in_words(days)} fewer than we would wish{why}; tell us what matters most."]


def _sip(ready: Setup, plan: Plan, a: Assignment, for_it: list[str], against: list[str], on: dt.date) -> Told:
    whom = stands_in(plan, a)
    if whom:
        opening = f"You are asked to stand in as {ROLE[a.post]} at {a.school} from {day(a.from_)} to {day(a.to)}"
    elif turn(plan, a) is None and last_year(ready.facts, a.urn, a.post) is not None:
        opening = f"You are asked to go on as {ROLE[a.post]} at {a.school} in {ready.facts.year.label}"
        if _was_here(plan, a):
            opening = f"You are asked to take {a.school} again as {ROLE[a.post]} from {day(a.from_)}"
    else:
        opening = f"You are offered {a.school} as {ROLE[a.post]} from {day(a.from_)}"
    speaks = _because(for_it, a.name)
    parts = [*against]
    mine = [w for w in plan.wishes if (w.by, w.urn, w.sip) == ("sip", a.urn, a.sip) and not w.met]
    parts += [unmet_to_sip(ready.facts, w) for w in mine if a.post == "lead"]
    took = [f"It {'took' if a.to < on else 'takes'} {in_words(a.days)}{_split(a)}."]
    if a.extra_days:
        known = ready.facts.policy.days.new_pairing if a.new_pairing else 0
        why = ["to get to know the school"] if known else []
        why += ["because the head is new"] if a.extra_days > known and ready.facts.new_head(a.urn) else []
        took.append(f"You have {in_words(a.extra_days)} more {', and '.join(why)}.")
    return Told(opening, f"{SEVERAL} because {speaks}" if speaks else "", " ".join(parts), " ".join(took))


def _split(a: Assignment) -> str:
    """In which parts of the year the days fall."""
    given = [(n, name) for name, n in zip(PERIODS.values(), a.periods.model_dump().values(), strict=True) if n]
    if len(given) == 1:
        return f", in {given[0][1]}"
    return f": {', '.join(f'{n:g} in {name}' for n, name in given)}" if given else ""


def to_school_past(a: Assignment, on: dt.date) -> str:
    """A spell that lies before the change on which the plan was made, to its school."""
    has = "had" if a.to < on else "have"
    is_, span = be(on, a.from_, a.to), f"from {day(a.from_)} to {day(a.to)}"
    return f"{a.name} {is_} your {ROLE[a.post]} {span}; you {has} {in_words(a.days)} with them."


def to_sip_past(a: Assignment, on: dt.date) -> str:
    """The same to its SIP."""
    is_ = {"will be": "You will be", "is": "You are", "was": "You were"}[be(on, a.from_, a.to)]
    takes = "took" if a.to < on else "takes"
    return (
        f"{is_} {ROLE[a.post]} at {a.school} from {day(a.from_)} to {day(a.to)}. "
        f"It {takes} {in_words(a.days)}{_split(a)}."
    )


def in_words(days: float) -> str:
    """Half a day, one day, 2.5 days."""
    return "half a day" if days == 0.5 else "one day" if days == 1 else f"{days:g} days"


def _because(texts: list[str], name: str) -> str:
    """The reasons as one clause, strongest first. The name has stood before, so it is *they*; neighbours share a
    subject."""
    out: list[str] = []
    for text in texts:
        clause = _they(text, name)
        subject = next((s for s in SHARED if clause.startswith(s)), None)
        if subject and out and out[-1].startswith(subject) and not re.search(rf",| and {SHARED[subject]}", out[-1]):
            out[-1] = f"{out[-1]} and {SHARED[subject]}{clause.removeprefix(subject)}"
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
        return f"If this does not suit you either, tell me {within}."
    if rules.concern_veto == "manager_decides" and {f.name for f in facts.flags(a.urn)} & CONCERN:
        return f"If you would rather not work with them, tell me {within}: I will hear you and decide."
    return f"If you would rather not work with them, tell me {within}; you need not say why."
