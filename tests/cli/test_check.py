"""`allocator check`: findings on stdout, one cause in one line, the case in brief, and what the rules would find."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from allocator.cli.commands import app

SIPS = "sip,name,kind,phases,days,trained,board_approved,dbs_checked_on\nann,Ann Lea,consultant,primary,{},yes,yes,{}\n"


def check(at: Path, schools: str, *options: str, days: int = 30, dbs: str = "2026-01-01") -> tuple[int, str, str]:
    (at / "schools.csv").write_text("urn,name,phase,need\n" + schools, "utf-8")
    (at / "sips.csv").write_text(SIPS.format(days, dbs), "utf-8")
    done = CliRunner().invoke(app, ["check", str(at), "--year", "2026/27", *options])
    return done.exit_code, done.stdout, done.stderr


ROWS = "".join(f"{900100 + n},School {n},primary,{'Red' if n % 2 else 'Amber'}\n" for n in range(600))


def test_one_cause_on_six_hundred_rows_is_one_line_on_stdout(tmp_path: Path) -> None:
    code, said, _ = check(tmp_path, ROWS)
    assert code == 3
    lines = [line for line in said.splitlines() if "need is" in line]
    assert len(lines) == 1
    for part in ("600 in all", "rows 2, 3", "Amber: 300", "Red: 300", "[values.need]"):
        assert part in lines[0]
    assert "600 errors" in said
    assert len([x for x in check(tmp_path, ROWS, "--all")[1].splitlines() if "need is" in x]) == 600


def test_the_case_in_brief_and_what_the_rules_find(tmp_path: Path) -> None:
    schools = "900101,Ash,primary,high\n900102,Elm,primary,standard\n"
    code, said, _ = check(tmp_path, schools, days=3, dbs="")
    assert code == 0
    for part in (
        "Schools in the run: 2 (2 primary); need: 1 high, 1 standard",
        "too few",
        "Ann Lea (ann) may hold no post: no DBS check",
        "Bars: 0 interests",
    ):
        assert part in said


def test_a_mapping_says_what_own_words_mean(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('[values.need]\nRed = "high"\nAmber = "raised"\n')
    case = tmp_path / "case"
    case.mkdir()
    assert check(case, ROWS, "--mapping", str(tmp_path / "own.toml"))[0] == 0
    code, _, told = check(case, ROWS, "--suggest", str(tmp_path / "new.toml"))
    assert code == 3
    assert "--mapping" in told
    assert (tmp_path / "new.toml").exists()
