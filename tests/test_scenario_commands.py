"""Each ready case from the command line, word for word as its README has it (contract 3 exit codes)."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import click
import pytest
import typer

from allocator.cli.commands import app
from allocator.domain.plan import Plan
from allocator.errors import AllocatorError
from scenarios.expected import folders
from scenarios.tables import HERE
from tests.sizes import long
from tests.year.another_solver import Another, agrees

LARGE = "hartwell"  # takes twice as long as all the others


def exit_code(args: list[str]) -> int:
    try:
        app(args, standalone_mode=False)
    except (typer.Exit, click.exceptions.Exit) as end:
        return int(end.exit_code)
    except AllocatorError as error:
        return error.exit_code
    return 0


@pytest.mark.parametrize(
    "folder", [pytest.param(f, id=f.name, marks=long() if f.name == LARGE else ()) for f in folders()]
)
def test_the_commands_of_a_ready_case_run_as_its_readme_says(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (folder / "README.md").read_text("utf-8")
    commands = re.findall(r"(?m)^    allocator (.+)$|Run `allocator ([^`]+)`", text)
    for command in [a or b for a, b in commands]:
        given = [w.replace("scenarios/", f"{HERE}/") if w.startswith("scenarios/") else w for w in shlex.split(command)]
        wanted = 4 if "ends with exit code 4" in text else 0
        assert exit_code(given) == wanted, command
        assert capsys.readouterr().out.strip(), command
    assert commands or "solve" in text or folder.name in ("kept-lock", "zero-weights")


def test_a_second_refusal_is_exit_6_as_the_readme_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    case = str(HERE / "veto-knock-on")
    assert exit_code(["solve", case, "-o", "plan.json"]) == 0
    assert exit_code(["veto", case, "--plan", "plan.json", "--school", "910001", "-o", "after.json"]) == 0
    assert exit_code(["veto", case, "--plan", "after.json", "--school", "910001", "-o", "again.json"]) == 6
    assert not Path("again.json").exists()


def test_a_what_if_and_a_veto_write_their_models_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    case, files = str(HERE / "veto-knock-on"), ["--pairs", "p.csv", "--model", "m.json", "-o", "after.json"]
    assert exit_code(["solve", case, "-o", "plan.json"]) == 0
    Path("c.toml").write_text('[[change]]\nforbid = { urn = "910001", sip = "ann" }\n', "utf-8")
    for command in (["veto", case, "--school", "910001"], ["what-if", case, "--changes", "c.toml"]):
        assert exit_code([*command, "--plan", "plan.json", *files]) in (0, 4)
        found = Another(Path("p.csv").read_text("utf-8"), json.loads(Path("m.json").read_text("utf-8"))).tiers()
        plan = Plan.model_validate_json(Path("after.json").read_text("utf-8"))
        assert agrees(plan.certificate.tiers, found) == {}, command
