"""Every ready case gives what its expected.json says, and is audited on the way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scenarios.expected import folders, outcome
from tests.sizes import long

LARGE = "st-oswin"  # takes four times as long as all the others


@pytest.mark.parametrize(
    "folder", [pytest.param(f, id=f.name, marks=long() if f.name == LARGE else ()) for f in folders()]
)
def test_a_ready_case_gives_what_it_says(folder: Path) -> None:
    assert outcome(folder) == json.loads((folder / "expected.json").read_text("utf-8"))
    assert "invented" in (folder / "README.md").read_text("utf-8").casefold()


def test_the_index_names_every_case() -> None:
    index = (folders()[0].parent / "README.md").read_text("utf-8")
    assert all(f"({f.name}/README.md)" in index for f in folders())
