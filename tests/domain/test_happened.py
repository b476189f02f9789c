"""What each kind of event and job says: none without a schema, read back as recorded, whoever recorded it and when."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError

from allocator import rounds
from allocator.domain import fold
from allocator.domain.happened import FACTS, Event, Fact, Kind, PlanPut, PutInForce, SchoolAccepts, named, read
from allocator.domain.round import Person
from allocator.domain.versioned import Versioned, free_fields, meanings
from allocator.errors import Defect, UsageError
from allocator.jobs.asks import ASKS, JobAsk, JobKind, SolveAsk
from allocator.service.account.pair import SAID
from allocator.service.pages.log import KINDS, TOLD
from allocator.store.marks import FREE, GONE, Marks
from allocator.store.retention import BRIEF

AT = dt.datetime(2026, 7, 3, 10, tzinfo=dt.UTC)
MEL = Person(id="m", name="Mel", role="manager")
# Rows as the program wrote them before there were versions, word for word.
BEFORE: list[tuple[str, str]] = [
    (
        "plan",
        '{"plan": "25c6eca3849a751b", "cause": "by_hand", "reason": "A is away", "changes": [{"lock": {"urn": "1", '
        '"sip": "A"}}], "pairs": [["1", "lead", "A"], ["2", "lead", "B"]], "beside": [["2", "lead", "A"]], "behind": '
        '[["1", "lead", "C"]], "line_ups": '
        '[["1", "lead", "A", "2026-09-01", "2027-07-31", 5.0]], "moved": [["2", "lead"]], "follows": [["2", "A"]], '
        '"reply_days": 10, "job": "9f"}',
    ),
    ("sounded", '{"sips": ["A", "B"], "on": "2026-07-01", "answer_by": "2026-07-15"}'),
    ("proposed", '{"urns": ["1", "2"], "on": "2026-07-01", "answer_by": "2026-07-15"}'),
    ("withdrawn", '{"urns": ["1"], "reason": "sent to the wrong head"}'),
    ("reminded", '{"urns": ["1"], "on": "2026-07-11"}'),
    (
        "answer",
        '{"urns": ["1"], "post": "lead", "by": "head", "answer": "accept", "reason": null, "on": "2026-07-01", '
        '"via": "page", "posts": ["lead", "appraisal"], "settles": true}',
    ),
    (
        "answer",
        '{"urns": ["1"], "post": "lead", "by": "chair", "answer": "query", "reason": "why?", "on": "2026-07-01", '
        '"via": "letter", "reply_by": "2026-07-11"}',
    ),
    (
        "answer",
        '{"urns": ["1"], "post": "lead", "by": "head", "answer": "veto", "reason": "we know him", "on": "2026-07-01", '
        '"via": "telephone", "standing": "referred", "rung": "SIP manager", "sip": "C"}',
    ),
    (
        "answer",
        '{"urns": ["1"], "post": "lead", "by": "head", "answer": "veto", "reason": null, "on": "2026-07-01", '
        '"via": "page", "standing": "stands"}',
    ),
    (
        "answer",
        '{"sip": "A", "urns": ["1"], "post": "lead", "by": "sip", "answer": "decline", "reason": "my brother teaches '
        'there", "on": "2026-07-01", "via": "page", "reply_by": "2026-07-11"}',
    ),
    (
        "refusal_decided",
        '{"urns": ["1"], "post": "lead", "stands": null, "reason": "I proposed both", "on": "2026-07-01", "sip": "C", '
        '"next_rung": "assistant director"}',
    ),
    (
        "refusal_decided",
        '{"urns": ["1"], "post": "lead", "stands": true, "reason": "a fair point", "on": "2026-07-01"}',
    ),
    (
        "query_closed",
        '{"query": 1, "urns": ["1"], "outcome": "yes, she is", "answer_by": "2026-07-15", "on": "2026-07-01", '
        '"opens": true, "about": "follow", "granted": false}',
    ),
    ("governors", '{"urn": "1", "yes": false, "on": "2026-07-01"}'),
    ("confirmed", '{"pairs": [["1", "lead"], ["2", "lead", "A"]]}'),
    ("in_force", '{"on": "2026-07-01"}'),
    (
        "raised",
        '{"urns": ["1"], "post": "lead", "rung": "assistant director", "reason": null, "on": "2026-07-01", '
        '"decide_by": "2026-07-11", "sip": "C"}',
    ),
    ("told", '{"schools": {"1": ["confirmed"]}, "sips": {"A": ["changed", "ended"]}, "on": "2026-07-01"}'),
    (
        "letters",
        '{"letters": [{"id": "l1", "kind": "school", "key": "1", "urns": ["1"], "to": "Ann Head", "role": "head", '
        '"sha256": "0f"}]}',
    ),
]
JOBS: list[tuple[str, str]] = [
    (
        "solve",
        '{"time_limit": 60.0, "work_limit": null, "seed": 1, "adopt": true, "case": 1, "most_seconds": 1800.0, '
        '"policy": {"name": "steady"}, "wants": {"churn.weight": 3}}',
    ),
    (
        "what_if",
        '{"changes": [{"days": {"sip": "A", "days": 9}}], "rebuild": false, "held": [["1", "lead"]], '
        '"time_limit": 60.0, "plan": "p1", "most_seconds": 1800.0}',
    ),
    (
        "what_if",
        '{"time_limit": 60.0, "work_limit": null, "changes": [], "rebuild": true, "on": "2026-12-31", "adopt": true, '
        '"reason": "A is ill", "plan": "p1", "most_seconds": 1800.0}',
    ),
    (
        "choices",
        '{"changes": [], "chosen": [{"urn": "1", "sip": "B"}], "time_limit": 60.0, "plan": "p1", "most_seconds": 9.0}',
    ),
    ("resubmission", '{"adopt": false, "most_seconds": 1800.0}'),
    ("sweep", '{"leaving": 2, "gains": true, "time_limit": 60.0, "plan": "p1", "most_seconds": 1800.0}'),
    ("frontier", '{"time_limit": 60.0, "plan": "p1", "most_seconds": 1800.0}'),
    ("export", '{"format": "html", "time_limit": 60.0, "plan": "p1", "most_seconds": 1800.0}'),
]


def fact_of(kind: str, text: str, version: int = 1) -> Fact:
    return FACTS.read(1, kind, version, json.loads(text), AT)


def ask_of(kind: str, text: str) -> JobAsk:
    return ASKS.read("j", kind, 1, json.loads(text), AT)


def leaves(base: type[Versioned]) -> set[type[Versioned]]:
    below = base.__subclasses__()
    return {base} if not below else {x for sub in below for x in leaves(sub)}


# -- none without a schema --------------------------------------------------------------------------------------------


def test_every_kind_has_a_schema_and_every_schema_a_kind() -> None:
    shapes = {shape for shapes in FACTS.shapes.values() for shape in shapes}
    assert set(FACTS.shapes) == set(get_args(Kind)) == set(KINDS) == set(SAID)
    assert shapes == leaves(Fact) == set(fold.STEPS) == set(TOLD)
    assert set(ASKS.shapes) == set(get_args(JobKind))
    assert {shape for shapes in ASKS.shapes.values() for shape in shapes} == leaves(JobAsk)


def test_every_version_is_reached_by_a_step_that_says_why() -> None:
    for schemas in (FACTS, ASKS):
        wanted = set()
        for kind, shapes in schemas.shapes.items():
            assert {shape.kind for shape in shapes} == {kind}
            (newest,) = {shape.version for shape in shapes}
            wanted |= {(kind, n) for n in range(1, newest)}
        assert set(schemas.steps) == wanted
        assert all(step.__doc__ for step in schemas.steps.values())


def test_every_field_is_told_and_every_text_said_what_it_is() -> None:
    """So that whoever adds a text decides whether it goes when a person is erased."""
    for schemas in (FACTS, ASKS):
        for shapes in schemas.shapes.values():
            for shape in shapes:
                assert shape.__doc__, shape
                for name, field in shape.model_fields.items():
                    assert field.description, (shape, name)
                    assert None not in list(meanings(field)), (shape, name)


def test_a_text_of_which_nobody_said_what_it_is_is_found() -> None:
    class Inner(BaseModel):
        note: str

    class Odd(BaseModel):
        plain: str
        listed: tuple[str, ...] | None
        inner: Inner
        anything: dict[str, Any]
        words: bool

    found = {name: set(meanings(field)) for name, field in Odd.model_fields.items()}
    assert found == {"plain": {None}, "listed": {None}, "inner": {None}, "anything": {None}, "words": set()}


# -- as recorded ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "text"), BEFORE)
def test_an_event_from_before_is_read_and_recorded_word_for_word_as_it_was(kind: str, text: str) -> None:
    fact = fact_of(kind, text)
    assert fact.kind == kind
    assert json.dumps(fact.plain()) == text
    assert FACTS.checked(fact) == fact == fact_of(kind, json.dumps(fact.plain()), fact.version)


def test_every_shape_of_an_event_is_among_those_from_before() -> None:
    assert {type(fact_of(*row)) for row in BEFORE} == leaves(Fact)


@pytest.mark.parametrize(("kind", "text"), JOBS)
def test_a_job_from_before_asks_what_it_asked(kind: str, text: str) -> None:
    ask, row = ask_of(kind, text), json.loads(text)
    said = ask.model_dump(mode="json")
    assert {k: said[k] for k in row} == row
    assert ASKS.checked(ask) == ask


def test_a_trial_is_known_by_what_it_tries() -> None:
    assert [ask_of(*row).trial for row in JOBS] == [True] + [False] * 7
    assert SolveAsk(case=1, seed=1, adopt=False, wants={}).trial
    assert not SolveAsk(case=1, seed=1, adopt=False).trial


def test_nothing_is_recorded_that_could_not_be_read() -> None:
    with pytest.raises(ValidationError):
        PutInForce(on="some day")
    with pytest.raises(ValidationError):
        PutInForce(on=AT.date(), by="Mel")  # type: ignore[call-arg]
    wrong = PutInForce.model_construct(on="some day")  # type: ignore[arg-type]
    with pytest.raises(Defect, match=r"^Event \(in_force\) cannot be recorded: on: "):
        rounds.record([], wrong, MEL, AT)
    late = PutInForce(on=AT.date()).model_copy(update={"on": "some day"})
    with pytest.raises(Defect, match="cannot be recorded"):
        rounds.record([], late, MEL, AT)


# -- as it once was ---------------------------------------------------------------------------------------------------


def first_plan() -> dict[str, Any]:
    """Before anybody could stand in, and letters told of days."""
    return {
        "plan": "f" * 16,
        "cause": "solved",
        "reason": None,
        "changes": [],
        "pairs": [["1", "lead", "A"]],
        "moved": [],
    }


def test_a_plan_of_the_first_shape_has_nobody_beside_and_no_request() -> None:
    plan = FACTS.read(1, "plan", 1, first_plan(), AT)
    assert isinstance(plan, PlanPut)
    assert (plan.beside, plan.behind, plan.line_ups, plan.follows, plan.job) == ((), (), (), (), None)
    assert plan.reply_days == 10
    later = FACTS.read(1, "plan", 1, first_plan() | {"beside": [["1", "lead", "B"]], "line_ups": []}, AT)
    assert isinstance(later, PlanPut)
    assert (later.beside, later.behind, later.follows) == ((("1", "lead", "B"),), (), ())


def test_an_answer_of_the_first_shape_was_given_when_it_was_recorded_and_let_nobody_go() -> None:
    closed = FACTS.read(
        1, "query_closed", 1, {"query": 1, "urns": ["1"], "outcome": "x", "answer_by": "2026-07-20"}, AT
    )
    found = closed.model_dump(include={"on", "opens", "about", "granted"})
    assert found == {"on": AT.date(), "opens": False, "about": None, "granted": None}


def test_a_round_of_the_first_shapes_is_told_as_it_was() -> None:
    asked = {"urns": ["1"], "post": "lead", "by": "head", "answer": "query", "reason": "why?", "on": "2026-07-02"}
    yes = {**asked, "answer": "accept", "reason": None, "via": "page", "posts": ["lead"], "settles": True}
    log: list[tuple[str, dict[str, Any]]] = [
        ("plan", first_plan()),
        ("proposed", {"urns": ["1"], "on": "2026-07-01", "answer_by": "2026-07-15"}),
        ("answer", {**asked, "via": "page", "reply_by": "2026-07-12"}),
        ("query_closed", {"query": 1, "urns": ["1"], "outcome": "he is near", "answer_by": "2026-07-20"}),
        ("answer", yes),
        ("confirmed", {"pairs": [["1", "lead"]]}),
        ("in_force", {"on": "2026-07-21"}),
    ]
    now = fold.fold(read(n, AT, MEL.model_dump(), kind, 1, data) for n, (kind, data) in enumerate(log, 1))
    assert (now.state, now.length, now.pairs["1", "lead"].stage) == ("in_force", 7, "confirmed")
    assert [(q.outcome, q.closed_on, q.opens) for q in now.queries] == [("he is near", AT.date(), False)]


def test_a_job_that_held_its_case_is_read_and_says_that_it_has_none() -> None:
    ask = ASKS.read("j", "solve", 1, {"case": {"year": "2026/27"}, "policy": {}, "seed": 3}, AT)
    assert ask == SolveAsk(case=0, seed=3)
    assert ASKS.read("j", "resubmission", 1, {}, AT).model_dump() == {
        "most_seconds": None,
        "time_limit": None,
        "work_limit": None,
        "adopt": True,
    }


# -- what cannot be read ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("read_it", "told"),
    [
        (
            lambda: FACTS.read(12, "plan", 3, first_plan(), AT),
            "Event 12 (plan) is of version 3; this version of the program reads up to 2. Use the version that recorded "
            "it, or a newer one.",
        ),
        (
            lambda: FACTS.read(7, "mediated", 1, {}, AT),
            "Event 7 (mediated) is of a kind that this version of the program does not know. Use a newer one.",
        ),
        (
            lambda: ASKS.read("9f", "export", 2, {"plan": "p", "format": "html"}, AT),
            "Job 9f (export) is of version 2; this version of the program reads up to 1. Use the version that recorded "
            "it, or a newer one.",
        ),
    ],
)
def test_what_a_newer_program_recorded_is_refused_by_number(read_it: Callable[[], object], told: str) -> None:
    with pytest.raises(UsageError) as error:
        read_it()
    assert error.value.text == told


# -- who is in it -----------------------------------------------------------------------------------------------------


def test_what_people_wrote_goes_with_them_and_the_rest_is_still_read() -> None:
    """Every text that may tell of Amira, of every kind of event and job."""
    marks = Marks("erased 123456", names={"Amira Khan"}, emails={"amira@example.org"}, sips={"A"}, people={"p9"})
    wrote = "Khan was late, and Amira Khan (amira@example.org) said so."
    for schemas, rows in ((FACTS, BEFORE), (ASKS, JOBS)):
        for kind, text in rows:
            shape = type(schemas.read(1, kind, 1, json.loads(text), AT))
            free = free_fields(shape)
            row = json.loads(text) | dict.fromkeys(free, wrote)
            if kind == "letters":
                row["letters"][0]["to"] = "Amira Khan"
            if "changes" in row:
                row["changes"] = [{"forbid": {"urn": "1", "sip": "A", "by": "Amira Khan", "reason": wrote}}]
            left = marks.scrubbed(row)
            assert not marks.found_in(json.dumps(left)), kind
            assert "Khan" not in json.dumps(left), kind
            assert {left[f] for f in free} <= {GONE}
            schemas.read(1, kind, 1, left, AT)


def test_the_fields_with_people_s_words_are_those_that_erasing_and_keeping_know() -> None:
    assert FACTS.free() == {"reason", "outcome"}
    assert FACTS.free() | ASKS.free() <= FREE
    assert BRIEF == {
        "answer": ("reason",),
        "refusal_decided": ("reason",),
        "query_closed": ("outcome",),
        "raised": ("reason",),
    }


def test_words_confided_are_a_school_s_no_and_a_sip_s() -> None:
    confided = {(f.kind, getattr(f, "answer", "")) for f in (fact_of(*row) for row in BEFORE) if f.confided}
    assert confided == {("answer", "veto"), ("answer", "decline"), ("raised", "")}
    assert {f.words for f in (fact_of(*row) for row in BEFORE)} >= {"we know him", "yes, she is", "A is away", None}


def test_whom_it_names() -> None:
    found = {kind: tuple(map(sorted, named(fact_of(kind, text)))) for kind, text in BEFORE}
    assert found == {
        "plan": ([], []),
        "sounded": ([], ["A", "B"]),
        "proposed": (["1", "2"], []),
        "withdrawn": (["1"], []),
        "reminded": (["1"], []),
        "answer": (["1"], ["A"]),
        "refusal_decided": (["1"], []),
        "query_closed": (["1"], []),
        "governors": (["1"], []),
        "confirmed": (["1", "2"], []),
        "in_force": ([], []),
        "raised": (["1"], ["C"]),
        "told": (["1"], ["A"]),
        "letters": (["1"], []),
    }


def test_an_event_says_its_kind() -> None:
    yes = fact_of(*BEFORE[5])
    assert isinstance(yes, SchoolAccepts)
    assert Event(1, AT, MEL, yes).kind == "answer"
