"""A programme's own words for our sheets, columns, schools and SIPs: mapped once, remembered, and used on every reading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from allocator.domain.bodies import Kind
from allocator.domain.case import TABLES, Case
from allocator.intake.cells import NOBODY, NOTHING, blank, text
from allocator.intake.naming import plain, same
from allocator.intake.problems import MOST_LISTED, nearest
from allocator.intake.source import Raw
from allocator.intake.spelling import squeezed
from allocator.intake.who import Unmatched, place, resolve

USUAL: dict[str, str] = {  # what registers and managers call our columns
    "establishmentname": "name", "schoolname": "name", "school": "urn", "establishment": "urn", "urnnumber": "urn",
    "phaseofeducation(name)": "phase", "phaseofeducation": "phase", "la(name)": "la", "localauthority": "la", "authority": "la",
    "trusts(name)": "trust", "mat": "trust", "diocese(name)": "diocese", "headteacher": "head", "headteacheremail": "head_email",
    "heademail": "head_email", "chairemail": "chair_email", "roll": "pupils", "numberofpupils": "pupils", "nor": "pupils",
    "percentagefsm": "fsm_percent", "fsm": "fsm_percent", "category": "need", "supportcategory": "need", "band": "need",
    "entitlement": "days", "allocation": "days", "daysavailable": "days", "adviser": "sip", "partner": "sip", "sipname": "sip",
    "currentsip": "sip", "consultant": "sip", "academicyear": "year", "emailaddress": "email", "type": "kind", "role": "kind",
    "phase": "phases", "reason": "note", "comments": "note",
}  # fmt: skip


EMPTY: dict[str, dict[str, set[str]]] = {  # where a text that means nothing would mean somebody
    "schools": {
        "head": NOBODY, "paired_with": NOTHING, "trust": NOTHING, "la": NOTHING, "cluster": NOTHING, "diocese": NOTHING,
        "head_email": NOBODY, "chair_email": NOBODY,
    },
    "sips": {
        "current_urn": NOTHING, "current_la": NOTHING, "current_trust": NOTHING, "current_cluster": NOTHING, "las": NOTHING,
        "email": NOTHING,
    },
    "interests": {"urn": NOTHING, "trust": NOTHING, "la": NOTHING}, "wishes": {"urn": NOTHING, "sip": NOTHING},
    "decisions": {"sip": NOTHING},
}  # fmt: skip


@dataclass(frozen=True)
class OwnWords:
    """Own word, as compared -> ours. A sheet or column that means nothing (blank) is left aside or kept as it is."""

    sheets: Mapping[str, str] = field(default_factory=dict)  # title -> table
    columns: Mapping[tuple[str, str], str] = field(default_factory=dict)  # (table, label) -> column
    schools: Mapping[str, str] = field(default_factory=dict)  # name -> URN
    sips: Mapping[str, str] = field(default_factory=dict)  # name -> SIP id
    bodies: Mapping[tuple[Kind, str], str] = field(
        default_factory=dict
    )  # (trust, la …, name as compared) -> the schools' name for it


@dataclass(frozen=True)
class UnknownColumn:
    """A column that is not ours: what it may mean, and its first cells so that a person can tell."""

    table: str
    label: str
    samples: tuple[str, ...]
    nearest: str | None
    free: tuple[str, ...]  # columns of ours that the table does not have yet


def translate(raw: Raw, words: OwnWords) -> None:
    """Columns under our names, in place. A column said to be nobody's is kept and handed back without a word."""
    for table in raw.tables.values():
        if table.name not in TABLES:
            continue
        for n, label in enumerate(table.header):
            means = words.columns.get((table.name, squeezed(label)))
            if means:
                table.header[n] = means
            elif means == "":
                table.kept.add(label)


def unknown_columns(raw: Raw) -> list[UnknownColumn]:
    """Columns of the tables read that are neither ours nor said to be the manager's own."""
    out = []
    for table in raw.tables.values():
        if table.name not in TABLES:
            continue
        known = list(TABLES[table.name].model_fields)
        have = {squeezed(h) for h in table.header}
        free = tuple(k for k in known if squeezed(k) not in have)
        for n, label in enumerate(table.header):
            if not label or label in table.kept or squeezed(label) in {squeezed(k) for k in known}:
                continue
            cells = [text(c[n]) for _, c in table.rows if n < len(c) and not blank(c[n])]
            usual = USUAL.get(squeezed(label))
            near = usual if usual in free else nearest(label, free)
            out.append(UnknownColumn(table.name, label, tuple(dict.fromkeys(cells))[:3], near, free))
    return out


def blanks(raw: Raw) -> None:
    """Cells that say in words that nothing is known (*n/a*, *TBC*, *Vacant* as a head), made blank and told: they are no body's or
    person's name, and two of them are not the same one."""
    for table in raw.tables.values():
        for column, words in EMPTY.get(table.name, {}).items():
            at = place(table, column)
            found = Counter[str]()
            if at is None:
                continue
            for _, cells in table.rows:
                if at < len(cells) and isinstance(cells[at], str) and cells[at].strip().casefold() in words:
                    found[cells[at].strip()] += 1
                    cells[at] = None
            if found:
                listed = ", ".join(f"{word} ({n})" for word, n in found.most_common(MOST_LISTED))
                who = "nobody" if words is NOBODY else "blank"
                raw.notice(
                    "nothing_said",
                    table.name,
                    f"{table.name}: {column} is read as {who} where it says {listed}.",
                    column=column,
                )


def match_names(raw: Raw, words: OwnWords, before: Case | None) -> list[Unmatched]:
    """Ids in place of names, in `raw`: by what a person has said, else by a name that only one has. The others are returned."""
    _give_ids(raw, words, before)
    return resolve(raw, words.schools, words.sips)


def _give_ids(raw: Raw, words: OwnWords, before: Case | None) -> None:
    """Schools and SIPs listed by name alone get the id they had before; a new SIP gets one made from the name."""
    had = (
        {"schools": {s.urn: s.name for s in before.schools}, "sips": {s.sip: s.name for s in before.sips}}
        if before
        else {}
    )
    for name, key, theirs in (("schools", "urn", words.schools), ("sips", "sip", words.sips)):
        table = raw.tables.get(name)
        called = place(table, "name") if table else None
        if table is None or called is None:
            continue
        at = place(table, key)
        if at is None:
            at = len(table.header)
            table.header.append(key)
        taken = {text(c[at]) for _, c in table.rows if at < len(c) and not blank(c[at])}
        made = 0
        for _, cells in table.rows:
            if called >= len(cells) or blank(cells[called]) or (at < len(cells) and not blank(cells[at])):
                continue
            cells.extend([None] * (at + 1 - len(cells)))
            found = text(cells[called])
            id = theirs.get(plain(found)) or same(found, had.get(name, {}))
            if id is None and key == "sip":
                id = _new_id(found, taken)
            if id and id not in taken:
                cells[at] = id
                taken.add(id)
                made += 1
        if made:
            raw.notice(
                "ids_from_names", name, f"{name}: {made} rows give no {key}; it is found by the name, or made from it.",
                column=key,
            )  # fmt: skip


def _new_id(name: str, taken: set[str]) -> str:
    base = plain(name).replace(" ", "-") or "sip"
    return next(i for n in range(1, 10_000) if (i := base if n == 1 else f"{base}-{n}") not in taken)
