"""What used to mean something else without a word: an id beside another's name, rows in a file or sheet that is not read, a quotation
mark left open, marks and units that stand for something else. Each is read rightly and said, or refused."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.comments import Comment
from typer.testing import CliRunner

from allocator.cli.commands import app
from allocator.intake.mapping import LEFT, read_mapping
from allocator.intake.own_words import OwnWords
from allocator.intake.read import Reading, read_case
from tests.intake.own_books import xls

Grid = list[list[Any]]
SCHOOLS: Grid = [
    ["urn", "name", "phase", "trust", "days"],
    ["900101", "Ash Primary School", "primary", "Larkspur Trust", "4"],
    ["900102", "Beck Primary School", "primary", "", "4"],
    ["900103", "Cole Academy", "secondary", "Teasel Trust", "6"],
]
SIPS: Grid = [
    ["sip", "name", "kind", "phases", "days", "trained"],
    ["ann", "Ann Oak", "consultant", "primary", "40", "yes"],
    ["bob", "Bob Ray", "consultant", "primary;secondary", "40", "yes"],
]
INTERESTS: Grid = [["sip", "urn", "kind"], ["ann", "900101", "governor"]]
DECISION = ["forbid", "900101", "ann", "asked", "Mel", "2026-06-01"]


def written(path: Path, tables: dict[str, Grid], files: dict[str, str] | None = None) -> Path:
    path.mkdir(exist_ok=True)
    for name, rows in ({"schools": SCHOOLS, "sips": SIPS} | tables).items():
        with (path / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
    for name, text in (files or {}).items():
        (path / name).write_text(text, "utf-8")
    return path


def read(path: Path, tables: dict[str, Grid], files: dict[str, str] | None = None, **more: Any) -> Reading:
    return read_case(written(path / "case", tables, files), year="2026/27", **more)


def book(path: Path, sheets: dict[str, Grid], change: Any = None) -> Reading:
    made = Workbook()
    made.remove(made.worksheets[0])
    for title, rows in sheets.items():
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(row)
    if change:
        change(made)
    made.save(path / "ours.xlsx")
    return read_case(path / "ours.xlsx", year="2026/27")


def said(found: Reading, *codes: str) -> str:
    return " ".join(p.text for p in found.problems if not codes or p.code in codes)


@pytest.mark.parametrize(
    ("table", "rows", "says"),
    [
        (
            "interests",
            [["sip", "urn", "School", "kind"], ["ann", "900102", "Ash Primary", "governor"]],
            "urn 900102 is Beck Primary School, but School says Ash Primary",
        ),
        (
            "interests",
            [["sip", "urn", "School", "kind"], ["ann", "999999", "Ash Primary", "governor"]],
            "urn 999999 is not in this case, but School says Ash Primary",
        ),
        (
            "refusals",
            [["urn", "sip", "SIP name", "kind", "year"], ["900101", "ann", "Bob Ray", "veto", "2026/27"]],
            "sip ann is Ann Oak, but SIP name says Bob Ray",
        ),
        (
            "history",
            [["urn", "School", "sip", "year"], ["900050", "Ash Primary School", "ann", "2025/26"]],
            "say so in `successions`",
        ),
        (
            "absences",
            [["sip", "Adviser", "away_from", "away_to"], ["ann", "Bob Ray", "2026-10-01", "2026-11-01"]],
            "but Adviser says Bob Ray",
        ),
    ],
)
def test_an_id_beside_the_name_of_somebody_else_is_an_error(tmp_path: Path, table: str, rows: Grid, says: str) -> None:
    found = read(tmp_path, {table: rows})
    assert found.case is None
    assert says in said(found, "contradiction")
    assert [(p.row, p.table) for p in found.problems if p.code == "contradiction"] == [(2, table)]


def test_a_name_beside_a_blank_id_is_read_and_one_that_is_the_same_is_not_asked_about(tmp_path: Path) -> None:
    rows = [
        ["by", "sip", "SIP name", "urn", "wish"],
        ["school", "", "Bob Ray", "900101", "change"],
        ["school", "ann", "Oak, Ann", "900102", "change"],
    ]
    found = read(tmp_path, {"wishes": rows})
    assert found.case is not None, found.problems
    assert {(w.urn, w.sip) for w in found.case.wishes} == {("900101", "bob"), ("900102", "ann")}
    assert "where sip is blank, SIP name is read: Bob Ray" in said(found, "names_read")
    assert not said(found, "unknown_column", "name_beside")


def test_a_name_beside_an_id_that_nobody_has_is_told(tmp_path: Path) -> None:
    found = read(
        tmp_path, {"interests": [["sip", "SIP name", "urn", "kind"], ["ann", "Mrs Zed", "900101", "governor"]]}
    )
    assert found.case is not None
    assert "Mrs Zed beside ann (Ann Oak)" in said(found, "name_beside")


@pytest.mark.parametrize(
    ("title", "rows"),
    [
        ("Agreed in June", [["decision", "urn", "sip", "reason", "by", "on"], DECISION]),
        ("Sabbaticals", [["SIP", "Away from", "Away to"], ["ann", "2026-10-01", "2026-11-01"]]),
        ("Head requests", [["School", "Asked by", "Request", "SIP"], ["Ash", "school", "change", "ann"]]),
        ("From heads", [["urn", "post", "by", "answer", "on"], ["900101", "lead", "head", "veto", "2026-07-01"]]),
        ("Sheet2", [["urn", "sip", "year"], ["900101", "ann", "2025/26"]]),
        ("interest", INTERESTS),
        ("Do not match", [["SIP", "School"], ["Ann Oak", "Ash Primary"]]),
    ],
)
def test_a_sheet_or_file_that_would_protect_somebody_is_not_passed_over(tmp_path: Path, title: str, rows: Grid) -> None:
    for found in (
        book(tmp_path, {"schools": SCHOOLS, "sips": SIPS, title: rows}),
        read(tmp_path, {title: rows}),
    ):
        assert found.case is None
        assert title in said(found, "unread_sheet")
    left = read_case(tmp_path / "ours.xlsx", words=OwnWords(sheets={title.casefold().replace(" ", ""): ""}))
    assert left.case is not None, left.problems


@pytest.mark.parametrize("title", ["interests (2)", "Interests - Copy", "Copy of interests", "Allocation 24-25"])
def test_a_second_sheet_of_a_protecting_table_is_an_error(tmp_path: Path, title: str) -> None:
    pairs: Grid = [["urn", "sip", "year"], ["900101", "ann", "2025/26"]]
    sheets = {"schools": SCHOOLS, "sips": SIPS, "interests": INTERESTS, "Allocation 25-26": pairs}
    found = book(tmp_path, sheets | {title: pairs if "Allocation" in title else INTERESTS})
    assert found.case is None
    assert title in said(found, "table_twice")


def test_a_second_sheet_of_schools_is_an_error_where_it_holds_others_and_is_of_no_other_year(tmp_path: Path) -> None:
    two = [["urn", "name", "phase", "need"], ["900104", "Dell Academy", "secondary", "high"]]
    found = book(tmp_path, {"Primary schools": SCHOOLS, "Secondary schools": two, "sips": SIPS})
    assert found.case is None
    assert "holds 900104, whom Primary schools, which is read, has not" in said(found, "unread_sheet")
    for second in ({"Schools 2024-25": two}, {"Printed": SCHOOLS}):
        found = book(tmp_path, {"Schools 2026-27": SCHOOLS, "sips": SIPS} | second)
        assert found.case is not None, found.problems
        assert next(iter(second)) in said(found, "unknown_sheet")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("interests.txt", "Save it as interests.csv"),
        ("Conflicts of interest.tsv", "Save it as interests.csv"),
        ("decisions.json", "Save it as decisions.csv"),
        ("refusals.xlsx", "Save it as refusals.csv"),
        ("policy.toml.txt", "call it policy.toml"),
        ("mapping.toml.txt", "call it mapping.toml"),
    ],
)
def test_a_file_of_a_folder_that_is_a_table_in_another_form_is_an_error(tmp_path: Path, name: str, says: str) -> None:
    found = read(tmp_path, {}, {name: "x"})
    assert found.case is None
    assert f"{name} is not read" in said(found, "not_read")
    assert says in said(found, "not_read")


def test_other_files_of_a_folder_are_no_matter(tmp_path: Path) -> None:
    files = dict.fromkeys(("schools.xlsx", "~$interests.xlsx", ".~lock.interests.csv#", "readme.txt", "plan.json"), "x")
    assert read(tmp_path, {"interests": INTERESTS}, files).case is not None


def test_rows_that_an_open_quotation_mark_swallows_are_an_error(tmp_path: Path) -> None:
    text = 'sip,urn,kind,decided_by\nann,900101,governor,"the board\nbob,900101,family,\nbob,900102,family,x\n'
    found = read(tmp_path, {}, {"interests.csv": text})
    assert found.case is None
    assert "is not closed, so that 2 rows after it" in said(found, "open_quote")
    note = 'by,urn,wish,note\nschool,900101,keep,"They say: ""stay"",\nand mean it, all of them"\n'
    assert read(tmp_path, {}, {"interests.csv": "sip,urn,kind\n", "wishes.csv": note}).case is not None


def test_a_row_whose_first_text_begins_like_a_sum_is_a_sum_only_beside_figures(tmp_path: Path) -> None:
    rows = [["trust", "sip", "kind"], ["Total Learning Trust", "ann", "governor"]]
    schools = [
        *SCHOOLS,
        ["900104", "Dell", "primary", "Total Learning Trust", "4"],
        ["Total", "4 schools", "", "", "18"],
    ]
    found = read(tmp_path, {"interests": rows, "schools": schools})
    assert found.case is not None, found.problems
    assert [i.trust for i in found.case.interests] == ["Total Learning Trust"]
    assert "row 6 (Total)" in said(found, "no_row")


def _with(table: Grid, column: str, *values: str) -> Grid:
    at = table[0].index(column)
    return [
        table[0],
        *([*r[:at], v, *r[at + 1 :]] for r, v in zip(table[1:], values, strict=False)),
        *table[len(values) + 1 :],
    ]


@pytest.mark.parametrize("given", ["60%", "£40", "40 km", "40 pupils"])
def test_a_figure_with_the_unit_of_another_column_is_no_number_of_days(tmp_path: Path, given: str) -> None:
    found = read(tmp_path, {"sips": _with(SIPS, "days", given)})
    assert [(p.row, p.column, p.expected) for p in found.problems if p.severity == "error"] == [
        (2, "days", "a number of days")
    ]


def test_a_cell_that_shows_a_percentage_of_full_time_is_no_number_of_days(tmp_path: Path) -> None:
    sips = [*SIPS, ["cat", "Cat Ivy", "consultant", "primary", 0.6, "yes"]]

    def as_percent(made: Workbook) -> None:
        made["sips"]["E4"].number_format = "0%"

    found = book(tmp_path, {"schools": SCHOOLS, "sips": sips}, as_percent)
    assert "days is '60%'; expected a number of days" in said(found, "bad_value")


@pytest.mark.parametrize(
    ("marks", "means"),
    [
        (("x", ""), (True, None)),
        (("x", "no"), (True, False)),
        (("✔", "✗"), (True, False)),
        (("☑", "☐"), (True, False)),
        (("✓", "x"), None),
        (("yes", "X"), None),
    ],
)
def test_an_x_beside_ticks_is_not_taken_for_one(tmp_path: Path, marks: tuple[str, str], means: Any) -> None:
    found = read(tmp_path, {"sips": _with(SIPS, "trained", *marks)})
    if means is None:
        assert [(p.row, p.column) for p in found.problems if p.code == "bad_value"] == [(3, "trained")]
        assert "beside ticks, x may be either" in said(found, "bad_value")
        return
    assert found.case is not None, found.problems
    assert tuple(s.trained for s in found.case.sips) == means
    assert f"{marks[0]} as yes" in said(found, "values_read")


@pytest.mark.parametrize(
    ("table", "rows", "never"),
    [
        (
            "answers",
            [["urn", "post", "by", "answer", "on"], ["900101", "lead", "head", "not accepted", "2026-07-01"]],
            "Did you mean accept",
        ),
        (
            "answers",
            [["urn", "post", "by", "answer", "on"], ["900101", "lead", "head", "disagree", "2026-07-01"]],
            "Did you mean agree",
        ),
        (
            "decisions",
            [["decision", "urn", "sip", "reason", "by", "on"], ["unlock", *DECISION[1:]]],
            "Did you mean lock",
        ),
        ("wishes", [["by", "urn", "wish"], ["school", "900101", "no change"]], "Did you mean change"),
        (
            "schools",
            [["urn", "name", "phase", "card_safeguarding"], ["900101", "Ash", "primary", "unmet"]],
            "Did you mean met",
        ),
    ],
)
def test_the_opposite_of_a_word_is_not_pointed_to_it(tmp_path: Path, table: str, rows: Grid, never: str) -> None:
    found = read(tmp_path, {table: rows})
    assert found.case is None
    assert never not in said(found)
    assert "say what it means" in said(found, "bad_value")


@pytest.mark.parametrize(
    ("given", "phase"),
    [
        ("Inf", "primary"),
        ("Jnr", "primary"),
        ("KS1/2", "primary"),
        ("First School", "primary"),
        ("all thru", "all_through"),
        ("6th form", "sixteen_plus"),
    ],
)
def test_usual_words_for_phases_are_read_and_told(tmp_path: Path, given: str, phase: str) -> None:
    found = read(tmp_path, {"schools": _with(SCHOOLS, "phase", given)})
    assert found.case is not None, found.problems
    assert found.case.schools[0].phase == phase
    assert f"{given} as {phase}" in said(found, "values_read")


def test_characters_that_take_no_room_make_no_other_word(tmp_path: Path) -> None:
    rows = [
        ["sip\u200b", "urn", "kind"],
        ["Ann\u00ad Oak", "\ufeff900101", "governor\u200b"],
        ["bob", "900102", "family"],
    ]
    found = read(tmp_path, {"interests": rows})
    assert found.case is not None, found.problems
    assert {(i.sip, i.urn, i.kind) for i in found.case.interests} == {
        ("ann", "900101", "governor"),
        ("bob", "900102", "family"),
    }
    assert "out of 3 cells" in said(found, "unseen")


def test_comments_on_cells_are_told_and_our_own_marks_are_not(tmp_path: Path) -> None:
    def noted(made: Workbook) -> None:
        made["interests"]["B2"].comment = Comment("lifted in May", "Mel")
        made["interests"]["A2"].comment = Comment("wrong", "allocator: what is wrong here")

    found = book(tmp_path, {"schools": SCHOOLS, "sips": SIPS, "interests": INTERESTS}, noted)
    assert found.case is not None
    assert "comments on cells are not read: B2." in said(found, "comments")


def test_an_allocation_without_a_column_for_its_year_takes_it_from_its_title(tmp_path: Path) -> None:
    found = book(
        tmp_path,
        {"schools": SCHOOLS, "sips": SIPS, "Allocation 25-26": [["School", "SIP"], ["Ash Primary", "Ann Oak"]]},
    )
    assert found.case is not None, found.problems
    assert [(h.urn, h.sip, h.year) for h in found.case.history] == [("900101", "ann", "2025/26")]
    assert "its title does: 2025/26" in said(found, "year_read")


@pytest.mark.parametrize(
    ("mapping", "code", "says"),
    [
        (
            '[names.schools]\n"Alder" = "900199"\n',
            "unknown_reference",
            "said to mean 900199, which is not in this case",
        ),
        ('[names.sips]\n"Mrs O" = "anne"\n', "unknown_reference", "said to mean anne"),
    ],
)
def test_a_mapping_to_nobody_drops_no_row(tmp_path: Path, mapping: str, code: str, says: str) -> None:
    file = tmp_path / "m.toml"
    file.write_text(mapping, "utf-8")
    rows = [
        ["sip", "urn", "kind"],
        ["Mrs O" if "Mrs" in mapping else "ann", "Alder" if "Alder" in mapping else "900101", "governor"],
    ]
    found = read(tmp_path, {"interests": rows}, words=read_mapping(file))
    assert found.case is None
    assert says in said(found, code)


def test_a_trust_mapped_to_one_that_no_school_has_is_still_a_conflict(tmp_path: Path) -> None:
    file = tmp_path / "m.toml"
    file.write_text('[bodies.trust]\n"Larkspur Academies" = "Lrakspur Trust"\n', "utf-8")
    rows = [["sip", "trust", "kind"], ["ann", "Larkspur Academies", "governor"]]
    found = read(tmp_path, {"interests": rows}, words=read_mapping(file))
    assert found.case is not None
    assert [i.trust for i in found.case.interests] == ["Larkspur Trust"]
    assert "no school here has" in said(found, "bodies_unknown")
    file.write_text('[bodies.trust]\n"Larkspur Trust" = "LT"\n"Larkspur Academies" = "LT"\n', "utf-8")
    both = read(tmp_path, {"interests": rows}, words=read_mapping(file))
    assert both.case is not None
    assert both.case.interests[0].trust == both.case.schools[0].trust == "LT"


@pytest.mark.parametrize(
    ("table", "header", "cell", "belongs"),
    [
        ("sips", "Conflicts of interest", "Ash Primary (husband is head)", "interests"),
        ("sips", "Governor at", "Ash Primary", "interests"),
        ("sips", "Unavailable", "spring term", "absences"),
        ("sips", "Leaving", "Easter", "leaves_on"),
        ("sips", "Max miles", "15", "max_km"),
        ("schools", "Do not allocate", "Ann Oak", "refusals"),
        ("schools", "Lock", "Ann Oak", "decisions"),
    ],
)
def test_a_column_that_may_bar_or_limit_is_not_put_aside_unasked(
    tmp_path: Path, table: str, header: str, cell: str, belongs: str
) -> None:
    rows = SCHOOLS if table == "schools" else SIPS

    def beside(*cells: str) -> dict[str, Grid]:
        return {table: [[*r, c] for r, c in zip(rows, [header, *cells, *[""] * len(rows)], strict=False)]}

    found = read(tmp_path, beside(cell))
    assert found.case is None
    assert belongs in said(found, "unread_column")
    for nothing in ("", "none", "No", "n/a"):
        assert read(tmp_path, beside(nothing)).case is not None
    words = OwnWords(columns={(table, header.casefold().replace(" ", "")): ""})
    assert read(tmp_path, beside(cell), words=words).case is not None


@pytest.mark.parametrize("cell", ["Ann Oak / Bob Ray", "ann; bob", "Ann Oak and Bob Ray", "Oak & Ray"])
def test_several_people_in_one_cell_are_asked_for_a_row_each(tmp_path: Path, cell: str) -> None:
    found = read(tmp_path, {"absences": [["sip", "away_from", "away_to"], [cell, "2026-10-01", "2026-11-01"]]})
    assert found.case is None
    told = said(found, "unknown_reference")
    assert ("names several: Ann Oak (ann), Bob Ray (bob). Write a row for each" in told) == (cell != "Oak & Ray")


@pytest.mark.parametrize(
    ("given", "las"),
    [("Any", ()), ("All", ()), ("Oswin only", ("Oswin",)), ("not Oswin", None), ("All except Oswin", None)],
)
def test_authorities_that_a_sip_works_for_are_names_and_no_other_words(
    tmp_path: Path, given: str, las: tuple[str, ...] | None
) -> None:
    schools = [[*r, la] for r, la in zip(SCHOOLS, ["la", "Oswin", "Oswin", "Thorn"], strict=True)]
    sips = [[*r, la] for r, la in zip(SIPS, ["las", given, ""], strict=True)]
    found = read(tmp_path, {"schools": schools, "sips": sips})
    if las is None:
        assert "las is" in said(found, "bad_value")
        return
    assert found.case is not None, found.problems
    assert found.case.sips[0].las == las
    assert given in said(found, "nothing_said", "values_read")


def test_a_blank_that_may_mean_as_above_is_told(tmp_path: Path) -> None:
    schools = [[*r[:3], t, "4"] for r, t in zip(SCHOOLS[1:], ["Elm", "Fir", "Oak"], strict=True)]
    more = [[f"90020{n}", f"Dell {n}", "primary", "", "4"] for n in range(4)]
    found = read(tmp_path, {"schools": [SCHOOLS[0], *schools, *more]})
    assert found.case is not None
    assert "trust stands at one school each of Elm, Fir, Oak, and 4 schools have none" in said(found, "as_above")
    assert not said(read(tmp_path, {}), "as_above")


def test_a_part_of_full_time_in_place_of_days_is_told(tmp_path: Path) -> None:
    found = read(tmp_path, {"sips": _with(SIPS, "days", "0.6")})
    assert found.case is not None
    assert "Ann Oak offers 0.6 days in the whole year" in said(found, "few_days")


@pytest.mark.parametrize("given", ["AY25/26", "ay 2025-26", "Academic year 2025/26", "2025_26"])
def test_a_year_with_its_usual_dress_is_that_year(tmp_path: Path, given: str) -> None:
    found = read(tmp_path, {"history": [["urn", "sip", "year"], ["900101", "ann", given]]})
    assert found.case is not None, found.problems
    assert [h.year for h in found.case.history] == ["2025/26"]
    assert f"{given} as 2025/26" in said(found, "values_read")


def test_a_suggested_mapping_puts_nothing_aside_that_may_bar_somebody(tmp_path: Path) -> None:
    sips = [[*r, c] for r, c in zip(SIPS, ["Conflicts", "Ash Primary", ""], strict=True)]
    sheets = {"schools": SCHOOLS, "sips": sips, "Do not match": [["SIP", "School"], ["Ann Oak", "Ash Primary"]]}
    assert book(tmp_path, sheets | {"Our own": [["a"], ["b"]]}).case is None
    ours, mapping = tmp_path / "ours.xlsx", tmp_path / "m.toml"
    assert CliRunner().invoke(app, ["check", str(ours), "--suggest", str(mapping)]).exit_code == 3
    assert '\n"Our own" = ""' in mapping.read_text("utf-8")
    again = read_case(ours, year="2026/27", words=read_mapping(mapping))
    assert {p.code for p in again.problems if p.severity == "error"} == {"unread_sheet", "unread_column"}
    mapping.write_text(mapping.read_text("utf-8").replace(LEFT, ""), "utf-8")
    assert read_case(ours, year="2026/27", words=read_mapping(mapping)).case is not None


def test_an_ods_is_looked_at_as_closely_as_an_xlsx(tmp_path: Path) -> None:
    def cell(value: Any, more: str = "", inside: str = "") -> str:
        if isinstance(value, float):
            more += f' office:value-type="percentage" office:value="{value}"'
        else:
            more += ' office:value-type="string"'
        return f"<table:table-cell{more}>{inside}<text:p>{value}</text:p></table:table-cell>"

    def row(*cells: str, more: str = "") -> str:
        made = (c if c.startswith("<") else cell(c) for c in cells)
        return f"<table:table-row{more}>{''.join(made)}</table:table-row>"

    trust = cell("Larkspur Trust", ' table:number-rows-spanned="2"')
    noted = cell("primary", inside="<office:annotation><text:p>closing?</text:p></office:annotation>")
    empty = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="1024"/></table:table-row>'
    schools = (
        f"<table:table-header-rows>{row('urn', 'name', 'phase', 'trust', 'fsm_percent')}</table:table-header-rows>"
    )
    schools += row("900101", "Ash", "primary", trust, cell(0.42))
    schools += row("900102", "Beck", noted, "<table:covered-table-cell/>", cell(0.3), more=' table:visibility="filter"')
    sheets = {"schools": schools + empty, "sips": "".join(row(*map(str, r)) for r in SIPS)}
    tables = "".join(f'<table:table table:name="{t}">{rows}</table:table>' for t, rows in sheets.items())
    spaces = " ".join(f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "table", "text"))
    with zipfile.ZipFile(tmp_path / "c.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "content.xml",
            f"<office:document-content {spaces}><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>",
        )
        archive.writestr(
            "META-INF/manifest.xml", '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
        )
    found = read_case(tmp_path / "c.ods", year="2026/27")
    assert found.case is not None, found.problems
    assert [(s.trust, s.fsm_percent) for s in found.case.schools] == [("Larkspur Trust", 42), ("Larkspur Trust", 30)]
    assert "D2:D3" in said(found, "merged")
    assert "row 3 (Beck)" in said(found, "hidden")
    assert "C3" in said(found, "comments")


def test_of_an_xls_it_is_told_what_is_not_looked_for(tmp_path: Path) -> None:
    (tmp_path / "c.xls").write_bytes(xls({"schools": SCHOOLS, "sips": SIPS}))
    found = read_case(tmp_path / "c.xls", year="2026/27")
    assert found.case is not None, found.problems
    assert "hidden and struck rows, percentages" in said(found, "old_form")


@pytest.mark.parametrize("shows", ["#N/A", "#SPILL!", "Err:502"])
def test_a_formula_that_failed_is_no_name_of_a_trust(tmp_path: Path, shows: str) -> None:
    found = read(tmp_path, {"schools": _with(SCHOOLS, "trust", shows)})
    assert [(p.row, p.column) for p in found.problems if p.severity == "error"] == [(2, "trust")]
    assert shows in said(found, "formula_error")


@pytest.mark.parametrize("given", ["none", "nil", "no"])
def test_none_where_it_may_mean_0_or_no_limit_is_asked_about(tmp_path: Path, given: str) -> None:
    for column in ("spring_days", "max_schools", "max_km"):
        sips = [[*r, c] for r, c in zip(SIPS, [column, given, ""], strict=True)]
        found = read(tmp_path, {"sips": sips})
        assert [(p.row, p.column, p.expected) for p in found.problems if p.severity == "error"] == [
            (2, column, "0, or blank where there is no figure")
        ]


def test_an_end_with_a_year_of_two_digits_is_not_taken_for_one_long_past(tmp_path: Path) -> None:
    rows = [["sip", "urn", "kind", "until"], ["ann", "900101", "governor", "31/12/99"]]
    found = read(tmp_path, {"interests": rows})
    assert "until is '31/12/99'; expected a date with its year in four digits" in said(found, "bad_value")
    past = read(tmp_path, {"interests": [rows[0], [*rows[1][:3], "31/12/1999"]]})
    assert past.case is not None
    assert "has lapsed" in said(past, "before_year")


@pytest.mark.parametrize(
    ("table", "rows", "column"),
    [
        ("history", [["urn", "sip", "year", "Reason for change"], ["900101", "ann", "2025/26", "fell out"]], "ended"),
        ("wishes", [["by", "urn", "wish", "How strongly"], ["school", "900101", "change", "very"]], "strength"),
    ],
)
def test_a_column_of_a_protecting_table_whose_words_are_not_ours_is_asked_about(
    tmp_path: Path, table: str, rows: Grid, column: str
) -> None:
    found = read(tmp_path, {table: rows})
    assert [(p.row, p.column) for p in found.problems if p.severity == "error"] == [(2, column)]
    assert f"under [values.{column}] in a mapping" in said(found, "bad_value")
