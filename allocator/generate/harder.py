"""What makes an invented year harder, where asked for: limits in each period, clusters of which some want one SIP."""

from __future__ import annotations

import csv
import math
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from allocator.domain.case import Case, School
from allocator.domain.facts import Facts
from allocator.domain.policy import Policy
from allocator.errors import UsageError

PERIODS = "autumn_1_days", "autumn_2_days", "spring_days", "summer_days"
SHARES = 0.28, 0.28, 0.30, 0.28  # of a SIP's days that a period may take
LIMITED = 0.8  # of the team have such limits
TOGETHER, WANTING = 6, 3  # schools a cluster; one cluster in so many wants one SIP
COLUMNS = "cluster", "cluster_wants_one_sip"


def with_period_limits(case: Case, policy: Policy, seed: int) -> Case:
    """Four SIPs in five have a limit for each period, in quarter-days; all four are some 14 % above the year's."""
    facts, rng, out = Facts(case, policy), random.Random(seed), []
    for sip in case.sips:
        if sip.status == "active" and rng.random() < LIMITED:
            days = facts.capacity(sip)
            sip = sip.model_copy(
                update={name: math.ceil(days * share) / 4 for name, share in zip(PERIODS, SHARES, strict=True)}
            )
        out.append(sip)
    return case.model_copy(update={"sips": tuple(out)})


def clusters(schools: Sequence[School]) -> dict[str, tuple[str, bool]]:
    """URN -> (cluster, whether it wants one SIP): six schools each, from west to east; none where no place is known."""
    placed = sorted((s for s in schools if s.easting), key=lambda s: (s.easting or 0, s.urn))
    return {s.urn: (f"C{n // TOGETHER}", n // TOGETHER % WANTING == 0) for n, s in enumerate(placed)}


def clustered(case: Case) -> Case:
    """The case with its schools in `clusters`. Raises UsageError where schools are in clusters already."""
    if any(s.cluster for s in case.schools):
        raise UsageError("--clusters: schools.csv has clusters of its own, which are used. Leave the option out.")
    of = clusters(case.schools)
    rows = (s.model_copy(update=dict(zip(COLUMNS, of[s.urn], strict=True))) if s.urn in of else s for s in case.schools)
    return case.model_copy(update={"schools": tuple(rows)})


def write_clusters(schools: Sequence[School], file: Path) -> None:
    """Two columns more in schools.csv; every other cell stays as it was."""
    from allocator.intake.write import write_csv

    of: Mapping[str, tuple[str | None, bool | None]] = {s.urn: (s.cluster, s.cluster_wants_one_sip) for s in schools}
    with file.open(newline="", encoding="utf-8-sig") as text:
        header, *rows = list(csv.reader(text))
    kept = [n for n, name in enumerate(header) if name not in COLUMNS]
    urn = header.index("urn")
    write_csv(
        file,
        [*(header[n] for n in kept), *COLUMNS],
        [[*(row[n] for n in kept), *of.get(row[urn].strip(), (None, None))] for row in rows if row],
    )
