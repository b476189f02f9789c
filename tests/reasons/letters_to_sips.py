"""A letter to a SIP, read (`letters_read`)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from allocator.domain.plan import Assignment, Plan
from allocator.domain.round import Pair
from allocator.report.wording import Letter
from tests.reasons.letters_base import CATEGORY, RIGHT, WRONG, Check, Key, Post, Read, category, holders
from tests.reasons.looked_up import COUNT, DAY, NUMBER, PERIODS, ROLE, counted, spoken
from tests.reasons.reader import Reader


class ToSip(Read):
    """To a SIP, of all their schools."""

    def __init__(self, r: Reader, letter: Letter, post: Post) -> None:
        super().__init__(r, letter, post)
        self.sip = self.book.sips[letter.key]

    def rows(self) -> list[Assignment]:
        return [a for a in self.plan.assignments if a.sip == self.sip.sip and not a.settled]

    def pairs(self) -> list[Pair]:
        return [p for p in self.desk.round.everyone if p.sip == self.sip.sip]

    def waits(self) -> bool:
        was = self.post.memory.sips.get(self.sip.sip)
        had = {(a.urn, a.post) for a in was[1].assignments if a.sip == self.sip.sip} if was else set()
        return any((a.urn, a.post) not in had for a in self.rows())

    def known(self) -> list[tuple[str, Check]]:
        link, year, name = re.escape(self.post.link), self.book.case.year, re.escape(self.sip.name)
        count = rf"({'|'.join(NUMBER)}|\d+) schools?"
        parts = r"(.+?)(?:; and (.+?) more where the school is new to you, or its head is new)?"
        where = rf"((?:(?:{self.r.where})(?: \((?:{'|'.join(ROLE)})\))?(?:, | and )?)+)"
        return [
            *super().known(),
            (
                rf"(?:Your schools for {year}(?: are confirmed)?|A change to your schools for {year}|Who stands in, and until when|What was decided on what you asked|The end of your work at a school)",
                lambda: RIGHT,
            ),
            (rf"Dear {name},", lambda: RIGHT),
            (
                rf"I should like to offer you {count} for {year}, ([\d.]+) days? in all: {parts}\.(?: You offered .+)?",
                lambda n, d, p, x="": self.total(n, d, p, x) or self.offer(),
            ),
            (
                rf"It is confirmed: you have {count} for {year}, ([\d.]+) days? in all: {parts}\.",
                lambda n, d, p, x="": self.confirmed() or self.total(n, d, p, x),
            ),
            (
                rf"You have {count} now, and ([\d.]+) days? in the whole year(?::|, in) {parts}\.",
                lambda n, d, p, x="": self.total(n, d, p, x, whole=True),
            ),
            (r"That leaves you without a school in this plan\.", lambda: WRONG if self.rows() else RIGHT),
            (
                rf"Please tell me by ({DAY}) whether you can take (?:this on|what is new), at {link}",
                lambda d: RIGHT if d in self.by_sip() else "another date",
            ),
            (
                r"If you have a tie to any school named here, of family, work, governing or money, tell me there before you accept\. You can also ask a question there, say no to one school with the reason, or say that a school would now do better with fresh eyes\.",
                lambda: RIGHT,
            ),
            (
                rf"Please get in touch with each school to agree the visits\. If anything changes, or you wish to ask something, write to me: {link}",
                lambda: RIGHT,
            ),
            (
                rf"On ({DAY}) I wrote to you about your schools\. This has changed since:",
                lambda d: RIGHT if (was := self.then()) and spoken(was[0]) == d else "was not written then",
            ),
            (rf"{where}: ([^\n]+)", self.become),
            (rf"((?:{self.r.where}), which was yours, has .+)", self.lost),
            (
                r"You asked to (?:stay with|move on from) (.+?)\. It was weighed, and has not come about this year; ask me why\.",
                self.unmet,
            ),
            (
                rf"You (?:asked to move on from|said that you would rather not take|declared a tie to|asked about) (.+?)\. (.+?) (considered it(?: and decided)?|answered) on ({DAY}): (.+)",
                self.outcome,
            ),
            (
                r"If you do not agree, ask the (.+?) to look at it\.",
                lambda who: RIGHT if self.rules.ladder[1:2] == [who] else "nobody such",
            ),
        ]

    def then(self) -> tuple[dt.date, Plan] | None:
        return self.post.memory.sips.get(self.sip.sip)

    def by_sip(self) -> set[str]:
        asked = self.desk.round.soundings.get(self.sip.sip)
        fresh = spoken(self.post.today + dt.timedelta(days=self.rules.answer_days))
        return {fresh} | ({spoken(asked.answer_by)} if asked else set())

    def total(self, n: str, d: str, parts: str, more: str = "", *, whole: bool = False) -> str:
        rows = [a for a in self.plan.assignments if a.sip == self.sip.sip] if whole else self.rows()
        schools = len({a.urn for a in self.rows()})
        told = {p: float(x) for x, p in re.findall(rf"([\d.]+) in ({'|'.join(PERIODS)})", parts)}
        told = {parts: float(d)} if parts in PERIODS else told
        sums = [sum(x) for x in zip(*(a.periods.model_dump().values() for a in rows), strict=True)]
        right = {p: x for p, x in zip(PERIODS, sums, strict=True) if x}
        extra = counted(more) if more else 0
        fine = (NUMBER[schools] if schools < len(NUMBER) else str(schools)) == n and float(d) == sum(
            a.days for a in rows
        )
        return RIGHT if fine and told == right and extra == sum(a.extra_days for a in rows) else "another number"

    def offer(self) -> str:
        m = re.search(
            r"You offered ([\d.]+) days?; ([\d.]+) of them can go to schools once training and a reserve are taken off, and this plan uses ([\d.]+)\.",
            self.letter.text,
        )
        load = next(x for x in self.plan.loads if x.sip == self.sip.sip)
        right = (
            self.sip.days,
            load.capacity,
            sum(a.days + a.extra_days for a in self.plan.assignments if a.sip == self.sip.sip),
        )
        return RIGHT if m is None or tuple(map(float, m.groups())) == right else "other days offered"

    def lost(self, text: str) -> str:
        for c in self.plan.changes:
            if c.post == "lead" and c.from_ == self.sip.sip and text.startswith(self.book.schools[c.urn].name):
                return self.r.read_lost(c, text)
        return "was not theirs"

    def unmet(self, where: str) -> str:
        return (
            RIGHT
            if any(
                w.by == "sip" and w.sip == self.sip.sip and not w.met and self.book.schools[w.urn].name == where
                for w in self.plan.wishes
            )
            else WRONG
        )

    def outcome(self, where: str, by: str, how: str, on: str, said: str) -> str:
        for q in self.desk.round.queries:
            if (
                q.sip == self.sip.sip
                and q.outcome
                and self.book.schools[q.urn].name == where
                and q.closed_on
                and spoken(q.closed_on) == on
                and q.closed_by == by
            ):
                reason = q.outcome.strip().rstrip(".")
                if q.about not in ("move_on", "decline"):
                    return RIGHT if said == f"{reason}." else "another answer"
                how = "you are let go, and the school is proposed somebody else" if q.opens else "you are asked to stay"
                return RIGHT if said == f"{how}. The reason: {reason}." else "another decision"
        return "was not asked"

    def otherwise(self, text: str) -> Iterator[str]:
        if text == self.letter.paragraphs[-2] and all(
            re.fullmatch(r".+: .+, from .+ to .+", line) for line in text.split("\n")
        ):
            text = text
        lines = text.split("\n")
        if all(re.fullmatch(rf".+: (?:{COUNT}|\d+ day), from {DAY} to {DAY}", x) for x in lines):
            self.r.n += len(lines)
            yield from self.lines(lines)
            return
        rows = [a for a in self.plan.assignments if a.sip == self.sip.sip and a.school in text]
        roles = [k for name, k in ROLE.items() if name in text]
        mine = [a for a in rows if a.post in roles and text.find(a.school) >= 0]
        mine = [a for a in mine if f" {a.school} " in text] or mine
        text, named = re.subn(
            r" The school is (.+?), which is why you are asked: our policy gives it to people with experience of that\.$",
            "",
            text,
        )
        if not mine:
            yield f"not understood: {text}"
            return
        row = next((a for a in mine if spoken(a.from_) in text), mine[-1])
        school = self.book.schools[row.urn]
        if named and CATEGORY.get(category(self.book.case, row.urn), "nothing") not in self.letter.text:
            yield f"is of no such category: {school.name}"
        yield from self.r.read(row, "sip", text, self.post.today)

    def lines(self, lines: list[str]) -> Iterator[str]:
        said = sorted(lines)
        role = {v: k for k, v in ROLE.items()}
        right = sorted(
            f"{a.school}{'' if a.post == 'lead' else f' ({role[a.post]})'}: {_days(a.days)}, from {spoken(a.from_)} to {spoken(a.to)}"
            for a in self.rows()
        )
        if said != right:
            yield f"other schools or days: {sorted(set(said) ^ set(right))}"

    def become(self, where: str, text: str) -> str:
        """What has become of a post that they were written of."""
        was = self.then()
        if self.letter.kind == "sip_confirmed":
            return "; ".join(self.lines([f"{where}: {text}"]))
        if was is None:
            return "nothing was written before"
        role = {v: k for k, v in ROLE.items()}
        keys = {
            f"{a.school}{'' if a.post == 'lead' else f' ({role[a.post]})'}": (a.urn, a.post)
            for p in (was[1], self.plan)
            for a in p.assignments
        }
        named = re.findall("|".join(re.escape(k) for k in sorted(keys, key=len, reverse=True)), where)
        many = " each" if len(named) > 1 else ""
        for n in named:
            old, new = holders(was[1], keys[n], self.sip.sip), holders(self.plan, keys[n], self.sip.sip)
            if text not in self.possible(keys[n], old, new, many):
                return f"not so of {n}"
        return RIGHT

    def left(self, key: Key, it: str) -> str:
        empty = any((u.urn, u.post) == key for u in self.plan.unfilled)
        return f"nobody has {it} for now" if empty else "no longer in this year's plan"

    def possible(self, key: Key, old: list[Assignment], new: list[Assignment], many: str) -> Iterator[str]:
        others = [a for a in holders(self.plan, key) if a.sip != self.sip.sip]
        if not new:
            let = any(q.opens and (q.urn, q.post, q.sip) == (*key, self.sip.sip) for q in self.desk.round.queries)
            it = "them" if many else "it"
            gone = f"somebody else has {it}" if others else self.left(key, it)
            yield f"{gone}{', as you asked' if let else '; the plan has had to change since'}."
            return
        back, days = new[-1], (sum(a.days for a in x) for x in (old, new))
        between = [a for a in others if new[0].from_ < a.from_ < back.from_]
        if between and back.from_ > new[0].from_:
            yield f"somebody stands in for you from {spoken(min(a.from_ for a in between))}, and you go on from {spoken(back.from_)}, with {_days(back.days, words=False)}{many} from then."
        was, now = days
        if was != now:
            yield f"{_days(now, words=False)}{many} in the year, where it was {was:g}."
        if old and back.to < old[-1].to:
            leaves = self.sip.leaves_on or self.sip.contract_ends
            closes = self.book.schools[key[0]].closes_on == back.to
            why = (
                ", as you are leaving us"
                if leaves and leaves <= back.to + dt.timedelta(days=1)
                else ", when the school closes"
                if closes
                else ""
            )
            then = (
                f", and somebody else takes {'them' if many else 'it'} on from then"
                if any(a.from_ > back.to for a in others)
                else ""
            )
            yield f"your work there ends on {spoken(back.to)}{why}{then}."
        if old and (old[0].from_, old[-1].to) != (new[0].from_, back.to):
            yield f"from {spoken(new[0].from_)} to {spoken(back.to)}, where it was from {spoken(old[0].from_)} to {spoken(old[-1].to)}."


def _days(n: float, *, words: bool = True) -> str:
    if words and n in (0.5, 1):
        return {0.5: "half a day", 1: "one day"}[n]
    return f"{n:g} day{'' if n == 1 else 's'}"
