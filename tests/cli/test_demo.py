"""The demo fits a screen, writes what it says it writes, and its next lines can be copied."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.command import Done, run

SCREEN, WIDE = 60, 80


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Done, Path]:
    folder = tmp_path_factory.mktemp("demo") / "made"
    return run("demo", "-o", folder), folder


def test_it_fits_a_screen(shown: tuple[Done, Path]) -> None:
    done, folder = shown
    lines = done.stdout.replace(str(folder), "out/demo").splitlines()
    assert done.returncode == 0
    assert len(lines) <= SCREEN
    assert [line for line in lines if len(line) > WIDE] == []


def test_it_shows_the_plan_an_explanation_and_a_what_if(shown: tuple[Done, Path]) -> None:
    said = shown[0].stdout
    assert re.search(
        r"79 posts filled, 0 not\. 42 schools keep their SIP, 18 change, 3 had none\.", " ".join(said.split())
    )
    proved = "No better plan exists: proved, and checked by a second program that shares no code with the first."
    assert proved in " ".join(said.split())
    assert "Why Owen Price for Heron High School?" in said
    assert re.search(r"What if .* leaves at Christmas\?\n  .*: Amira Khan to .* from 1 January", said)


def test_the_files_that_it_names_are_there(shown: tuple[Done, Path]) -> None:
    done, folder = shown
    named = set(re.findall(r"[\w-]+\.(?:html|xlsx|pdf|json)\b", done.stdout)) - {"mine.xlsx"}
    assert named == {"plan.html", "plan.xlsx", "plan.json", "letters-heads.pdf", "letters-sips.pdf"}
    assert all((folder / name).stat().st_size > 5_000 for name in named)
    told = run("explain", folder / "plan.json", "--school", "900060")
    assert told.returncode == 0
    assert "Owen Price" in told.stdout
