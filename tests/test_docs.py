"""Documentation that says what is true: generated pages fresh, links whole, every error and command told of."""

from __future__ import annotations

import doctest
import inspect
import re
from collections import Counter
from pathlib import Path

import pytest

import allocator
from allocator import errors
from allocator.intake.read import read_case
from allocator.questions.frontier import frontier
from allocator.reasons.answer import solve
from docs import generate
from tests.sizes import long, whole_or

ROOT = Path(__file__).parents[1]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("scenarios/**/*.md")]


DEAR = ("../explanation/letters.md", "../tutorial/a-year.md")  # pages that plan a whole year of Hartwell
MADE = generate.PAGES | whole_or(generate.LARGE, {})  # and those of some thirty commands, and of a solve of 620 schools


@pytest.mark.parametrize("name", [pytest.param(n, marks=long()) if n in DEAR else n for n in MADE])
def test_the_generated_reference_is_fresh(name: str) -> None:
    assert generate.text(MADE[name]) == (generate.REFERENCE / name).read_text("utf-8"), "python -m docs.generate"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_the_index_names_every_page_once() -> None:
    named = re.findall(r"\]\(([^)]+)\)", (ROOT / "docs/index.md").read_text("utf-8"))
    assert [n for n, times in Counter(named).items() if times > 1] == []
    pages = {str(p.relative_to(ROOT / "docs")) for p in (ROOT / "docs").rglob("*.md")} - {"index.md"}
    assert pages - set(named) == set()


def test_every_error_class_is_in_the_reference() -> None:
    text = (ROOT / "docs/reference/errors.md").read_text("utf-8")
    classes = [n for n, c in inspect.getmembers(errors, inspect.isclass) if c.__module__ == errors.__name__]
    assert [n for n in classes if n != "AllocatorError" and f"`{n}`" not in text] == []


def test_every_command_named_in_the_docs_exists() -> None:
    known = set(
        re.findall(r"^## `allocator ([a-z -]+)`", (ROOT / "docs/reference/commands.md").read_text("utf-8"), re.M)
    )
    for page in PAGES:
        for words in re.findall(r"^\s{4,}allocator ([a-z-]+(?: [a-z-]+)?)", page.read_text("utf-8"), re.M):
            assert {words, words.split()[0]} & known, f"{page.name}: allocator {words}"


@long()
def test_the_frontier_in_the_docs_is_the_one_that_is_found() -> None:
    reading = read_case(ROOT / "scenarios" / "hartwell")
    assert reading.case is not None
    points = list(frontier(solve(reading.case, reading.policy)))
    page = (ROOT / "docs/explanation/stability.md").read_text("utf-8")
    assert "| schools changed | " + " | ".join(str(p.changed) for p in points) + " |" in page
    assert "| best points | " + " | ".join(f"{p.points:,}" for p in points) + " |" in page
    assert all(p.proved for p in points)


def test_the_readme_tells_the_times_that_were_measured() -> None:
    readme, measured = (ROOT / "README.md").read_text("utf-8"), (ROOT / "docs/benchmarks.md").read_text("utf-8")
    told = re.findall(r"^\| ([\d,]+) \| [\d,]+ \| ([\d.]+) s \|", readme, re.M)
    assert len(told) == 4
    assert [row for row in told if f"| {row[0]} | allocator | {row[1]} |" not in measured] == []
    commit = re.search(r"commit (\w+)", readme)
    assert commit is not None
    assert f"commit {commit[1]}" in measured


def test_the_readme_in_python_names_what_there_is() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    called = re.findall(r"allocator\.((?:change\.)?\w+)\(", block)
    assert {"read_case", "solve", "what_if", "veto", "explain", "change.sip_leaves"} == set(called)
    case, _ = allocator.read_case(ROOT / "scenarios" / "hartwell")
    assert set(re.findall(r'"(\d{6})"', block)) <= {s.urn for s in case.schools}
    assert set(re.findall(r'sip_leaves\("(\w+)"|why_not="(\w+)"', block)) == {("john", ""), ("", "amira")}
    assert {"john", "amira"} <= {s.sip for s in case.sips}
    if whole_or(True, False):
        exec(compile(block.replace('"scenarios/', f'"{ROOT}/scenarios/'), "README.md", "exec"), {})


def test_the_walk_prints_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    tried = doctest.testfile(str(ROOT / "docs/explanation/walk.md"), module_relative=False)
    assert tried.attempted > 25
    assert tried.failed == 0


def test_the_glossary_names_files_that_are_there() -> None:
    glossary = (ROOT / "docs/reference/glossary.md").read_text("utf-8")
    named = re.findall(r"`((?:\w+/)+(?:\w+\.py)?)`", glossary)
    assert len(named) > 25
    assert [
        n for n in named if not (ROOT / "allocator" / n).exists() and not (ROOT / "allocator/service" / n).exists()
    ] == []
