"""What all letters have in common, for whoever reads them (`letters_read`)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from allocator.domain.case import Case
from allocator.domain.plan import Assignment, Plan
from allocator.domain.round import Pair
from allocator.report.wording import Letter
from allocator.rounds import Desk
from tests.reasons.looked_up import DAY, spoken
from tests.reasons.reader import Reader

Check = Callable[..., str]
Key = tuple[str, str]
OPEN = ("draft", "proposed", "queried")
WRONG, RIGHT = "not so", ""
KIND = {
    "la_adviser": "an adviser of the authority",
    "serving_head": "a serving headteacher",
    "retired_head": "a former headteacher",
    "consultant": "a consultant",
}
CATEGORY = {
    "SM": "in special measures",
    "SWK": "in need of significant improvement",
    "RSI": "in need of significant improvement",
}


@dataclass
class Memory:
    """What the reader remembers of the year: who was last written to, when, and what stood then."""

    schools: dict[str, tuple[dt.date, Plan]] = field(default_factory=dict)
    sips: dict[str, tuple[dt.date, Plan]] = field(default_factory=dict)


@dataclass
class Post:
    """What is on the table when a letter is read."""

    desk: Desk
    today: dt.date
    memory: Memory
    manager: str
    programme: str
    link: str
    office: str = ""
    telephone: str = ""


def category(case: Case, urn: str) -> str:
    """The school's category of concern by the last row that says one: that of the year's changes before the table's."""
    later = sorted((n.on, n.category_of_concern) for n in case.needs if n.urn == urn and n.category_of_concern)
    known = {s.urn: s.category_of_concern for s in case.schools}
    return str((later[-1][1] if later else known[urn]) or "")


def holders(plan: Plan, key: Key, sip: str | None = None) -> list[Assignment]:
    mine = [a for a in plan.assignments if (a.urn, a.post) == key and sip in (None, a.sip)]
    return sorted(mine, key=lambda a: a.from_)


class Read:
    def __init__(self, r: Reader, letter: Letter, post: Post) -> None:
        self.r, self.letter, self.desk, self.post, self.plan = r, letter, post.desk, post, r.plan
        self.rules, self.book = r.policy.round, r.b
        self.last = ""  # the last paragraph that was read
        self.urns = letter.urns

    def problems(self) -> Iterator[str]:
        for text in (self.letter.heading, *self.letter.paragraphs):
            for pattern, check in self.known():
                if m := re.fullmatch(pattern, text, re.DOTALL):
                    if problem := check(*[x for x in m.groups() if x is not None]):
                        yield f"{problem}: {text}"
                    self.r.n += 1
                    break
            else:
                yield from self.otherwise(text)

    def known(self) -> list[tuple[str, Check]]:
        link, again = (
            re.escape(self.post.link),
            rf"If you think something is wrong, ask me: I look at it again, and you have an answer within {self.rules.query_days} days\.",
        )
        return [
            (DAY, lambda: RIGHT),
            (re.escape("\n".join(filter(None, self.signed()))), lambda: RIGHT),
            (
                rf"You need not answer\. If it does not suit you, or you wish to ask something, write to me: {link}",
                lambda: "an answer is wanted" if self.waits() else RIGHT,
            ),
            (
                rf"A computer program proposed this, by rules that we publish\. A person looks at each proposal, and decides\. {again}",
                lambda: self.chosen(False),
            ),
            (
                rf"A person chose this, and the computer program that proposes the rest kept to it\. A person confirms it too\. {again}",
                lambda: self.chosen(True),
            ),
            (again, lambda: RIGHT),
            (
                r"A computer program proposed this, by rules that we publish, and a person confirmed it\.",
                lambda: self.chosen(False) or self.confirmed(),
            ),
            (r"A person chose this, and confirmed it\.", lambda: self.chosen(True) or self.confirmed()),
        ]

    def signed(self) -> tuple[str, ...]:
        """Name, programme, and how they are reached, a line each."""
        post = self.post
        return post.manager, post.programme, post.office, f"Telephone {post.telephone}" if post.telephone else ""

    def otherwise(self, text: str) -> Iterator[str]:
        yield f"not understood: {text}"

    # letters to schools and letters to SIPs say these for themselves

    def rows(self) -> list[Assignment]:
        raise NotImplementedError  # the rows of the plan that this letter is about

    def pairs(self) -> list[Pair]:
        raise NotImplementedError  # the pairs of the round that it is about

    def waits(self) -> bool:
        raise NotImplementedError  # whether an answer to it is wanted

    def chosen(self, by_hand: bool) -> str:
        """Whether a person fixed every one of these pairs by a lock on record."""
        locks = {(d.urn, d.post or "lead", d.sip) for d in self.book.case.decisions if d.decision == "lock"}
        rows = self.rows()
        return RIGHT if all((a.urn, a.post, a.sip) in locks for a in rows) == by_hand else WRONG

    def confirmed(self) -> str:
        return RIGHT if self.pairs() and all(p.stage == "confirmed" for p in self.pairs()) else "not confirmed"

    def by(self) -> set[str]:
        """The dates by which an answer may be asked: as it was set, else so many days after the letter."""
        due = {p.answer_by for p in self.pairs() if p.answer_by and p.stage in ("proposed", "queried")}
        if not due or any(p.stage == "draft" for p in self.pairs()):
            due.add(self.post.today + dt.timedelta(days=self.rules.answer_days))
        return {spoken(x) for x in due}


def listed(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
