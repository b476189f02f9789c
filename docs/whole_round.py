"""The letters of a whole round, for the page that shows ten of them: Hartwell, from proposal to an ending (docs/generate.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from allocator import rounds
from allocator.allocate import Setup
from allocator.domain.fold import fold
from allocator.domain.happened import Event
from allocator.domain.plan import Plan
from allocator.domain.round import Person
from allocator.intake.read import read_case
from allocator.reasons.answer import ready_from, solve
from allocator.report import letters, sip_letters
from allocator.report.wording import DEFAULTS, TO_SIPS, Letter, LetterKind
from allocator.rounds import Desk, Fact

HARTWELL = Path(__file__).parents[1] / "scenarios" / "hartwell"
MEL = Person(id="m", name="Mel Hart", role="manager")


@dataclass
class Table:
    """A round kept in memory, day by day."""

    plan: Plan
    ready: Setup | None = None
    today: dt.date = dt.date(2026, 6, 27)
    events: list[Event] = field(default_factory=list)
    stands: Desk | None = None

    @property
    def desk(self) -> Desk:
        if self.stands is None:
            self.stands = Desk(self.plan, fold(self.events))
        return self.stands

    def keep(self, fact: Fact) -> None:
        at = dt.datetime.combine(self.today, dt.time(9), dt.UTC)
        self.events.append(rounds.record(self.events, fact, MEL, at))
        self.stands = None

    def do(self, step: Callable[..., Fact], *args: Any, **kw: Any) -> None:
        self.keep(step(self.desk, *args, **kw))

    def replan(self, made: tuple[Plan, Fact]) -> None:
        self.plan, self.ready = made[0], None
        self.keep(made[1])

    def letter(self, kind: LetterKind, key: str) -> Letter:
        """As it would go now."""
        self.ready = self.ready or ready_from(self.plan)
        office = letters.LetterOffice(
            ready=self.ready,
            wordings={str(k): v for k, v in DEFAULTS.items()},
            manager="Mel Hart",
            programme="Hartwell School Improvement",
            today=self.today,
            school_link="https://sip.example/school",
            sip_link="https://sip.example/sip",
            office="School Improvement, Hartwell Hall",
            telephone="01632 960018",
        )
        if kind in TO_SIPS:
            return sip_letters.sip_letter(self.desk, key, office, kind=kind)
        (group,) = rounds.together(self.desk, [key])
        return letters.school_letter(self.desk, group, office, kind=kind)


def begun() -> Table:
    """Hartwell's plan of the year on the desk."""
    read = read_case(HARTWELL)
    assert read.case is not None
    table = Table(solve(read.case, read.policy))
    table.keep(rounds.adopt(fold([]), table.plan))
    return table


def told() -> list[tuple[str, Letter]]:
    """(when and why, the letter), in the order they go."""
    t, out = begun(), list[tuple[str, Letter]]()

    def write(why: str, kind: LetterKind, key: str) -> None:
        out.append((why, t.letter(kind, key)))

    write("June. To a SIP, sounded out before schools are told", "sip", "rob")
    t.do(rounds.sound, None, t.today)
    write("June. To a head whose SIP changes", "school", "900012")
    write("June. To the chair of governors of a school with an appraisal adviser", "chair", CHAIR)
    t.do(rounds.propose, None, t.today)
    t.today = dt.date(2026, 7, 3)
    everyone = sorted({u for u, _ in t.desk.round.pairs})
    for urn in everyone:
        if t.desk.round.pairs.get((urn, "lead")) and t.desk.round.pairs[urn, "lead"].stage == "proposed":
            says = "veto" if urn in ("900020", "900013") else "accept"
            t.do(rounds.answer, urn, says, "head", t.today)
    t.do(
        rounds.decide_refusal,
        "900020",
        False,
        "of those who have the experience that the school needs now, Owen alone has the time",
        t.today,
    )
    write("July. To a head of a school in special measures who asked for somebody else", "decided", "900020")
    t.do(rounds.tell, ["900020"], (), t.today)
    t.replan(rounds.resubmit(t.desk))
    write("July. To a head who refused, the new proposal", "changed", "900013")
    t.do(rounds.propose, None, t.today)
    t.do(rounds.answer, "900013", "accept", "head", t.today)
    write("July. To a head who was told five days and has fewer", "changed", "900003")
    t.do(rounds.sip_says, "dafydd", "move_on", t.today, urn="900049", reason="I have done what I can there")
    outcome = "the school has a new head, and needs somebody it knows for one more year"
    t.do(rounds.close_query, 1, outcome, t.today)
    write("July. To a SIP who asked to move on from a school", "sip_decided", "dafydd")
    t.do(rounds.tell, None, None, t.today)
    for urn, post in sorted(t.desk.round.pairs):
        if t.desk.round.pairs[urn, post].stage == "proposed":
            t.do(rounds.answer, urn, "accept", "head", t.today, post=post)
        if post == "appraisal":
            t.do(rounds.governors, urn, True, t.today)
    t.keep(rounds.confirm(t.desk, [p.beside for p in t.desk.round.everyone if p.stage != "confirmed"], MEL))
    write("July. To a head, once confirmed", "confirmed", "900012")
    write("July. To a SIP, once all their schools are confirmed", "sip_confirmed", "rob")
    t.do(rounds.tell, None, None, t.today)
    t.do(rounds.put_in_force, t.today)
    t.today = dt.date(2026, 12, 1)
    t.replan(rounds.by_hand(t.desk, [AWAY], "ill until March"))
    write("December. To a head whose SIP is away for a time", "cover", "900002")
    write("December. To the SIP who is away", "sip_cover", "john")
    asked = sorted({p.sip for p in t.desk.round.everyone if rounds.offered(t.desk, p.sip)})
    t.do(rounds.sound, asked, t.today)
    t.do(rounds.propose, None, t.today)
    t.do(rounds.tell, None, None, t.today)
    t.today = dt.date(2027, 3, 1)
    t.replan(rounds.by_hand(t.desk, [CLOSES], "the authority has decided"))
    write("March. To the head of a school that closes at Easter", "ended", "900031")
    write("March. To its SIP", "sip_ended", "john")
    return out


AWAY = {"sip_absent": {"sip": "john", "from": "2027-01-11", "to": "2027-03-05"}}
CLOSES = {"school_closes": {"urn": "900031", "on": "2027-03-31"}}
CHAIR = "900022"
