"""Cases to measure by: real schools, read in place by our own importers, with invented teams. Nothing is kept here.

python -m tests.benchmarks.cases FOLDER [NAME…]   writes FOLDER/NAME.pkl, the engine's Instance of each case

The national files are looked for in ../shared/data beside the repository, or where ALLOCATOR_BENCH_DATA says.
"""

from __future__ import annotations

import math
import os
import pickle
import sys
import tempfile
import time
from dataclasses import replace
from functools import cache
from pathlib import Path

from allocator import allocate
from allocator.domain.case import Case, Need, School
from allocator.domain.national_grid import Grid
from allocator.domain.policy import Policy
from allocator.engine.instance import Instance
from allocator.generate import Team, invent
from allocator.intake.gias import import_gias, write_schools
from allocator.intake.ofsted import merge_ofsted
from allocator.intake.read import read_case
from allocator.intake.refresh import kept_table

DATA = Path(os.environ.get("ALLOCATOR_BENCH_DATA") or Path(__file__).parents[3] / "shared" / "data")
YEAR, SEED, TIGHTNESS = "2026/27", 1, 1.05
LEEDS = 430_000.0, 433_500.0  # smaller cases are the schools nearest to here: several authorities meet
SIZES = {  # name -> schools and SIPs; None = all that are open
    "60x8": (60, 8),
    "200x24": (200, 24),
    "800x200": (800, 200),
    "500x60": (500, 60),
    "600x72": (600, 72),
    "1500x180": (1500, 180),
    "2000x240": (2000, 240),
    "6000x720": (6000, 720),
    "england": (None, 2600),
}
WIDE = "-wide"  # after a name: every SIP works for its AUTHORITIES nearest authorities, which gives 40 pairs a school
AUTHORITIES = 3
TABLE = ("60x8", "200x24", "600x72", "2000x240", "6000x720", "england")  # the sizes of docs/benchmarks.md


@cache
def register() -> tuple[School, ...]:
    """All schools of the national files open now, with outcomes, and a need that follows from them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_schools(folder / "schools.csv", import_gias(DATA / "schools" / "edubasealldata_rebuilt.csv.gz").rows)
        kept, _ = kept_table(folder)
        merge_ofsted(DATA / "schools" / "ofsted_latest_inspections_rebuilt.csv.gz", kept)
        kept.write(folder)
        reading = read_case(folder, year=YEAR, schools_only=True)
    assert reading.case is not None, reading.problems[:3]
    rows = (s for s in reading.case.schools if s.status in (None, "open", "proposed_to_close"))
    return tuple(s.model_copy(update={"need": need(s)}) for s in rows)


def need(school: School) -> Need:
    """A need for measuring by, from published outcomes alone; a manager would know more."""
    if school.category_of_concern in ("SM", "SWK"):
        return "top"
    if school.category_of_concern or school.oeif_overall == "4":
        return "high"
    if "3" in (school.oeif_overall, school.oeif_quality_of_education, school.oeif_leadership):
        return "raised"
    return "low" if school.oeif_overall == "1" else "standard"


def nearest(count: int | None) -> tuple[School, ...]:
    """So many schools around one point; all of them with None."""
    rows = register()
    if count is None:
        return rows

    def metres(s: School) -> float:
        return math.inf if s.easting is None or s.northing is None else math.dist((s.easting, s.northing), LEEDS)

    return tuple(sorted(sorted(rows, key=lambda s: (metres(s), s.urn))[:count], key=lambda s: s.urn))


@cache
def team(name: str) -> Team:
    """The case called `name` in SIZES, with or without WIDE."""
    schools, sips = SIZES[name.removesuffix(WIDE)]
    made = invent(Case(year=YEAR, schools=nearest(schools), sips=()), Policy(), sips, SEED, TIGHTNESS)
    if not name.endswith(WIDE):
        return made
    wide = widened(made.case)
    return replace(made, case=wide, many_authorities=sum(len(s.las) > 1 for s in wide.sips if s.status == "active"))


def widened(case: Case) -> Case:
    """The same case with SIPs who also work for the authorities nearest to their homes."""
    la = {s.urn: s.la for s in case.schools}
    schools = Grid({s.urn: (s.easting, s.northing) for s in case.schools if s.easting and s.northing and s.la})
    sips = []
    for sip in case.sips:
        las = dict.fromkeys(sip.las)
        if sip.easting is not None and sip.northing is not None:
            for _, urn in schools.near((sip.easting, sip.northing)):
                if len(las) >= AUTHORITIES:
                    break
                las[la[urn] or ""] = None
        sips.append(sip.model_copy(update={"las": tuple(las)}))
    return case.model_copy(update={"sips": tuple(sips)})


def largest_part(inst: Instance) -> tuple[int, int]:
    """(parts, posts of the largest): posts hang together by shared people and by structures."""
    root = list(range(len(inst.posts) + len(inst.people)))

    def find(n: int) -> int:
        while root[n] != n:
            root[n] = root[root[n]]
            n = root[n]
        return n

    for pair in inst.pairs:
        root[find(pair.post)] = find(len(inst.posts) + pair.person)
    for group in [*inst.same, *inst.different, *(t.posts for t in inst.together)]:
        for other in group[1:]:
            root[find(other)] = find(group[0])
    sizes: dict[int, int] = {}
    for post in range(len(inst.posts)):
        sizes[find(post)] = sizes.get(find(post), 0) + 1
    return len(sizes), max(sizes.values(), default=0)


def told(name: str, made: Team, inst: Instance) -> str:
    """One line that says what the case is."""
    parts, largest = largest_part(inst)
    return (
        f"{name}: {len(made.case.schools):,} schools, {len(inst.posts):,} posts, {made.sips:,} SIPs, "
        f"{len(inst.pairs):,} pairs; tightness {made.tightness:.3f}; {made.many_authorities / made.sips:.0%} of SIPs "
        f"in two authorities or more; {made.incumbents:,} schools with last year's SIP; "
        f"{parts:,} connected parts, the largest of {largest:,} posts"
    )


def main(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        began = time.perf_counter()
        made = team(name)
        between = time.perf_counter()
        ready = allocate.setup(made.case, Policy())
        ended = time.perf_counter()
        with (folder / f"{name}.pkl").open("wb") as file:
            pickle.dump(ready.inst, file)
        print(f"{told(name, made, ready.inst)}; made in {between - began:.1f} s, set up in {ended - between:.1f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:] or list(SIZES))
