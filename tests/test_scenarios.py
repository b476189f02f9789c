"""Every ready case gives what its expected.json says, and is audited on the way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scenarios.expected import folders, outcome


@pytest.mark.parametrize("folder", folders(), ids=lambda f: f.name)
def test_a_ready_case_gives_what_it_says(folder: Path) -> None:
    assert outcome(folder) == json.loads((folder / "expected.json").read_text("utf-8"))
    assert "invented" in (folder / "README.md").read_text("utf-8").casefold()


def test_the_index_names_every_case() -> None:
    index = (folders()[0].parent / "README.md").read_text("utf-8")
    assert all(f"({f.name}/README.md)" in index for f in folders())
