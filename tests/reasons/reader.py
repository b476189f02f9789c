"""A reader who believes nothing: takes what a head or a SIP is told apart, sentence by sentence, and looks each up in the tables.

It knows the words by heart and nothing of how they were made: facts come from the auditor's book and the plan's rows. A
sentence that it does not know is as wrong as one that is false.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from fractions import Fraction

from allocator.check.derived import Post, norm
from allocator.check.together import one_lead
from allocator.domain.plan import Assignment, Moved, Plan
from tests.reasons.looked_up import COUNT, DAY, PERIODS, ROLE, Looked, Opened, counted, n_years, no_days, spoken

Check = Callable[..., str]
OWN = {  # what a SIP reads where a rule on them bars
    "need": "it needs experience that is not on your record",
    "dbs": "your DBS check does not cover every planned visit",
    "training": "your training is not on record",
    "approval": "the board's approval is not on record",
    "interest": "you have declared a tie to it",
    "own_ties": "it is tied to your own school, or too near to it",
    "travel": "it is further from you than your limit",
    "authority": "it lies outside the authorities you serve",
    "phase": "it is of a phase you do not serve",
    "appraisal": "appraisal training is not on record",
}


class Reader(Opened):
    """One plan, to be read from; `n` counts the sentences understood."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.n = 0

    def read(self, row: Assignment, audience: str, text: str, on: dt.date | None = None) -> list[str]:
        """What of this text is false or cannot be understood, each with why; `on`: the day on which it is read."""
        self.on = on or self.speaks_on
        return list(_Letter(self, row, audience).sentences(text))

    def read_lost(self, change: Moved, text: str) -> str:
        """What is wrong with the sentence by which a SIP learns that a school which was theirs is not any more."""
        self.n += 1
        case, was, urn = self.a.book.case, change.from_ or "", change.urn
        now = "somebody else" if change.to else "nobody yet"
        start = f"{self.a.book.schools[urn].name}, which was yours, has {now}"
        years = self.a.book.tenure(urn, was) - 1
        barred = {
            r
            for p in self.a.book.year_posts
            if p.key == (urn, "lead")
            for r in self.a.bars.rules(p, self.a.book.sips[was])
        }
        here = self.a.stand.parts.get((urn, "lead"), ())
        if not here and not any(x.urn == urn and x.post == "lead" and not x.settled for x in self.plan.assignments):
            return f"has left the run: {text}"
        earlier = change.on is not None and all(change.on < p.begin for p in here)  # decided before, of the whole year
        parts = [p for p in here if change.on is None or p.begin <= change.on <= p.end] or (
            [p for p in self.a.book.year_posts if p.key == (urn, "lead")] if earlier else []
        )
        row = self.a.book.sips[was]
        days = (row.joined_on, row.leaves_on, row.contract_ends)
        whole = not any(d and self.b.first < d <= self.b.on(self.b.policy.calendar.last_day) for d in days)
        barred |= {r for p in parts for r in self.a.bars.rules(p, self.a.book.sips[was])}
        wishes = self.a.book.find.wishes.get(urn, []) + self.a.book.find.general.get(was, [])
        known = {
            "; the work is shared out afresh among all our schools.": True,
            "; you are not there for the whole time.": not whole
            or "availability" in barred
            or any(x.sip == was for x in case.absences),
            f", partly because you have led it for {n_years(years)}, and the published policy then asks for a fresh view.": "tenure"
            in barred,
            "; the days that you can give do not reach for it.": any(
                self._too_long(p, was) if earlier else no_days(self.a.stand, p, self.a.book.sips[was]) for p in parts
            ),
            "; you are to lead no school.": self.a.book.sips[was].max_schools == 0,
            ", as you asked.": any(w.by == "sip" and w.sip == was for w in wishes)
            or any(h.sip == was and h.ended == "sip_asked" for h in self.a.book.rows[urn]),
            "; I decided so, and you can ask me why.": any(d.decision in ("lock", "forbid") for d in case.decisions),
            "; the published rules ask for somebody else this year.": bool(barred),
            "; schools that belong together are to have one partner.": any(urn in g for _, g in one_lead(self.a.book)),
            **{f"; {text}.": rule in barred for rule, text in OWN.items()},
        }
        return "" if text.startswith(start) and known.get(text.removeprefix(start)) else f"not so: {text}"

    def _too_long(self, post: Post, sip: str) -> bool:
        """Whether the whole year's days of a post, the most cut, are more than the SIP can give to schools."""
        capacity = next(x.capacity for x in self.plan.loads if x.sip == sip)
        return post.due - max(post.trims, default=0) > 4 * capacity


class _Letter(Looked):
    """The sentences that are said of one row to one reader."""

    r: Reader

    def sentences(self, text: str) -> Iterator[str]:
        rest, known = text.strip(), self._school() if self.audience == "school" else self._sip()
        while rest:
            for pattern, check in known:
                if m := re.match(pattern, rest):
                    said = [x for x in m.groups() if x is not None]
                    if problem := check(*said):
                        yield f"{problem}: {m.group(0)}"
                    self.r.n += 1
                    rest = rest[m.end() :].lstrip()
                    break
            else:
                yield f"not understood: {rest}"
                return

    # -- to a head ---

    def _school(self) -> list[tuple[str, Check]]:
        who, role = f"({self.r.name})", f"({'|'.join(ROLE)})"
        holds: list[tuple[str, Check]] = [
            (rf"{who} stays your {role} for (\S+?)", self.stays),
            (rf"{who} (will be|is to be|is|was) your {role} from ({DAY})(?: to ({DAY}))?", self.comes),
            (rf"{who} (will be|is to be|is|was) with you again from ({DAY})(?: to ({DAY}))?", self.again),
            (
                rf"{who} (will stand|is to stand|stands|stood) in for {who}(?:, who (will be|is|was) away,)? as your {role} from ({DAY}) to ({DAY})",
                self.stands_in,
            ),
        ]
        one = "|".join(f"(?:{re.sub(r'[(](?![?])', '(?:', p)})" for p, _ in holds)
        opening = rf"((?:(?:{one})(?:, and |, | and )?)+)"
        self.holds: list[tuple[str, Check]] = holds
        return [
            (rf"{opening}\.(?= |$)", self.opens),
            (rf"{opening}, partly because (.+?)\.(?= [A-Z]|$)", lambda a, b: self.opens(a) or self.reasons(b)),
            (rf"{opening}; (.+?)\.(?= [A-Z]|$)", lambda a, b: self.opens(a) or self.because(b)),
            (rf"Among the reasons for {who}: (.+?)\.(?= [A-Z]|$)", lambda a, b: self.reasons(b)),
            (rf"{who} (will be|is) away from ({DAY}) to ({DAY})\.", self.away),
            (
                r"We know that your cluster asked for one partner; it has not come about this year\.",
                lambda: self.apart(),
            ),
            (rf"We know that you asked to keep {who}\.", lambda n: self.asked("keep", n, met=False)),
            (rf"You should know that {who} has not been a headteacher\.", lambda n: self.no_head()),
            (
                rf"You should know that {who} was a headteacher in (.+?), not in (.+?)\.",
                lambda n, a, b: self.no_head(a),
            ),
            (r"You asked (.+?)\. We have not been able to do that this year: (.+?)\.(?= [A-Z]|$)", self.unmet),
            (rf"For ((?:{DAY} to {DAY}(?:, | and )?)+) nobody is named yet; we shall write to you\.", self.nobody),
            (
                rf"You have ({COUNT}) for (the year|the rest of the year)(?:, about ([\d.]+) of them in school)?\.",
                self.days,
            ),
            (rf"You have ((?:{COUNT} with (?:{self.r.name})(?:, | and )?)+)\.", self.shares),
            (rf"That is ({COUNT}) fewer than we would wish(, because .+?)?; tell us what matters most\.", self.short),
            (rf"It takes ({COUNT}) of the service's time\. Your governors decide whether they wish it\.", self.takes),
            (
                rf"{who} (will be|is|was) your {role} from ({DAY}) to ({DAY}); you (had|have) ({COUNT}) with them\.",
                self.past,
            ),
            (r"(If you would like one more year) all the same, your chair can ask me, and I decide\.", self.one_more),
        ]

    def opens(self, text: str) -> str:
        """Who holds the post, and from when."""
        rest = text
        while rest:
            for pattern, check in self.holds:
                if m := re.match(pattern + r"(?:, and |, | and |$)", rest):
                    if problem := check(*[x for x in m.groups() if x is not None]):
                        return problem
                    rest = rest[m.end() :]
                    break
            else:
                return "not understood"
        return ""

    def _named(self, name: str, role: str) -> str:
        mine = [x for x in self.open if x.name == name]
        return "" if mine and ROLE[role] == self.row.post else "does not hold it"

    def stays(self, name: str, role: str, year: str) -> str:
        always = (
            {x.name for x in self.rows} == {name} and self.before is not None and self.r.names.get(self.before) == name
        )
        gap = any((u.urn, u.post) == (self.row.urn, self.row.post) for u in self.plan.unfilled)
        return self._named(name, role) or (
            "" if always and not gap and year == self.b.case.year else "has not been there all the time"
        )

    def when(self, row: Assignment, words: str) -> str:
        """Whether *will be*, *is* or *was* is right on the day on which it is read."""
        right = "will be" if self.r.on < row.from_ else "was" if row.to < self.r.on else "is"
        right = "is to be" if right == "is" and (row.urn, row.post, row.sip) in self.r.not_agreed else right
        same = {"will stand": "will be", "stands": "is", "stood": "was", "is to stand": "is to be"}
        return "" if same.get(words, words) == right else f"on {spoken(self.r.on)} it {right}"

    def past(self, name: str, is_: str, role: str, on: str, to: str, has: str, n: str) -> str:
        """One spell that lies before the change on which the plan was made."""
        mine = [x for x in self.rows if (x.name, spoken(x.from_), spoken(x.to)) == (name, on, to)]
        if not mine or ROLE[role] != self.row.post or counted(n) != mine[0].days:
            return "was not so"
        return self.when(mine[0], is_) or ("" if (has == "had") == (is_ == "was") else "had or have")

    def comes(self, name: str, is_: str, role: str, on: str, to: str = "") -> str:
        mine = [x for x in self.open if x.name == name and spoken(x.from_) == on and to in ("", spoken(x.to))]
        if not mine:
            return "does not come then"
        earlier = [x for x in self.rows if x.from_ < mine[0].from_]
        was = earlier[-1].sip if earlier else self.before
        gone = not earlier and was == mine[0].sip and mine[0].from_ <= self.b.first
        return "was there before" if gone and not to else self._named(name, role) or self.when(mine[0], is_)

    def again(self, name: str, is_: str, on: str, to: str = "") -> str:
        mine = [x for x in self.rows if x.name == name]
        back = [x for x in mine[1:] if spoken(x.from_) == on and to in ("", spoken(x.to))]
        return self.when(back[0], is_) if back else "is not back then"

    def stands_in(self, name: str, does: str, whom: str, *rest: str) -> str:
        away, _, on, to = rest if len(rest) == 4 else ("", *rest)
        for n, x in enumerate(self.rows[1:-1], 1):
            if (x.name, spoken(x.from_), spoken(x.to)) == (name, on, to) and self.rows[n - 1].name == self.rows[
                n + 1
            ].name == whom:
                spans = [(s.away_from, s.away_to) for s in self.b.case.absences if s.sip == self.rows[n - 1].sip]
                if away and (x.from_, x.to) not in spans:
                    return "is not away on those days"
                return self.when(x, does) or (self.when(x, away) if away else "")
        return "does not stand in"

    # -- days ---

    def days(self, n: str, span: str, inside: str = "") -> str:
        given = sum(x.days for x in self.rows)
        mine = sum(x.days for x in self.open)
        d = self.b.policy.days
        if counted(n) != (given if span == "the year" else mine):
            return f"{given:g} days"
        if span == "the year" and self.rows[0].from_ > self.b.first:
            return "not the whole year"
        if inside and Fraction(inside) != Fraction(
            int(4 * Fraction(str(mine)) * min(Fraction(1), Fraction(str(d.face_to_face)) / Fraction(str(d.flat)))), 4
        ):
            return "not so many in school"
        return ""

    def nobody(self, spans: str) -> str:
        gaps = [u for u in self.plan.unfilled if (u.urn, u.post) == (self.row.urn, self.row.post) and u.from_ and u.to]
        right = [f"{spoken(u.from_)} to {spoken(u.to)}" for u in gaps if u.from_ and u.to and u.to >= self.r.on]
        return "" if re.findall(rf"{DAY} to {DAY}", spans) == right else "other days"

    def shares(self, text: str) -> str:
        told = re.findall(rf"({COUNT}) with ({self.r.name})", text)
        return (
            "" if [(counted(n), name) for n, name in told] == [(x.days, x.name) for x in self.open] else "other shares"
        )

    def short(self, n: str, why: str = "") -> str:
        if counted(n) != sum(x.days_short for x in self.open):
            return "another number"
        return "" if not why else self._nobody_left()

    def _nobody_left(self) -> str:
        """Whether nobody who may take it has as much as a step of days left."""
        room = {x.sip: x.capacity - x.days for x in self.plan.loads}
        parts = self.r.a.stand.parts.get((self.row.urn, self.row.post), ())
        able = {s for p in parts for s in self.r.a.allowed(p.key)}
        return "somebody has days left" if any(room.get(s, 0) >= self.b.policy.days.trim_step for s in able) else ""

    def takes(self, n: str) -> str:
        return "" if self.row.post == "appraisal" and counted(n) == self.open[-1].days else "another number"

    def one_more(self, _: str) -> str:
        """Whether somebody went whom nothing but the limit of years bars from then to the end."""
        gone = [x for x in self.plan.changes if (x.urn, x.post) == (self.row.urn, self.row.post)]
        if not any(self._limit_alone(x) for x in gone):
            return "something else bars it too"
        return (
            "the school wants somebody else"
            if any(w.by == "school" and w.wish in ("change", "fresh_eyes") for w in self.wishes())
            else ""
        )

    def _limit_alone(self, gone: Moved) -> bool:
        sip = self.b.sips.get(gone.from_ or "")
        rest = [
            p
            for p in self.parts
            if sip and gone.on and p.end >= gone.on and gone.on >= min(p.begin for p in self.parts)
        ]
        bars = [set(self.r.a.bars.rules(p, sip)) for p in rest if sip]
        return bool(bars) and "tenure" in bars[0] and all(b <= {"tenure"} for b in bars)

    def away(self, name: str, is_: str, on: str, to: str) -> str:
        """An absence on record of somebody whose days here it touches."""
        found = ["is not away"]
        for x in self.open:
            for a in self.b.case.absences:
                if (x.name, a.sip, spoken(a.away_from), spoken(a.away_to)) == (name, x.sip, on, to):
                    touches = a.away_from <= x.to and a.away_to >= x.from_
                    right = "will be" if self.r.on < a.away_from else "is"
                    found.append("" if touches and is_ == right and a.away_to >= self.r.on else "is not away then")
        return "" if "" in found else found[-1]

    def apart(self) -> str:
        """Whether a school of the cluster asked for one partner, and its schools have several."""
        mine = [s for s in self.b.schools.values() if s.cluster and norm(s.cluster) == norm(self.school.cluster or "")]
        rows = [x for x in self.plan.assignments if x.post == "lead" and x.urn in {s.urn for s in mine}]
        asked = any(s.cluster_wants_one_sip for s in mine)
        empty = any(u.post == "lead" and u.urn in {s.urn for s in mine} for u in self.plan.unfilled)
        return "" if asked and (empty or len({x.sip for x in rows}) > 1) else "was not asked, or has come about"

    def no_head(self, phases: str = "") -> str:
        had = {norm(p.replace("_", " ")) for p in self.sip.headship_phases}
        return "" if (phases and all(p in phases for p in had)) or self.sip.ever_head is False else "not on record"

    # -- to a SIP ---

    def _sip(self) -> list[tuple[str, Check]]:
        role = f"({'|'.join(ROLE)})"
        begins: list[tuple[str, Check]] = [
            (rf"You are asked to go on as {role} at ({self.r.where}) in (\S+?)", self.goes_on),
            (rf"You are asked to take ({self.r.where}) again as {role} from ({DAY})", self.takes_again),
            (rf"You are offered ({self.r.where}) as {role} from ({DAY})", self.offered),
            (rf"You are asked to stand in as {role} at ({self.r.where}) from ({DAY}) to ({DAY})", self.stands),
        ]
        out: list[tuple[str, Check]] = []
        for pattern, check in begins:
            n = re.compile(pattern).groups
            out.append((rf"{pattern}\.(?= |$)", check))
            out.append((rf"{pattern}, partly because (.+?)\.(?= [A-Z]|$)", self._then(check, n)))
        return [
            *out,
            (r"We know that it is ([\d.]+) km (in a straight line|by the travel table) from your base\.", self.far),
            (
                rf"You asked to (stay with|move on from) ({self.r.where})\. It was weighed, and has not come about this year; ask me why\.",
                self.own_wish,
            ),
            (rf"It (takes|took) ({COUNT})(?::|, in)?(?: (.+?))?\.(?= [A-Z]|$)", self.split),
            (rf"You (will be|are|were) {role} at ({self.r.where}) from ({DAY}) to ({DAY})\.", self.was_there),
            (
                rf"You have ({COUNT}) more (to get to know the school)?(?:, and )?(because the head is new)?\.",
                self.extra,
            ),
        ]

    def _then(self, check: Callable[..., str], n: int) -> Callable[..., str]:
        return lambda *x: check(*x[:n]) or self.reasons(x[n])

    def goes_on(self, role: str, where: str, year: str) -> str:
        earlier = [x for x in self.rows if x.from_ < self.row.from_]
        was = earlier[-1].sip if earlier else self.before
        return (
            ""
            if (where, ROLE[role], was, year) == (self.row.school, self.row.post, self.row.sip, self.b.case.year)
            else "does not go on"
        )

    def takes_again(self, where: str, role: str, on: str) -> str:
        before = any(x.sip == self.row.sip and x.from_ < self.row.from_ for x in self.rows)
        return (
            ""
            if before and (where, ROLE[role], on) == (self.row.school, self.row.post, spoken(self.row.from_))
            else "not so"
        )

    def offered(self, where: str, role: str, on: str) -> str:
        if (where, ROLE[role], on) != (self.row.school, self.row.post, spoken(self.row.from_)):
            return "not so"
        return "was there before" if self.before == self.row.sip and self.row is self.rows[0] else ""

    def stands(self, role: str, where: str, on: str, to: str) -> str:
        n = self.rows.index(self.row)
        inside = 0 < n < len(self.rows) - 1 and self.rows[n - 1].sip == self.rows[n + 1].sip
        return "" if inside and (spoken(self.row.from_), spoken(self.row.to)) == (on, to) else "does not stand in"

    def far(self, km: str, how: str) -> str:
        m = self.b.metres(self.row.urn, self.row.sip)
        given = (self.row.urn, self.row.sip) in self.b.find.km
        return (
            ""
            if m is not None and f"{m / 1000:.1f}" == km and given == (how == "by the travel table")
            else "not so far"
        )

    def own_wish(self, what: str, where: str) -> str:
        kinds = ("keep", "named") if what == "stay with" else ("move_on", "change")
        asked = any(w.by == "sip" and w.sip == self.row.sip and w.wish in kinds for w in self.wishes())
        return "" if asked and where == self.row.school else "was not asked"

    def was_there(self, is_: str, role: str, where: str, on: str, to: str) -> str:
        row = self.row
        if (ROLE[role], where, on, to) != (row.post, row.school, spoken(row.from_), spoken(row.to)):
            return "was not so"
        return self.when(row, {"are": "is", "were": "was"}.get(is_, is_))

    def split(self, tense: str, n: str, parts: str = "") -> str:
        if (tense == "took") != (self.row.to < self.r.on):
            return f"on {spoken(self.r.on)} it is otherwise"
        given = {p: x for p, x in zip(PERIODS, self.row.periods.model_dump().values(), strict=True) if x}
        told = {p: float(x) for x, p in re.findall(rf"([\d.]+) in ({'|'.join(PERIODS)})", parts)}
        told = {parts: counted(n)} if parts in PERIODS else told
        return "" if counted(n) == self.row.days and told == given else "other days"

    def extra(self, n: str, *why: str) -> str:
        new = self.row.new_pairing and self.b.policy.days.new_pairing
        right = counted(n) == self.row.extra_days and bool(new) == ("to get to know the school" in why)
        head = "because the head is new" in why
        return "" if right and (not head or self.b.new_head(self.row.urn)) else "not so"
