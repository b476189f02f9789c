"""What single rules say of a pair, and to whom: words that no plan of another test happens to show."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import pytest

from allocator.domain.facts import Facts
from allocator.domain.policy import Policy
from allocator.rules import RULES
from allocator.rules.base import DAY, EVER
from allocator.rules.own_ties import firm_tie
from tests.make import case, school, sip

Audience = Literal["manager", "school", "sip"]
BY_ID = {r.id: r for r in RULES}
SCHOOL = {"focus": ("maths", "reading"), "head": "h", "easting": 400_000, "northing": 300_000}


def facts() -> Facts:
    wish = {"urn": "1", "by": "school", "wish": "fresh_eyes", "strength": 2}
    schools = [school("1", **SCHOOL), school("2", head="h", easting=402_500, northing=300_000)]
    head = sip("H", kind="serving_head", current_urn="2")
    return Facts(case(schools, [sip("A", specialisms=("Maths",)), head], wishes=[wish]), Policy())


@pytest.mark.parametrize(
    ("rule", "audience", "said"),
    [
        ("focus", "school", "you asked for help with maths, which Sip A knows well"),
        ("focus", "sip", "the school asked for help with maths, which you know well"),
        ("focus", "manager", "the head's focus, maths, is among Sip A's specialisms"),
        ("local", "school", "you asked for fresh eyes"),
        ("local", "sip", None),
        ("local", "manager", "the school asked for fresh eyes"),
        ("shared_head", "school", "schools that share a head have one partner"),
        ("shared_head", "sip", None),
        ("shared_head", "manager", "one head leads this school and School 2, so they have one SIP"),
    ],
)
def test_a_rule_says_it_to_whom_it_is_for(rule: str, audience: Audience, said: str | None) -> None:
    f = facts()
    post = next(p for p in f.posts if (p.urn, p.kind) == ("1", "lead"))
    assert BY_ID[rule].say(f, post, f.sips["A"], 50, audience) == said


def test_the_distance_to_a_heads_own_school_is_told_in_kilometres() -> None:
    f = facts()
    f = Facts(f.case, Policy.model_validate({"own_ties": {"near_km": 5}}))
    assert (
        firm_tie(f, f.schools["1"], f.sips["H"])
        == "Sip H leads School 2, a primary school 2.5 km away; the least is 5 km"
    )


def test_before_a_check_and_after_it_has_run_out_nobody_is_taken_on() -> None:
    on, until = dt.date(2026, 11, 10), dt.date(2027, 3, 1)
    bars = BY_ID["dbs"].bars
    assert bars(facts(), sip("A", dbs_checked_on=on, dbs_valid_until=until), ()) == [
        (EVER[0], on - DAY),
        (until + DAY, EVER[1]),
    ]
    assert bars(facts(), sip("A", dbs_checked_on=None), ()) == [EVER]
