"""The settings that let a tenure go on past its limit say so when they act, and the floor does not set them off."""

from __future__ import annotations

from typing import Any

from allocator import allocate, rules
from allocator.check.audit import audit
from allocator.check.score import Auditor
from allocator.domain.facts import Facts
from allocator.domain.policy import Policy
from tests.make import case, led, school, sip

FIVE = ("2021/22", "2022/23", "2023/24", "2024/25", "2025/26")


def found(team: list[Any], **policy: Any) -> tuple[dict[str, list[str]], list[str]]:
    """(SIP -> rules that bar it from school 1, notices), by the rules; the auditor bars the same."""
    made, in_force = (
        case([school("1", focus=("maths",))], team, history=led("1", "A", *FIVE)),
        Policy.model_validate(policy),
    )
    pairs, auditor = rules.pairs(Facts(made, in_force)), Auditor(made, in_force)
    barred = {s.sip: [r for r, _ in pairs.blocks("1", "lead", s.sip)] for s in team}
    post = auditor.stand.by_key["1", "lead"]
    assert {s.sip: auditor.bars.rules(post, s) for s in team} == barred
    plan, _ = allocate.allocate(allocate.setup(made, in_force))
    assert audit(made, in_force, plan) == []
    return barred, pairs.notices


def test_a_sole_specialist_stays_and_it_is_said() -> None:
    barred, notices = found([sip("A"), sip("B", phases=("secondary",))])
    assert barred["A"] == []
    assert any("sole_specialist" in n and "Sip A" in n for n in notices)
    assert found([sip("A"), sip("B", phases=("secondary",))], tenure={"sole_specialist": "rotate"})[0]["A"] == [
        "tenure"
    ]


def test_the_first_years_amnesty_is_said() -> None:
    barred, notices = found([sip("A"), sip("B")], tenure={"first_year_amnesty": True})
    assert barred["A"] == []
    assert any("first_year_amnesty" in n and "Sip A with School 1" in n for n in notices)
    assert not any("amnesty" in n for n in found([sip("A"), sip("B")])[1])


def test_the_floor_makes_nobody_the_only_one_who_may() -> None:
    """B may take it by every rule, and fits it less than policy asks for: A's limit stands, and the school is empty."""
    floor = {"objective": {"floor": 100}}
    barred, notices = found([sip("A", specialisms=("maths",)), sip("B")], **floor)
    assert barred == {"A": ["tenure"], "B": ["floor"]}
    assert notices == []


def test_a_sole_specialist_is_held_to_the_floor_too() -> None:
    team = [sip("A", days=30), sip("B", phases=("secondary",))]
    barred, notices = found(team, objective={"floor": 5000})
    assert barred["A"] == ["floor"]
    assert notices == []
