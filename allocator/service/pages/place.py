"""Where the pages of telling, hearing and confirming stand: the round with its desk, school by school."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from allocator.domain.case import NEEDS
from allocator.domain.round import Pair, Stage
from allocator.errors import NotThere
from allocator.rounds import Desk
from allocator.service.access import round_in
from allocator.service.pages.given import Given, around
from allocator.service.roles import Who
from allocator.store import keep
from allocator.store.tables import PlanRow, RoundRow

ORDER: tuple[Stage, ...] = (
    "refused",
    "queried",
    "proposed",
    "draft",
    "overruled",
    "accepted",
    "confirmed",
)  # most pressing first


FOLDED = 100  # schools; of more a list is folded by the first letter of their names


@dataclass(frozen=True)
class Place:
    """A round that has a plan: its row, the plan on the desk, and where it stands."""

    row: RoundRow
    plan: PlanRow
    desk: Desk
    facts: Given  # what every page of the round is given

    @property
    def at(self) -> str:
        return f"/rounds/{self.row.id}"


def place_in(s: Session, id: str, who: Who) -> Place:
    """Raises NotThere for a round that is not theirs, RoundRefuses while it has no plan."""
    row = round_in(s, who, id)
    plan, desk = keep.desk(s, id)
    return Place(row, plan, desk, around(s, id, who))


@dataclass(frozen=True)
class SchoolLine:
    """A school in the lists of a round. `posts`: (post, SIP's name, pair), lead first; `stage`: the most pressing."""

    urn: str
    name: str
    need: str
    group: str
    posts: tuple[tuple[str, str, Pair], ...]
    stage: Stage
    new: bool  # another SIP than last year for some post
    sips: frozenset[str]
    mailed: dt.datetime | None = None

    @property
    def main(self) -> Pair:
        return self.posts[0][2]

    def names(self, q: str) -> bool:
        """Whether it, its URN or a SIP of it has all these words."""
        said = " ".join((self.name, self.urn, *(name for _, name, _ in self.posts))).casefold()
        return all(w in said for w in q.casefold().split())


def school_lines(desk: Desk, mailed: Mapping[tuple[str, str], dt.datetime] | None = None) -> list[SchoolLine]:
    """Every school with a pair, by name."""
    changed = {c.urn for c in desk.plan.changes}
    by: dict[str, list[Pair]] = {}
    for p in desk.round.everyone:
        by.setdefault(p.urn, []).append(p)
    out = []
    for urn, pairs in by.items():
        pairs.sort(key=lambda p: (p.post != "lead", p.post, p.beside in desk.round.beside))
        school = desk.facts.schools[urn]
        out.append(
            SchoolLine(
                urn,
                school.name,
                desk.facts.need(urn),
                school.cluster or school.trust or "",
                tuple((p.post, desk.row(p).name, p) for p in pairs),
                min((p.stage for p in pairs), key=ORDER.index),
                urn in changed,
                frozenset(p.sip for p in pairs),
                (mailed or {}).get(("school", urn)),
            )
        )
    return sorted(out, key=lambda x: (x.name, x.urn))


def by_letter(lines: Sequence[SchoolLine]) -> dict[str, list[SchoolLine]]:
    """Under the first letter of their names, where there are more than `FOLDED`; else all under none."""
    parts: dict[str, list[SchoolLine]] = {}
    for x in lines:
        parts.setdefault(x.name[:1].upper() if len(lines) > FOLDED else "", []).append(x)
    return parts


def line_of(desk: Desk, urn: str) -> SchoolLine:
    """Raises NotThere for a school without a pair in this plan."""
    found = next((x for x in school_lines(desk) if x.urn == urn), None)
    if found is None:
        raise NotThere(f"There is nobody for a school {urn} in this plan.")
    return found


def narrowed(lines: list[SchoolLine], need: str, group: str, sip: str) -> list[SchoolLine]:
    """Those of one need, group or SIP; a blank leaves all."""
    return [x for x in lines if need in ("", x.need) and group in ("", x.group) and (not sip or sip in x.sips)]


def choices_of(lines: list[SchoolLine]) -> dict[str, list[tuple[str, str]]]:
    """What the lists can be narrowed by: (value, words) each."""
    names = {p.sip: name for x in lines for _, name, p in x.posts}
    return {
        "need": [(n, n) for n in NEEDS if any(x.need == n for x in lines)],
        "group": [(g, g) for g in sorted({x.group for x in lines if x.group})],
        "sip": sorted(names.items(), key=lambda kv: kv[1]),
    }
