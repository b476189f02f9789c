"""What must hold of the repository itself."""

from __future__ import annotations

import ast
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from docs import house

ROOT = Path(__file__).parents[1]
LONGEST = 400


def tracked() -> list[Path]:
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    return [ROOT / n for n in names if n and (ROOT / n).is_file()]


def test_no_file_of_the_program_is_too_long() -> None:
    long = [p.name for p in (ROOT / "allocator").rglob("*.py") if len(p.read_text("utf-8").splitlines()) > LONGEST]
    assert long == []


def test_locks_hold_no_addresses() -> None:
    for lock in (ROOT / "requirements").iterdir():
        assert "://" not in lock.read_text("utf-8")


def test_the_readme_shows_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert "make demo" in text
    assert "make test" in text


def test_nothing_real_is_shipped() -> None:
    """National files are large; everything tracked here is small."""
    assert [p for p in tracked() if p.stat().st_size > 400_000] == []


def test_the_makefile_names_folders_that_are_there() -> None:
    named = re.findall(r"\btests/[\w/]+", (ROOT / "Makefile").read_text("utf-8"))
    assert named
    assert [n for n in named if not (ROOT / n).exists()] == []


def test_the_changelog_has_a_line_for_each_change_under_its_kind() -> None:
    """A line that goes on below is a paragraph, or an old text that a merge brought back."""
    lines = (ROOT / "CHANGELOG.md").read_text("utf-8").splitlines()
    unreleased = lines[lines.index("## Unreleased") + 1 :]
    assert [line for line in unreleased if line and not line.startswith(("* ", "### "))] == []
    assert [line for line in unreleased if len(line) > 320] == []
    assert Counter(unreleased).total() - len(set(unreleased)) == unreleased.count("") - 1
    assert unreleased[1].startswith("### ")


@pytest.mark.parametrize(
    "room", sorted(p.parent for p in (ROOT / "allocator").rglob("__init__.py")), ids=lambda p: p.name
)
def test_each_room_says_what_lives_there(room: Path) -> None:
    said = ast.get_docstring(ast.parse((room / "__init__.py").read_text("utf-8"))) or ""
    assert len(said) > 80 or "migrations" in room.parts


def test_statements_are_left_to_the_formatter_and_lines_end_in_time() -> None:
    """A table is written a row a line, a sentence over several."""
    assert house.kept_from_the_formatter(ROOT) == []
    assert house.wide(ROOT) == []


def test_an_address_leads_to_its_page_and_nothing_leads_round() -> None:
    assert house.pages_elsewhere(ROOT) == []
    assert house.circles(ROOT) == []


def test_nobody_looks_a_post_up_in_the_rows_of_a_plan_by_hand() -> None:
    """`Plan.holders`, `open`, `held` and `posts` do."""
    assert house.indexes(ROOT) == []


def _twice(kind: str) -> list[list[str]]:
    """What the glossary says of the names of a kind that occur twice: the names of each row, and its other words."""
    glossary = (ROOT / "docs/reference/glossary.md").read_text("utf-8")
    (section,) = re.findall(rf"^### {kind}\n(.*?)(?=^#|\Z)", glossary, re.M | re.S)
    return [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]


def test_the_modules_that_share_a_name_are_those_that_the_glossary_gives_a_reason_for() -> None:
    """Prefer a new name; where two rooms must share one, say in which it is and why another bears it."""
    found = []
    for names, room, why in _twice("Modules"):
        for name in re.findall(r"`(\w+)`", names):
            assert (ROOT / "allocator" / room.strip("`") / f"{name}.py").exists(), name
            assert len(why) > 20
            found.append(name)
    assert sorted(found) == house.modules_twice(ROOT)


def test_the_classes_that_share_a_name_are_rules_or_those_that_the_glossary_gives_a_reason_for() -> None:
    rules = {n for n in house.classes_twice(ROOT) if (ROOT / "allocator/rules" / f"{_snake(n)}.py").exists()}
    found = [n for names, *_ in _twice("Classes") for n in re.findall(r"`(\w+)`", names)]
    assert sorted(found) == [n for n in house.classes_twice(ROOT) if n not in rules]


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
