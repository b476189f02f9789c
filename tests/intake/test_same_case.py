"""However a case is written (names for ids, other spellings, other order, titles, hidden columns), it is the same case or refused;
and no slip in a row that protects somebody is silent."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from allocator.domain import canon
from allocator.intake.read import Reading, read_case, read_document

Tables = dict[str, list[dict[str, Any]]]
NAMES = (
    "Ash Primary School",
    "St. Bede's CE Primary School",
    "Cold Elm Junior School",
    "Dale High School",
    "Upper Fen Primary School",
    "Gorse Infant School",
)
PEOPLE = ("Ann Lea", "Dr Ben Roe", "Carys Wyn", "Dev O'Rao")
TRUSTS = ("The Fern & Moss Multi-Academy Trust", "LARKSPUR LEARNING TRUST LTD", None)
HEADERS = {  # ours -> how a manager heads it
    "schools": {"name": "School", "la": "Local authority", "trust": "MAT", "fsm_percent": "% FSM", "need": "Category", "pupils": "NOR"},
    "sips": {"name": "SIP name", "days": "Days available", "kind": "Type", "current_trust": "Own trust", "dbs_checked_on": "DBS date"},
    "interests": {"urn": "School", "kind": "Nature of interest", "declared_on": "Date declared"}, "history": {"urn": "School", "year": "Academic year"},
}  # fmt: skip


def tables(rng: random.Random) -> Tables:
    """A small case in our own words, with rows of every table that protects somebody."""
    urns = [str(900100 + 7 * n) for n in range(len(NAMES))]
    ids = [f"s{n}" for n in range(len(PEOPLE))]
    schools = [
        {"urn": u, "name": n, "phase": "secondary" if "High" in n else "primary", "la": "Kingston upon Hull, City of", "trust": TRUSTS[k % 3],
         "cluster": rng.choice(("Tollgate", "Mill & Weir")), "pupils": 100 + k, "fsm_percent": 12.5 + k, "need": rng.choice(("standard", "raised", "high"))}
        for k, (u, n) in enumerate(zip(urns, NAMES, strict=True))
    ]  # fmt: skip
    sips = [
        {"sip": i, "name": n, "kind": "consultant", "phases": "primary;secondary", "days": 20, "trained": "yes", "board_approved": "yes",
         "dbs_checked_on": "2026-01-05", "current_trust": rng.choice(TRUSTS), "current_urn": rng.choice((*urns, None))}
        for i, n in zip(ids, PEOPLE, strict=True)
    ]  # fmt: skip

    def pick() -> dict[str, Any]:
        return {"urn": rng.choice(urns), "sip": rng.choice(ids)}

    return {
        "schools": schools, "sips": sips, "history": [{**pick(), "year": "2025/26"}, {**pick(), "year": "2024/25"}],
        "interests": [{**pick(), "kind": "governor", "declared_on": "2026-05-01"}, {"sip": ids[0], "trust": TRUSTS[0], "kind": "employed"},
                      {"sip": ids[1], "la": "Kingston upon Hull, City of", "kind": "paid_work", "outcome": "barred"}],
        "refusals": [{**pick(), "kind": "veto", "year": "2025/26"}],
        "decisions": [{"decision": "forbid", **pick(), "reason": "asked", "by": "Mel", "on": "2026-06-01"}],
        "wishes": [{"by": "school", **pick(), "wish": "change", "strength": 3}],
        "absences": [{"sip": ids[2], "away_from": "2026-10-01", "away_to": "2026-11-01"}],
    }  # fmt: skip


def inputs(reading: Reading) -> Any:
    assert reading.case is not None, [p.text for p in reading.problems if p.severity == "error"]
    return canon.case_out(reading.case)


# -- the same in other words ----------------------------------------------------------------------------------


def restyled(name: str, rng: random.Random) -> str:
    """A name as somebody else writes it."""
    turns: list[Callable[[str], str]] = [
        str.upper, str.lower, lambda s: f" {s} ", lambda s: s.replace(" School", ""), lambda s: s.replace("St. ", "Saint "),
        lambda s: s.replace("'", "’"), lambda s: s.replace(" ", "  "), lambda s: s.replace(".", ""), lambda s: s.replace("CE ", "C of E "),
    ]  # fmt: skip
    for turn in rng.sample(turns, 3):
        name = turn(name)
    return name


def by_name(case: Tables, rng: random.Random) -> Tables:
    schools = {r["urn"]: r["name"] for r in case["schools"]}
    people = {r["sip"]: r["name"] for r in case["sips"]}

    def one(table: str, row: dict[str, Any]) -> dict[str, Any]:
        out = dict(row)
        if table != "schools" and out.get("urn") and rng.random() < 0.8:
            out["urn"] = restyled(schools[out["urn"]], rng)
        if table == "sips" and out.get("current_urn"):
            out["current_urn"] = restyled(schools[out["current_urn"]], rng)
        if table != "sips" and out.get("sip"):
            who = people[out["sip"]].removeprefix("Dr ")
            out["sip"] = rng.choice(
                (out["sip"].upper(), f"Mrs {who}", who.upper(), " ".join([*who.split()[1:], who.split()[0]]))
            )
        return out

    return {t: [one(t, r) for r in rows] for t, rows in case.items()}


def respelt(case: Tables, rng: random.Random) -> Tables:
    """Bodies in SIPs' and interests' own spellings; the schools' stay, since theirs is the one the case takes."""
    ways: dict[str | None, tuple[str | None, ...]] = {
        TRUSTS[0]: ("Fern and Moss MAT", "fern & moss multi academy trust ltd", "THE FERN AND MOSS MULTI-ACADEMY TRUST"),
        TRUSTS[1]: ("Larkspur Learning Trust", "The Larkspur Learning Trust Limited"), None: (None, "n/a"),
        "Kingston upon Hull, City of": ("Hull", "Hull City Council", "kingston-upon-hull"),
    }  # fmt: skip
    out = {t: [dict(r) for r in rows] for t, rows in case.items()}
    for row in (*out["sips"], *out["interests"]):
        for column in ("current_trust", "trust", "la"):
            if row.get(column):
                row[column] = rng.choice(ways[row[column]])
    return out


def shuffled(case: Tables, rng: random.Random) -> Tables:
    out = {}
    for table, rows in rng.sample(list(case.items()), len(case)):
        columns = rng.sample(list(dict.fromkeys(k for r in rows for k in r)), len({k for r in rows for k in r}))
        out[table] = [{c: r[c] for c in columns if c in r} for r in rng.sample(rows, len(rows))]
    return out


@pytest.mark.parametrize("seed", range(12))
def test_names_spellings_and_order_change_nothing(seed: int) -> None:
    rng = random.Random(seed)
    case = tables(rng)
    plain = inputs(read_document(case, year="2026/27"))
    for turn in (by_name, respelt, shuffled):
        assert inputs(read_document(turn(case, rng), year="2026/27")) == plain, turn.__name__
    assert inputs(read_document(shuffled(respelt(by_name(case, rng), rng), rng), year="2026/27")) == plain


def as_workbook(case: Tables, path: Path, rng: random.Random) -> None:
    """Titles above, a hidden column of the manager's own, usual headers and titles, percentages, empty rows between."""
    book = Workbook()
    assert book.active is not None
    book.remove(book.active)
    titles = {
        "schools": "Schools 26-27",
        "sips": "SIP team",
        "interests": "Conflicts of interest",
        "history": "Allocations",
    }
    for table, rows in case.items():
        sheet = book.create_sheet(titles.get(table, table) if rng.random() < 0.7 else table)
        columns = list(dict.fromkeys(k for r in rows for k in r))
        for _ in range(rng.randrange(4)):
            sheet.append([f"{table} of the service", None] if rng.random() < 0.5 else [])
        sheet.append([HEADERS.get(table, {}).get(c, c) for c in columns] + ["our own"])
        hidden = sheet.cell(sheet.max_row, len(columns) + 1).column_letter
        sheet.column_dimensions[hidden].hidden = True
        for row in rows:
            sheet.append([row.get(c) for c in columns] + ["x"])
            if "fsm_percent" in columns and rng.random() < 0.7:
                cell = sheet.cell(sheet.max_row, columns.index("fsm_percent") + 1)
                cell.value, cell.number_format = row["fsm_percent"] / 100, "0.0%"
            if rng.random() < 0.2:
                sheet.append([])
    book.save(path)


@pytest.mark.parametrize("seed", range(6))
def test_a_workbook_with_titles_hidden_columns_and_usual_headers_is_the_same_case(seed: int, tmp_path: Path) -> None:
    rng = random.Random(100 + seed)
    case = tables(rng)
    as_workbook(shuffled(by_name(case, rng), rng), tmp_path / "own.xlsx", rng)
    found = read_case(tmp_path / "own.xlsx", year="2026/27")
    assert inputs(found) == inputs(read_document(case, year="2026/27"))


# -- slips ------------------------------------------------------------------------------------------------------


def slipped(text: str, rng: random.Random) -> str:
    """One letter or digit lost, doubled, turned or changed."""
    n = rng.randrange(len(text))
    return rng.choice((text[:n] + text[n + 1 :], text[:n] + text[n] + text[n:], text[:n] + rng.choice("aeimnrst0123456789") + text[n + 1 :],
                       text[: max(0, n - 1)] + text[n : n + 1] + text[max(0, n - 1) : n] + text[n + 1 :]))  # fmt: skip


PROTECTING = ("sips", "interests", "refusals", "decisions", "absences", "history", "wishes")


@pytest.mark.parametrize("table", PROTECTING)
@pytest.mark.parametrize("seed", range(5))
def test_a_slip_in_a_row_that_protects_somebody_is_never_silent(table: str, seed: int) -> None:
    rng = random.Random(f"{table} {seed}")
    case = tables(rng)
    before = read_document(case, year="2026/27")
    said = {p.text for p in before.problems}
    written = {"id": case, "name": by_name(case, rng)}
    for form, rows in written.items():
        for at, row in enumerate(rows[table]):
            for column in ("urn", "sip", "trust", "la", "current_trust", "current_urn"):
                if not row.get(column) or (table, column) == ("sips", "sip"):
                    continue
                given = slipped(str(row[column]), rng)
                if given in {r[k] for t, k in (("schools", "urn"), ("sips", "sip")) for r in case[t]}:
                    continue  # another's id: no reader can tell
                spoilt = {**rows, table: [*rows[table][:at], {**row, column: given}, *rows[table][at + 1 :]]}
                after = read_document(spoilt, year="2026/27")
                if after.case is None or canon.case_out(after.case) == canon.case_out(before.case):  # type: ignore[arg-type]
                    continue
                told = [p.text for p in after.problems if p.text not in said and given.strip() in p.text]
                assert told, (form, column, row[column], given)
