"""Each rule is whole in its file: its name, law, title and meaning; and no rule leans on another."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

from allocator import rules
from allocator.domain.policy import Policy
from allocator.reasons.policy_words import groups
from allocator.rules import ORDER, RULES
from allocator.rules.base import Rule

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda r: r.id)


@each_rule
def test_a_rule_is_whole_in_the_file_that_bears_its_name(rule: Rule) -> None:
    assert type(rule).__module__.rpartition(".")[2] == rule.id
    assert type(rule).__name__ == "".join(part.capitalize() for part in rule.id.split("_"))
    assert rule.title[:1].isupper()
    assert rule.meaning.endswith(".")
    assert "domain" not in rule.meaning


@each_rule
def test_a_rule_says_what_it_makes_of_several_people_when_it_bars_pairs(rule: Rule) -> None:
    assert bool(rule.barred) == (type(rule).block is not Rule.block)
    if rule.barred:
        assert rule.barred.split(" ")[0] in ("are", "have", "do", "lack", "may", "fit")


@each_rule
def test_a_rule_imports_no_other(rule: Rule) -> None:
    tree = ast.parse(inspect.getsource(inspect.getmodule(type(rule)) or pytest))
    named = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module}
    assert {m for m in named if m.startswith("allocator.rules")} == {"allocator.rules.base"}


def test_each_file_is_found_and_reasons_are_read_in_the_order_written_down() -> None:
    ids = [r.id for r in RULES]
    files = {f.stem for f in Path(rules.__file__).parent.glob("*.py")} - {"__init__", "base", "reach"}
    assert set(ids) == files
    assert ids == [*ORDER, *sorted(files - set(ORDER))]


def test_what_readers_of_the_policy_see_is_what_the_rules_say() -> None:
    shown = {g.id: (g.title, g.meaning) for g in groups(Policy())}
    assert {r.id: (r.title, r.meaning) for r in RULES}.items() <= shown.items()
