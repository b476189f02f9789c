"""A phase in which the SIP was never head can be read by manager, head and governors."""

from __future__ import annotations

from typing import Any

import pytest

from allocator import allocate
from allocator.domain.policy import Policy
from allocator.reasons.complete import complete
from allocator.reasons.why import explain
from tests.make import case, school, sip


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (
            {"ever_head": True, "headship_phases": ("secondary",)},
            "Sip A was a headteacher in secondary, not in primary",
        ),
        ({"ever_head": False}, "Sip A has not been a headteacher"),
        ({"ever_head": True, "headship_phases": ("primary",)}, ""),
        ({}, ""),
    ],
    ids=["another phase", "never head", "this phase", "not recorded"],
)
def test_manager_and_head_read_of_a_headship_in_another_phase(who: dict[str, Any], said: str) -> None:
    made = case([school("1")], [sip("A", phases=("primary", "secondary"), **who)])
    ready = allocate.setup(made, Policy())
    plan = complete(ready, *allocate.allocate(ready))
    for audience in ("manager", "school"):
        text = explain(ready, plan, "1", audience=audience).text
        assert said in text if said else "headteacher" not in text
    assert "headteacher" not in explain(ready, plan, "1", audience="sip").text
    assert "because Sip A was a headteacher" not in explain(ready, plan, "1", audience="school").text
