"""English for people: each helper at its ends."""

from __future__ import annotations

import datetime as dt

import pytest

from allocator.words import counted, day, days, listed, number, words, years


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (day(dt.date(2027, 3, 1)), "1 March 2027"),
        (number(0), "no"),
        (number(10), "ten"),
        (number(11), "11"),
        (counted(1, "school"), "1 school"),
        (counted(21_917, "school"), "21,917 schools"),
        (counted(2, "entry", "entries"), "2 entries"),
        (days(1), "1 day"),
        (days(0.5), "0.5 days"),
        (years(1), "one year"),
        (years(12), "12 years"),
        (listed([]), ""),
        (listed(["a"]), "a"),
        (listed(["a", "b", "c"]), "a, b and c"),
        (words("ri_to_good"), "ri to good"),
        (words("send"), "SEND"),
    ],
)
def test_it_is_said_as_people_say_it(said: str, text: str) -> None:
    assert said == text
