"""Locks that clash name what they break: days, a period, most or fewest schools, a head shared, two SIPs for one post."""

from __future__ import annotations

from typing import Any

import pytest

from allocator.reasons.preflight import preflight
from tests.make import BARE, case, policy, school, sip


def lock(urn: str, sip: str, post: str | None = None) -> dict[str, Any]:
    return {"decision": "lock", "urn": urn, "sip": sip, "post": post, "reason": "x", "by": "Mel", "on": "2026-06-01"}


def told(
    sips: list[dict[str, Any]], locks: list[tuple[str, str]], schools: list[dict[str, Any]] | None = None, **rules: Any
) -> str:
    rows = [school(str(n), **more) for n, more in enumerate(schools or [{}] * 3, 1)]
    team = [sip("AB"[n], **more) for n, more in enumerate(sips)]
    found = preflight(case(rows, team, decisions=[lock(u, s) for u, s in locks]), policy(**BARE, **rules))
    return " ".join(p.text for p in found if p.severity == "error")


@pytest.mark.parametrize(
    ("sips", "schools", "says"),
    [
        ([{"days": 60, "max_schools": 1}], None, "Sip A may lead 1 school (max_schools); these give 2."),
        ([{"days": 5}], [{"days": 9}, {"days": 9}], "days for schools in the year; these need"),
        ([{"days": 60, "autumn_2_days": 1}], [{"days": 9}, {"days": 9}], "in the second half of autumn; these need"),
        ([{"days": 60, "spring_days": 0}], [{"days": 9}, {"days": 9}], "0 days for schools in spring; these need"),
    ],
)
def test_the_limit_that_two_locks_break_is_named(sips: list[dict[str, Any]], schools: Any, says: str) -> None:
    text = told(sips, [("1", "A"), ("2", "A")], schools)
    assert says in text
    assert "72 days" not in text


def test_fewer_schools_left_than_the_fewest() -> None:
    text = told([{"days": 60, "min_schools": 3}, {"days": 60}], [("1", "A"), ("2", "B")], [{}, {}])
    assert "Sip A leads at least 3 schools or none (min_schools); at most 1 can be given." in text


def test_schools_that_share_a_head_are_locked_to_two() -> None:
    text = told([{"days": 60}, {"days": 60}], [("1", "A"), ("2", "B")], [{"head": "h"}, {"head": "h"}])
    assert "School 1 (1, lead) and School 2 (2, lead) must have one SIP" in text


def test_one_post_locked_to_two() -> None:
    text = told([{"days": 60}, {"days": 60}], [("1", "A"), ("1", "B")])
    assert "School 1 (1, lead) is locked to two SIPs." in text
