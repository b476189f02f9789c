"""A county's year in small: register, inspections, what a manager writes, then the links and a later register. The same at the
command line and through the forms, and no cell written by hand is lost."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from typer.testing import CliRunner

from allocator.cli.commands import app
from allocator.domain.case import Case
from allocator.intake.read import read_case
from allocator.store import keep
from tests.intake.test_national import zipped
from tests.service.office import open_office

HEAD = (
    "URN",
    "LA (name)",
    "EstablishmentName",
    "TypeOfEstablishment (name)",
    "EstablishmentStatus (name)",
    "CloseDate",
    "PhaseOfEducation (name)",
    "NumberOfPupils",
    "Trusts (name)",
)
LATER = {  # URN -> what its row says half a year later
    "900101": {"Trusts (name)": "Fern Trust"},
    "900102": {"EstablishmentStatus (name)": "Closed", "CloseDate": "31-12-2026"},
    "900103": {"EstablishmentStatus (name)": "Open, but proposed to close", "CloseDate": "31-08-2027"},
}
GONE, CONVERTED, NEW = "900104", "900202", "900301"
LINKS = f"URN,LinkURN,LinkName,LinkType,LinkEstablishedDate\n900102,{CONVERTED},New,Successor,31-12-2026\n"
OUTCOMES = "URN,Inspection start date,Overall effectiveness,Category of concern\n900101,01/05/2024,4,SM\n900105,01/05/2025,2,NULL\n"
HAND: dict[str, tuple[Any, ...]] = {  # column -> what a manager writes, school by school
    "need": ("high", "low", "raised"),
    "participation": ("buys_in",),
    "head": ("h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8"),
    "days": (4.5, 6),
    "focus": ("early_reading; maths",),
    "cluster": ("Mill", "Weir"),
    "head_email": ("head@school.example",),
    "Our notes": ('ring "Jo", then Al', "50%"),
    "Colour": ("blue",),
}
TEAM: dict[str, Any] = {
    "sip": "ann",
    "name": "Ann Oak",
    "kind": "consultant",
    "phases": "primary",
    "days": 40,
    "current_trust": "Fern Trust",
}


def published(rows: list[dict[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, HEAD)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def first() -> list[dict[str, str]]:
    said = ("Oswin", "School {}", "Community school", "Open", "", "Primary", "{}", "")
    return [dict(zip(HEAD, (str(900101 + n), *(c.format(90 + n) for c in said)), strict=True)) for n in range(8)]


def later() -> list[dict[str, str]]:
    rows = [r | {"NumberOfPupils": str(int(r["NumberOfPupils"]) + 3)} | LATER.get(r["URN"], {}) for r in first()]
    come = [
        {**rows[1], "URN": CONVERTED, "EstablishmentStatus (name)": "Open", "CloseDate": ""},
        {**rows[4], "URN": NEW, "EstablishmentName": "New School"},
    ]
    return [r for r in rows if r["URN"] != GONE] + come


def by_hand(n: int) -> dict[str, Any]:
    return {column: said[n % len(said)] for column, said in HAND.items()}


def at_the_command_line(folder: Path, files: dict[str, Path]) -> Case:
    def run(*args: object) -> None:
        done = CliRunner().invoke(app, [str(a) for a in args])
        assert done.exit_code == 0, done.output

    run("import", "gias", files["first"], "-o", folder, "--la", "Oswin")
    run("import", "ofsted", files["outcomes"], "--into", folder)
    path = folder / "schools.csv"
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(["Our notes", *rows[0], *HAND])))
        writer.writeheader()
        writer.writerows(r | by_hand(n) for n, r in enumerate(rows))
    (folder / "sips.csv").write_text("\n".join((",".join(TEAM), ",".join(map(str, TEAM.values())))))
    run("import", "links", files["both"], "--into", folder, "--renumber")
    run("import", "gias", files["both"], "--into", folder, "--add")
    run("import", "ofsted", files["outcomes"], "--into", folder)
    found = read_case(folder, year="2026/27")
    assert found.case is not None, found.problems
    return found.case


def through_the_forms(folder: Path, files: dict[str, Path]) -> Case:
    desk = open_office(folder)
    me, at = desk.headers("manager elsewhere"), "http://testserver/rounds/rq"

    def give(where: str, data: dict[str, Any], **given: Path) -> Any:
        return desk.client.post(
            f"{at}/{where}", headers=me, files={k: (p.name, p.read_bytes()) for k, p in given.items()}, data=data
        )

    book = load_workbook(
        io.BytesIO(give("national", {"las": "Oswin"}, register=files["first"], ofsted=files["outcomes"]).content)
    )
    for title in book.sheetnames:
        if title not in ("schools", "lists"):
            book[title].delete_rows(2, 20)
    head = [str(c.value).rstrip("*") for c in book["schools"][1]]
    for n in range(8):
        for column, value in by_hand(n).items():
            if column not in head:
                head.append(column)
                book["schools"].cell(1, len(head), column)
            book["schools"].cell(n + 2, head.index(column) + 1, value)
    for n, c in enumerate(book["sips"][1], 1):
        book["sips"].cell(2, n).value = TEAM.get(str(c.value).rstrip("*"))
    book.save(folder / "filled.xlsx")
    give("data", {"year": "2026/27"}, file=folder / "filled.xlsx")
    assert "as version 1" in give("data/take", {}).text
    page = give(
        "national",
        {"options": ["add", "renumber"]},
        register=files["both"],
        links=files["both"],
        ofsted=files["outcomes"],
    ).text
    package = re.search(r'name="package" value="([^"]*)"', page)
    assert package, page
    assert "as version 2" in give("national/take", {"package": package[1]}).text
    with desk.db.read() as s:
        row = keep.case_row(s, "rq")
        assert row is not None
        return keep.case_of(row)[0]


def test_a_county_s_year_loses_no_cell_by_either_door(tmp_path: Path) -> None:
    parts: dict[str, str | bytes] = {
        "first.csv": published(first()),
        "outcomes.csv": OUTCOMES,
        "both.zip": zipped({"edubasealldata.csv": published(later()), "links_edubasealldata.csv": LINKS}),
    }
    files = {}
    for name, body in parts.items():
        files[name.partition(".")[0]] = path = tmp_path / name
        path.write_bytes(body if isinstance(body, bytes) else body.encode())
    (tmp_path / "forms").mkdir()
    cases = at_the_command_line(tmp_path / "case", files), through_the_forms(tmp_path / "forms", files)
    for case in cases:
        schools = {s.urn: s for s in case.schools}
        for n, row in enumerate(first()):
            urn = CONVERTED if row["URN"] == "900102" else row["URN"]
            said, own = schools[urn], case.extras["schools"][urn]
            kept = {c: own[c] if c in ("Our notes", "Colour") else getattr(said, c) for c in HAND}
            assert kept == by_hand(n) | {"focus": ("early_reading", "maths")}, urn
            assert said.pupils == 90 + n + 3 * (urn != GONE)
        assert (schools["900101"].trust, schools["900101"].category_of_concern) == ("Fern Trust", "SM")
        assert (schools["900103"].status, NEW in schools) == ("proposed_to_close", True)
        assert [(s.old_urn, s.new_urn) for s in case.successions] == [("900102", CONVERTED)]
    assert cases[0].schools == cases[1].schools
