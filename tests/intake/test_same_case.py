"""However a case is written (names for ids, other spellings, other order, titles, hidden columns), it is the same case or refused;
and no slip in a row that protects somebody is silent."""

from __future__ import annotations

import csv
import io
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from allocator.domain import canon
from allocator.intake.read import Reading, read_case, read_document
from tests.intake.own_books import ods
from tests.sizes import whole_or

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
    "schools": {
        "name": "School",
        "la": "Local authority",
        "trust": "MAT",
        "fsm_percent": "% FSM",
        "need": "Category",
        "pupils": "NOR",
    },
    "sips": {
        "name": "SIP name",
        "days": "Days available",
        "kind": "Type",
        "current_trust": "Own trust",
        "dbs_checked_on": "DBS date",
    },
    "interests": {"urn": "School", "kind": "Nature of interest", "declared_on": "Date declared"},
    "history": {"urn": "School", "year": "Academic year"},
}


def tables(rng: random.Random) -> Tables:
    """A small case in our own words, with rows of every table that protects somebody."""
    urns = [str(900100 + 7 * n) for n in range(len(NAMES))]
    ids = [f"s{n}" for n in range(len(PEOPLE))]
    schools = [
        {
            "urn": u,
            "name": n,
            "phase": "secondary" if "High" in n else "primary",
            "la": "Kingston upon Hull, City of",
            "trust": TRUSTS[k % 3],
            "cluster": ("Tollgate Learning Partnership", "Mill & Weir")[k % 2],
            "diocese": rng.choice(("Diocese of St. Edmund", "Hexham & Newcastle", None)),
            "pupils": 100 + k,
            "fsm_percent": 12.5 + k,
            "need": rng.choice(("standard", "raised", "high")),
        }
        for k, (u, n) in enumerate(zip(urns, NAMES, strict=True))
    ]
    sips = [
        {
            "sip": i,
            "name": n,
            "kind": "consultant",
            "phases": "primary;secondary",
            "days": 20,
            "trained": "yes",
            "board_approved": "yes",
            "dbs_checked_on": "2026-01-05",
            "current_trust": rng.choice(TRUSTS),
            "current_urn": rng.choice((*urns, None)),
            "current_la": rng.choice(("Kingston upon Hull, City of", None)),
            "current_cluster": rng.choice(("Tollgate Learning Partnership", "Mill & Weir", None)),
        }
        for i, n in zip(ids, PEOPLE, strict=True)
    ]

    def pick() -> dict[str, Any]:
        return {"urn": rng.choice(urns), "sip": rng.choice(ids)}

    return {
        "schools": schools,
        "sips": sips,
        "history": [{**pick(), "year": "2025/26"}, {**pick(), "year": "2024/25"}],
        "interests": [
            {**pick(), "kind": "governor", "declared_on": "2026-05-01"},
            {"sip": ids[0], "trust": TRUSTS[0], "kind": "employed"},
            {"sip": ids[1], "la": "Kingston upon Hull, City of", "kind": "paid_work", "outcome": "barred"},
        ],
        "refusals": [{**pick(), "kind": "veto", "year": "2025/26"}],
        "decisions": [{"decision": "forbid", **pick(), "reason": "asked", "by": "Mel", "on": "2026-06-01"}],
        "wishes": [{"by": "school", **pick(), "wish": "change", "strength": 3}],
        "absences": [{"sip": ids[2], "away_from": "2026-10-01", "away_to": "2026-11-01"}],
        "answers": [
            {
                "urn": rng.choice(urns),
                "post": "lead",
                "by": "head",
                "answer": rng.choice(("accept", "veto")),
                "on": "2026-07-01",
            }
        ],
    }


def inputs(reading: Reading) -> Any:
    assert reading.case is not None, [p.text for p in reading.problems if p.severity == "error"]
    return canon.case_out(reading.case)


# -- the same in other words ----------------------------------------------------------------------------------


def restyled(name: str, rng: random.Random) -> str:
    """A name as somebody else writes it."""
    turns: list[Callable[[str], str]] = [
        str.upper,
        str.lower,
        lambda s: f" {s} ",
        lambda s: s.replace(" School", ""),
        lambda s: s.replace("St. ", "Saint "),
        lambda s: s.replace("'", "’"),
        lambda s: s.replace(" ", "  "),
        lambda s: s.replace(".", ""),
        lambda s: s.replace("CE ", "C of E "),
    ]
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
        TRUSTS[0]: (
            "Fern and Moss MAT",
            "fern & moss multi academy trust ltd",
            "THE FERN AND MOSS MULTI-ACADEMY TRUST",
        ),
        TRUSTS[1]: ("Larkspur Learning Trust", "The Larkspur Learning Trust Limited"),
        None: (None, "n/a"),
        "Kingston upon Hull, City of": ("Hull", "Hull City Council", "kingston-upon-hull"),
        "Tollgate Learning Partnership": ("tollgate learning partnership", "The Tollgate Learning Partnership"),
        "Mill & Weir": ("Mill and Weir", "MILL & WEIR"),
    }
    out = {t: [dict(r) for r in rows] for t, rows in case.items()}
    for row in (*out["sips"], *out["interests"]):
        for column in ("current_trust", "trust", "la", "current_la", "current_cluster"):
            if row.get(column):
                row[column] = rng.choice(ways[row[column]])
    return out


def shuffled(case: Tables, rng: random.Random) -> Tables:
    out = {}
    for table, rows in rng.sample(list(case.items()), len(case)):
        columns = rng.sample(list(dict.fromkeys(k for r in rows for k in r)), len({k for r in rows for k in r}))
        out[table] = [{c: r[c] for c in columns if c in r} for r in rng.sample(rows, len(rows))]
    return out


@pytest.mark.parametrize("seed", range(whole_or(400, 12, 6)))
def test_names_spellings_and_order_change_nothing(seed: int) -> None:
    rng = random.Random(seed)
    case = tables(rng)
    plain = inputs(read_document(case, year="2026/27"))
    for turn in (by_name, respelt, shuffled):
        assert inputs(read_document(turn(case, rng), year="2026/27")) == plain, turn.__name__
    assert inputs(read_document(shuffled(respelt(by_name(case, rng), rng), rng), year="2026/27")) == plain


Sheets = dict[str, list[list[Any]]]


def laid_out(case: Tables, rng: random.Random) -> Sheets:
    """Titles above, a column of the manager's own, usual headers and titles, empty rows between."""
    titles = {
        "schools": "Schools 26-27",
        "sips": "SIP team",
        "interests": "Conflicts of interest",
        "history": "Allocations",
        "refusals": "Vetoes",
        "wishes": "School preferences",
        "decisions": "Locks",
        "absences": "Planned leave",
        "answers": "Replies",
    }
    out: Sheets = {}
    for table, rows in case.items():
        columns = list(dict.fromkeys(k for r in rows for k in r))
        sheet: list[list[Any]] = [
            [f"{table} of the service", None] if rng.random() < 0.5 else [] for _ in range(rng.randrange(4))
        ]
        sheet.append([HEADERS.get(table, {}).get(c, c) for c in columns] + ["our own"])
        for row in rows:
            sheet.append([row.get(c) for c in columns] + ["x"])
            if rng.random() < 0.2:
                sheet.append([])
        out[titles[table] if rng.random() < 0.7 else table] = sheet
    return out


def as_xlsx(sheets: Sheets, path: Path, rng: random.Random) -> Path:
    """With the manager's own column hidden, a row filtered out, and percentages as Excel keeps them."""
    book = Workbook()
    assert book.active is not None
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for cells in rows:
            sheet.append(cells)
        at = next(n for n, cells in enumerate(rows) if cells[-1:] == ["our own"])
        sheet.column_dimensions[sheet.cell(at + 1, len(rows[at])).column_letter].hidden = True
        sheet.row_dimensions[len(rows)].hidden = True
        if "% FSM" in rows[at]:
            column = rows[at].index("% FSM")
            for n, cells in enumerate(rows[at + 1 :], at + 2):
                if cells and rng.random() < 0.7:
                    cell = sheet.cell(n, column + 1)
                    cell.value, cell.number_format = cells[column] / 100, "0.0%"
    book.save(path / "own.xlsx")
    return path / "own.xlsx"


def as_ods(sheets: Sheets, path: Path, rng: random.Random) -> Path:
    (path / "own.ods").write_bytes(ods(sheets))
    return path / "own.ods"


def as_csv(sheets: Sheets, path: Path, rng: random.Random) -> Path:
    """A folder, each file with its own separator and encoding, as different machines save them."""
    folder = path / f"csv{rng.random()}"
    folder.mkdir()
    for title, rows in sheets.items():
        text = io.StringIO()
        csv.writer(text, delimiter=rng.choice(",;\t")).writerows(rows)
        (folder / f"{title}.csv").write_text(text.getvalue(), rng.choice(("utf-8", "utf-8-sig", "utf-16", "cp1252")))
    return folder


FORMS = (as_xlsx, as_ods, as_csv)


@pytest.mark.parametrize("form", FORMS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("seed", range(whole_or(120, 4, 2)))
def test_a_file_with_titles_hidden_columns_and_usual_headers_is_the_same_case(
    seed: int, form: Callable[[Sheets, Path, random.Random], Path], tmp_path: Path
) -> None:
    rng = random.Random(100 + seed)
    case = tables(rng)
    path = form(laid_out(shuffled(respelt(by_name(case, rng), rng), rng), rng), tmp_path, rng)
    assert inputs(read_case(path, year="2026/27")) == inputs(read_document(case, year="2026/27"))


# -- slips ------------------------------------------------------------------------------------------------------


def slipped(text: str, rng: random.Random) -> str:
    """One letter or digit lost, doubled, turned or changed."""
    n = rng.randrange(len(text))
    return rng.choice(
        (
            text[:n] + text[n + 1 :],
            text[:n] + text[n] + text[n:],
            text[:n] + rng.choice("aeimnrst0123456789") + text[n + 1 :],
            text[: max(0, n - 1)] + text[n : n + 1] + text[max(0, n - 1) : n] + text[n + 1 :],
        )
    )


PROTECTING = ("sips", "interests", "refusals", "decisions", "absences", "history", "wishes", "answers")
WHO = ("urn", "sip", "trust", "la", "current_trust", "current_urn", "current_cluster", "current_la")
WORDS = (
    "kind",
    "outcome",
    "decision",
    "wish",
    "by",
    "answer",
    "post",
    "year",
    "away_from",
    "away_to",
    "on",
    "declared_on",
)


def never_silent(before: Reading, after: Reading, given: str, about: object) -> None:
    """What was written otherwise is refused, or means the same, or is told with what was written."""
    assert before.case is not None
    if after.case is None or canon.case_out(after.case) == canon.case_out(before.case):
        return
    said = {p.text for p in before.problems}
    assert [p for p in after.problems if p.text not in said and given.strip() in p.text], about


def spoilt(case: Tables, table: str, at: int, **cells: Any) -> Tables:
    return {**case, table: [*case[table][:at], {**case[table][at], **cells}, *case[table][at + 1 :]]}


def told_apart(column: str, given: str, case: Tables) -> bool:
    """Whether a reader can tell that it is a slip: not where it is another school's or SIP's own number, or another day or year."""
    ids = {str(r[k]) for t, k in (("schools", "urn"), ("sips", "sip")) for r in case[t]}
    return given.strip() not in ids and not re.fullmatch(r"\d{4}-\d\d?-\d\d?|(?:20)?\d\d/\d\d", given.strip())


@pytest.mark.parametrize("table", PROTECTING)
@pytest.mark.parametrize("seed", range(whole_or(150, 5, 1)))
def test_a_slip_in_a_row_that_protects_somebody_is_never_silent(table: str, seed: int) -> None:
    rng = random.Random(f"{table} {seed}")
    case = tables(rng)
    before = read_document(case, year="2026/27")
    for form, rows in {"id": case, "name": by_name(case, rng)}.items():
        for at, row in enumerate(rows[table]):
            for column in WHO if table == "sips" else (*WHO, *WORDS):
                if not row.get(column) or (table, column) in (("sips", "sip"), ("decisions", "by")):
                    continue  # an id that is made here, and a name that means nobody in the case
                given = slipped(str(row[column]), rng)
                if told_apart(column, given, case):
                    after = read_document(spoilt(rows, table, at, **{column: given}), year="2026/27")
                    never_silent(before, after, given, (form, column, row[column], given))


@pytest.mark.parametrize("form", FORMS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("seed", range(whole_or(60, 2, 1)))
def test_a_slip_in_a_file_is_never_silent(
    seed: int, form: Callable[[Sheets, Path, random.Random], Path], tmp_path: Path
) -> None:
    rng = random.Random(f"file {seed}")
    case = tables(rng)
    before = read_document(case, year="2026/27")
    for table in PROTECTING:
        at = rng.randrange(len(case[table]))
        column = rng.choice([c for c in WHO if case[table][at].get(c) and (table, c) != ("sips", "sip")])
        given = slipped(str(case[table][at][column]), rng)
        if told_apart(column, given, case):
            path = form(laid_out(spoilt(case, table, at, **{column: given}), rng), tmp_path, rng)
            never_silent(
                before, read_case(path, year="2026/27"), given, (table, column, case[table][at][column], given)
            )


@pytest.mark.parametrize("table", [t for t in PROTECTING if t not in ("sips", "absences", "answers")])
def test_a_school_where_the_sip_belongs_and_the_sip_where_the_school_does_is_refused(table: str) -> None:
    rng = random.Random(table)
    for rows in (case := tables(rng), by_name(case, rng)):
        at = next(n for n, r in enumerate(rows[table]) if r.get("urn"))
        row = rows[table][at]
        found = read_document(spoilt(rows, table, at, urn=row["sip"], sip=row["urn"]), year="2026/27")
        assert found.case is None
        told = {p.column for p in found.problems if p.severity == "error" and p.table == table and p.row == at + 1}
        assert "urn" in told
