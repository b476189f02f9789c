"""A clause of policy data is read without being worked out: whoever writes it holds nobody up."""

from __future__ import annotations

import time

import pytest

from allocator.domain.clause import Clause


@pytest.mark.parametrize(
    "number",
    ["1e20000000", "1e5", "1/0", "1/3", "9" * 400_000, "inf", "nan", "0x1", "١", "1_0", "1.", "-", "1.0000000001"],
)
def test_a_number_of_a_clause_is_a_plain_one(number: str) -> None:
    began = time.perf_counter()
    told = Clause(f"headship_years >= {number}").problem()
    assert told is not None
    assert len(told) < 300
    assert time.perf_counter() - began < 0.5
    for plain in ("5", "-1", "2.5", "0"):
        assert Clause(f"headship_years >= {plain}").problem() is None
