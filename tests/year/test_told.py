"""A file of steps: every problem in it at once, and a year told on a small case."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from allocator.domain.policy import Policy
from allocator.errors import UsageError
from allocator.reasons.answer import solve
from allocator.year import read_steps, tell
from tests.make import case, school, sip


def steps(tmp_path: Path, text: str) -> Path:
    (tmp_path / "year.toml").write_text(text, "utf-8")
    return tmp_path / "year.toml"


def test_a_year_goes_on_from_step_to_step(tmp_path: Path) -> None:
    world = case([school("1"), school("2")], [sip("A", max_schools=2), sip("B", max_schools=2)])
    told = list(
        tell(
            solve(world, Policy()),
            read_steps(
                steps(
                    tmp_path,
                    """
        [[step]]
        title = "One refuses"
        refusal = { urn = "1" }
        [[step]]
        title = "Everybody who is left goes"
        on = 2027-01-01
        [[step.change]]
        sip_leaves = { sip = "A", on = "2026-12-31" }
        [[step.change]]
        sip_leaves = { sip = "B", on = "2026-12-31" }
    """,
                )
            ),
        )
    )
    refused, last = told
    assert refused.refused
    assert {a.sip for a in refused.plan.assignments if a.urn == "1"} != {refused.refused.refused.sip}
    assert {(u.urn, u.from_) for u in last.plan.unfilled} == {("1", dt.date(2027, 1, 1)), ("2", dt.date(2027, 1, 1))}
    assert {(d.urn, d.b) for d in last.moved.moved} == {("1", None), ("2", None)}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "a list of"),
        ("year = 1", "a list of"),
        ("not toml", "not TOML"),
        ('[[step]]\ntitle = "a"', "one of the two"),
        ('[[step]]\ntitle = "a"\nrefusal = { school = "1" }', "urn, post"),
        ('[[step]]\ntitle = "a"\nrefusal = { urn = "1", post = "head" }', "no post"),
        ('[[step]]\ntitle = "a"\non = "soon"\nrefusal = { urn = "1" }', "not a day"),
        ('[[step]]\ntitel = "a"', "has a title"),
        ('[[step]]\ntitle = "a"\n[[step.change]]\nsip_goes = { sip = "A" }', "Did you mean|no such change"),
    ],
)
def test_what_a_file_of_steps_cannot_hold_is_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        read_steps(steps(tmp_path, text))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        read_steps(tmp_path / "none.toml")
