"""Letters before they go are sorted by what their readers have to hear, each with who comes after whom."""

from __future__ import annotations

import pytest

from allocator.domain.fold import fold
from allocator.domain.policy import Policy
from allocator.domain.round import State
from allocator.reasons.answer import solve
from allocator.rounds import Desk
from allocator.service.pages.previews import sort_of
from tests.make import case, led, school, sip


@pytest.fixture(scope="module")
def desk() -> Desk:
    schools = [school("1"), school("2"), school("3", category_of_concern="SM", need="top"), school("4")]
    team = [sip(x, experience=("special_measures",), days=40) for x in "AB"]
    past = [*led("1", "A", "2025/26"), *led("2", "B", "2025/26"), *led("3", "B", "2025/26")]
    wishes = [{"by": "school", "urn": "1", "wish": "change", "strength": 3}]
    return Desk(solve(case(schools, team, history=past, wishes=wishes), Policy()), fold([]))


@pytest.mark.parametrize(
    ("urns", "states", "sort", "brief"),
    [
        (("1",), ("school",), "new", "Sip B, after Sip A"),
        (("2",), ("school",), "same", "Sip B"),
        (("2",), ("changed",), "changed", "Sip B"),
        (("3",), ("changed",), "concern", "Sip B"),
        (("4",), ("school",), "first", None),
        (("1", "2"), ("school",), "new", "Sip B, after Sip A"),
    ],
)
def test_a_letter_is_of_the_sort_that_matters_most(
    desk: Desk, urns: tuple[str, ...], states: tuple[State, ...], sort: str, brief: str | None
) -> None:
    found, said = sort_of(desk, urns, states)
    assert found == sort
    assert said == brief or brief is None
