"""Inspection outcomes of all three generations, in small invented editions of the published file."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from allocator.errors import CaseError, UsageError
from allocator.intake.ofsted import Merged, merge_ofsted
from allocator.intake.read import read_case
from allocator.intake.refresh import kept_table

EDITION_2026 = """\
State-funded schools - most recent inspections
Use the filters on each column. NULL means no value.
Web Link (opens in new window),URN,School name,Inspection start date,Does the latest full inspection relate to the URN of the current school?,URN at time of latest full inspection,Category of concern,Safeguarding standards,Safeguarding standards - date of grade,Inclusion,Inclusion - date of grade,Curriculum and teaching,Curriculum and teaching - date of grade,Early years (where applicable),Early years - date of grade,Personal development and well-being,Leadership & governance,Leadership & governance - date of grade,Inspection start date of latest OEIF graded inspection,URN at time of latest OEIF graded inspection,Latest OEIF category of concern,Latest OEIF overall effectiveness,Latest OEIF quality of education,Latest OEIF effectiveness of leadership and management,Latest OEIF  safeguarding is effective?,Latest OEIF early years provision (where applicable),Date of latest ungraded inspection,Ungraded inspection overall outcome,Most recent category of concern
,900001,Old grade,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,12/06/2022,900001,NULL,2,2,1,Yes,1,05/03/2024,School remains Good (Improving) - S5 Next,NULL
,900002,Not judged,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,08/10/2024,890002,NULL,Not judged,3,2,9,0,NULL,NULL,NULL
,900003,Card,20/01/2026,Yes,900003,RSI,Not met,20/01/2026,Strong standard,20/01/2026,Urgent improvement,20/01/2026,9,21/01/2026,Expected standard,Needs attention,22/01/2026,01/02/2019,900003,SWK,4,4,4,No,NULL,NULL,NULL,RSI
,900004,Withheld,03/02/2026,Yes,900004,NULL,9,03/02/2026,9,NULL,9,NULL,9,NULL,9,9,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL
,900009,Elsewhere,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,12/06/2022,900009,SM,4,4,4,No,4,NULL,NULL,SM
"""
SCHOOLS = """\
urn,Our notes,name,phase,oeif_overall,previous_oeif_overall,category_of_concern
900001,ring Ann,One,primary,4,3,SM
900002,,Two,primary,,,
900003,,Three,primary,,,
900004,,Four,primary,,,
900005,,Five,primary,2,,SWK
"""


def folder(tmp_path: Path, schools: str = SCHOOLS) -> Path:
    (tmp_path / "case").mkdir()
    (tmp_path / "case" / "schools.csv").write_text(schools, "utf-8")
    return tmp_path / "case"


def edition(tmp_path: Path, text: str = EDITION_2026) -> Path:
    path = tmp_path / "outcomes.csv"
    path.write_bytes(text.encode("cp1252"))
    return path


def bring_in(path: Path, into: Path, *, force: bool = False) -> Merged:
    kept, _ = kept_table(into)
    out = merge_ofsted(path, kept, force=force)
    kept.write(into)
    return out


def merged_rows(into: Path) -> dict[str, dict[str, str]]:
    with (into / "schools.csv").open(encoding="utf-8", newline="") as file:
        return {r["urn"]: r for r in csv.DictReader(file)}


@pytest.fixture
def rows(tmp_path: Path) -> dict[str, dict[str, str]]:
    into = folder(tmp_path)
    bring_in(edition(tmp_path), into)
    return merged_rows(into)


def test_an_overall_grade_of_the_first_generation(rows: dict[str, dict[str, str]]) -> None:
    one = rows["900001"]
    assert (one["oeif_overall"], one["oeif_quality_of_education"], one["oeif_leadership"]) == ("2", "2", "1")
    assert (one["oeif_safeguarding"], one["oeif_date"]) == ("yes", "2022-06-12")
    assert one["card_date"] == ""
    assert one["card_early_years"] == ""  # the old early years grade is not a report card's
    assert (one["ungraded_outcome"], one["ungraded_date"]) == (
        "School remains Good (Improving) - S5 Next",
        "2024-03-05",
    )


def test_sub_grades_without_an_overall_one(rows: dict[str, dict[str, str]]) -> None:
    two = rows["900002"]
    assert (two["oeif_overall"], two["oeif_quality_of_education"], two["oeif_leadership"]) == ("not_judged", "3", "2")
    assert two["oeif_safeguarding"] == ""  # 9 is no grade


def test_a_report_card_beside_the_older_grades(rows: dict[str, dict[str, str]]) -> None:
    three = rows["900003"]
    assert (three["card_safeguarding"], three["card_inclusion"]) == ("not_met", "strong")
    assert (three["card_curriculum"], three["card_leadership"]) == ("urgent_improvement", "needs_attention")
    assert (three["card_development"], three["card_early_years"]) == ("expected", "")
    assert three["card_date"] == "2026-01-22"  # the latest of the areas' dates
    assert (three["oeif_overall"], three["oeif_date"]) == ("4", "2019-02-01")
    assert three["category_of_concern"] == "RSI"


def test_a_stale_category_is_cleared_and_other_schools_are_left_as_they_were(rows: dict[str, dict[str, str]]) -> None:
    assert rows["900001"]["category_of_concern"] == ""
    assert rows["900001"]["previous_oeif_overall"] == "3"  # the file has no such column
    assert rows["900001"]["Our notes"] == "ring Ann"
    assert (rows["900005"]["oeif_overall"], rows["900005"]["category_of_concern"]) == ("2", "SWK")
    assert list(rows["900001"])[:7] == SCHOOLS.splitlines()[0].split(",")


def test_counts(tmp_path: Path) -> None:
    out = bring_in(edition(tmp_path), folder(tmp_path))
    assert (out.schools, out.found, out.graded, out.cards, out.not_judged) == (5, 4, 3, 1, 1)
    assert out.not_in_file == ["900005"]
    assert out.not_in_table == 1
    assert out.older == ["900002"]
    assert out.concern == {"RSI": 1}
    assert "previous_oeif_overall (Previous … overall effectiveness)" in out.not_found
    assert [n.split()[0] for n in out.not_found] == [
        "previous_oeif_overall",
        "card_achievement",
        "card_attendance",
        "card_post_16",
    ]
    assert not out.unread


def test_the_merged_table_reads_without_errors(tmp_path: Path) -> None:
    into = folder(tmp_path)
    bring_in(edition(tmp_path), into)
    reading = read_case(into, schools_only=True)
    assert reading.case is not None
    assert reading.case.schools[2].card_inclusion == "strong"


def test_a_school_still_under_its_old_urn_is_found_and_said(tmp_path: Path) -> None:
    into = folder(tmp_path, "urn,name,phase\n890002,Two before it converted,primary\n")
    out = bring_in(edition(tmp_path), into)
    assert out.renamed == {"890002": "900002"}
    assert out.not_in_file == []
    assert merged_rows(into)["890002"]["oeif_overall"] == "not_judged"


def test_an_edition_before_report_cards(tmp_path: Path) -> None:
    text = (
        "URN,Inspection start date,Overall effectiveness,Category of concern,Quality of education,"
        "Effectiveness of leadership and management,Safeguarding is effective?,Early years provision (where applicable),"
        "Previous full inspection overall effectiveness\n"
        "900001,14/05/2019,4,SM,3,4,No,2,2\n"
        "900002,NULL,Requires improvement,NULL,9,8,NULL,NULL,Outstanding\n"
    )
    into = folder(tmp_path)
    out = bring_in(edition(tmp_path, text), into)
    one, two = (merged_rows(into)[u] for u in ("900001", "900002"))
    assert (one["oeif_overall"], one["previous_oeif_overall"], one["oeif_date"]) == ("4", "2", "2019-05-14")
    assert (one["category_of_concern"], one["oeif_safeguarding"]) == ("SM", "no")
    assert (two["oeif_overall"], two["previous_oeif_overall"], two["oeif_quality_of_education"]) == ("3", "1", "")
    assert "card_inclusion" not in one  # no column of ours is made up from nothing
    assert any(n.startswith("card_leadership") for n in out.not_found)


def test_without_a_most_recent_category_a_report_card_speaks_before_an_old_grade(tmp_path: Path) -> None:
    text = (
        "URN,Category of concern,Inclusion,Latest OEIF overall effectiveness,Latest OEIF category of concern\n"
        "900001,NULL,Expected standard,4,SM\n900002,NULL,NULL,4,SM\n900003,RSI,Urgent improvement,2,NULL\n"
    )
    into = folder(tmp_path)
    bring_in(edition(tmp_path, text), into)
    assert [r["category_of_concern"] for r in merged_rows(into).values()][:3] == ["", "SM", "RSI"]


def test_of_several_inspections_the_last_counts(tmp_path: Path) -> None:
    text = "URN,Inspection start date,Overall effectiveness\n900001,14/05/2023,2\n900001,14/05/2019,4\n"
    into = folder(tmp_path)
    bring_in(edition(tmp_path, text), into)
    assert merged_rows(into)["900001"]["oeif_overall"] == "2"


def test_an_unknown_value_is_left_blank_and_named(tmp_path: Path) -> None:
    text = "URN,Inclusion,Inspection start date\n900001,Splendid,1 May\n900002,Exceptional,03/02/2026\n"
    into = folder(tmp_path)
    out = bring_in(edition(tmp_path, text), into)
    assert out.unread == {"card_inclusion: Splendid": 1, "inspected on: 1 May": 1}
    assert merged_rows(into)["900002"]["card_date"] == "2026-02-03"


def test_gzip_and_utf_8_with_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "outcomes.csv.gz"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + EDITION_2026.encode()))
    assert bring_in(path, folder(tmp_path)).found == 4


def test_a_second_merge_changes_nothing(tmp_path: Path) -> None:
    into = folder(tmp_path)
    bring_in(edition(tmp_path), into)
    once = (into / "schools.csv").read_bytes()
    bring_in(edition(tmp_path), into)
    assert (into / "schools.csv").read_bytes() == once


@pytest.mark.parametrize(
    ("text", "says"),
    [("URN,School name\n1,A\n", "no column of inspection outcomes"), ("a,b\n1,2\n", "column URN"), ("", "empty")],
)
def test_what_is_not_the_file_is_said_plainly(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(CaseError, match=says):
        bring_in(edition(tmp_path, text), folder(tmp_path))


def test_no_schools_table_to_fill(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="import gias"):
        bring_in(edition(tmp_path), tmp_path)
    with pytest.raises(CaseError, match="not a folder"):
        bring_in(edition(tmp_path), tmp_path / "none")
    with pytest.raises(UsageError, match="no such file"):
        bring_in(tmp_path / "none.csv", folder(tmp_path))
