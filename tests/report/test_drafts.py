"""Letters of a plan from the command line: as proposed and as confirmed, without a word of a page that there is none of."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from allocator.allocate import Setup
from allocator.domain.plan import Plan
from allocator.domain.policy import Policy
from allocator.reasons.answer import ready_from, solve
from allocator.report.drafts import drafts
from tests.command import run
from tests.make import case, led, school, sip

TODAY = dt.date(2026, 6, 1)


@pytest.fixture(scope="module")
def made() -> tuple[Setup, Plan]:
    past = led("1", "A", "2025/26")
    plan = solve(
        case([school("1"), school("2", appraisal="any")], [sip("A", appraisal_trained=True), sip("B")], history=past),
        Policy(),
    )
    return ready_from(plan), plan


@pytest.mark.parametrize("confirmed", [False, True])
def test_every_head_and_every_sip_with_a_school_has_a_letter(made: tuple[Setup, Plan], confirmed: bool) -> None:
    heads, sips = drafts(*made, TODAY, confirmed=confirmed)
    assert [x.urns for x in heads] == [("1",), ("2",)]
    assert len(sips) == len({a.sip for a in made[1].assignments})
    for letter in (*heads, *sips):
        assert " there" not in letter.text
        assert " at \n" not in letter.text
        assert not [p for p in letter.paragraphs if p.endswith((":", " at"))]
    assert all("is confirmed" in x.heading for x in heads) is confirmed


def test_the_command_writes_them_beside_other_files(made: tuple[Setup, Plan], tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(made[1].model_dump_json(by_alias=True), "utf-8")
    done = run("export", plan, "--letters", tmp_path / "letters", "--confirmed")
    assert done.returncode == 0, done.stderr
    assert "as confirmed" in done.stderr
    assert {p.name for p in (tmp_path / "letters").iterdir()} == {
        f"letters-{who}.{kind}" for who in ("heads", "sips") for kind in ("pdf", "docx")
    }
    assert run("export", plan, "--confirmed").returncode == 2
    assert "Give a folder" in run("export", plan, "--letters", plan).stderr
