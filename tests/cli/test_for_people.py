"""Commands as people use them: names for ids, files tried first, lines that fit a terminal and a pipe, edits that change nothing."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from rich.console import Console

from allocator.domain.plan import Plan
from allocator.report import terminal
from allocator.report.terminal import show_plan, tell
from tests.cli.test_commands import LEAVER
from tests.cli.test_commands import plan as plan
from tests.command import run
from tests.sizes import long


def test_a_school_and_a_sip_are_known_by_name(plan: Path) -> None:
    made = Plan.model_validate_json(plan.read_text())
    row = next(a for a in made.assignments if a.urn == "910001")
    by_id = run("explain", plan, "--school", "910001").stdout
    assert run("explain", plan, "--school", row.school.upper()).stdout == by_id
    other = next(x for x in made.loads if x.sip != row.sip)
    asked = run("explain", plan, "--school", row.school, "--why-not", other.name)
    assert asked.returncode == 0
    assert asked.stdout == run("explain", plan, "--school", "910001", "--why-not", other.sip).stdout
    assert other.name in asked.stdout


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("explain", "PLAN", "--school", "Nowhere Primary"), "no school of this plan"),
        (("veto", "--plan", "PLAN", "--school", "91001"), "no school of this plan. Did you mean"),
        (("what-if", "--plan", "PLAN", "--sip-leaves", "dev@31-12"), "is not a date"),
        (("what-if", "--plan", "PLAN", "--sip-leaves", "Debb"), "no SIP of this plan"),
        (("what-if", "--plan", "PLAN", "--sip-leaves", "dev", "-o", "no/where.json"), "there is no such folder"),
        (("solve", str(LEAVER), "--excel", "."), "is a folder"),
        (("export", "PLAN"), "Say what to write"),
        (("help", "slove"), "There is no command slove"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_worked_out(plan: Path, args: tuple[str, ...], says: str) -> None:
    done = run(*(str(plan) if a == "PLAN" else a for a in args))
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stdout == ""


def test_every_file_from_any_plan(plan: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"p.{kind}" for kind in ("xlsx", "html", "csv", "ics")]
    options = ("--excel", "--report", "--csv", "--calendar")
    assert run("export", plan, *(x for pair in zip(options, files, strict=True) for x in pair)).returncode == 0
    assert all(f.stat().st_size > 100 for f in files)
    schools = len(json.loads(plan.read_text())["inputs"]["case"]["schools"])
    assert load_workbook(files[0])["by school"].max_row == schools + 1
    assert len(files[2].read_text("utf-8-sig").splitlines()) == schools + 1


@long()
def test_the_jobs_end_in_a_workbook_and_a_page(plan: Path, tmp_path: Path) -> None:
    for n, job in enumerate(
        (
            ("what-if", "--sip-leaves", "dev@2026-12-31"),
            ("veto", "--school", "910001"),
            ("choices", "--sip-leaves", "dev"),
        )
    ):
        book, page = tmp_path / f"{n}.xlsx", tmp_path / f"{n}.html"
        assert run(*job, "--plan", plan, "--excel", book, "--report", page).returncode == 0
        assert "by school" in load_workbook(book, read_only=True).sheetnames
        assert page.stat().st_size > 1000


def test_an_edited_portrait_stops_nothing_and_another_edit_says_what_it_is(plan: Path, tmp_path: Path) -> None:
    case = tmp_path / "case"
    shutil.copytree(LEAVER, case)
    sips = (case / "sips.csv").read_text().splitlines()
    head = sips[0].split(",")
    (case / "sips.csv").write_text(
        "\n".join([f"{sips[0]},pen_portrait", *(f"{line},A friend of small schools." for line in sips[1:])])
    )
    done = run("veto", case, "--plan", plan, "--school", "910001")
    assert done.returncode == 0
    assert "in nothing that it rests on: pen portrait of" in done.stderr
    row = sips[1].split(",")
    row[head.index("days")] = "1"
    (case / "sips.csv").write_text("\n".join([sips[0], ",".join(row), *sips[2:]]))
    done = run("veto", case, "--plan", plan, "--school", "910001")
    assert done.returncode == 2
    assert "days 1, was" in done.stderr
    assert run("veto", "--plan", plan, "--school", "910001").returncode == 0  # the plan has its own


def shown(plan: Plan, *, tty: bool, **how: Any) -> list[str]:
    said = io.StringIO()
    show_plan(plan, Console(file=said, width=80, force_terminal=tty, color_system=None, highlight=False), **how)
    return said.getvalue().splitlines()


def test_lines_fit_a_terminal_and_are_whole_in_a_pipe(plan: Path) -> None:
    made = Plan.model_validate_json(plan.read_text())
    wide, narrow = shown(made, tty=False), shown(made, tty=True)
    assert max(map(len, narrow)) <= 80 < max(map(len, wide))
    for a in made.assignments:
        assert any(line.strip().startswith(f"{a.urn} {a.school} ") for line in narrow)
    for c in made.changes:
        assert any(c.because in line and c.urn in line for line in wide)
    assert " ".join(" ".join(narrow).split()) == " ".join(" ".join(wide).split())


def test_many_schools_get_a_headline_and_where_the_rest_is(plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "MANY", 5)
    made = Plan.model_validate_json(plan.read_text())
    said = "\n".join(shown(made, tty=False))
    assert "14 of 14 schools have a SIP" in said
    assert "allocator export plan.json --excel" in said
    assert f"{made.assignments[0].urn} " not in said
    assert f"{made.assignments[0].urn} " in "\n".join(shown(made, tty=False, every=True))


def test_a_long_word_is_not_cut() -> None:
    said = io.StringIO()
    tell(Console(file=said, width=20, force_terminal=True, color_system=None), "see " + "x" * 30 + " there", 2)
    assert "x" * 30 in said.getvalue()


def test_settings_are_shown_whole() -> None:
    text = run("policy", "show").stdout
    rows = json.loads(run("policy", "show", "--json").stdout)
    assert all(f"{r['key']} = " in text for r in rows)
    assert "…" not in text
    assert "None" not in text
    assert "True" not in text


def test_help_is_also_a_command_and_a_letter() -> None:
    first = [
        run(*words).stdout.split("\n")[0].rpartition("allocator ")[2] for words in (("help", "veto"), ("veto", "-h"))
    ]
    assert first[0] == first[1]
    assert first[0].startswith("veto ")
    assert "import gias" in run("help", "import", "gias").stdout
    assert "what-if" in run("help").stdout
