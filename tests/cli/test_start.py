"""What a command loads before it works, counted in modules, not in seconds: each costs a start of every command."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sizes import long

HARTWELL = Path(__file__).parents[2] / "scenarios" / "hartwell"
HEAVY = {"pandas", "openpyxl", "lxml", "python_calamine", "jinja2", "sqlalchemy", "fastapi", "docx", "typst", "dbos"}
COUNT = """
import sys
from allocator.cli import main
sys.argv = ["allocator", *sys.argv[1:]]
try:
    main()
except SystemExit:
    pass
print(__import__("json").dumps(sorted(sys.modules)), file=sys.stderr)
"""


def loaded(*args: str | Path) -> list[str]:
    """Names of all modules that a command has loaded when it ends."""
    done = subprocess.run([sys.executable, "-c", COUNT, *map(str, args)], capture_output=True, text=True, check=True)
    names: list[str] = json.loads(done.stderr.splitlines()[-1])
    return names


def heavy(names: list[str]) -> set[str]:
    return HEAVY & {name.split(".")[0] for name in names}


def test_help_loads_the_commands_alone() -> None:
    names = loaded("--help")
    assert len(names) <= 200  # 180; some 25 more of another Python
    assert not heavy(names)
    assert not {"pydantic", "numpy", "ortools", "rich"} & set(names)


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    path = tmp_path_factory.mktemp("start") / "plan.json"
    return path, loaded("solve", HARTWELL, "-o", path)


def test_a_solve_loads_no_library_that_it_does_not_use(plan: tuple[Path, list[str]]) -> None:
    assert heavy(plan[1]) == set()
    assert len(plan[1]) <= 780  # 729; with pandas, workbooks and all of MathOpt it was 1,300


@long()
def test_a_question_loads_no_library_that_it_does_not_use(plan: tuple[Path, list[str]]) -> None:
    names = loaded("explain", plan[0], "--school", "900057", "--why-not", "carl")
    assert "ortools.sat.python.cp_model" in names  # it was asked and answered
    assert heavy(names) == set()
    assert len(names) <= 740  # 686


@long()
def test_the_solver_still_takes_series_where_somebody_has_pandas() -> None:
    """The engine reads `cp_model` without pandas; the same file serves others in the process afterwards."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, allocator.allocate; assert 'pandas' not in sys.modules\n"
            "from ortools.sat.python import cp_model; import pandas\n"
            "made = cp_model.CpModel().new_bool_var_series('x', pandas.Index([1, 2]))\n"
            "assert isinstance(made, pandas.Series) and len(made) == 2",
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
