"""What was said when the tables were read goes wherever the plan goes: terminal, workbook, page and JSON."""

from __future__ import annotations

from pathlib import Path

from openpyxl import load_workbook
from typer.testing import CliRunner

from allocator.cli.commands import app


def test_notices_of_the_reading_are_in_every_form_of_the_plan(tmp_path: Path) -> None:
    (tmp_path / "schools.csv").write_text(
        "urn,name,phase,trust\n900101,Ash,primary,The Fern Trust\n900102,Elm,primary,\n"
    )
    (tmp_path / "sips.csv").write_text(
        "sip,name,kind,phases,days,trained,board_approved,dbs_checked_on,current_trust\n"
        "ann,Ann Lea,consultant,primary,20,yes,yes,2026-01-01,Fern Trust Ltd\n"
    )
    (tmp_path / "interests.csv").write_text("sip,urn,kind\nAnn Lea,Elm,governor\n")
    made = {"-o": "p.json", "--excel": "p.xlsx", "--report": "p.html"}
    options = [x for option, name in made.items() for x in (option, str(tmp_path / name))]
    done = CliRunner().invoke(app, ["solve", str(tmp_path), "--year", "2026/27", *options])
    assert done.exit_code == 4, done.output
    cells = [c.value for row in load_workbook(tmp_path / "p.xlsx")["notices"].iter_rows() for c in row]
    forms = {
        "terminal": " ".join(done.stdout.split()),
        "workbook": " ".join(map(str, cells)),
        "json": (tmp_path / "p.json").read_text(),
        "page": (tmp_path / "p.html").read_text(),
    }
    for form, text in forms.items():
        for said in ("Ann Lea as Ann Lea (ann)", "Fern Trust Ltd as The Fern Trust"):
            assert said in text, form
