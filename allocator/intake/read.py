"""A case from outside: every problem at once, or a Case in canonical order (contract 1)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from allocator.domain import canon
from allocator.domain.calendar import first_year, year_label
from allocator.domain.case import TABLES, Case
from allocator.domain.policy import Policy
from allocator.intake.cells import BadCell, academic_year
from allocator.intake.checks import shares
from allocator.intake.dittos import dittos
from allocator.intake.last_year import LAST_SIP, half_filled, merge
from allocator.intake.mapping import beside, read_mapping
from allocator.intake.one_spelling import one_spelling
from allocator.intake.own_words import OwnColumn, OwnWords, blanks, column_of, match_names, translate, values
from allocator.intake.policy import policy_from, policy_from_toml
from allocator.intake.problems import Problem, capped
from allocator.intake.references import cross_check
from allocator.intake.resolve import Unmatched, place
from allocator.intake.rows import typed
from allocator.intake.source import Raw, document, read_raw
from allocator.intake.unseen import unseen
from allocator.intake.usual import year_in

MOST_YEARS = 1000  # ways of writing a year in one column
FALLBACK_YEAR = "2026/27"  # used, and said, only when nothing in the case tells the year


@dataclass(frozen=True)
class Reading:
    """`case` is None exactly when `problems` holds an error."""

    case: Case | None
    policy: Policy
    problems: tuple[Problem, ...]
    source: Path | None = None
    raw: Raw = field(default_factory=Raw, repr=False, compare=False)  # as it was read, every problem one by one
    unmatched: tuple[Unmatched, ...] = ()  # names where ids belong, for a person to settle
    columns: tuple[OwnColumn, ...] = ()  # columns whose headers are not ours, read or not


def read_case(
    path: Path | str,
    *,
    year: str | None = None,
    policy: Path | Policy | None = None,
    schools_only: bool = False,
    words: OwnWords | None = None,
    before: Case | None = None,
) -> Reading:
    """Read a folder, workbook or JSON file. Bad data is never raised, always told.

    `schools_only` reads a schools table that has no team yet (for `generate team`). `words`: a programme's own
    words for sheets, columns, values and names (none given: those of a mapping beside the case); `before`: the
    case from which those listed by name alone take their ids.
    """
    path = Path(path)
    if words is None and (mine := beside(path)) is not None:
        words = read_mapping(mine)
    return _reading(read_raw(path, words.sheets if words else None), path, year, policy, schools_only, words, before)


def read_document(
    data: dict[str, Any],
    *,
    year: str | None = None,
    policy: Policy | None = None,
    words: OwnWords | None = None,
    before: Case | None = None,
    kept: bool = False,
) -> Reading:
    """The same for a JSON document already in memory. `kept`: its tables are a case's own, and no figure in them
    is a share."""
    raw = Raw()
    document(data, raw)
    return _reading(raw, None, year, policy, False, words, before, kept)


def read_policy(path: Path) -> tuple[Policy, tuple[Problem, ...]]:
    """A policy.toml: (policy, problems); defaults where it could not be used."""
    raw = Raw()
    return _policy_file(path, raw), tuple(raw.problems)


def _policy_file(path: Path, raw: Raw) -> Policy:
    try:
        return policy_from_toml(path.read_text("utf-8-sig"), raw, path.name)
    except OSError:
        raw.error("no_such_file", "policy", f"{path}: there is no such policy file.")
    except UnicodeDecodeError:
        raw.error("not_toml", "policy", f"{path}: not a text file in UTF-8.")
    return Policy()


def _reading(
    raw: Raw,
    path: Path | None,
    year: str | None,
    policy: Path | Policy | None,
    schools_only: bool,
    words: OwnWords | None,
    before: Case | None,
    kept: bool = False,
) -> Reading:
    words = words or OwnWords()
    in_force = _policy(raw, policy)
    if not kept:
        unseen(raw)
    columns = translate(raw, words, _told(raw, year, in_force))
    dittos(raw)
    values(raw, words)
    blanks(raw)
    unmatched = match_names(raw, words, before, _planned(raw, year, in_force))
    rows: dict[str, list[tuple[int, Any]]] = {}
    extras: dict[str, dict[str, dict[str, Any]]] = {}
    readable = not any(p.table == "" and p.severity == "error" for p in raw.problems)
    for name in TABLES if readable else ():
        if name in raw.tables and not (schools_only and name != "schools"):
            rows[name], own = typed(raw.tables[name], raw)
            if own:
                extras[name] = own
        elif name == "schools" or (name == "sips" and not schools_only):
            told = any(p.table == name and p.severity == "error" for p in raw.problems)
            if not told:
                raw.error("missing_table", name, f"There is no {name} table. A case needs schools and sips.")
    if LAST_SIP in raw.tables:
        merge(rows, {"history": typed(raw.tables[LAST_SIP], raw)[0]}, raw)
    label = _year(raw, year, in_force, rows)
    one_spelling(rows, raw, words.bodies)
    if not kept:
        shares(rows, raw)
    tables = {name: tuple(r for _, r in rows.get(name, [])) for name in TABLES}
    if readable:
        cross_check(rows, label, raw, team_wanted=not schools_only)
    case: Case | None = None
    if not any(p.severity == "error" for p in raw.problems):
        notices = tuple(p.text for p in capped(sorted(raw.problems, key=lambda p: p.text)))  # however rows stand
        case = canon.sort_rows(Case.model_validate({"year": label, "extras": extras, "notices": notices, **tables}))
    return Reading(case, in_force, capped(raw.problems), path, raw, tuple(unmatched), tuple(columns))


def _policy(raw: Raw, given: Path | Policy | None) -> Policy:
    if isinstance(given, Policy):
        return given
    if given is not None:
        return _policy_file(Path(given), raw)
    if raw.policy_toml is not None:
        return policy_from_toml(raw.policy_toml, raw, "policy.toml")
    if raw.policy is not None:
        return policy_from(raw.policy, raw)
    if "policy" in raw.tables:
        table = raw.tables["policy"]
        head = [h.casefold() for h in table.header]
        if "key" not in head or "value" not in head:
            raw.error("missing_column", "policy", "The policy sheet needs two columns, key and value.")
            return Policy()
        k, v = head.index("key"), head.index("value")
        pairs = {
            str(c[k]).strip(): c[v] for _, c in table.rows if max(k, v) < len(c) and c[k] and c[v] not in (None, "")
        }
        return policy_from(pairs, raw)
    return Policy()


def _told(raw: Raw, given: str | None, policy: Policy) -> str | None:
    """The year planned, where somebody has said it."""
    label = given or policy.year or raw.year
    try:
        return academic_year(label) if label else None
    except BadCell:
        return FALLBACK_YEAR


def _planned(raw: Raw, given: str | None, policy: Policy) -> str:
    """The year planned, as far as it is told before the tables are typed: what `_year` will say, without a word of
    it."""
    if (said := _told(raw, given, policy)) is not None:
        return said
    table = raw.tables.get("history")
    at = place(table, "year") if table else None
    told = []
    for cell in column_of(table, at, MOST_YEARS) if table and at is not None else ():
        try:
            told.append(first_year(academic_year(cell)))
        except BadCell:
            continue
    schools = raw.tables.get("schools")
    if schools is not None:
        told += [
            first_year(of)
            for n, x in enumerate(schools.header)
            if x == LAST_SIP and (of := year_in(schools.labels.get(n, ""))) and half_filled(schools, n)
        ]
    return year_label(max(told) + 1) if told else FALLBACK_YEAR


def _year(raw: Raw, given: str | None, policy: Policy, rows: dict[str, list[tuple[int, Any]]]) -> str:
    """`--year`, else policy, else the document's own, else the newest history year plus one."""
    for source, label in (("--year", given), ("policy year", policy.year), ("year", raw.year)):
        if label:
            try:
                return academic_year(label)
            except BadCell as bad:
                raw.error("bad_year", "", f"{source} {label!r}: expected {bad.expected}.", value=label)
                return FALLBACK_YEAR
    history = [first_year(str(r.year)) for _, r in rows.get("history", [])]
    if history:
        return year_label(max(history) + 1)
    refusals = [first_year(str(r.year)) for _, r in rows.get("refusals", [])]
    worked = [r.on for _, r in rows.get("worked", [])]
    found = max(refusals, default=None)
    if found is None and worked:
        newest: dt.date = max(worked)
        found = newest.year if newest.month >= 9 else newest.year - 1
    label = year_label(found) if found is not None else FALLBACK_YEAR
    if rows.get("schools"):
        raw.notice(
            "year_assumed", "", f"No history tells the year planned: {label} is assumed. Give --year to say another."
        )
    return label
