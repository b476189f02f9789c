"""Trusts, authorities, clusters and dioceses in one spelling from the door on, and every reading told
(domain/bodies.py)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from allocator.domain.bodies import COLUMNS, Bodies, Kind, ReadAs
from allocator.domain.case import TABLES
from allocator.intake.naming import plain
from allocator.intake.problems import MOST_LISTED, and_more
from allocator.intake.slips import Rows
from allocator.intake.source import Raw

BODY: dict[Kind, str] = {"trust": "a trust", "la": "an authority", "cluster": "a cluster", "diocese": "a diocese"}
SAID = {
    "bodies_read": "is read in the schools' spelling: {}.",
    "bodies_alike": (
        "is only alike: {}. They count as one, and so as a conflict, until somebody says no (under [bodies] "
        "in a mapping)."
    ),
    "bodies_elsewhere": "names {what} that no school here has: {}. It bears on no school here.",
}
Readings = dict[tuple[str, str], dict[ReadAs, list[str]]]  # (table, column) -> reading -> whom it is about


def one_spelling(rows: Rows, raw: Raw, told: Mapping[tuple[Kind, str], str]) -> None:
    """`rows` in the schools' spelling, in place; what was read as what, what is only alike, and what no school
    has, into `raw`.

    `told`: what somebody has said of a name, as `Bodies` takes it.
    """
    bodies = Bodies((s for _, s in rows.get("schools", [])), told)
    for (kind, name), means in sorted(told.items()):
        if means and not bodies.knows(kind, means):
            raw.notice(
                "bodies_unknown",
                "schools",
                f"schools: {name} is said to mean {kind} {means}, which no school here has; it is read as it stands.",
                column=kind,
            )
    found: Readings = defaultdict(lambda: defaultdict(list))
    schools = {plain(s.name): s.urn for _, s in rows.get("schools", [])}
    for table, model in TABLES.items():
        if model not in COLUMNS or table not in rows:
            continue
        for n, (number, row) in enumerate(rows[table]):
            spelt, said = bodies.row(row)
            rows[table][n] = number, spelt
            for column, r in said:
                if r.means is None and (urn := schools.get(plain(r.given))) and table == "interests":
                    _a_school(raw, column, number, r.given, urn)
                elif r.means is None and r.near and not r.sure and column != "las":
                    _which(raw, table, column, number, r)
                else:
                    who = getattr(row, "name", None) or getattr(row, "sip", "")
                    found[table, column][r].append(str(who))
    for (table, column), readings in found.items():
        raw.alike += [r for r in readings if r.means and not r.sure]
        _tell(raw, table, column, readings)


def _a_school(raw: Raw, column: str, number: int, given: str, urn: str) -> None:
    raw.error(
        "school_as_body",
        "interests",
        f"interests, row {number}: {column} {given} is a school of this case ({urn}), and would bar nobody from it. "
        "Write it under urn.",
        row=number,
        column=column,
        value=given,
        expected=BODY[column],  # type: ignore[index]  # trust or la
    )


def _which(raw: Raw, table: str, column: str, number: int, r: ReadAs) -> None:
    raw.alike.append(r)
    raw.error(
        "ambiguous_body",
        table,
        f"{table}, row {number}: {column} {r.given} may be {' or '.join(r.near[:5])}. Write the one that is "
        "meant; if it is none of them, write its whole name, or say so under [bodies] in a mapping.",
        row=number,
        column=column,
        value=r.given,
        expected=" or ".join(r.near[:5]),
    )


def _tell(raw: Raw, table: str, column: str, readings: Mapping[ReadAs, list[str]]) -> None:
    sorts: dict[str, list[ReadAs]] = defaultdict(list)
    for r in sorted(readings, key=lambda r: r.given):  # however rows stand
        sorts["bodies_elsewhere" if not r.means else "bodies_read" if r.sure else "bodies_alike"].append(r)
    for code, some in sorts.items():
        listed = "; ".join(_one(r, table, readings[r]) for r in some[:MOST_LISTED]) + and_more(len(some))
        raw.notice(
            code, table, f"{table}: {column} {SAID[code].format(listed, what=BODY[some[0].kind])}", column=column
        )


def _one(r: ReadAs, table: str, who: list[str]) -> str:
    who = sorted(who)
    whose = (
        f" ({', '.join(who[:3])}{f' and {len(who) - 3} more' if len(who) > 3 else ''})" if table != "schools" else ""
    )
    if r.means:
        return f"{r.given} as {r.means}{whose}"
    near = f", nearest {r.near[0]}" if r.near else ""
    return f"{r.given}{near}{whose}"
