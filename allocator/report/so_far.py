"""Work in progress in words: what the best plan so far comes to, and how much better it could still get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from allocator.words import counted, days


@dataclass(frozen=True)
class SoFar:
    """`step` is what the search is at; `lines` what it has; `done` of `whole` for a bar, None while nobody can say."""

    step: str
    lines: tuple[str, ...] = ()
    done: float | None = None
    whole: float = 1


def so_far(progress: Mapping[str, Any] | None) -> SoFar:
    """`progress` as a worker keeps it: tiers, best, bound, and the tiers known of the best plan."""
    if not progress:
        return SoFar("Beginning")
    tiers, best, bound = str(progress["tiers"]), float(progress["best"]), float(progress["bound"])
    if tiers == "parts":
        return SoFar(f"{best:.0f} of {bound:.0f} are done", (), best, max(bound, 1))
    known = {str(k): int(v) for k, v in progress.get("so_far", {}).items()}
    first = tiers.split(" ")[0]
    step = (
        "Finding the best fit among the plans that fill as many posts"
        if first == "4"
        else "Filling every post that can be filled"
    )
    return SoFar(step, tuple(_lines(known, first, best, bound)))


def _is(n: int) -> str:
    return "is" if n == 1 else "are"


def _lines(known: Mapping[str, int], first: str, best: float, bound: float) -> list[str]:
    def total(tier: str) -> int:
        return sum(v for k, v in known.items() if k.partition("_")[0] == tier)

    out = [f"{counted(total('1a'), 'school')} {'has' if total('1a') == 1 else 'have'} a SIP"]
    out += [f"{counted(total('1b'), 'support post')} {_is(total('1b'))} filled"] if total("1b") else []
    out += [f"{counted(total('1c'), 'appraisal')} {_is(total('1c'))} covered"] if total("1c") else []
    out += [f"schools are given {days(total('1d') / 4)} less than they are due"] if total("1d") else []
    out += [f"{counted(total('3'), 'other school')} {'moves' if total('3') == 1 else 'move'}"] if total("3") else []
    if first == "4" and best > 0:
        better = max(0.0, (bound - best) / best)
        out.append(
            "no plan could fit better" if better < 0.0005 else f"no plan could fit more than {better:.1%} better"
        )
    return out
