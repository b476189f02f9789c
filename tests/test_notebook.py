"""The notebook of docs/tutorial runs from its first cell to its last, and shows what its words say."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "docs/tutorial/analyst.ipynb"


@pytest.fixture(scope="module")
def shown() -> tuple[list[Any], dict[str, Any]]:
    """What each code cell shows (its last expression), and the names at the end."""
    names: dict[str, Any] = {}
    values = []
    with pytest.MonkeyPatch.context() as at:
        at.chdir(ROOT)
        for cell in json.loads(NOTEBOOK.read_text("utf-8"))["cells"]:
            if cell["cell_type"] != "code":
                continue
            tree = ast.parse("".join(cell["source"]))
            last = tree.body[-1]
            if isinstance(last, ast.Expr):
                tree.body.pop()
            exec(compile(tree, NOTEBOOK.name, "exec"), names)
            if isinstance(last, ast.Expr):
                values.append(eval(compile(ast.Expression(last.value), NOTEBOOK.name, "eval"), names))
    return values, names


def test_every_cell_runs_and_shows_something(shown: tuple[list[Any], dict[str, Any]]) -> None:
    values, names = shown
    assert names["plan"].summary.filled == 79
    assert "<table" in names["plan"]._repr_html_()
    assert isinstance(values[0], pd.DataFrame)
    assert values[1] == "high"
    assert list(names["moved"]) != []
    assert {d.a for d in names["moved"]} == {"Amira Khan"}
    assert names["other"].summary.kept >= names["plan"].summary.kept
    assert values[-1] == []


def test_it_is_kept_without_what_a_run_left(shown: tuple[list[Any], dict[str, Any]]) -> None:
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    assert [c["id"] for c in cells if c["cell_type"] == "code" and (c["outputs"] or c["execution_count"])] == []
