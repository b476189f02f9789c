"""Each field of a plan is worked out again, or named as not checked; a new one without a word fails here."""

from __future__ import annotations

from allocator.check.fields import CHECKED, NOT_CHECKED, fields


def test_each_field_of_a_plan_is_checked_or_named_as_not_checked() -> None:
    assert set(fields()) == CHECKED.keys() | NOT_CHECKED.keys()
    assert not CHECKED.keys() & NOT_CHECKED.keys()
