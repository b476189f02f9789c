"""A round from draft to in force: what each step records, what it refuses, and what stays after a change."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from allocator import rounds
from allocator.check.audit import audit
from allocator.domain.case import Case
from allocator.domain.fold import fold
from allocator.domain.happened import Event, Fact, PlanPut, read
from allocator.domain.plan import Plan
from allocator.domain.round import Key, Person, Round
from allocator.errors import RoundRefuses, UsageError
from allocator.questions.rollover import next_year
from allocator.reasons.answer import solve, world
from allocator.report.director import director
from allocator.rounds import Desk
from tests.make import case, led, policy, school, sip

JULY = dt.date(2026, 7, 1)
MANAGER = Person(id="m@hart", name="Mel Manager", role="manager")
DEPUTY = Person(id="d@hart", name="Dee Deputy", role="manager", sip="A")


class Table:
    """A round kept in memory, as a store would keep it: events and plans by id."""

    def __init__(self, facts: Case, **parts: Any) -> None:
        self.events: list[Event] = []
        self.plans: dict[str, Plan] = {}
        first = solve(facts, policy(**parts))
        self.keep(rounds.adopt(fold([]), first), first)

    @property
    def now(self) -> Round:
        return fold([self.back(e) for e in self.events])

    @staticmethod
    def back(e: Event) -> Event:
        """As it is read back from its row."""
        data = json.loads(json.dumps(e.fact.plain()))
        return read(e.n, e.at, e.by.model_dump(mode="json"), e.kind, e.fact.version, data)

    @property
    def desk(self) -> Desk:
        return Desk(self.plans[self.now.plans[-1]], self.now)

    def keep(self, fact: Fact, plan: Plan | None = None, by: Person = MANAGER) -> None:
        if plan is not None:
            assert isinstance(fact, PlanPut)
            self.plans[fact.plan] = plan
        self.events.append(rounds.record(self.events, fact, by, dt.datetime(2026, 7, 1, tzinfo=dt.UTC)))
        assert self.back(self.events[-1]) == self.events[-1]

    def do(self, step: Callable[..., Fact], *args: Any, **kw: Any) -> None:
        self.keep(step(self.desk, *args, **kw))

    def resubmit(self) -> None:
        plan, fact = rounds.resubmit(self.desk)
        self.keep(fact, plan)

    def by_hand(self, changes: list[dict[str, Any]], reason: str) -> None:
        plan, fact = rounds.by_hand(self.desk, changes, reason)
        self.keep(fact, plan)

    @property
    def state(self) -> str:
        return self.now.state

    def lead(self, urn: str) -> str:
        return self.now.pairs[urn, "lead"].sip

    def stage(self, urn: str) -> str:
        return self.now.pairs[urn, "lead"].stage


def four(**tables: Any) -> Case:
    """Four primaries; A led two of them, B two; C is new, and there is room."""
    history = [row for n in range(1, 5) for row in led(str(n), "A" if n < 3 else "B", "2025/26")]
    schools = tables.pop("schools", [school(str(n)) for n in range(1, 5)])
    return case(schools, tables.pop("sips", [sip("A"), sip("B"), sip("C")]), history=history, **tables)


@pytest.fixture
def table() -> Table:
    return Table(four())


def all_keys(t: Table) -> list[Key]:
    return sorted(t.now.pairs)


def test_a_whole_round(table: Table) -> None:
    assert table.state == "draft"
    table.do(rounds.propose, None, JULY)
    assert table.state == "proposed"
    for urn in "124":
        table.do(rounds.answer, urn, "accept", "head", JULY)
    assert table.state == "proposed"
    table.do(rounds.answer, "3", "veto", "head", JULY, reason="we know him", via="telephone")
    assert table.state == "answered"
    refused = table.lead("3")
    table.resubmit()
    assert (table.state, table.now.resubmissions, table.stage("3")) == ("resubmitted", 1, "draft")
    assert table.lead("3") != refused
    assert [table.stage(u) for u in "124"] == ["accepted"] * 3  # kept as they were
    table.do(rounds.propose, ["3"], JULY)
    table.do(rounds.answer, "3", "accept", "head", JULY)
    table.keep(rounds.confirm(table.desk, all_keys(table), MANAGER))
    assert table.state == "confirmed"
    table.do(rounds.put_in_force, JULY)
    assert table.state == "in_force"
    table.by_hand([{"sip_leaves": {"sip": table.lead("1"), "on": "2026-12-31"}}], "A resigned at Christmas")
    assert table.state == "repaired"
    assert {table.stage(u) for u in "34"} == {"confirmed"}
    assert table.stage("1") == "draft"
    for plan in table.plans.values():
        facts, rules = world(plan)
        assert audit(facts, rules, plan) == []
    following = next_year(table.desk.plan).case
    assert {(r.urn, r.sip) for r in following.history if r.year == "2026/27"} >= {("1", table.lead("1"))}


def test_the_same_events_give_the_same_round(table: Table) -> None:
    table.do(rounds.propose, ["1", "2"], JULY)
    table.do(rounds.answer, "1", "query", "head", JULY, reason="why?")
    assert fold(table.events) == table.now
    assert table.now.length == len(table.events) == 3


def test_a_stage_at_a_time_and_withdrawn(table: Table) -> None:
    table.do(rounds.propose, ["1"], JULY)
    assert (table.stage("1"), table.stage("2")) == ("proposed", "draft")
    with pytest.raises(RoundRefuses, match="no proposal before it"):
        rounds.answer(table.desk, "2", "accept", "head", JULY)
    with pytest.raises(RoundRefuses, match="still a draft"):
        rounds.propose(table.desk, ["1"], JULY)
    with pytest.raises(RoundRefuses, match="with its reason"):
        rounds.withdraw(table.desk, ["1"], " ")
    table.do(rounds.withdraw, ["1"], "sent to the wrong head")
    assert table.stage("1") == "draft"


def test_a_new_solve_waits_until_letters_are_back(table: Table) -> None:
    again = table.desk.plan
    rounds.adopt(table.now, again)
    table.do(rounds.propose, ["1"], JULY)
    with pytest.raises(RoundRefuses, match="out for 1 school:"):
        rounds.adopt(table.now, again)


@pytest.mark.parametrize(("days", "due"), [(9, []), (10, ["1"]), (14, ["1"]), (15, [])])
def test_reminders_are_due_in_the_last_days_once(table: Table, days: int, due: list[str]) -> None:
    table.do(rounds.propose, ["1"], JULY)  # 14 days to answer, a reminder 4 days before
    on = JULY + dt.timedelta(days=days)
    assert list(rounds.reminders(table.desk, on)) == due
    if due:
        table.do(rounds.remind, on)
        assert rounds.reminders(table.desk, on) == ()


@pytest.mark.parametrize(("silence", "stage"), [("accepts", "accepted"), ("waits", "proposed")])
def test_what_silence_means(silence: str, stage: str) -> None:
    table = Table(four(), round={"silence": silence})
    table.do(rounds.propose, None, JULY)
    last = JULY + dt.timedelta(days=14)
    assert rounds.silence(table.desk, last) == []  # the last day is still theirs
    for fact in rounds.silence(table.desk, last + dt.timedelta(days=1)):
        table.keep(fact)
    assert table.stage("1") == stage
    assert table.now.pairs["1", "lead"].silent == (silence == "accepts")


def test_a_late_refusal_is_taken_down_by_a_person_only(table: Table) -> None:
    table.do(rounds.propose, None, JULY)
    late = JULY + dt.timedelta(days=15)
    with pytest.raises(RoundRefuses, match="had until 15 July 2026 to refuse"):
        rounds.answer(table.desk, "1", "veto", "head", late)
    table.do(rounds.answer, "1", "veto", "head", late, via="telephone")
    assert table.stage("1") == "refused"


def test_a_second_refusal_goes_up_the_ladder_and_never_to_a_solve(table: Table) -> None:
    table.do(rounds.propose, None, JULY)
    table.do(rounds.answer, "1", "veto", "head", JULY)
    table.resubmit()
    table.do(rounds.propose, None, JULY)
    table.do(rounds.answer, "1", "veto", "head", JULY)
    pair = table.now.pairs["1", "lead"]
    assert (pair.stage, pair.represented, pair.rung) == ("refused", True, "SIP manager")
    with pytest.raises(RoundRefuses, match="No refusal waits"):
        rounds.resubmit(table.desk)
    table.do(rounds.decide_refusal, "1", None, "I proposed both", JULY)
    assert table.now.pairs["1", "lead"].rung == "assistant director"
    with pytest.raises(RoundRefuses, match="last to hear it"):
        rounds.decide_refusal(table.desk, "1", None, "no one left", JULY)
    table.do(rounds.decide_refusal, "1", True, "a fair point", JULY)
    assert [p.key for p in table.now.waiting] == [("1", "lead")]
    table.resubmit()
    assert table.now.resubmissions == 2


@pytest.mark.parametrize(("stands", "stage"), [(True, "refused"), (False, "overruled")])
def test_a_school_of_concern_makes_a_representation(stands: bool, stage: str) -> None:
    ready = {"experience": ("special_measures", "ri_to_good")}
    schools = [school("1", category_of_concern="SM", need="top"), school("2")]
    table = Table(case(schools, [sip("A", **ready), sip("B", **ready)]), separation={"needs": []})
    table.do(rounds.propose, None, JULY)
    table.do(rounds.answer, "1", "veto", "head", JULY)
    assert table.now.pairs["1", "lead"].represented
    assert table.now.waiting == ()
    with pytest.raises(RoundRefuses, match="with its reason"):
        rounds.decide_refusal(table.desk, "1", stands, "", JULY)
    table.do(rounds.decide_refusal, "1", stands, "heard and decided", JULY)
    assert table.stage("1") == stage


def test_agree_with_school_needs_head_and_chair() -> None:
    for order in itertools.permutations(["head", "chair"]):
        table = Table(four(), round={"mode": "agree_with_school"})
        table.do(rounds.propose, None, JULY)
        table.do(rounds.answer, "1", "accept", order[0], JULY)
        assert table.stage("1") == "proposed"
        table.do(rounds.answer, "1", "accept", order[1], JULY)
        assert table.stage("1") == "accepted"


def test_a_chair_does_not_refuse_where_the_head_answers(table: Table) -> None:
    table.do(rounds.propose, None, JULY)
    with pytest.raises(RoundRefuses, match="agree-with-school"):
        rounds.answer(table.desk, "1", "veto", "chair", JULY)


def test_schools_that_share_a_head_answer_as_one() -> None:
    table = Table(four(schools=[school(str(n), head="h" if n < 3 else None) for n in range(1, 5)]))
    table.do(rounds.propose, ["1"], JULY)
    assert (table.stage("2"), table.stage("3")) == ("proposed", "draft")
    table.do(rounds.answer, "2", "veto", "head", JULY)
    assert {table.stage("1"), table.stage("2")} == {"refused"}
    assert director(table.desk.facts, table.desk.plan, table.now).refusals == 1
    table.resubmit()
    assert table.lead("1") == table.lead("2")
    assert director(table.desk.facts, table.desk.plan, table.now).refusals == 1


def test_a_query_leads_to_a_person_with_a_date_and_an_outcome(table: Table) -> None:
    table.do(rounds.propose, None, JULY)
    table.do(rounds.answer, "1", "query", "head", JULY, reason="is she local?")
    (query,) = table.now.queries
    assert (query.text, query.answer_by) == ("is she local?", JULY + dt.timedelta(days=10))
    with pytest.raises(RoundRefuses, match="has a query open"):
        rounds.confirm(table.desk, [("1", "lead")], MANAGER)
    with pytest.raises(RoundRefuses, match="outcome"):
        rounds.close_query(table.desk, 1, " ", JULY)
    with pytest.raises(UsageError, match="no query 2"):
        rounds.close_query(table.desk, 2, "x", JULY)
    table.do(rounds.close_query, 1, "yes, she is", JULY)
    assert table.stage("1") == "proposed"
    with pytest.raises(RoundRefuses, match="already answered"):
        rounds.close_query(table.desk, 1, "again", JULY)


def test_sips_are_sounded_first_where_the_setting_asks() -> None:
    table = Table(four(), round={"sips_first": True})
    with pytest.raises(RoundRefuses, match="Sip A: not yet asked"):
        rounds.propose(table.desk, ["1"], JULY)
    table.do(rounds.sound, None, JULY)
    with pytest.raises(RoundRefuses, match="Sip A"):
        rounds.propose(table.desk, ["1"], JULY)
    table.do(rounds.sip_says, "A", "accept", JULY)
    table.do(rounds.propose, ["1"], JULY)
    table.do(rounds.propose, ["3"], JULY + dt.timedelta(days=15))  # B let the date pass
    with pytest.raises(UsageError, match="no pair"):
        rounds.sound(table.desk, ["Z"], JULY)


def test_a_sip_may_ask_to_move_on_and_declare_an_interest(table: Table) -> None:
    with pytest.raises(UsageError, match="which school"):
        rounds.sip_says(table.desk, "A", "move_on", JULY)
    with pytest.raises(UsageError, match="no pair"):
        rounds.sip_says(table.desk, "A", "query", JULY, urn="4")
    table.do(rounds.propose, None, JULY)
    table.do(rounds.sip_says, "A", "interest", JULY, urn="1", reason="my sister teaches there")
    table.do(rounds.answer, "1", "accept", "head", JULY)
    with pytest.raises(RoundRefuses, match="query open"):
        rounds.confirm(table.desk, [("1", "lead")], MANAGER)
    table.do(rounds.close_query, 1, "barred; another SIP will be proposed", JULY)
    table.by_hand([{"interest": {"sip": "A", "urn": "1", "kind": "family"}}], "a declared interest")
    assert table.lead("1") != "A"
    assert table.now.moved[-1] == ("by_hand", (("1", "lead"),))


def test_a_pair_moved_and_put_back_is_one_that_people_altered(table: Table) -> None:
    first = table.desk.plan
    table.by_hand([{"lock": {"urn": "1", "sip": "C"}}], "the head asked")
    table.do(rounds.put_back, first, "it was better as it was")
    assert table.lead("1") == "A"
    assert rounds.altered(table.now).text == "1 of 4 proposals altered: 1 by hand, 0 after a refusal."


def test_nobody_confirms_their_own_pair(table: Table) -> None:
    table.do(rounds.propose, None, JULY)
    for urn in "1234":
        table.do(rounds.answer, urn, "accept", "head", JULY)
    assert table.lead("1") == "A"
    with pytest.raises(RoundRefuses, match="another manager confirms"):
        rounds.confirm(table.desk, [("1", "lead")], DEPUTY)
    named_alike = Person(id="x", name="SIP  b", role="manager")
    with pytest.raises(RoundRefuses, match="another manager confirms"):
        rounds.confirm(table.desk, [("3", "lead")], named_alike)
    with pytest.raises(RoundRefuses, match="not a manager"):
        rounds.confirm(table.desk, [("1", "lead")], Person(id="h", name="Head", role="head"))
    table.keep(rounds.confirm(table.desk, [("3", "lead")], DEPUTY), by=DEPUTY)
    assert table.now.pairs["3", "lead"].confirmed_by == "d@hart"
    with pytest.raises(RoundRefuses, match="already confirmed"):
        rounds.confirm(table.desk, [("3", "lead")], MANAGER)
    with pytest.raises(RoundRefuses, match="3 of 4 pairs are not confirmed"):
        rounds.put_in_force(table.desk, JULY)


def test_every_pair_that_cannot_be_confirmed_is_named_and_none_is(table: Table) -> None:
    table.do(rounds.propose, ["1"], JULY)
    table.do(rounds.answer, "1", "accept", "head", JULY)
    with pytest.raises(RoundRefuses) as refused:
        rounds.confirm(table.desk, all_keys(table), MANAGER)
    assert all(f"({urn})" in refused.value.text for urn in "234")
    assert "(1)" not in refused.value.text
    with pytest.raises(RoundRefuses, match="by itself"):
        rounds.confirm(table.desk, [], MANAGER)


@pytest.mark.parametrize(("yes", "said"), [(None, "have not said yes"), (False, "have said no"), (True, None)])
def test_each_appraisal_waits_for_the_governors(yes: bool | None, said: str | None) -> None:
    people = [sip("A", appraisal_trained=True), sip("B", appraisal_trained=True)]
    table = Table(case([school("1", appraisal="different")], people))
    table.do(rounds.propose, None, JULY)
    table.do(rounds.answer, "1", "accept", "head", JULY)
    if yes is not None:
        table.do(rounds.governors, "1", yes, JULY)
    if said is None:
        rounds.confirm(table.desk, all_keys(table), MANAGER)
    else:
        with pytest.raises(RoundRefuses, match=said):
            rounds.confirm(table.desk, all_keys(table), MANAGER)


def test_a_change_by_hand_is_kept_with_its_reason_and_counted(table: Table) -> None:
    assert "No proposal has been altered" in rounds.altered(table.now).text
    with pytest.raises(RoundRefuses, match="kept with its reason"):
        rounds.by_hand(table.desk, [{"lock": {"urn": "1", "sip": "C"}}], "")
    table.by_hand([{"lock": {"urn": "1", "sip": "C"}}], "the head asked for a woman who has led a nursery")
    assert table.lead("1") == "C"
    assert str(table.events[-1].fact.words).startswith("the head asked")
    found = rounds.altered(table.now)
    assert (found.by_hand, found.by_refusal, found.pairs) == (1, 0, 4)
    assert found.share == 0.25


def test_two_refusals_of_one_sip_prompt_a_private_word(table: Table) -> None:
    table.do(rounds.propose, None, JULY)
    assert table.lead("1") == table.lead("2")
    table.do(rounds.answer, "1", "veto", "head", JULY)
    assert rounds.private_words(table.desk) == ()
    table.do(rounds.answer, "2", "veto", "head", JULY)
    assert rounds.private_words(table.desk) == (
        "2 schools have refused Sip A this year: a private word may be due. For you only.",
    )


def test_two_refusals_are_resubmitted_together(table: Table) -> None:
    table.do(rounds.propose, None, JULY)
    table.do(rounds.answer, "1", "veto", "head", JULY)
    table.do(rounds.answer, "3", "veto", "head", JULY)
    table.do(rounds.answer, "2", "accept", "head", JULY)
    table.do(rounds.answer, "4", "accept", "head", JULY)
    before = {u: table.lead(u) for u in "1234"}
    table.resubmit()
    assert {u for u in "1234" if table.lead(u) != before[u]} == {"1", "3"}
    assert rounds.altered(table.now).by_refusal == 2


def test_equal_plans_have_one_name() -> None:
    one, two = solve(four(), policy()), solve(four(), policy())
    assert rounds.plan_id(one) == rounds.plan_id(two)
    assert rounds.plan_id(one) != rounds.plan_id(solve(four(), policy(), seed=2))
