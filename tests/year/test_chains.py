"""Chains of one to six events: every plan is the best that trying them all finds, and passes the auditor."""

from __future__ import annotations

import os

from tests.sizes import whole_or
from tests.year.replay import Tally, replay

CHAINS = int(os.environ.get("ALLOCATOR_CHAINS", whole_or(10_000, 25, 12)))
MOST = whole_or(2_000, 1_000)  # plans of a step that are tried; a larger step is solved and audited only


def test_each_plan_of_a_chain_is_the_best_there_is() -> None:
    tally, n = Tally(), 0
    while tally.seen["chains"] < CHAINS and len(tally.wrong) < 5:
        replay(n, tally, MOST, words=n % 25 == 0)
        n += 1
    print(", ".join(f"{count} {what}" for what, count in sorted(tally.seen.items())))
    assert not tally.wrong, "\n".join(tally.wrong)
    assert tally.seen["tried by brute force"] > CHAINS
    assert tally.seen["with posts in parts"] > CHAINS / 4
