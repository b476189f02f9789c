"""The commands as a user runs them: outputs, exit codes, and bad input that ends in a sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import run
from tests.sizes import long

SCENARIOS = Path(__file__).parents[2] / "scenarios"
LEAVER = SCENARIOS / "leaver-at-christmas"


def in_a_process(*args: str | Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "allocator", *map(str, args)], capture_output=True, text=True, timeout=120
    )
    assert "Traceback" not in done.stderr + done.stdout
    return done


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("plan") / "plan.json"
    assert run("solve", LEAVER, "-o", out).returncode == 0
    return out


def test_solve_writes_every_way_out_and_verify_agrees(tmp_path: Path) -> None:
    files = {"-o": "p.json", "--excel": "p.xlsx", "--report": "p.html", "--pairs": "p.csv", "--model": "m.json"}
    args = [x for option, name in files.items() for x in (option, tmp_path / name)]
    assert run("solve", LEAVER, *args).returncode == 0
    assert all((tmp_path / name).stat().st_size > 500 for name in files.values())
    assert run("verify", LEAVER, tmp_path / "p.json").returncode == 0


@long()
def test_json_is_the_plan_and_nothing_else() -> None:
    assert json.loads(in_a_process("solve", LEAVER, "--json").stdout)["format"] == "allocator.plan/1"


@long()
def test_a_plan_with_a_post_unfilled_exits_4() -> None:
    done = in_a_process("solve", SCENARIOS / "no-one")
    assert done.returncode == 4
    assert "could be mended" in done.stdout


def test_a_plan_altered_by_hand_exits_5(plan: Path, tmp_path: Path) -> None:
    data = json.loads(plan.read_text())
    data["assignments"][0]["days"] = 1
    (tmp_path / "bad.json").write_text(json.dumps(data))
    assert run("verify", LEAVER, tmp_path / "bad.json").returncode == 5


def test_what_if_veto_choices_compare_frontier_and_next_year(plan: Path, tmp_path: Path) -> None:
    after = tmp_path / "after.json"
    assert run("what-if", LEAVER, "--plan", plan, "--changes", LEAVER / "changes.toml", "-o", after).returncode == 0
    assert run("verify", LEAVER, after).returncode == 0
    assert "2 schools with another SIP" in run("compare", plan, after).stdout
    listed = json.loads(run("choices", LEAVER, "--plan", plan, "--sip-leaves", "dev", "--json").stdout)
    assert {c["urn"] for c in listed["lists"]} == {"910010", "910011"}
    refused = tmp_path / "veto.json"
    assert run("veto", LEAVER, "--plan", plan, "--school", "910001", "-o", refused).returncode == 0
    assert run("veto", LEAVER, "--plan", refused, "--school", "910001").returncode == 6
    assert json.loads(run("frontier", LEAVER, "--plan", plan, "--json").stdout)
    assert run("next-year", LEAVER, "--plan", after, "-o", tmp_path / "next").returncode == 0
    assert run("check", tmp_path / "next").returncode == 0


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["--sip-leaves", "nobody"], 2, "no SIP of this plan"),
        (["--sip-leaves", "dev@2031-01-01"], 2, "outside the year"),
        (["--sip-leaves", "dev@soon"], 2, "not a date"),
        ([], 2, "Say what changes"),
        (["--changes", "none.toml"], 2, "no such file"),
    ],
)
def test_a_what_if_that_cannot_be_is_refused(plan: Path, args: list[str], code: int, says: str, tmp_path: Path) -> None:
    done = run("what-if", LEAVER, "--plan", plan, *args, "-o", tmp_path / "out.json")
    assert (done.returncode, says in done.stderr) == (code, True), done.stderr
    assert not (tmp_path / "out.json").exists()


def test_a_plan_from_another_case_is_refused(plan: Path) -> None:
    done = run("what-if", SCENARIOS / "kept-lock", "--plan", plan, "--sip-leaves", "amy")
    assert done.returncode == 2
    assert "another case" in done.stderr


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.xlsx", b""),
        ("zero.json", b""),
        ("text.xlsx", b"not a workbook"),
        ("nul.json", b"\x00\x00"),
        ("list.json", b"[1, 2]"),
        ("deep.json", b"[" * 100_000),
        ("nan.json", b'{"schools": NaN}'),
        ("old.xls", b"\xd0\xcf\x11\xe0" * 20),
    ],
)
def test_a_file_that_is_no_case_gets_a_sentence_and_writes_nothing(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    kept = tmp_path / "kept.json"
    kept.write_text("untouched")
    done = run("solve", tmp_path / name, "-o", kept)
    assert done.returncode in (2, 3)
    assert done.stderr.strip()
    assert kept.read_text() == "untouched"


@long()
def test_a_team_is_invented_for_a_schools_table(tmp_path: Path) -> None:
    (tmp_path / "schools.csv").write_bytes((SCENARIOS / "hartwell" / "schools.csv").read_bytes())
    assert "Tightness 1.0" in run("generate", "team", tmp_path, "--sips", "11", "--seed", "3").stdout
    assert run("generate", "team", tmp_path, "--sips", "11", "--seed", "3").returncode == 2
    assert run("solve", tmp_path, "--time-limit", "60").returncode in (0, 4)
