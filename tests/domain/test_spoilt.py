"""Rows that fit no schema, or that nothing can have led to: read as they are, or refused in words."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from allocator.domain import fold
from allocator.domain.happened import FACTS, read
from allocator.errors import Spoilt, UsageError
from tests.domain.test_happened import AT, BEFORE, MEL


@pytest.mark.parametrize(
    ("kind", "data", "told"),
    [
        ("proposed", {"urns": ["1"], "on": "2026-07-01"}, "answer_by: Field required"),
        ("proposed", {"urns": ["1"], "on": "x", "answer_by": "2026-07-01"}, "on: "),
        ("in_force", {"on": "2026-07-01", "hidden": 1}, "hidden: Extra inputs are not permitted"),
        ("answer", {"by": "head"}, "'answer' is not there"),
        ("answer", {"by": "head", "answer": "maybe"}, "'maybe' is not there"),
        ("letters", {"letters": [{"id": "1"}]}, "letters.0.kind: Field required"),
        ("query_closed", {"query": 0}, "query: Input should be greater than or equal to 1"),
        ("in_force", "spoilt", "it is no object"),
    ],
)
def test_a_row_that_somebody_spoilt_is_named_with_what_is_wrong(kind: str, data: Any, told: str) -> None:
    with pytest.raises(Spoilt) as error:
        FACTS.read(4, kind, 1, data, AT)
    assert error.value.text.startswith(f"Event 4 ({kind}) cannot be read: ")
    assert told in error.value.text
    assert error.value.text.endswith("Restore the store from a backup.")


def test_an_event_that_nothing_led_to_is_named() -> None:
    """Each row fits its schema; one after another they cannot have happened."""
    nobody: dict[str, Any] = {
        "urns": [],
        "post": "lead",
        "by": "head",
        "answer": "query",
        "reason": None,
        "on": "2026-07-01",
    }
    nobody |= {"via": "page", "reply_by": "2026-07-12"}
    closed = {"query": 7, "urns": ["1"], "outcome": "x", "answer_by": "2026-07-20"}
    for kind, data in (("answer", nobody), ("query_closed", closed)):
        with pytest.raises(Spoilt, match=rf"^Event 1 \({kind}\) does not go on from those before it\."):
            fold.fold([read(1, AT, MEL.model_dump(), kind, 1, data)])
    with pytest.raises(Spoilt, match=r"^Event 2 \(in_force\) does not say who did it\."):
        read(2, AT, {}, "in_force", 1, {"on": "2026-07-21"})


def test_two_hundred_spoilt_rows_are_read_or_refused_in_words() -> None:
    dice, whole = random.Random(7), [7, -1, "", "x", None, [], {}, ["x"], {"x": 1}, True, 1e400]
    for _ in range(200):
        kind, text = dice.choice(BEFORE)
        row: Any = json.loads(text)
        match dice.randrange(4):
            case 0:
                row[dice.choice(list(row))] = dice.choice(whole)
            case 1:
                del row[dice.choice(list(row))]
            case 2:
                row["more"] = dice.choice(whole)
            case 3:
                row = dice.choice(whole)
        refused = ""
        try:
            fold.fold([read(1, AT, MEL.model_dump(), kind, dice.randrange(-1, 4), row)])
        except (UsageError, Spoilt) as error:
            refused = error.text
        assert not refused or refused.startswith(f"Event 1 ({kind}) ")
