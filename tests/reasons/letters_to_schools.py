"""A letter to a head or a chair, read (`letters_read`)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from allocator.domain.case import Sip
from allocator.domain.plan import Assignment, Plan
from allocator.domain.round import Pair, Query
from tests.reasons.letters_base import KIND, OPEN, RIGHT, WRONG, Check, Key, Read, category, holders, listed
from tests.reasons.looked_up import COUNT, DAY, NUMBER, ROLE, counted, spoken


class ToSchool(Read):
    """To a head, or to the chair, who reads what the head was written."""

    def rows(self) -> list[Assignment]:
        last = [self.desk.row(p) for p in self.pairs() if p.beside not in self.desk.round.beside]
        return sorted(last, key=lambda a: (a.post != "lead", a.urn))

    def pairs(self) -> list[Pair]:
        return [p for p in self.desk.round.everyone if p.urn in self.urns]

    def waits(self) -> bool:
        return any(p.stage in OPEN for p in self.pairs())

    def known(self) -> list[tuple[str, Check]]:
        names, link, year = (
            re.escape(listed([self.book.schools[u].name for u in self.urns])),
            re.escape(self.post.link),
            self.book.case.year,
        )
        who, role = f"({self.r.name})", f"({'|'.join(ROLE)})"
        title = r"School Improvement Partner"
        ask = rf"Please answer by ({DAY})\. "
        silent = {
            "accepts": r"If I hear nothing by then, I shall take it that you are content\.",
            "waits": r"Nothing is settled until you have answered\.",
        }[self.rules.silence]
        agree = (
            r" Your chair of governors is asked as well, and it stands once you have both said yes\."
            if self.agree
            else ""
        )
        rest, number = self.after_refusal(), re.escape(self.post.telephone)
        there, me = (
            (f"tell me there or ring me on {number}", f"ring me on {number}")
            if number
            else ("tell me there", "tell me")
        )
        return [
            *super().known(),
            (
                rf"Your {title} for {year}(?: is confirmed)?|The {title} of {names} for {year}(?: is confirmed)?",
                lambda: self.confirmed() if "confirmed" in self.letter.heading else RIGHT,
            ),
            (rf"A change to (?:what I wrote about your {title}|the {title} of {names})", lambda: RIGHT),
            (
                rf"(?:The answer to what you asked about your {title}|An answer about the {title} of {names})",
                lambda: RIGHT,
            ),
            (rf"Who stands in for (?:your {title}|the {title} of {names})", lambda: RIGHT),
            (rf"The end of the work of (?:your {title}|the {title} of {names})", lambda: RIGHT),
            (rf"To the (?:headteacher|chair of governors) of {names}", lambda: RIGHT),
            (r"Dear colleague,", lambda: RIGHT),
            (
                rf"You can say yes, ask a question or ask for someone else at {link}",
                lambda: RIGHT if self.waits() else "nothing is asked",
            ),
            (rf"{ask}{silent}{agree}", lambda d: RIGHT if self.waits() and d in self.by() else "another date"),
            (
                rf"If you would rather not work with {who}, {there} by ({DAY}); you need not say why\. {rest}",
                lambda n, d: (
                    RIGHT
                    if d in self.by() and n in {self.desk.row(p).name for p in self.pairs() if p.stage in OPEN}
                    else "another person or date"
                ),
            ),
            (rf"{who} writes: (.+)", lambda n, t: RIGHT if self.sip(n).pen_portrait == t else WRONG),
            (rf"{who} is (?:{'|'.join(KIND.values())}).*", lambda n: self.who(n)),
            (
                rf"You asked for somebody else\. (.+?) considered it and decided on ({DAY}) that it is to be {who} all the same\. The reason: (.+)\.",
                self.decided,
            ),
            (
                rf"If you do not agree, ask the (.+?) to look at it: {link}",
                lambda who: (
                    RIGHT
                    if self.rules.ladder[1:2] == [who]
                    and any(q.about == "follow" and not q.granted for q in self.asked())
                    else "nobody to ask"
                ),
            ),
            *self.answers(),
            (
                rf"If you do not agree, you can ask the (.+?), who decides within {self.rules.query_days} days, to look at it again: {link}",
                self.rung,
            ),
            (
                r"There is no step further up in this service; your governors may write to the authority\.",
                lambda: self.no_rung(in_force=False),
            ),
            (
                rf"The plan is in force\. If you do not agree, {me}; your governors may also write to the authority\.",
                lambda: self.no_rung(in_force=True),
            ),
            (
                rf"{who} is proposed to support the governing body with the head's appraisal\. Governors decide that: please let me have their yes or no by ({DAY})\.",
                lambda n, d: self.governors(n, None),
            ),
            (
                rf"The governors have said (yes|no) to {who} for the head's appraisal\.",
                lambda w, n: self.governors(n, w == "yes"),
            ),
            (
                rf"(?:In all else the|The) headteacher answers for the school by ({DAY}), and you need do nothing\. If the governors see a difficulty, tell me before then: {link}",
                lambda d: RIGHT if d in self.by() and not self.agree else WRONG,
            ),
            (
                rf"Please tell me by ({DAY}), at {link} , whether you agree too\. It stands once you and the headteacher have both said yes\.",
                lambda d: RIGHT if d in self.by() and self.agree else WRONG,
            ),
            (
                rf"(?:You need do nothing\. )?If the governors wish to (?:ask something|say something about it), write to me: {link}",
                lambda: RIGHT,
            ),
            (
                rf"{who} will be in touch to agree the visits\. If anything changes, or you wish to ask something, write to me: {link}",
                lambda n: RIGHT if any(a.name == n for a in self.rows()) else WRONG,
            ),
            (rf"(?:(.+?), )?(?i:{role}): {who}, ({COUNT})\.", self.too),
            (
                r"(?:I have written to your headteacher: |I have answered your headteacher: |It is confirmed, and your headteacher has this from me: )“(.+)”",
                self.quoted,
            ),
        ]

    @property
    def agree(self) -> bool:
        return self.rules.mode == "agree_with_school"

    def sip(self, name: str) -> Sip:
        return next(s for s in self.book.sips.values() if s.name == name)

    def after_refusal(self) -> str:
        """What follows a refusal: another proposal, or a person's decision where refusals are used up or it is of concern."""
        used = {s for u, _, s in self.desk.round.refused if u in self.urns}
        used |= {
            x.sip
            for x in self.book.case.refusals
            if x.kind == "veto" and x.urn in self.urns and x.year == self.book.case.year
        }
        concern = any(category(self.book.case, u) for u in self.urns) and self.rules.concern_veto == "manager_decides"
        if len(used) >= self.rules.vetoes or concern:
            return r"I shall consider what you say, decide, and write to you\."
        often = {1: "once", 2: "twice"}.get(self.rules.vetoes, f"{NUMBER[self.rules.vetoes]} times")
        return rf"I shall then propose somebody else\. This can be done {often} in a year\."

    def asked(self) -> list[Query]:
        return [q for q in self.desk.round.queries if q.urn in self.urns and q.by != "sip" and q.outcome]

    def answers(self) -> list[tuple[str, Check]]:
        who = f"({self.r.name})"
        return [
            (
                rf"You asked that {who} come with the head\. (.+?) considered it and decided on ({DAY}): {who} (comes|does not come) with the head\. The reason: (.+)\.",
                self.follows,
            ),
            (rf"(?:You asked: “(.+?)”|You asked a question\.) (.+?) answered on ({DAY}): (.+)\.", self.question),
        ]

    def follows(self, name: str, by: str, on: str, again: str, how: str, why: str) -> str:
        """A request that a SIP follow the head: a wish on record, and what was decided of it."""
        wished = {w.sip for w in self.book.case.wishes if w.urn in self.urns and w.wish == "follow_head"}
        for q in self.asked():
            said = (q.closed_by, q.closed_on and spoken(q.closed_on), (q.outcome or "").strip().rstrip("."))
            if q.about == "follow" and self.book.sips[q.whom or ""].name == name == again and said == (by, on, why):
                has = any(a.sip == q.whom for a in holders(self.plan, (q.urn, "lead"))[-1:])
                return RIGHT if q.whom in wished and has == q.granted == (how == "comes") else "it is otherwise"
        return "was not decided"

    def question(self, *said: str) -> str:
        by, on, answer = said[-3:]
        for q in self.asked():
            text = (q.outcome or "").strip().rstrip(".")
            if q.about == "query" and (q.closed_by, q.closed_on and spoken(q.closed_on), text) == (by, on, answer):
                return RIGHT if len(said) == 3 or (q.text or "").strip() == said[0] else "another question"
        return "was not answered"

    def quoted(self, text: str) -> str:
        return "; ".join(self.otherwise(text.removesuffix(".") + "."))

    def otherwise(self, text: str) -> Iterator[str]:
        """What is said of the pairs themselves, sentence by sentence."""
        text = text.removeprefix("It is confirmed: ")
        if text != self.letter.text and "It is confirmed: " + text in self.letter.text and self.confirmed():
            yield self.confirmed()
        for pattern, check in self.told():
            if m := re.match(pattern, text):
                if problem := check(*[x for x in m.groups() if x is not None]):
                    yield f"{problem}: {m.group(0)}"
                self.r.n += 1
                text = text[m.end() :].lstrip()
        if not text:
            return
        row, text = self.meant(text)
        if row is None:
            yield f"not understood: {text}"
            return
        text, problem = self.each(text)
        yield from ([problem] if problem else [])
        yield from self.r.read(row, "school", text, self.post.today)

    def meant(self, text: str) -> tuple[Assignment | None, str]:
        """The row that a paragraph is about: by the school where it is named, and by what they are to the school."""
        where = next((u for u in self.urns if text.startswith(f"For {self.book.schools[u].name}: ")), None)
        text = text.removeprefix(f"For {self.book.schools[where].name}: ") if where else text
        role = next((k for name, k in ROLE.items() if f"your {name}" in text.partition(".")[0]), None)
        rows = [a for a in self.rows() if where in (None, a.urn) and role in (None, a.post)]
        named = [a for a in rows if a.name in text.partition(".")[0]]
        return next(iter([*named, *rows]), None), text

    def each(self, text: str) -> tuple[str, str]:
        """The days of schools that share a head, each by name; the sentence of what is missing goes by all of them."""
        names = "|".join(re.escape(self.book.schools[u].name) for u in self.urns)
        one = rf"({names}) has ({COUNT}|\d+ day)(?: with ({self.r.name}))?"
        m = re.search(
            rf"(?:{one}(?:, | and )?)+(?: for the (?:year|rest of the year))?\.(?: That is ({COUNT}) fewer than we would wish(?:, because .+?)?; tell us what matters most\.)?",
            text,
        )
        if not m or len(self.urns) < 2:
            return text, ""
        self.r.n += 1
        said = re.findall(one, m.group(0))
        rows = [a for u in self.urns for a in holders(self.plan, (u, "lead")) if not a.settled]
        right = [(a.school, a.days) for a in rows]
        short = sum(a.days_short for a in rows)
        told = m.groups()[-1]
        fine = sorted((n, counted(d)) for n, d, _ in said) == sorted(right) and (counted(told) if told else 0) == short
        return (text[: m.start()] + text[m.end() :]).replace(
            "  ", " "
        ).strip(), "" if fine else f"other days: {m.group(0)}"

    # -- what has become of what was written --

    def told(self) -> list[tuple[str, Check]]:
        who, role = f"({self.r.name})", f"({'|'.join(ROLE)})(?: at (?:{self.r.where}))?"
        then = r"You asked for somebody else, and this is my new proposal\.|The plan has had to change since\."
        return [
            *self.answers(),
            (
                rf"You asked for somebody else\. (.+?) considered it and decided on ({DAY}) that it is to be {who} all the same\. The reason: (.+)\.",
                self.decided,
            ),
            (rf"On ({DAY}) I named {who} as your {role}\. ({then})", self.named),
            (
                rf"On ({DAY}) I wrote that you would have ([\d.]+) days? with {who}\. The plan has changed since, and it is ({COUNT}) (more|fewer) now\.",
                self.other_days,
            ),
            (rf"Since I wrote on ({DAY}), an? {role} has been added\.", self.added),
            (
                rf"On ({DAY}) I wrote to you about {who} as your {role}\. Who is there when has changed since\.",
                self.others,
            ),
            (
                rf"{who} (is|was) your {role} until ({DAY})(?:, when the school closes)?(?:(?:, partly because|;) (.+?))?\.",
                self.ends,
            ),
            (
                r"I have nobody to follow yet; we are looking, and I write to you as soon as there is somebody\.",
                lambda: RIGHT if any(u.urn in self.urns for u in self.plan.unfilled) else WRONG,
            ),
            (
                rf"{who} will not be your {role} after all: this year's plan no longer has one for you\.",
                lambda n, r: RIGHT if not any(holders(self.plan, (u, ROLE[r])) for u in self.urns) else WRONG,
            ),
        ]

    def before(self) -> tuple[dt.date, Plan] | None:
        return max(
            (self.post.memory.schools[u] for u in self.urns if u in self.post.memory.schools),
            key=lambda x: x[0],
            default=None,
        )

    def then(self, on: str) -> Plan | None:
        was = self.before()
        return was[1] if was and spoken(was[0]) == on else None

    def named(self, on: str, name: str, role: str, since: str) -> str:
        was = self.then(on)
        if was is None:
            return "nothing was written then"
        keys: list[Key] = [(u, ROLE[role]) for u in self.urns]
        had = [holders(was, k)[-1] for k in keys if holders(was, k)]
        if not any(
            a.name == name
            and (not holders(self.plan, (a.urn, a.post)) or holders(self.plan, (a.urn, a.post))[-1].sip != a.sip)
            for a in had
        ):
            return "nobody else has come"
        refused = any(u in self.urns and self.book.sips[s].name == name for u, _, s in self.desk.round.refused)
        return RIGHT if since.startswith("You asked") == refused else "another cause"

    def other_days(self, on: str, n: str, name: str, by: str, more: str) -> str:
        was = self.then(on)
        if was is None:
            return "nothing was written then"
        for k in {(a.urn, a.post) for a in self.rows()}:
            old, new = (sum(a.days for a in holders(p, k)) for p in (was, self.plan))
            if (
                old == float(n)
                and abs(new - old) == counted(by)
                and (new > old) == (more == "more")
                and holders(self.plan, k)[-1].name == name
            ):
                return RIGHT
        return "other days"

    def added(self, on: str, role: str) -> str:
        was = self.then(on)
        return (
            RIGHT
            if was and any(not holders(was, (u, ROLE[role])) and holders(self.plan, (u, ROLE[role])) for u in self.urns)
            else WRONG
        )

    def others(self, on: str, name: str, role: str) -> str:
        was = self.then(on)
        if was is None:
            return "nothing was written then"
        for u in self.urns:
            old, new = (holders(p, (u, ROLE[role])) for p in (was, self.plan))
            if old and new and old[-1].name == name == new[-1].name and {a.sip for a in old} != {a.sip for a in new}:
                return RIGHT
        return WRONG

    def ends(self, name: str, is_: str, role: str, to: str, why: str = "") -> str:
        mine = [a for u in self.urns for a in holders(self.plan, (u, ROLE[role]))[-1:] if a.name == name]
        if not mine or spoken(mine[0].to) != to:
            return "does not end then"
        closes = self.book.schools[mine[0].urn].closes_on
        if "when the school closes" in self.letter.text and (closes is None or spoken(closes) != to):
            return "does not close then"
        return RIGHT if (is_ == "was") == (mine[0].to < self.post.today) else "is or was"

    # -- the rest --

    def decided(self, by: str, on: str, name: str, reason: str) -> str:
        for p in self.pairs():
            h = p.heard
            if h and not h.stands and (h.by, spoken(h.on), h.reason.strip().rstrip(".")) == (by, on, reason):
                return RIGHT if self.desk.row(p).name == name else "another person"
        return "was not decided"

    def _over(self) -> list[str]:
        """Whoever is above those who have decided on these schools' refusals."""
        ladder = self.rules.ladder
        heard = [p.heard.rung for p in self.pairs() if p.heard and not p.heard.stands]
        return [ladder[ladder.index(h) + 1] for h in heard if h in ladder and ladder.index(h) + 1 < len(ladder)]

    def rung(self, who: str) -> str:
        return RIGHT if who in self._over() and not self.desk.round.in_force else "nobody to ask"

    def no_rung(self, in_force: bool) -> str:
        return RIGHT if self.desk.round.in_force == in_force and (in_force or not self._over()) else "somebody is above"

    def governors(self, name: str, said: bool | None) -> str:
        return (
            RIGHT
            if any(
                p.post == "appraisal" and self.desk.row(p).name == name and p.governors == said for p in self.pairs()
            )
            else WRONG
        )

    def too(self, *said: str) -> str:
        role, name, n = said[-3:]
        return (
            RIGHT
            if any(
                (a.post, a.name, a.days)
                == (
                    ROLE[role[:1].lower() + role[1:] if role.lower().startswith(("ad", "su")) else role],
                    name,
                    counted(n),
                )
                for a in self.rows()
            )
            else WRONG
        )

    def who(self, name: str) -> str:
        return RIGHT if f"{name} is {about(self.sip(name))}" in self.letter.text else "is somebody else"


def about(sip: Sip) -> str:
    """Kind, headships, phases and years, as on record."""
    phases = [p.replace("_", " ") for p in sip.headship_phases]
    where = f" in the {listed(phases)} phase{'' if len(phases) == 1 else 's'}" if phases else ""
    n = sip.headship_years
    years = (
        ""
        if not n
        else "less than a year"
        if n < 1
        else f"{NUMBER[int(n)] if n < len(NUMBER) else int(n)} year{'s' if int(n) != 1 else ''}"
    )
    if sip.ever_head is False:
        return f"{KIND[sip.kind]}, and has not been a headteacher."
    if sip.kind.endswith("head"):
        return f"{KIND[sip.kind]}{where}{f', with {years} of headship' if years else ''}."
    if years:
        return f"{KIND[sip.kind]}, with {years} of headship{where}."
    return f"{KIND[sip.kind]}, and has been a headteacher{where}." if phases else f"{KIND[sip.kind]}."
