"""Hard years: authorities from roomy to far too short of days, with and without periods, clusters, shared heads, appraisals.

python -m tests.benchmarks.hard [--las NAME,…] [--tightness T,…] [--structures S,…]     a line a case, then median and worst
python -m tests.benchmarks.hard … --stopped 0.1     beside it what stands after this share of the work: points, schools kept

Real schools are read in place as in `cases.py`; teams and everything else are invented. CPU seconds are of this process:
set-up, solve to a proof, words and audit. `short_grid` is for the tests: invented schools, no files.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Sequence
from itertools import pairwise

from allocator import allocate
from allocator.domain.case import Case, School
from allocator.domain.policy import Policy
from allocator.engine.cpsat import Stop
from allocator.engine.instance import Solution
from allocator.generate import invent
from allocator.generate.harder import clusters, with_period_limits
from allocator.reasons.answer import solve
from tests.benchmarks import cases

YEAR = cases.YEAR
LAS = (
    "Darlington",
    "Middlesbrough",
    "Brighton and Hove",
    "Bury",
    "Bath and North East Somerset",
    "Swindon",
    "Wolverhampton",
    "Wigan",
)
TIGHTNESS = 1.3, 1.12, 1.03, 0.97, 0.95, 0.85, 0.8  # days offered for schools over days that the posts take
STRUCTURES = "plain", "joined", "periods"
SIZE = 5  # schools a SIP


def structured(rows: Sequence[School], structure: str) -> list[School]:
    """The schools with invented wishes of their own; `joined`: in clusters too, some with one head or paired."""
    r = random.Random(len(rows))
    kinds = r.choices(("none", "same", "different", "any"), (65, 20, 7, 8), k=len(rows))
    out = [
        s.model_copy(update={"appraisal": k, "inspection_due": r.random() < 0.25})
        for s, k in zip(rows, kinds, strict=True)
    ]
    if structure != "joined":
        return out
    more: dict[str, dict[str, object]] = {
        urn: {"cluster": name, "cluster_wants_one_sip": one} for urn, (name, one) in clusters(out).items()
    }
    by_urn = {s.urn: s for s in out}
    primaries = [by_urn[urn] for urn in more if by_urn[urn].phase == "primary"]
    for a, b in list(pairwise(primaries))[::9]:
        more[a.urn]["head"] = more[b.urn]["head"] = f"h{a.urn}"
    for a, b in list(pairwise(primaries))[4::11]:
        more[a.urn]["paired_with"] = b.urn
    return [s.model_copy(update=more.get(s.urn, {})) for s in out]


def team(rows: Sequence[School], tightness: float, structure: str, seed: int = 1) -> Case:
    """A team for these schools; `periods`: four SIPs in five also with a limit for each period."""
    sips = max(3, round(len(rows) / SIZE))
    case = invent(
        Case(year=YEAR, schools=tuple(structured(rows, structure)), sips=()), Policy(), sips, seed, tightness
    ).case
    return with_period_limits(case, Policy(), seed) if structure == "periods" else case


def invented(count: int, seed: int) -> list[School]:
    """So many schools of one authority that does not exist."""
    r = random.Random(seed)
    needs, often = ("low", "standard", "raised", "high"), (10, 75, 10, 5)
    return [
        School.model_validate(
            {
                "urn": str(900_000 + n),
                "name": f"School {n}",
                "la": "Nowhere",
                "need": r.choices(needs, often)[0],
                "phase": r.choices(("primary", "secondary", "special"), (80, 15, 5))[0],
                "pupils": r.randrange(60, 900),
                "easting": 400_000 + r.randrange(20_000),
                "northing": 200_000 + r.randrange(20_000),
            }
        )
        for n in range(count)
    ]


SHORT_GRID = tuple(  # schools, tightness, structure
    f"{count} {tightness} {structure}"
    for count in (20, 32, 45)
    for tightness in (1.12, 0.97, 0.9, 0.8)
    for structure in (("plain", "joined") if count < 45 else ("plain",))
)


def short_case(name: str) -> Case:
    """A case of the short grid, the same on every machine."""
    count, tightness, structure = name.split()
    return team(invented(int(count), int(count)), float(tightness), structure)


def kept(ready: allocate.Setup, found: Solution) -> int:
    """How many posts stay with who held them last year."""
    before = allocate.last_year(ready)
    return sum((i := ready.index.get((*key, sip))) is not None and i in found.chosen for key, sip in before.items())


def stands(case: Case, share: float) -> str:
    """What stands after a share of the work, which is the same on every machine: points and posts kept against the
    end's."""
    ready = allocate.setup(case, Policy())
    _, end = allocate.allocate(ready)
    _, now = allocate.allocate(ready, Stop(work=share * end.deterministic_time))
    points = [next(t.value for t in s.tiers if t.name == "4") for s in (now, end)]
    return f"{points[0]:,} of {points[1]:,} points, {kept(ready, now)} of {kept(ready, end)} kept, {now.status}"


def main(
    las: Sequence[str], tightness: Sequence[float], structures: Sequence[str], stopped: float | None = None
) -> None:
    """A line a case."""
    spent = []
    for la in las:
        rows = [s for s in cases.register() if s.la == la]
        for structure in structures:
            for t in tightness:
                case = team(rows, t, structure)
                began = time.process_time()
                plan = solve(case, Policy())
                spent.append(time.process_time() - began)
                pairs = len(allocate.setup(case, Policy()).inst.pairs)
                print(
                    f"{la} | {len(rows)} | {pairs:,} | {t:g} | {structure} | {spent[-1]:.2f} | {plan.status}"
                    + (f" | {stands(case, stopped)}" if stopped else ""),
                    flush=True,
                )
    print(f"median {statistics.median(spent):.2f}, worst {max(spent):.2f} CPU seconds, {len(spent)} cases")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--las", default=",".join(LAS))
    parser.add_argument("--tightness", default=",".join(map(str, TIGHTNESS)))
    parser.add_argument("--structures", default=",".join(STRUCTURES))
    parser.add_argument("--stopped", type=float)
    asked = parser.parse_args()
    main(
        asked.las.split(","),
        [float(t) for t in asked.tightness.split(",")],
        asked.structures.split(","),
        asked.stopped,
    )
