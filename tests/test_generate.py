"""An invented team: the same by seed, as tight as asked, able to fill every post, some in several authorities."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from allocator import allocate
from allocator.domain.case import Case, School
from allocator.domain.facts import Facts
from allocator.domain.policy import Policy
from allocator.errors import UsageError
from allocator.generate import invent, write_team
from allocator.generate.harder import PERIODS, clustered, write_clusters
from allocator.intake.read import read_case
from allocator.intake.write import write_csv


def schools(n: int = 40) -> Case:
    """Two made-up authorities side by side, mostly primary, with a special school and a pupil referral unit."""
    rng = random.Random(7)
    phases = ["primary"] * 30 + ["secondary"] * 6 + ["special", "alternative", "nursery", "all_through"]
    rows = [
        School(
            urn=str(800000 + i),
            name=f"Made-up School {i}",
            phase=phases[i % len(phases)],
            la="Westmark" if i % 2 else "Eastmark",
            easting=400000 + rng.randrange(30000),
            northing=200000 + rng.randrange(30000),
            pupils=rng.randrange(60, 1200),
        )
        for i in range(n)
    ]
    return Case(year="2026/27", schools=tuple(rows), sips=())


def test_the_same_seed_gives_the_same_team_and_another_gives_another() -> None:
    one, two, three = (invent(schools(), Policy(), 7, seed).case for seed in (3, 3, 4))
    assert one == two
    assert one != three


@pytest.mark.parametrize("tightness", [1.02, 1.05, 1.08])
def test_capacity_is_as_tight_as_asked(tightness: float) -> None:
    assert invent(schools(), Policy(), 7, 1, tightness).tightness == pytest.approx(tightness, abs=0.015)


def test_every_post_has_somebody_and_can_be_filled() -> None:
    made = invent(schools(), Policy(), 7, 1)
    ready = allocate.setup(made.case, Policy())
    able = {(u, k) for u, k, _ in ready.choices}
    assert {p.key for p in ready.facts.posts} == able
    plan, _ = allocate.allocate(ready)
    assert not plan.unfilled


@pytest.mark.parametrize("authorities", [1, 2])
def test_at_least_fifteen_percent_serve_two_authorities(authorities: int) -> None:
    base = schools()
    if authorities == 1:
        base = base.model_copy(update={"schools": tuple(s.model_copy(update={"la": "Westmark"}) for s in base.schools)})
    made = invent(base, Policy(), 7, 1)
    assert made.many_authorities >= 0.15 * made.sips
    assert any("Westmark" in s.las and len(s.las) > 1 for s in made.case.sips)


def test_what_is_written_reads_back_as_the_same_case_and_says_that_it_is_invented(tmp_path: Path) -> None:
    base = schools()
    fields = ["urn", "name", "phase", "la", "easting", "northing", "pupils"]
    write_csv(tmp_path / "schools.csv", fields, [[getattr(s, f) for f in fields] for s in base.schools])
    made = invent(base, Policy(), 7, 1)
    write_team(made, tmp_path)
    read = read_case(tmp_path, year="2026/27").case
    assert read is not None
    assert {s.sip for s in read.sips} == {s.sip for s in made.case.sips}
    assert len(read.history) == len(made.case.history)
    assert "invented" in (tmp_path / "INVENTED.md").read_text("utf-8")


@pytest.mark.parametrize(("sips", "tightness"), [(0, 1.05), (41, 1.05), (7, 0.1), (1, 1.05)])
def test_numbers_that_cannot_be_are_refused_with_the_limit(sips: int, tightness: float) -> None:
    with pytest.raises(UsageError, match=r"\d"):
        invent(schools(), Policy(), sips, 1, tightness)


def test_a_short_year_with_limits_in_each_period_and_clusters(tmp_path: Path) -> None:
    base = schools()
    grouped = clustered(base)
    made = invent(grouped, Policy(), 7, 1, 0.9, period_limits=True)
    assert made.tightness == pytest.approx(0.9, abs=0.015)
    limited = [s for s in made.case.sips if s.status == "active" and s.autumn_1_days]
    assert 0 < len(limited) < 7
    facts = Facts(made.case, Policy())
    for s in limited:
        assert 1.1 < sum(getattr(s, p) for p in PERIODS) / (facts.capacity(s) / 4) < 1.3
    assert {s.cluster for s in grouped.schools if s.cluster_wants_one_sip} == {"C0", "C3", "C6"}
    fields = ["name", "urn", "phase", "la", "easting", "northing", "cluster", "of our own"]
    rows = [[s.name, s.urn, s.phase, s.la, s.easting, s.northing, None, "kept"] for s in base.schools]
    write_csv(tmp_path / "schools.csv", fields, rows)
    write_clusters(grouped.schools, tmp_path / "schools.csv")
    write_team(made, tmp_path)
    read = read_case(tmp_path, year="2026/27").case
    assert read is not None
    assert {s.urn: (s.cluster, s.cluster_wants_one_sip) for s in read.schools} == {
        s.urn: (s.cluster, s.cluster_wants_one_sip) for s in grouped.schools
    }
    assert (tmp_path / "schools.csv").read_text("utf-8").count("kept") == 40
    plan, _ = allocate.allocate(allocate.setup(read, Policy()))
    assert plan.status == "optimal"


def test_clusters_of_the_schools_own_are_not_written_over() -> None:
    with pytest.raises(UsageError, match="clusters of its own"):
        clustered(clustered(schools()))
