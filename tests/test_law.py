"""The law is in the house: whatever names it (`domain F5`, `contract 2`, `practice`) leads to a place in docs/reference/law.md."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from allocator.domain.policy import Policy, settings
from allocator.rules import RULES
from docs.law import LAW, REFERENCE, anchors, linked, places
from tests.test_repo import tracked

THERE = set(anchors())
READ = [p for p in tracked() if p.suffix in (".py", ".md", ".html", ".toml") and p not in (LAW, Path(__file__))]
LAWS = {rule.id: rule.law for rule in RULES}
SOURCES = {key: source for key, _, _, _, source in settings(Policy())}


def test_every_reference_leads_to_a_place() -> None:
    found = [(p.name, a) for p in READ for m in REFERENCE.finditer(p.read_text("utf-8")) for a in places(m)]
    assert len(found) > 500  # the pattern still finds them
    assert [(name, place) for name, place in found if place not in THERE] == []


def test_no_place_is_there_twice() -> None:
    assert [a for a, n in Counter(anchors()).items() if n > 1] == []


@pytest.mark.parametrize("rule", LAWS)
def test_a_rule_says_its_law_in_references_alone(rule: str) -> None:
    assert REFERENCE.search(LAWS[rule])
    assert re.sub(r"[,; ]|as a school's own preference", "", REFERENCE.sub("", LAWS[rule])) == ""


def test_every_setting_says_whose_it_is() -> None:
    assert [key for key, source in SOURCES.items() if not (source.startswith("ours") or REFERENCE.search(source))] == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("domain A5-A7, 3.1", ["domain-a5", "domain-a6", "domain-a7", "domain-3.1"]),
        ("domain F4 and A10; contract 2, 5", ["domain-f4", "domain-a10", "contract-2", "contract-5"]),
        ("domain part 5", ["domain-part-5"]),
        ("(domain N; practice)", ["domain-n", "practice"]),
        ("domain question 12", ["domain-question-12"]),
        ("from allocator.domain import canon", []),
        ("the contract ends", []),
    ],
)
def test_a_reference_is_read_as_it_is_meant(text: str, named: list[str]) -> None:
    assert [a for m in REFERENCE.finditer(text) for a in places(m)] == named


def test_a_reference_becomes_a_link() -> None:
    assert linked("domain E10, 3.1") == "[domain E10, 3.1](law.md#domain-e10)"


def test_links_of_the_docs_into_the_law_lead_to_a_place() -> None:
    pages = [p for p in READ if p.suffix == ".md"]
    named = [a for p in pages for a in re.findall(r"law\.md#([^)\s]+)\)", p.read_text("utf-8"))]
    assert named
    assert [a for a in named if a not in THERE] == []
