"""What stands in the data is shown in a terminal and never obeyed; what is no file is not waited for."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from allocator.cli.app import console, may_write, note, say, say_json, write
from allocator.cli.commands import app
from allocator.cli.outputs import save_text
from allocator.domain.characters import visible
from allocator.domain.plan import Plan, plan_text
from allocator.domain.policy import Policy
from allocator.errors import UsageError
from allocator.intake.plan_file import read_plan
from allocator.intake.read import read_case
from allocator.reasons.answer import solve
from allocator.report.terminal import show_plan
from allocator.report.terminal_questions import show_unfilled
from scenarios.tables import HERE
from tests.make import case, school, sip

NAMES = ("Ann [/x] Lea", "Ann [interim] Lea", "[bold]Ann", "Ann \\[red] Lea")
STEERING = "\x1b[2J\x1b]0;title\x07\x9b31m\u202e"


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_shown_as_it_is(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    plan = solve(
        case([school("1", name=f"{name} School"), school("2", phase="special")], [sip("A", name=name)]), Policy()
    )
    show_plan(plan, console(), detail=True)
    show_unfilled(plan, console())
    seen = " ".join(capsys.readouterr().out.split())
    assert name in seen
    assert f"{name} School" in seen


def test_a_terminal_is_not_steered(capsys: pytest.CaptureFixture[str]) -> None:
    console().print(f"A{STEERING}B")
    say(f"A{STEERING}B")
    note(f"A{STEERING}B")
    say_json({"name": f"A{STEERING}B"})
    seen = capsys.readouterr()
    for odd in "\x1b\x07\x9b\u202e":
        assert odd not in seen.out + seen.err
    assert seen.out.count("<U+001B>") == 4
    assert json.loads(seen.out[seen.out.index("{") :])["name"] == f"A{STEERING}B"
    assert visible("Zoë O\u2019Neill\n\tok") == "Zoë O\u2019Neill\n\tok"


def folder(where: Path) -> Path:
    where.mkdir()
    (where / "schools.csv").write_text("urn,name,phase\n1,One,primary\n")
    (where / "sips.csv").write_text("sip,name,kind,phases,days\nA,Ann,consultant,primary,20\n")
    return where


@pytest.mark.parametrize("odd", ["schools.csv", "sips.csv", "policy.toml"])
def test_a_pipe_among_the_tables_is_no_table(odd: str, tmp_path: Path) -> None:
    where = folder(tmp_path / "case")
    (where / odd).unlink(missing_ok=True)
    os.mkfifo(where / odd)
    found = read_case(where)
    assert found.case is None
    assert any("is a pipe, not a file" in p.text for p in found.problems)


@pytest.mark.parametrize("what", ["case", "plan", "national"])
def test_a_device_without_an_end_is_not_read(what: str, tmp_path: Path) -> None:
    link = tmp_path / "endless.json"
    link.symlink_to("/dev/zero")
    command = {
        "case": ["check", str(link)],
        "plan": ["verify", str(tmp_path), str(link)],
        "national": ["import", "gias", str(link), "-o", str(tmp_path / "x")],
    }[what]
    answer = CliRunner().invoke(app, command)
    told = answer.output + str(getattr(answer.exception, "text", ""))
    assert answer.exit_code != 0
    assert "is a device" in told


def test_a_plan_by_a_pipe_that_ends_is_read(tmp_path: Path) -> None:
    plan, pipe = solve(case([school("1")], [sip("A")]), Policy()), tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text(plan_text(plan)))
    writer.start()
    assert read_plan(pipe, Plan) == plan
    writer.join()


def test_a_plan_of_another_form_says_so(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text('{"format": "allocator.plan/9"}')
    with pytest.raises(UsageError, match=r"form allocator\.plan/9; this version reads allocator\.plan/1"):
        read_plan(tmp_path / "p.json", Plan)


# -- what is written ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["-o", "--excel", "--report", "--pairs", "--model"])
def test_where_an_output_goes_is_looked_at_before_the_work(
    option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("allocator.cli.planning.load", lambda *_, **__: pytest.fail("the work was begun"))
    answer = CliRunner().invoke(
        app, ["solve", str(folder(tmp_path / "c")), option, str(tmp_path / "nowhere" / "plan.json")]
    )
    assert isinstance(answer.exception, UsageError)
    assert "nowhere: there is no such folder" in answer.exception.text
    with pytest.raises(UsageError, match="is a folder"):
        may_write(tmp_path)


def test_a_link_stays_a_link_and_a_pipe_a_pipe(tmp_path: Path) -> None:
    real, link, pipe = tmp_path / "real.json", tmp_path / "link.json", tmp_path / "pipe"
    real.write_text("old")
    link.symlink_to(real)
    write(link, lambda p: save_text(p, "new"))
    assert (link.is_symlink(), real.read_text()) == (True, "new")
    os.mkfifo(pipe)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()
    write(pipe, lambda p: save_text(p, "through"))
    reader.join(10)
    assert got == ["through"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link.json", "pipe", "real.json"]


def test_no_room_names_the_file_and_leaves_what_was(tmp_path: Path) -> None:
    target = tmp_path / "plan.json"
    target.write_text("old")

    def full(_: Path) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(UsageError, match=r"plan\.json: not written: No space left"):
        write(target, full)
    assert [p.name for p in tmp_path.iterdir()] == ["plan.json"]
    assert target.read_text() == "old"


def test_a_mistyped_store_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOCATOR_DATABASE_URL", f"sqlite:///{tmp_path / 'typo.db'}")
    for command in (["backup", str(tmp_path / "b.gz")], ["restore", str(tmp_path / "none.gz")]):
        answer = CliRunner().invoke(app, command)
        assert isinstance(answer.exception, UsageError)
    assert list(tmp_path.iterdir()) == []
    shutil.rmtree(tmp_path)


def test_a_reader_that_goes_away_loses_nobody_a_plan(tmp_path: Path) -> None:
    """`allocator solve … -o plan.json | head`: what is printed is dropped, and the file is written."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "allocator", "solve", HERE / "leaver-at-christmas", "-o", tmp_path / "p.json"],
        stdout=writing,
        stderr=subprocess.PIPE,
    )
    os.close(writing)
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    assert read_plan(tmp_path / "p.json", Plan).summary.filled
