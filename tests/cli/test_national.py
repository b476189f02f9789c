"""The import commands: what they would change is said first, and a dry run writes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from allocator.cli.commands import app
from allocator.errors import UsageError
from tests.intake.test_gias import register
from tests.intake.test_register import HEADER, ROWS, folder

runner = CliRunner()


def run(*args: str | Path) -> str:
    done = runner.invoke(app, ["import", *map(str, args)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return register(tmp_path, HEADER + "\n" + ROWS)


def test_a_dry_run_tells_all_and_writes_nothing(tmp_path: Path, file: Path) -> None:
    into = folder(tmp_path)
    before = (into / "schools.csv").read_bytes()
    told = run("gias", file, "--into", into, "--dry-run")
    assert "Alder Primary School (900001): name Alder Primary -> Alder Primary School;" in told
    assert "1 closed" in told
    assert "A conflict: Ivy Primary (900009) is now in Quay Trust, and Bob Test works there." in told
    assert "--add puts them in" in told
    assert "Nothing was written" in told
    assert (into / "schools.csv").read_bytes() == before
    assert not run("gias", file, "-o", tmp_path / "new", "--dry-run").count("Written")
    assert not (tmp_path / "new").exists()


def test_the_machine_form_lists_every_cell(tmp_path: Path, file: Path) -> None:
    told = json.loads(run("gias", file, "--into", folder(tmp_path), "--json"))
    assert {
        "urn": "900001",
        "school": "Alder Primary School",
        "column": "pupils",
        "before": "210",
        "after": "230",
    } in told["changes"]
    assert told["written"].endswith("schools.csv")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ([], "--into FOLDER"),
        (["-o", "x", "--into", "y"], "--into FOLDER"),
        (["-o", "x", "--add"], "belong to --into"),
        (["--into", "x", "--keep", "pupil"], "Did you mean pupils"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, file: Path, args: list[str], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        run("gias", file, *args)


def test_a_table_in_use_is_not_written_over(tmp_path: Path, file: Path) -> None:
    with pytest.raises(UsageError, match=r"--into .* refreshes it"):
        run("gias", file, "-o", folder(tmp_path))
