"""Public benchmarks: the readers refuse what is malformed, and small instances are solved to the known optimum."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import typer

from allocator.engine.method import solve
from allocator.engine.tiers import Stop
from allocator.errors import CaseError
from tests.benchmarks.gap import gap, read_gap, run_gap
from tests.benchmarks.reviewer import instance, read_reviewer, reviewer, run_reviewer
from tests.command import run
from tests.sizes import long

# two agents, three jobs: agent 1 has room for one of them
TINY = "2 3\n 1 2 3\n 4 4 4\n 5 5 5\n 2 2 2\n 5 6\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "must begin with how many"),
        ("0 3", "at least 1 of each"),
        ("2 3 1 2", "must hold 16 numbers; it holds 4"),
        (TINY + " 9", "it holds 17"),
        (TINY.replace("4 4 4", "4 x 4"), "number 7 is 'x'"),
        (TINY.replace("4 4 4", "4 -4 4"), "number 7 is '-4'"),
        ("2 3 \u00e9", "is not text"),
    ],
)
def test_a_malformed_gap_file_is_refused(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "instance"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CaseError, match=told):
        read_gap(file)


def test_a_missing_gap_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="cannot be read"):
        read_gap(tmp_path / "none")


def test_the_least_cost_is_found_and_proved(tmp_path: Path) -> None:
    file = tmp_path / "tiny"
    file.write_text(TINY, encoding="ascii")
    result = run_gap(file, 10, 1)
    assert (result.value, result.bound) == (9, 9)  # job 1 to agent 1: 1 + 4 + 4


def test_no_plan_is_said(tmp_path: Path) -> None:
    file = tmp_path / "full"
    file.write_text(TINY.replace("5 6\n", "4 4\n"), encoding="ascii")
    with pytest.raises(CaseError, match="no plan with all 3 jobs"):
        run_gap(file, 5, 1)


def _folder(path: Path, scores: object, wants: object) -> Path:
    np.save(path / "scores.npy", np.array(scores))
    np.save(path / "covs.npy", np.array(wants))
    return path


@pytest.mark.parametrize(
    ("scores", "wants", "told"),
    [
        ([1.0, 2.0], [1], "table of reviewers by papers"),
        ([[1.0, float("nan")]], [1, 1], "1 scores that are not numbers"),
        ([[1.0, 2.0]], [1], "one number for each of the 2 papers"),
        ([[1.0, 2.0]], [1, 0], "at least 1"),
        ([["a", "b"]], [1, 1], "must hold numbers"),
    ],
)
def test_a_malformed_reviewer_folder_is_refused(tmp_path: Path, scores: object, wants: object, told: str) -> None:
    with pytest.raises(CaseError, match=told):
        read_reviewer(_folder(tmp_path, scores, wants))


def test_files_that_are_not_arrays_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match=r"scores.npy cannot be read"):
        read_reviewer(tmp_path)
    (tmp_path / "scores.npy").write_text("no array", encoding="ascii")
    with pytest.raises(CaseError, match=r"scores.npy is not a NumPy array"):
        read_reviewer(tmp_path)


@pytest.mark.parametrize("seed", range(6))
def test_worst_first_agrees_with_trying_everything(seed: int) -> None:
    r = np.random.default_rng(seed)
    scores = np.round(r.uniform(-0.3, 1, (4, 3)), 3)
    wants = np.array([2, 1, 2])
    best = None
    for taken in product((0, 1), repeat=12):
        x = np.array(taken).reshape(4, 3)
        if (x.sum(0) == wants).all() and (x.sum(1) <= 2).all() and (scores[x == 1] >= 0).all():
            each = (x * scores).sum(0)
            key = (round(float(each.min()), 6), round(float(each.sum()), 6))
            best = max(best, key) if best else key
    found = solve(instance(scores, wants, (0, 2), True, None), Stop(), settle=False)
    if best is None:
        assert found.tiers[0].value < 3
        return
    assert found.status == "optimal"
    assert (found.tiers[1].value, found.tiers[2].value) == (round(best[0] * 1e6), round(best[1] * 1e6))


def test_a_floor_is_kept_or_refused(tmp_path: Path) -> None:
    folder = _folder(tmp_path, [[0.9, 0.8], [0.2, 0.5]], [1, 1])
    assert run_reviewer(folder, (0, 1), False, None, 10, 1).value == pytest.approx(1.4)
    assert run_reviewer(folder, (0, 2), False, 0.8, 10, 1).value == pytest.approx(1.7)
    with pytest.raises(CaseError, match=r"at least 0.85 a paper"):
        run_reviewer(folder, (0, 2), False, 0.85, 10, 1)


def test_the_commands_print_a_line_or_one_json_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "tiny"
    file.write_text(TINY, encoding="ascii")
    gap([file], 10, 1, False)
    assert re.fullmatch(r"tiny: 9  bound 9  [\d.]+ s\n", capsys.readouterr().out)
    gap([file], 10, 1, True)
    (told,) = json.loads(capsys.readouterr().out)
    assert told == {"instance": "tiny", "value": 9, "bound": 9, "seconds": told["seconds"]}
    folder = _folder(tmp_path, [[0.9, 0.8], [0.2, 0.5]], [1, 1])
    reviewer(folder, 0, 1, True, None, 10, 1, False)
    assert "worst 0.5 (bound 0.5)" in capsys.readouterr().out
    with pytest.raises(typer.BadParameter, match="more than --load-max"):
        reviewer(folder, 3, 1)


@long()
def test_they_are_run_by_the_command_too(tmp_path: Path) -> None:
    """Of a checkout; in a process of its own, which prints by itself."""
    (tmp_path / "two.txt").write_text("2 2 1 9 9 1 3 3 3 3 3 3")
    done = subprocess.run(
        [sys.executable, "-m", "allocator", "bench", "gap", tmp_path / "two.txt", "--json"],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, json.loads(done.stdout)[0]["value"]) == (0, 2), done.stderr
    wrong = run("bench", "nothing")
    assert wrong.returncode == 2
    assert "`allocator bench gap` or `allocator bench reviewer`" in wrong.stderr
