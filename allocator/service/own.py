"""What a head, a chair or a SIP has before them: their own pairs in the newest round that they have been told of."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from allocator import rounds
from allocator.allocate import Setup
from allocator.domain.plan import Assignment
from allocator.domain.round import AGREED, Pair, Query
from allocator.reasons.spoken import name_of
from allocator.reasons.told import being, heard
from allocator.reasons.who import who_is
from allocator.report import letters
from allocator.rounds import Desk
from allocator.service.http_problems import HttpProblem
from allocator.service.reached import ring
from allocator.service.roles import Who
from allocator.service.sent import SentLetter, kept, to_school
from allocator.service.views import mine, own_pair, ready_of
from allocator.store import keep
from allocator.store.tables import PlanRow, Programme, RoundRow

CHANGED = "This has changed since you opened the page. Go back to your first page and read it again."


@dataclass(frozen=True)
class Before:
    """One round as it is before this person. `pairs`: theirs, told to them."""

    row: RoundRow
    plan: PlanRow
    desk: Desk
    ready: Setup
    programme: str
    telephone: str  # where its SIP manager is rung; blank: nowhere
    pairs: tuple[Pair, ...]


def rounds_before(s: Session, who: Who) -> Iterator[Before]:
    """For each programme of theirs the newest round that tells them something."""
    for programme in sorted(who.programmes()):
        query = sa.select(RoundRow).where(RoundRow.programme_id == programme).order_by(RoundRow.created_at.desc())
        for row in s.scalars(query):
            plan = keep.current(s, row.id)
            if plan is None:
                continue
            _, desk = keep.desk(s, row.id)
            pairs = tuple(sorted(mine(desk, who, programme), key=lambda p: (p.urn, p.post != "lead", p.post)))
            if pairs or _waits(desk, who, programme):
                here = s.get_one(Programme, programme)
                yield Before(row, plan, desk, ready_of(plan, desk.plan), here.name, here.telephone, pairs)
                break


def _waits(desk: Desk, who: Who, programme: str) -> bool:
    """Whether a school of theirs refused and is to hear again."""
    return who.role == "school" and any(u in who.urns(programme) for u, _, _ in desk.round.refused)


def about(before: Before, pair: Pair) -> str:
    """What a form is about, so that an answer never goes to another proposal than the one that was read."""
    return hashlib.sha256(f"{before.row.id}|{pair.urn}|{pair.post}|{pair.sip}".encode()).hexdigest()[:16]


def found(s: Session, who: Who, asked: str) -> tuple[Before, Pair]:
    """The pair that `about` stands for. Raises HttpProblem when it is no longer before this person."""
    for before in rounds_before(s, who):
        for pair in before.pairs:
            if about(before, pair) == asked:
                return before, pair
    raise HttpProblem("round_refuses", CHANGED)


@dataclass(frozen=True)
class OwnPost:
    """One post of a school as its head may see it."""

    pair: Pair
    row: Assignment
    text: str
    who: str  # kind, headships, years
    portrait: str | None
    given: float  # days worked so far
    is_: str  # what the SIP is to the school today: stays, will be, is, was, will stand in as …
    about: str
    may_refuse: bool

    @property
    def left(self) -> float:
        return max(0.0, self.row.days - self.given)


@dataclass(frozen=True)
class Proposal:
    """What one head answers at once: a school, or several that share the head. `posts`: the first is the main one."""

    before: Before
    urns: tuple[str, ...]
    names: tuple[str, ...]
    as_: str  # head or chair
    posts: tuple[OwnPost, ...]
    last_year: tuple[tuple[str, str], ...]  # school, who was its SIP
    questions: tuple[tuple[Query, str], ...]  # and, once answered, what was decided, why, by whom, and where to turn
    refused: bool  # asked for someone else, and is to hear again
    person_decides: bool
    silence: str
    refusal: str
    decided: str  # what was decided on a refusal, why, by whom, when; blank while nothing is
    next_step: str  # and where to turn
    may_raise: str | None  # to whom the head may take it here
    about_it: str  # that a program proposed and a person decides, and how to have it looked at again
    letters: tuple[SentLetter, ...]  # what was written to them, as it went
    agree: bool  # head and chair agree together
    this_year: tuple[tuple[str, dt.date, dt.date], ...] = ()  # who has the main post from when to when

    @property
    def main(self) -> OwnPost:
        return self.posts[0]

    @property
    def about(self) -> str:
        return self.main.about if self.posts else ""

    @property
    def late(self) -> bool:
        """The date has passed, and silence counts as yes."""
        return bool(self.posts) and late(self.before.desk, self.main.pair)

    @property
    def appraisal(self) -> OwnPost | None:
        """The head's appraisal, where it may be refused alone: beside whoever leads the school (domain H3, H4)."""
        beside = self.main.pair.post != "appraisal" and any(p.pair.post == "lead" for p in self.posts)
        return next((p for p in self.posts if beside and p.pair.post == "appraisal" and p.may_refuse), None)

    @property
    def of_both(self) -> bool:
        """Whether the SIP of the main post has the appraisal too: a refusal of the one is of both."""
        mine = {p.pair.post for p in self.posts if p.pair.sip == self.main.pair.sip and p.pair.stage != "refused"}
        return self.main.pair.post == "lead" and "appraisal" in mine

    @property
    def ring(self) -> str:
        return ring(self.before.telephone)

    @property
    def stage(self) -> str:
        return self.main.pair.stage

    @property
    def may_answer(self) -> bool:
        return self.stage in ("proposed", "queried")

    @property
    def may_refuse(self) -> bool:
        return self.main.may_refuse


def late(desk: Desk, pair: Pair) -> bool:
    """The date has passed, and silence counts as yes."""
    return bool(pair.answer_by and pair.answer_by < dt.date.today() and desk.rules.silence == "accepts")


def proposals(s: Session, who: Who) -> list[Proposal]:
    """Everything before a head or chair, one entry for each answer they give."""
    out = []
    for before in rounds_before(s, who):
        desk, urns = before.desk, who.urns(before.row.programme_id)
        told = {p.urn for p in before.pairs}
        waiting = {u for u, _, _ in desk.round.refused if u in urns and u not in told}
        groups = rounds.together(desk, sorted(told | waiting))
        groups += [(u,) for u in sorted(waiting - {u for g in groups for u in g})]  # nobody is proposed there any more
        for group in groups:
            own = tuple(u for u in group if u in urns)
            as_ = who.answers_as(before.row.programme_id, own[0])
            pairs = sorted((p for p in before.pairs if p.urn in own), key=lambda p: _weight(desk, p))
            first = {p.key: p for p in reversed(pairs)}  # of several who hold a post in the year the one that waits
            posts = tuple(_post(before, who, p) for p in pairs if first[p.key] == p)
            main = pairs[0] if pairs else None
            out.append(
                Proposal(
                    before,
                    own,
                    tuple(desk.facts.name(u) for u in own),
                    as_,
                    posts,
                    last_year=tuple((desk.facts.name(u), n) for u in own if (n := _last_year(desk, u))),
                    questions=tuple(
                        (q, _outcome(desk, q)) for q in desk.round.queries if q.urn in own and q.by in ("head", "chair")
                    ),
                    refused=not posts or (main is not None and main.stage == "refused"),
                    person_decides=rounds.needs_a_person(desk, own[0]) is not None,
                    silence=letters.silence_means(desk),
                    refusal=letters.refusal_means(desk, own[0]),
                    decided=letters.decided(desk, main) if main else "",
                    next_step=letters.next_step(desk, main, telephone=before.telephone) if main else "",
                    may_raise=rounds.may_raise(desk, main) if main else None,
                    about_it=letters.made([p.row for p in posts], all(p.pair.stage == "confirmed" for p in posts))
                    if posts
                    else "",
                    letters=tuple(kept(s, before.row.id, desk.round, to_school(own, as_))),
                    agree=desk.rules.mode == "agree_with_school",
                    this_year=tuple(
                        (name_of(desk.facts, x.sip), x.from_, x.to) for x in desk.round.now.get(main.key, ())
                    )
                    if main
                    else (),
                )
            )
    return out


def _outcome(desk: Desk, q: Query) -> str:
    """What was decided on a question, and the next step up; blank while nothing is."""
    return f"{letters.answered(desk, q)} {letters.step_up(desk, [q])}".rstrip() if q.outcome else ""


def _weight(desk: Desk, p: Pair) -> tuple[bool, bool, int, bool, str]:
    """What is before the head first: what waits for an answer, the lead, the post's last holder."""
    waits: tuple[str, ...] = ("queried", "proposed", "refused")
    if p.post != "lead" and p.stage == "refused" and not p.represented:  # of what is planned again nothing is asked
        waits = waits[:2]
    return (
        p.stage not in (*waits, "overruled"),  # what was decided on a refusal is read before what else waits
        p.post != "lead",
        waits.index(p.stage) if p.stage in waits else len(waits),
        p.beside in desk.round.beside,
        p.urn,
    )


def _post(before: Before, who: Who, pair: Pair) -> OwnPost:
    shown = own_pair(before.desk, before.ready, pair, who)
    worked, row = before.desk.facts.case.worked, before.desk.row(pair)
    given = sum(w.days for w in worked if (w.urn, w.post, w.sip) == (pair.urn, pair.post, pair.sip))
    return OwnPost(
        pair,
        row,
        heard(shown.text, pair.governors),
        who_is(before.desk.facts.sips[pair.sip]),
        shown.pen_portrait,
        given,
        "stays"
        if shown.text.startswith(f"{row.name} stays")
        else being(before.desk.plan, row, dt.date.today(), pair.stage in AGREED),
        about(before, pair),
        pair.stage in ("proposed", "queried", "accepted") and not late(before.desk, pair),
    )


def _last_year(desk: Desk, urn: str) -> str | None:
    """The name of last year's SIP, where one is on record."""
    sip = desk.facts.incumbent(urn)
    if sip is None:
        return None
    row = desk.facts.sips.get(sip)
    return row.name if row else "somebody who has left"
