"""A name that stands beside an id (*URN* and *School*, *SIP id* and *SIP name*): the two must be one, and a name
alone is read."""

from __future__ import annotations

from collections.abc import Iterable

from allocator.domain.case import TABLES
from allocator.intake.cells import NOBODY, blank, text
from allocator.intake.known import Known
from allocator.intake.naming import words
from allocator.intake.problems import MOST_LISTED, and_more
from allocator.intake.source import Raw, RawTable
from allocator.intake.spelling import squeezed
from allocator.intake.urns import read_urn
from allocator.intake.usual import usual_column

SCHOOL = ("urn", "currenturn", "pairedwith")  # columns of ours, as compared, that name a school
FOLLOW = ("history", "refusals", "interests")  # tables whose rows follow a school to its new URN
LISTS = (("schools", "urn"), ("sips", "sip"))  # there a name is the name, and no other id


def companions(raw: Raw, schools: Known | None, sips: Known | None, older: set[str]) -> None:
    """Ids and the names beside them, in `raw`: a name without an id is put in its place, and an id that is somebody
    else's than the name is an error. `older`: URNs that `successions` carries on."""
    for table in raw.tables.values():
        for at, column, beside in _pairs(table):
            pool = schools if column in SCHOOL else sips
            if pool is not None:
                _settle(raw, table, at, beside, pool, older if column in SCHOOL else set())


def _pairs(table: RawTable) -> list[tuple[int, str, int]]:
    """(where an id stands, our column as compared, where a name of the same one stands)."""
    fields = TABLES.get(table.name)
    if fields is None:
        return []
    ours = {
        squeezed(c): n for n, c in enumerate(table.header) if squeezed(c) in {squeezed(f) for f in fields.model_fields}
    }
    out = []
    for n, label in enumerate(table.header):
        if not label or squeezed(label) in ours:
            continue
        usual = squeezed(usual_column(table.name, label) or "")
        if usual in (*SCHOOL, "sip") and usual in ours and (table.name, usual) not in LISTS:
            out.append((ours[usual], usual, n))
            table.kept.add(label)
    return out


def _settle(raw: Raw, table: RawTable, at: int, beside: int, pool: Known, older: set[str]) -> None:
    read: dict[str, str] = {}
    odd: dict[str, str] = {}
    label = table.labels.get(beside, table.header[beside])
    for number, cells in table.rows:
        if beside >= len(cells) or blank(cells[beside]) or text(cells[beside]).casefold() in NOBODY:
            continue
        name = text(cells[beside])
        if at >= len(cells) or blank(cells[at]):
            cells.extend([None] * (at + 1 - len(cells)))
            cells[at] = cells[beside]
            read[name] = name
            continue
        given = read_urn(cells[at])
        by_id, by_name = pool.find(given), pool.find(read_urn(cells[beside]))
        if by_name and not set(by_id) & set(by_name) and given not in older:
            _contradict(raw, table, number, at, text(cells[at]), label, name, by_id, by_name, pool)
        elif len(by_id) == 1 and not by_name and not set(words(name)) & set(words(pool.names[by_id[0]])):
            odd[f"{given} ({pool.names[by_id[0]]})"] = name
    where = table.title or table.name
    if read:
        raw.notice(
            "names_read",
            table.name,
            f"{where}: where {table.header[at]} is blank, {label} is read: {_some(read.values())}.",
            column=table.header[at],
        )
    if odd:
        raw.notice(
            "name_beside",
            table.name,
            f"{where}: {label} gives another name than {table.header[at]}, which counts: "
            f"{_some(f'{name} beside {id}' for id, name in odd.items())}.",
            column=table.header[at],
        )


def _contradict(
    raw: Raw,
    table: RawTable,
    number: int,
    at: int,
    given: str,
    label: str,
    name: str,
    by_id: list[str],
    by_name: list[str],
    pool: Known,
) -> None:
    meant = " or ".join(f"{pool.names[i]} ({i})" if pool.names[i] else i for i in by_name[:2])
    is_ = f"is {pool.names[by_id[0]] or by_id[0]}" if by_id else "is not in this case"
    raw.error(
        "contradiction",
        table.name,
        f"{table.title or table.name}, row {number}: {table.header[at]} {given} {is_}, but {label} says {name}, which "
        f"is {meant}. Mend one of them{_carried(table, given, by_id)}.",
        row=number,
        column=table.header[at],
        value=given,
        expected=by_name[0],
    )


def _carried(table: RawTable, given: str, by_id: list[str]) -> str:
    if by_id or table.name not in FOLLOW:
        return ""
    return f", or, if {given} has become another school, say so in `successions` (`allocator import links` does)"


def _some(found: Iterable[str]) -> str:
    listed = list(found)
    return "; ".join(listed[:MOST_LISTED]) + and_more(len(listed))
