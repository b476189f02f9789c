"""What is said when asked first becomes wishes, days, absences and interests; said again, it replaces what was said."""

from __future__ import annotations

import datetime as dt

import pytest

from allocator.domain.case import Case
from allocator.domain.change import apply, canonical
from allocator.domain.policy import Policy
from allocator.domain.since import since
from allocator.errors import UsageError
from tests.make import case, school, sip

CASE = case(
    [school("1", name="Alder"), school("2", name="Birch")],
    [sip("A", name="Ann"), sip("B", name="Ben")],
    wishes=[{"by": "school", "urn": "1", "wish": "change"}, {"by": "school", "urn": "1", "wish": "flexible_diary"}],
)


def test_a_school_that_answers_again_replaces_what_was_asked_and_nothing_else() -> None:
    first = {"urn": "1", "wishes": [{"wish": "keep"}], "focus": ["writing"], "appraisal": "different"}
    once, _ = apply(CASE, Policy(), [{"school_says": first}])
    assert {w.wish for w in once.wishes} == {"keep", "flexible_diary"}
    assert (once.schools[0].focus, once.schools[0].appraisal) == (("writing",), "different")
    again, _ = apply(once, Policy(), [{"school_says": {"urn": "1", "wishes": [{"wish": "named", "sip": "B"}]}}])
    assert {w.wish for w in again.wishes} == {"named", "flexible_diary"}
    assert again.schools[0].focus == ("writing",)  # not said again: stays
    assert [p.lines for p in since(once, again)] == [("Alder asks for Ben", "No longer: Alder asks to keep its SIP")]


def test_a_sip_gives_days_periods_and_absences_and_declares() -> None:
    said = {
        "sip": "A",
        "days": 12,
        "periods": {"autumn_2": 3},
        "flexible_diary": True,
        "declared_on": "2026-05-02",
        "absences": [{"from": "2026-11-02", "to": "2026-11-20"}],
        "interests": [{"urn": "2", "kind": "family"}, {"urn": "1", "kind": "governor"}],
        "move_on": [{"urn": "2"}],
    }
    new, _ = apply(CASE, Policy(), [canonical({"sip_says": said})])
    ann = new.sips[0]
    assert (ann.days, ann.autumn_2_days, ann.spring_days, ann.flexible_diary) == (12, 3, None, True)
    assert [(i.urn, i.kind, i.outcome) for i in new.interests] == [("2", "family", "barred"), ("1", "governor", None)]
    assert new.absences[0].away_to == dt.date(2026, 11, 20)
    assert apply(new, Policy(), [{"sip_says": said}])[0] == new  # said twice is said once
    quiet, _ = apply(new, Policy(), [{"sip_says": {"sip": "A", "interests": [], "move_on": []}}])
    assert len(quiet.interests) == 2  # a declared interest is not taken back by silence
    assert all(w.by == "school" for w in quiet.wishes)
    text = " ".join(line for p in since(CASE, new) for line in p.lines)
    assert "family" not in text
    assert "Ann declares an interest in Birch: barred" in text


@pytest.mark.parametrize(
    ("days", "limit"), [(("2026-11-20", "2026-11-02"), "before the start"), (("2025-11-02", "2025-11-03"), "between")]
)
def test_an_absence_has_its_end_after_its_start_and_within_the_year(days: tuple[str, str], limit: str) -> None:
    with pytest.raises(UsageError, match=limit):
        apply(CASE, Policy(), [{"sip_says": {"sip": "A", "absences": [{"from": days[0], "to": days[1]}]}}])


def test_what_changed_is_told_under_headings() -> None:
    new = case(
        [school("1", name="Alder", need="high", head="h9"), school("3", name="Cedar")], [sip("A", name="Ann", days=9)]
    )
    told = {p.title: p.lines for p in since(CASE, new)}
    assert told["Schools that are new"] == ("Cedar (3)",)
    assert told["Schools that are gone"] == ("Birch (2)",)
    assert told["SIPs who are gone"] == ("Ben (B)",)
    assert told["Need and category"] == ("Alder: need high, was not recorded",)
    assert told["Heads"] == ("Alder: a head is on record",)
    assert told["Days"] == ("Ann: days 9, was 20",)
    assert len(told["Wishes"]) == 2
    assert since(CASE, CASE) == ()


def test_schools_that_share_a_head_are_named_and_the_heads_id_is_not() -> None:
    def schools(*heads: str | None) -> Case:
        rows = [
            school(str(n), name=n_, head=h) for n, (n_, h) in enumerate(zip(("Ash", "Bay", "Oak"), heads, strict=True))
        ]
        return case(rows, [sip("A")])

    def told(old: Case, new: Case) -> list[str]:
        return [line for p in since(old, new) for line in p.lines]

    assert told(schools(None, None, None), schools("head-dale", "head-dale", None)) == [
        "Ash: shares its head with Bay",
        "Bay: shares its head with Ash",
    ]
    assert told(schools("h", "h", "i"), schools("h", "j", None)) == [
        "Bay: no longer shares its head with Ash",
        "Oak: no head is on record any more",
    ]
