"""`--pairs`: every allowed or nearly allowed pair with its loads, points and lot (contract 4).

With `--model` beside it this is the whole model, so that anyone can rebuild it in another solver.
"""

from __future__ import annotations

import csv
from pathlib import Path

from allocator import rules
from allocator.allocate import Setup
from allocator.domain.lots import lots
from allocator.intake.plain import guarded

NEARLY = 2  # blocked by at most so many rules: what a decision or two could change
MOST = 500_000  # posts times SIPs; beyond it pairs too far or in another authority are left out (contract 2)


def write_pairs(ready: Setup, path: Path) -> None:
    """Write the CSV; loads are in quarter-days, points after weights, one column a soft rule."""
    facts, pairs = ready.facts, ready.pairs
    soft = [rule.id for rule in rules.RULES if rule.soft]
    head = [
        "urn",
        "post",
        "sip",
        "need",
        "kind",
        "allowed",
        "blocked_by",
        "load_autumn_1",
        "load_autumn_2",
        "load_spring",
        "load_summer",
        "load_year",
        "points",
        "lot",
        "baseline",
        "protected",
        *soft,
    ]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        everybody = len(facts.posts) * len(facts.sips) <= MOST
        for post in facts.posts:
            incumbent = facts.incumbent_of(post) if post.kind == "lead" else None
            for sip in facts.sips if everybody else pairs.in_reach(post.key):
                key = (*post.key, sip)
                blocked = sorted({rule for rule, _ in pairs.blocks(*key)})
                if len(blocked) > NEARLY:
                    continue
                row = facts.sips[sip]
                load = facts.load(post, row)
                given = pairs.weighted(*key)
                writer.writerow(
                    [
                        guarded(post.urn),
                        post.slot,
                        guarded(sip),
                        post.need,
                        row.kind,
                        int(not blocked),
                        ";".join(blocked),
                        *load[1:],
                        load[0],
                        sum(given.values()),
                        *lots(ready.seed, post.key, (sip,)),
                        int(sip == incumbent),
                        int(post.kind == "lead" and facts.protected(post.urn)),
                        *(given.get(rule, 0) for rule in soft),
                    ]
                )
