"""Every letter of a whole year, read by one who believes nothing (`tests/reasons/letters_read.py`), on the day it goes."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from allocator import rounds
from allocator.domain.fold import fold
from allocator.domain.happened import named
from allocator.domain.plan import Plan
from allocator.domain.policy import Policy
from allocator.errors import RoundRefuses
from allocator.intake.read import read_case
from allocator.reasons.answer import ready_from, solve
from allocator.report import letters, sip_letters
from allocator.report.wording import DEFAULTS, Letter, kind_of
from allocator.rounds import Fact
from docs.whole_round import AWAY, CLOSES, HARTWELL, MEL, Table
from tests.make import case, led, school, sip
from tests.reasons.letters_base import Memory, Post
from tests.reasons.letters_read import LetterReader
from tests.sizes import long

LINK = "https://sip.example"
TELEPHONE = ("", "01632 960018")  # with a number in every other month


class Secretary(Table):
    """A round whose every letter is read before it goes; `seen` counts the kinds, `wrong` what is not so."""

    memory: Memory
    seen: Counter[str]
    wrong: list[str]
    n: int
    reader: LetterReader

    @classmethod
    def of(cls, plan: Plan, today: dt.date) -> Secretary:
        made = cls(plan, today=today)
        made.memory, made.seen, made.wrong, made.n = Memory(), Counter(), [], 0
        made.keep(rounds.adopt(fold([]), plan))
        made.reader = LetterReader(plan)
        return made

    def replan(self, made: tuple[Plan, Fact]) -> None:
        super().replan(made)
        self.reader = LetterReader(self.plan)

    def send(self, step: Callable[..., Fact], schools: Any = None, sips: Any = None, *args: Any) -> None:
        """The letters of this step are written, read and sent."""
        self.ready = self.ready or ready_from(self.plan)
        for letter, link in self._due(step, schools, sips):
            self.seen[letter.kind] += 1
            post = Post(
                self.desk,
                self.today,
                self.memory,
                "Mel Hart",
                "Hartwell",
                link,
                telephone=TELEPHONE[self.today.month % 2],
            )
            self.wrong += self.reader.letter(letter, post)
        self.n = self.reader.n
        fact = (
            step(self.desk, schools, sips, self.today)
            if step is rounds.tell
            else step(self.desk, sips if step is rounds.sound else schools, self.today, *args)
        )
        schools, people = named(fact)
        for urn in schools:
            self.memory.schools[urn] = (self.today, self.plan)
        for s in people:
            self.memory.sips[s] = (self.today, self.plan)
        self.keep(fact)

    def _due(self, step: Callable[..., Fact], schools: Any, sips: Any) -> Iterator[tuple[Letter, str]]:
        desk = self.desk
        assert self.ready is not None
        office = letters.LetterOffice(
            ready=self.ready,
            wordings={str(k): v for k, v in DEFAULTS.items()},
            manager="Mel Hart",
            programme="Hartwell",
            today=self.today,
            school_link=f"{LINK}/school",
            sip_link=f"{LINK}/sip",
            telephone=TELEPHONE[self.today.month % 2],
        )
        everybody = {p.urn for p in desk.round.everyone} | {u for u, _ in desk.round.told}
        groups = rounds.together(desk, everybody if schools is None else schools) if step is not rounds.sound else []
        for group in groups:
            asked = rounds.asks(desk, group)
            states = [asked] if step is rounds.propose else [*rounds.tells(desk, group)]
            for state in filter(None, states):
                for audience in ("head", "chair"):
                    yield letters.school_letter(desk, group, office, kind=kind_of(audience, state)), f"{LINK}/school"  # type: ignore[arg-type]  # one of the two
        people = sorted({p.sip for p in desk.round.everyone} | set(desk.round.told_sips)) if sips is None else sips
        for s in people if step is not rounds.propose else ():
            due = (
                rounds.told_only(desk, s)
                if step is rounds.tell
                else [x for x in rounds.sip_due(desk, s) if x not in rounds.told_only(desk, s)]
            )
            for state in due or (["school"] if step is rounds.sound else []):
                yield sip_letters.sip_letter(desk, s, office, kind=kind_of("sip", state)), f"{LINK}/sip"

    def everybody(self, says: Callable[[str], str] = lambda urn: "accept") -> None:
        for p in self.desk.round.everyone:
            if any(x.beside == p.beside and x.stage == "proposed" for x in self.desk.round.everyone):
                self.do(
                    rounds.answer, p.urn, says(p.urn) if p.post == "lead" else "accept", "head", self.today, post=p.post
                )

    def confirm_all(self) -> None:
        for urn, post in sorted(self.desk.round.pairs):
            if post == "appraisal":
                self.do(rounds.governors, urn, True, self.today)
        self.keep(
            rounds.confirm(self.desk, [p.beside for p in self.desk.round.everyone if p.stage != "confirmed"], MEL)
        )


@cache
def hartwell() -> Plan:
    read = read_case(HARTWELL)
    assert read.case is not None
    return solve(read.case, read.policy)


def a_year(t: Secretary) -> Secretary:
    """June to March: sounded, proposed, two refusals, one overruled, planned again, confirmed, an absence, an ending."""
    t.send(rounds.sound)
    t.send(rounds.propose)
    t.today = dt.date(2026, 7, 3)
    t.everybody(lambda urn: "veto" if urn in ("900020", "900013") else "accept")
    t.do(rounds.decide_refusal, "900020", False, "nobody else has the time", t.today)
    t.send(rounds.tell, ["900020"], [])
    t.replan(rounds.resubmit(t.desk))
    t.send(rounds.propose)
    t.everybody()
    t.do(rounds.sip_says, "dafydd", "move_on", t.today, urn="900049", reason="done")
    t.do(rounds.close_query, 1, "the head is new", t.today)
    t.send(rounds.tell)
    t.confirm_all()
    t.send(rounds.tell)
    t.do(rounds.put_in_force, t.today)
    t.today = dt.date(2026, 12, 1)
    t.replan(rounds.by_hand(t.desk, [AWAY], "ill until March"))
    t.send(rounds.sound, None, sorted({p.sip for p in t.desk.round.everyone if rounds.offered(t.desk, p.sip)}))
    t.send(rounds.propose)
    t.everybody()
    t.send(rounds.tell)
    t.today = dt.date(2027, 1, 20)
    t.confirm_all()
    t.send(rounds.tell)
    t.today = dt.date(2027, 3, 1)
    t.replan(rounds.by_hand(t.desk, [CLOSES], "the authority has decided"))
    for step in (rounds.propose, rounds.tell):
        try:
            t.send(step)
        except RoundRefuses:
            continue
    return t


@long()
def test_no_paragraph_of_any_letter_of_a_year_is_false() -> None:
    t = a_year(Secretary.of(hartwell(), dt.date(2026, 6, 27)))
    assert t.wrong == []
    print(f"{t.seen.total()} letters, {dict(t.seen)}")
    assert t.seen.keys() == {*DEFAULTS}


def small(policy: Policy) -> Plan:
    """A led 1 and goes on; 2 and 3 share a head; 4 is in special measures, and B alone may take it."""
    schools = [
        school("1", name="Hill School", focus=("phonics",), appraisal="different"),
        school("2", name="Dale Infant School", head="h"),
        school("3", name="Dale Junior School", head="h"),
        school("4", name="Top School", category_of_concern="SM"),
    ]
    team = [
        sip(
            "A",
            name="Siân Llŷr",
            specialisms=("phonics",),
            pen_portrait="I led a small school.",
            appraisal_trained=True,
        ),
        sip("B", name="Łukasz Żak", experience=("special_measures",), appraisal_trained=True),
        sip("C", name="Cai Owen"),
    ]
    return solve(case(schools, team, history=led("1", "A", "2025/26")), policy)


OTHERWISE: list[dict[str, Any]] = [
    {"mode": "agree_with_school"},
    {"silence": "waits", "vetoes": 2},
    {"vetoes": 3, "concern_veto": "counts", "query_days": 5},
    {"vetoes": 0, "ladder": ["SIP manager"], "answer_days": 21},
]


@pytest.mark.parametrize("rules", OTHERWISE)
def test_letters_say_what_the_settings_in_force_mean(rules: dict[str, Any]) -> None:
    given = Policy()
    t = Secretary.of(
        small(given.model_copy(update={"round": given.round.model_copy(update=rules)})), dt.date(2026, 6, 27)
    )
    t.send(rounds.sound)
    t.send(rounds.propose)
    t.do(rounds.answer, "4", "veto", "chair" if rules.get("mode") else "head", t.today)
    if t.desk.round.pairs["4", "lead"].represented:
        t.do(rounds.decide_refusal, "4", False, "nobody else has the experience", t.today)
        t.send(rounds.tell, ["4"], [])
    assert t.wrong == []
    assert t.seen["school"] == t.seen["chair"] == 3


@pytest.mark.parametrize(
    ("kind", "was", "now", "found"),
    [
        ("school", "once in a year", "twice in a year", "not understood"),
        ("school", "11 July 2026", "12 July 2026", "another date"),
        (
            "school",
            "I shall then propose somebody else. This can be done once in a year.",
            "I shall consider what you say, decide, and write to you.",
            "not understood",
        ),
        (
            "school",
            "A computer program proposed this, by rules that we publish. A person looks at each proposal, and decides.",
            "A person chose this, and the computer program that proposes the rest kept to it. A person confirms it too.",
            "not so",
        ),
        ("school", "within 10 days", "within 5 days", "not understood"),
        ("school", "is an adviser of the authority", "is a consultant", "is somebody else"),
        ("school", "will be your School", "is your School", "on 27 June 2026 it will be"),
        ("chair", "yes or no by 11 July 2026", "no by 11 July 2026", "not understood"),
        ("sip", "seven schools", "eight schools", "another number"),
        ("sip", "; and one day more where the school is new to you, or its head is new", "", "another number"),
    ],
)
def test_a_letter_that_says_what_is_not_so_is_found(kind: str, was: str, now: str, found: str) -> None:
    t = Secretary.of(hartwell(), dt.date(2026, 6, 27))
    key = {"school": "900012", "chair": "900022", "sip": "rob"}[kind]
    letter = t.letter(kind, key)  # type: ignore[arg-type]  # one of them
    assert was in letter.text
    altered = Letter(
        letter.kind,
        letter.key,
        letter.to,
        letter.urns,
        letter.heading,
        tuple(p.replace(was, now) for p in letter.paragraphs),
    )
    link = LINK + ("/sip" if kind == "sip" else "/school")
    post = Post(
        t.desk,
        t.today,
        t.memory,
        "Mel Hart",
        "Hartwell School Improvement",
        link,
        "School Improvement, Hartwell Hall",
        "01632 960018",
    )
    assert t.reader.letter(letter, post) == []
    assert any(found in x for x in t.reader.letter(altered, post))


def moves(*, full: bool) -> Plan:
    """The head of 2, whom A led at 1, asks that A come too; `full`: A may not lead two schools."""
    schools = [school("1", name="Hill School"), school("2", name="Dale School")]
    team = [sip("A", name="Siân Llŷr", max_schools=1 if full else 2), sip("B", name="Łukasz Żak")]
    wish = {"by": "school", "urn": "2", "sip": "A", "wish": "follow_head", "strength": 3}
    return solve(case(schools, team, history=led("1", "A", "2024/25", "2025/26"), wishes=[wish]), Policy())


@pytest.mark.parametrize("full", [False, True])
def test_a_request_that_the_sip_follow_the_head_has_an_outcome_in_a_letter(full: bool) -> None:
    t = Secretary.of(moves(full=full), dt.date(2026, 6, 27))
    (asked,) = t.desk.round.queries
    assert (asked.about, asked.by, asked.urn, asked.whom, asked.outcome) == ("follow", "head", "2", "A", None)
    t.send(rounds.sound)
    t.send(rounds.propose)
    t.everybody()
    assert "has a query open" in " ".join(rounds.missing(t.desk, ("2", "lead"), MEL))
    assert not list(rounds.missing(t.desk, ("1", "lead"), MEL))
    t.do(rounds.close_query, 1, "Hill School needs her too" if full else "you work well together", t.today)
    assert t.desk.round.queries[0].granted is not full
    text = t.letter("decided", "2").text
    assert (
        f"Mel Hart considered it and decided on 27 June 2026: Siân Llŷr {'does not come' if full else 'comes'} with the head."
        in text
    )
    assert ("ask the assistant director to look at it" in text) == full
    t.send(rounds.tell)
    t.confirm_all()
    t.send(rounds.tell)
    assert t.wrong == []
    assert (t.seen["decided"], t.seen["chair_decided"]) == (1, 1)
    swap = [("1", "B"), ("2", "A")] if full else [("2", "B")]
    locks = [{"lock": {"urn": u, "sip": x, "reason": "tried", "by": "Mel Hart"}} for u, x in swap]
    t.replan(rounds.by_hand(t.desk, locks, "she is needed"))
    assert [q.outcome for q in t.desk.round.queries][1:] == [None]  # what was decided no longer holds: it waits again


def test_a_question_of_a_head_is_answered_in_a_letter_too() -> None:
    t = Secretary.of(small(Policy()), dt.date(2026, 6, 27))
    t.send(rounds.propose)
    t.do(rounds.answer, "1", "query", "head", t.today, reason="May the first visit be in October?")
    t.do(rounds.close_query, 1, "Yes.", t.today)
    text = t.letter("decided", "1").text
    assert "You asked: “May the first visit be in October?” Mel Hart answered on 27 June 2026: Yes." in text
    t.send(rounds.tell)
    assert t.wrong == []
    assert t.seen["decided"] == 1


def test_a_support_adviser_added_in_the_year_is_whom_the_letter_asks_about() -> None:
    schools = [school("1", name="Hill School", appraisal="different"), school("2", name="Dale School")]
    team = [
        sip(s, name=n, experience=("special_measures",), appraisal_trained=True)
        for s, n in (("A", "Siân Llŷr"), ("B", "Łukasz Żak"))
    ]
    t = Secretary.of(
        solve(case(schools, team, history=led("1", "A", "2025/26") + led("2", "B", "2025/26")), Policy()),
        dt.date(2026, 6, 27),
    )
    t.send(rounds.sound)
    t.send(rounds.propose)
    t.everybody()
    t.confirm_all()
    t.send(rounds.tell)
    t.do(rounds.put_in_force, t.today)
    t.today = dt.date(2027, 2, 1)
    worse = {"category": {"urn": "1", "category_of_concern": "SM", "on": "2027-02-08"}}
    t.replan(rounds.by_hand(t.desk, [worse], "inspected"))
    text = t.letter("changed", "1").text
    assert "Since I wrote on 27 June 2026, a support adviser has been added." in text
    assert "If you would rather not work with Łukasz Żak" in text
    assert "Łukasz Żak is a consultant" in text
    assert "Support adviser: Łukasz Żak, " in t.letter("chair_changed", "1").text
    assert "appraisal" not in text  # it was in December
    t.send(rounds.sound, None, ["B"])
    t.send(rounds.propose)
    t.everybody()
    t.confirm_all()
    t.send(rounds.tell)
    assert t.wrong == []


def test_a_proposal_made_within_the_year_is_to_be_and_is_only_once_agreed() -> None:
    t = Secretary.of(small(Policy()), dt.date(2026, 10, 1))
    t.send(rounds.sound)
    t.send(rounds.propose)
    who = "Łukasz Żak {} your School Improvement Partner from 1 September 2026"
    assert who.format("is to be") in t.letter("school", "4").text
    t.everybody()
    t.confirm_all()
    assert who.format("is") in t.letter("confirmed", "4").text
    t.send(rounds.tell)
    assert t.wrong == []
