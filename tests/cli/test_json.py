"""`--json` on every command: the machine form on stdout and nothing else (contract 3)."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import typer

from allocator.cli.commands import app
from scenarios.tables import HERE
from tests.sizes import long

LEAVER = HERE / "leaver-at-christmas"
RUNS_ON = {"serve", "worker"}  # they never end by themselves
ELSEWHERE = {"bench"}  # runs a command that has its own
TALKS = {"help"}  # for people alone


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    if hasattr(command, "commands"):
        for name, inner in command.commands.items():
            yield from commands(inner, (*path, name))
    else:
        yield " ".join(path), command


@pytest.mark.parametrize(("name", "command"), list(commands(typer.main.get_command(app))))
def test_every_command_has_a_machine_form(name: str, command: Any) -> None:
    assert name in RUNS_ON | ELSEWHERE | TALKS or "--json" in [o for p in command.params for o in p.opts]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Runs a command with --json; stdout as JSON, whatever its exit code."""

    def run(*args: str | Path) -> Any:
        with contextlib.suppress(typer.Exit, click.exceptions.Exit, SystemExit):
            app([*map(str, args), "--json"], standalone_mode=False)
        return json.loads(capsys.readouterr().out)

    return run


@long()
def test_what_a_person_reads_never_mixes_with_it(said: Callable[..., Any], tmp_path: Path) -> None:
    plan, next_ = tmp_path / "p.json", tmp_path / "next"
    assert said("solve", LEAVER, "-o", plan, "--excel", tmp_path / "p.xlsx")["format"] == "allocator.plan/1"
    assert said("check", HERE / "no-one")["usable"]
    assert said("verify", LEAVER, plan)["holds"]
    assert said("explain", plan, "--school", "910001", "--for", "school")["answer"].startswith("If you would rather")
    assert said("explain", plan, "--school", "910001", "--why-not", "bob")["why_not"]
    after = said("what-if", LEAVER, "--plan", plan, "--changes", LEAVER / "changes.toml", "-o", tmp_path / "q.json")
    assert after["inputs"]["repaired"]
    assert said("compare", plan, tmp_path / "q.json")["moved"]
    assert said("veto", LEAVER, "--plan", plan, "--school", "910001")["changes"]
    assert said("choices", LEAVER, "--plan", plan, "--sip-leaves", "dev")["lists"]
    assert said("frontier", LEAVER, "--plan", plan, "--svg", tmp_path / "f.svg")
    assert len(said("sweep", LEAVER, "--plan", plan, "--workers", "1")) == 4
    assert said("next-year", LEAVER, "--plan", plan, "-o", next_)["year"] == "2027/28"
    assert said("template", tmp_path / "t.xlsx")["written"].endswith("t.xlsx")
    assert said("policy", "show", LEAVER)
