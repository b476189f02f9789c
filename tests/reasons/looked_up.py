"""What may be looked up about a row: why somebody went, what speaks for who came, what was wished (for `reader`)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator

from allocator.check.before import last_year
from allocator.check.derived import Post, norm
from allocator.check.local import fresh_eyes, known_locally
from allocator.check.points import asked_of, former_tie
from allocator.check.score import Auditor
from allocator.check.standing import Stand
from allocator.check.structure import people, person_loads
from allocator.check.together import better, one_lead
from allocator.domain.case import Sip, Wish
from allocator.domain.plan import Assignment, Plan
from allocator.reasons.answer import world

ROLE = {
    "School Improvement Partner": "lead",
    "support adviser": "support",
    "adviser for the head's appraisal": "appraisal",
}
NUMBER = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
TAGS = {
    "small schools": "small_school",
    "large schools": "large_school",
    "rural schools": "rural",
    "faith schools": "faith_school",
    "schools where many children have free meals": "high_fsm",
    "heads new in post": "new_head",
    "schools that do well": "high_performing",
    "special and alternative provision": "special_school",
}
PERIODS = ("September and October", "November and December", "spring", "summer")
SUCH: dict[str, str] = {
    "someone known locally": "known_locally",
    "fresh eyes": "fresh_eyes",
    "someone with a flexible diary": "flexible_diary",
    "someone who can move a visit when an inspection comes": "flexible_diary",
}
DAY = r"(?:\d{1,2} [A-Z][a-z]+ \d{4})"
COUNT = r"(?:half a day|one day|[\d.]+ days)"
GONE = "the partner you had"  # one who is not in the case any more
Check = Callable[..., bool]


def spoken(date: dt.date) -> str:
    return f"{date.day} {date:%B} {date.year}"


def counted(text: str) -> float:
    return {"half a day": 0.5, "one day": 1.0}.get(text) or float(text.split()[0])


class Opened:
    """One plan, and everything that may be looked up about it."""

    def __init__(self, plan: Plan) -> None:
        case, self.policy = world(plan)
        self.plan = plan
        self.a = Auditor(case, self.policy, plan.made_with.seed, plan.inputs)
        self.b = self.a.book
        self.names = {s.sip: s.name for s in case.sips}
        self.name = "|".join(re.escape(n) for n in sorted({GONE, *self.names.values()}, key=len, reverse=True))
        since = plan.inputs.repaired and plan.inputs.repaired.since
        self.speaks_on = since or self.b.first - dt.timedelta(days=1)  # where nobody says on which day it is read
        self.on = self.speaks_on
        self.not_agreed: set[tuple[str, str, str]] = set()  # pairs that are proposals as yet
        self.where = "|".join(re.escape(s.name) for s in case.schools)


class Looked:
    """What is said of one row to one reader."""

    def __init__(self, reader: Opened, row: Assignment, audience: str) -> None:
        self.r, self.row, self.b, self.plan = reader, row, reader.b, reader.plan
        self.school = self.b.schools[row.urn]
        self.sip = self.b.sips[row.sip]
        self.rows = sorted(
            (x for x in self.plan.assignments if (x.urn, x.post) == (row.urn, row.post)), key=lambda x: x.from_
        )
        self.open = [x for x in self.rows if not x.settled]
        self.parts = parts = [*self.r.a.stand.parts.get((row.urn, row.post), ())]
        mine = [p for p in parts if p.begin <= row.to and row.from_ <= p.end]
        self.part = max(mine or parts, key=lambda p: p.begin, default=None)
        self.first = min(mine or parts, key=lambda p: p.begin, default=None)
        self.whole = [p for p in self.b.year_posts if p.key == (row.urn, row.post)]
        self.before = last_year(self.b, row.urn, row.post)
        self.audience = audience

    def because(self, text: str) -> str:
        """The cause of a change: one clause."""
        return self._cause(
            text, {x.from_ for x in self.plan.changes if (x.urn, x.post) == (self.row.urn, self.row.post)}
        )

    def _cause(self, text: str, gone: set[str | None]) -> str:
        b, case = self.b, self.b.case
        last = self.b.on(self.b.policy.calendar.last_day)
        for was in sorted(x for x in gone if x):
            name, sip = self.r.names.get(was, GONE), b.sips.get(was)
            turns = {x.on for x in self.plan.changes if (x.urn, x.post, x.from_) == (self.row.urn, self.row.post, was)}
            then = [p for p in self.parts if any(on is None or p.begin <= on <= p.end for on in turns)]
            part = next(iter(then), self.first)
            ends = min([d for d in (sip.leaves_on, sip.contract_ends) if d], default=None) if sip else None
            spans = sorted((x.away_from, x.away_to) for x in case.absences if x.sip == was)
            led = [h for h in b.rows[self.row.urn] if h.sip == was]
            years = b.tenure(self.row.urn, was) - 1
            groups = [urns for _, urns in one_lead(b) if self.row.urn in urns]
            near = [p for urns in groups for u in urns for p in self.r.a.stand.parts.get((u, "lead"), ())]
            refused = any(
                x.sip == was and x.urn in {*b.old[self.row.urn], *(p.urn for p in near)} for x in case.refusals
            )
            parted = any(
                w.wish == "change" and w.by == "school" and (w.sip or b.last_lead(self.row.urn)) == was
                for w in self.wishes()
            )
            other = [x.sip for x in self.plan.assignments if x.urn == self.row.urn and x.post != self.row.post]
            true: dict[str, bool] = {
                f"{name} is not with us this year": sip is not None and sip.status not in (None, "active", "left"),
                f"{name} has left us": sip is None or (sip.status == "left" or (ends is not None and ends < self.r.on)),
                f"{name} is leaving us": ends is not None and self.r.on <= ends < last,
                "away": name == re.split(" (?:will be|is|was) away from ", text)[0]
                and self._away(text, spans)
                and set(re.findall(rf"{DAY} to {DAY}", text)) <= set(spans_of(spans)),
                f"{name} has been with you for {n_years(years)}, and our published policy then asks for a fresh view": years
                >= b.policy.tenure.limit
                and sip is not None
                and part is not None
                and "tenure" in self.r.a.bars.rules(part, sip),
                "you asked for somebody else": refused,
                f"the work with {name} had broken down": any(h.ended == "breakdown" for h in led)
                or any(x.kind == "breakdown" and x.sip == was for x in case.refusals),
                f"you asked for a change from {name}": parted or any(h.ended == "school_asked" for h in led),
                "under our published rules it has to be somebody else this year": sip is None
                or any(self.r.a.bars.rules(p, sip) for p in [*near, *then, *([part] if part else []), *self.whole]),
                "your schools are to have one partner": any(
                    rule == "shared_head" for rule, urns in one_lead(b) if self.row.urn in urns
                ),
                "schools of your partnership are to have one partner": any(
                    rule == "cluster" for rule, urns in one_lead(b) if self.row.urn in urns
                ),
                f"{name} leads no school this year": sip is not None and sip.max_schools == 0,
                f"{name} does not have the days for your school this year": part is not None
                and sip is not None
                and no_days(self.r.a.stand, part, sip),
                "we decided on a change ourselves": any(
                    d.decision == "forbid" and d.sip == was for d in case.decisions
                ),
                f"{name} has another task at your school, and the two are kept apart": was in other,
                "the work is shared out afresh among all our schools": True,
            }
            for at in {u for rule, urns in one_lead(b) if rule == "shared_head" and self.row.urn in urns for u in urns}:
                true |= {
                    f"{text}, and your schools are to have one partner": fact for text, fact in self._there(at, was)
                }
            for x in self.open:
                true[f"we chose {x.name} for you ourselves"] = any(
                    d.decision == "lock" and d.sip == x.sip and d.urn in {self.row.urn, *(p.urn for p in near)}
                    for d in case.decisions
                )
                true[f"{x.name} is back"] = any(y.sip == x.sip for y in self.rows if y.from_ < x.from_)
            if true.get("away" if " away from " in text else text):
                return ""
        return "no such cause"

    def _there(self, at: str, was: str) -> Iterator[tuple[str, bool]]:
        """What may have ended somebody's work at another school of the same head."""
        b, where, name = self.b, self.b.schools[at].name, self.r.names.get(was, GONE)
        sip, parts, n = b.sips.get(was), self.r.a.stand.parts.get((at, "lead"), ()), b.tenure(at, was) - 1
        bars = sip is not None and any("tenure" in self.r.a.bars.rules(p, sip) for p in parts)
        refused = {x.kind for x in b.case.refusals if x.sip == was and x.urn in b.old[at]}
        ended = {h.ended for h in b.rows[at] if h.sip == was}
        wishes = (w for w in b.find.wishes.get(at, ()) if w.by == "school" and w.wish == "change")
        asked = any((w.sip or b.last_lead(at)) == was for w in wishes)
        yield (
            f"{name} has been with {where} for {n_years(n)}, our published policy then asks for a fresh view there",
            n >= b.policy.tenure.limit and bars,
        )
        yield f"for {where} you asked for somebody else there", "veto" in refused
        yield f"for {where} the work with {name} had broken down", "breakdown" in refused | ended
        yield f"for {where} you asked for a change from {name}", asked or "school_asked" in ended

    def _away(self, text: str, spans: list[tuple[dt.date, dt.date]]) -> bool:
        told = [x for x in spans if f"{spoken(x[0])} to {spoken(x[1])}" in text]
        right = "will be" if told and self.r.on < told[0][0] else "was" if told and told[-1][1] < self.r.on else "is"
        return f" {right} away from " in text

    # -- reasons ---

    def reasons(self, text: str) -> str:
        """Clauses one after another; or, where a cause is one of several, that cause."""
        gone = {x.from_ for x in self.plan.changes if (x.urn, x.post) == (self.row.urn, self.row.post)}
        if gone and not self._cause(text, gone):
            return ""
        rest = text
        while rest:
            for pattern, check in self._clauses():
                if m := re.match(pattern + r"(?:; and |; |, and |, | and |$)", rest):
                    if not check(*[x for x in m.groups() if x is not None]):
                        return f"not so ({m.group(0)})"
                    rest = rest[m.end() :]
                    break
            else:
                return f"not understood ({rest})"
        return ""

    def _clauses(self) -> list[tuple[str, Check]]:
        row, b = self.row, self.b
        tags = "|".join(map(re.escape, TAGS))
        focus = sorted({said(w) for w in self.school.focus}, key=len, reverse=True)
        some = "|".join(map(re.escape, focus)) or "-"
        such = "|".join(map(re.escape, SUCH))
        they = rf"(?:they|you|{self.r.name})"
        return [
            (rf"(?:{they} )?have been (?:your partner|with the school) for (\w+) years?", self.partner),
            (rf"(?:{they} )?have experience of ((?:(?:{tags})(?:, | and )?)+?)", self.experienced),
            (rf"(?:you asked )?for help with ((?:(?:{some})(?:, | and )?)+?), which they know well", self.helps),
            (rf"the school asked for help with ((?:(?:{some})(?:, | and )?)+?), which you know well", self.helps),
            (
                rf"{they} can move a visit at short notice when an inspection comes",
                lambda: bool(self.school.inspection_due and self.sip.flexible_diary),
            ),
            (r"(?:you asked )?to keep (?:them|you)", lambda: not self.asked("keep", row.name)),
            (r"(?:you asked )?for them", lambda: not self.asked("named", row.name)),
            (r"(?:you asked )?that (?:they|you) come with the head", lambda: not self.asked("follow_head", row.name)),
            (
                r"the school asked for you",
                lambda: any(not self.asked(w, row.name) for w in ("keep", "named", "follow_head")),
            ),
            (
                r"you asked to stay",
                lambda: any(w.by == "sip" and w.sip == row.sip and w.wish in ("keep", "named") for w in self.wishes()),
            ),
            (
                rf"(?:you asked )?for ((?:(?:{such})(?:, | and )?)+?)",
                lambda t: all(self.such(SUCH[x], row.sip) for x in parts_of(t, SUCH)),
            ),
            (
                rf"{they} knows? (?:your|the) school from earlier work",
                lambda: former_tie(b, self.part, self.sip) == 100 if self.part else True,
            ),
            (
                r"you know the school from earlier work",
                lambda: former_tie(b, self.part, self.sip) == 100 if self.part else True,
            ),
            (r"your cluster asked for one partner", lambda: self.together("cluster")),
            (r"infant and junior schools side by side have one partner", lambda: self.together("halves")),
            (r"schools that share a head have one partner", self.one_head),
            (
                r"you have had a change of partner lately and should not have another",
                lambda: b.protected(row.urn) and self.before == row.sip,
            ),
            (
                r"(?:you|the school) asked that somebody other than the lead SIP support the head's appraisal",
                lambda: self.appraiser("different"),
            ),
            (r"you asked that your own partner support it", lambda: self.appraiser("same")),
            (r"the school asked for its own SIP at the head's appraisal", lambda: self.appraiser("same")),
            (
                r"support is kept apart from validation here, so the lead is somebody else",
                lambda: row.post == "support" and row.sip not in self._lead(),
            ),
        ]

    def partner(self, n: str) -> bool:
        b, urn = self.b, self.row.urn
        return b.incumbent(urn) == self.row.sip and NUMBER.index(n) == b.tenure(urn, self.row.sip) - 1

    def experienced(self, text: str) -> bool:
        tags = {TAGS[t] for t in parts_of(text, TAGS)}
        return bool(tags) and tags <= asked_of(self.b, self.row.urn) & {norm(t) for t in self.sip.experience}

    def helps(self, text: str) -> bool:
        known = {norm(t) for t in self.sip.specialisms}
        asked = {said(w): norm(w) for w in self.school.focus}
        return all(asked[t] in known for t in parts_of(text, asked))

    def together(self, rule: str) -> bool:
        mine = [g for g in better(self.b) if g.rule == rule and (self.row.urn, "lead") in g.posts]
        decided = [urns for name, urns in one_lead(self.b) if name == rule and self.row.urn in urns]
        groups = [{u for u, _ in g.posts} for g in mine] + [set(g) for g in decided]
        held = {u: {y.sip for y in self.plan.assignments if y.urn == u and y.post == "lead"} for g in groups for u in g}
        return any(
            all(self.row.sip in held[u] for u in g)
            and (rule == "halves" or any(self.b.schools[u].cluster_wants_one_sip for u in g))
            for g in groups
        )

    def one_head(self) -> bool:
        urns = {u for rule, g in one_lead(self.b) if rule == "shared_head" and self.row.urn in g for u in g}
        return len(urns) > 1 and all(
            any(x.urn == u and x.sip == self.row.sip for x in self.plan.assignments) for u in urns
        )

    def _lead(self) -> set[str]:
        return {
            x.sip
            for x in self.plan.assignments
            if x.urn == self.row.urn and x.post == "lead" and x.from_ <= self.row.to and self.row.from_ <= x.to
        }

    def appraiser(self, wish: str) -> bool:
        own = self.row.sip in self._lead()
        return self.school.appraisal == wish and own == (wish == "same")

    # -- wishes ---

    def wishes(self) -> list[Wish]:
        return [
            *self.b.find.wishes.get(self.row.urn, ()),
            *self.b.find.general.get(self.b.last_lead(self.row.urn) or "", ()),
        ]

    def asked(self, wish: str, name: str, met: bool | None = None) -> str:
        about = {
            w.sip or (self.b.last_lead(self.row.urn) if wish in ("keep", "change") else None)
            for w in self.wishes()
            if w.by == "school" and w.wish == wish
        }
        if name not in {self.r.names.get(s or "", GONE) for s in about if s}:
            return "was not asked"
        last = max((p.end for p in self.whole), default=self.b.first)
        end = next((x.name for x in self.rows if x.to >= last), "")
        holds = end == name if wish in ("keep", "named", "follow_head") else end != name
        return "" if met in (None, holds) else "it came out otherwise"

    def such(self, wish: str, sip: str) -> bool:
        """A wish on record for somebody such, who this SIP is."""
        row = self.b.sips[sip]
        is_ = {
            "known_locally": known_locally(self.b, self.row.urn, row),
            "fresh_eyes": fresh_eyes(self.b, self.row.urn, row),
            "not_serving_head": row.kind != "serving_head",
            "flexible_diary": bool(row.flexible_diary),
        }
        return any(w.by == "school" and w.wish == wish for w in self.wishes()) and is_[wish]

    def unmet(self, asked: str, why: str) -> str:
        urn, last = self.row.urn, self.rows[-1]
        kinds = {"to keep ": "keep", "for a change from ": "change", "that ": "follow_head", "for ": "named"}
        wish, whom = (
            SUCH.get(asked.removeprefix("for "), "not_serving_head" if asked == "not to have a serving head" else ""),
            None,
        )
        parts = self.r.a.stand.parts.get((urn, "lead"), ())
        at = max(parts, key=lambda p: p.begin, default=self.part)
        if m := re.match(rf"from ({DAY}) ", why):
            if len(parts) < 2 or at is None or m[1] != spoken(at.begin):
                return "another day"
            why = why[m.end() :]
        elif why.startswith(("nobody who", "under our published rules nobody")) and len(parts) > 1:
            return "may be so for a part of the year only"
        able = self.r.a.allowed(at.key) if at else []
        if wish:
            if not any(w.by == "school" and w.wish == wish for w in self.wishes()):
                return "was not asked"
            if self.such(wish, last.sip) and not any(u.urn == urn and u.post == "lead" for u in self.plan.unfilled):
                return "it is met"
        else:
            start, wish = next((s, k) for s, k in kinds.items() if asked.startswith(s))
            name = asked.removeprefix(start).removesuffix(" come with the head")
            whom = next((s for s, n in self.r.names.items() if n == name), self.b.last_lead(urn))
            if problem := self.asked(wish, name, met=False):
                return problem
        closed = [s for s in able if (s != whom if wish == "change" else self.such(wish, s) if not whom else s == whom)]
        rules: dict[str, bool] = {
            "under our published rules nobody else may take your school": not closed,
            "nobody who may take your school meets that": not closed,
            "our published rules do not allow it this year": not closed
            or not self._cause("under our published rules it has to be somebody else this year", {whom}),
            "it was weighed with all that our schools ask, and did not come first": bool(closed),
            "it was weighed with all that our schools ask; ask me whether it may yet be possible": bool(closed)
            and not self.plan.certificate.proved,
            "we decided otherwise ourselves": any(d.decision in ("lock", "forbid") for d in self.b.case.decisions),
        }
        if why in rules:
            return "" if rules[why] else "that is not why"
        if why.startswith("there is no way to give you"):
            return (
                ""
                if any(c.kind == "could_not_be" for w in self.plan.wishes for c in w.because)
                else "nobody has found that"
            )
        return self._cause(why, {whom})


def n_years(n: int) -> str:
    return f"{NUMBER[n] if n < len(NUMBER) else n} year{'' if n == 1 else 's'}"


def said(word: str) -> str:
    """A focus as it is written: capitals for what everybody abbreviates."""
    return " ".join(
        w.upper() if w.lower() in {"send", "sen", "eal", "eyfs", "pshe", "ict"} else w
        for w in word.replace("_", " ").split(" ")
    )


def spans_of(spans: list[tuple[dt.date, dt.date]]) -> list[str]:
    return [f"{spoken(a)} to {spoken(b)}" for a, b in spans] or [""]


def parts_of(text: str, words: Iterable[str]) -> list[str]:
    """The words of a list, longest first."""
    keys = sorted(words, key=len, reverse=True)
    return re.findall("|".join(map(re.escape, keys)), text)


def no_days(stand: Stand, part: Post, sip: Sip) -> bool:
    """Whether the SIP, with this part alone, breaks a limit of their own whatever days are cut."""
    alone = {part.key: sip.sip}
    tries = [people(stand, alone, person_loads(stand, alone, {part.key: q})) for q in (0, *part.trims)]
    return all(any(b.sip == sip.sip and b.rule in ("capacity", "portfolio") for b in found) for found in tries)
