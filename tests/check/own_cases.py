"""What a newer rule needs in the random cases, drawn for that rule alone, so that no other rule's cases change."""

from __future__ import annotations

import random
from collections.abc import Callable

from allocator.domain.case import Case
from allocator.domain.policy import Policy
from tests.check.random_cases import random_case

Draw = Callable[[random.Random, Case, Policy], tuple[Case, Policy]]

DRAWS: dict[str, Draw] = {
    # rule -> what is added to each random case when that rule is tried
}


def case_for(rule: str, n: int) -> tuple[Case, Policy]:
    """Random case n, with what the rule needs."""
    made = random_case(n)
    return DRAWS[rule](random.Random(f"{rule} {n}"), *made) if rule in DRAWS else made
