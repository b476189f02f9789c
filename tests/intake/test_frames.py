"""A case as DataFrames: there and back it is the same, and what is missing in pandas is blank here."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from allocator.domain.case import Case
from allocator.errors import UsageError
from allocator.intake.frames import document_of, frames
from allocator.intake.read import Reading, read_case, read_document
from tests.sizes import long

SCENARIOS = Path(__file__).parents[2] / "scenarios"


def read(given: dict[str, pd.DataFrame], year: str | None = None) -> Reading:
    return read_document(document_of(given), year=year)


def case_of(reading: Reading) -> Case:
    assert reading.case is not None, reading.problems
    return reading.case


@long(but=("hartwell", "cluster-asks", "tenure-bites"))
@pytest.mark.parametrize("name", sorted(p.parent.name for p in SCENARIOS.glob("*/schools.csv")))
def test_a_case_s_frames_read_back_as_the_same_case(name: str) -> None:
    case = case_of(read_case(SCENARIOS / name))
    again = case_of(read(frames(case), case.year))
    assert again == case.model_copy(update={"extras": {}, "notices": again.notices})


SIPS = pd.DataFrame(
    {
        "sip": ["ann"],
        "name": ["Ann"],
        "kind": ["consultant"],
        "phases": [["primary", "nursery"]],
        "days": [np.float64(20)],
    }
)


def test_what_pandas_calls_missing_is_blank() -> None:
    schools = pd.DataFrame(
        {
            "urn": [900001, 900002],
            "name": ["One", "Two"],
            "phase": ["primary", "primary"],
            "pupils": [np.nan, 210],
            "head_started": [pd.NaT, pd.Timestamp("2025-09-01")],
            "rural": pd.array([pd.NA, True], dtype="boolean"),
            "trust": [None, "Oak"],
        }
    )
    one, two = case_of(read({"schools": schools, "sips": SIPS, "wishes": pd.DataFrame()})).schools
    assert (one.urn, one.pupils, one.head_started, one.rural, one.trust) == ("900001", None, None, None, None)
    assert (two.pupils, two.head_started, two.rural) == (210, dt.date(2025, 9, 1), True)
    assert case_of(read({"schools": schools, "sips": SIPS})).sips[0].phases == ("primary", "nursery")


def test_an_index_with_a_column_s_name_is_that_column() -> None:
    schools = pd.DataFrame({"name": ["One"], "phase": ["primary"]}, index=pd.Index(["900001"], name="urn"))
    assert case_of(read({"schools": schools, "sips": SIPS})).schools[0].urn == "900001"


def test_a_policy_may_be_a_frame() -> None:
    schools = pd.DataFrame({"urn": ["900001"], "name": ["One"], "phase": ["primary"]})
    policy = pd.DataFrame({"key": ["tenure.limit"], "value": [4]})
    assert read({"schools": schools, "sips": SIPS, "policy": policy}).policy.tenure.limit == 4


def test_what_is_wrong_in_a_frame_is_told_as_in_any_table() -> None:
    schools = pd.DataFrame({"urn": ["900001"], "name": ["One"], "phase": ["primry"]})
    told = " ".join(p.text for p in read({"schools": schools, "sips": SIPS}).problems)
    assert "row 1: phase is 'primry'" in told


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"school": SIPS}, "Did you mean schools"),
        ({"schools": [1]}, "this is a list"),
        ({"schools": pd.DataFrame([[1, 2]], columns=["urn", "urn"])}, "urn stands twice"),
    ],
)
def test_what_is_no_table_is_refused(given: dict[str, pd.DataFrame], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        document_of(given)
