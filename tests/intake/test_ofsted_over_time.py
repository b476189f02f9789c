"""Editions brought in one after another: what a school was found to be is never lost to a row that says less."""

from __future__ import annotations

from pathlib import Path

import pytest

from allocator.errors import CaseError
from allocator.report.national_words import ofsted_text
from tests.intake.test_ofsted import bring_in, edition, folder, merged_rows

SCHOOLS = "urn,name,phase\n900001,One,primary\n900002,Two,primary\n"
LATEST = """\
URN,Inspection start date,Category of concern,Safeguarding standards,Safeguarding standards - date of grade,Inclusion,Inclusion - date of grade,Leadership and governance,Leadership and governance - date of grade,Inspection start date of latest OEIF graded inspection,Latest OEIF category of concern,Latest OEIF overall effectiveness,Latest OEIF quality of education,Latest OEIF effectiveness of leadership and management,Most recent category of concern
900001,03/12/2025,RSI,Met,03/12/2025,Needs attention,03/12/2025,Urgent improvement,03/12/2025,01/02/2019,NULL,2,2,2,RSI
900002,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,01/05/2024,SM,4,4,4,SM
"""
IN_YEAR = """\
URN,Inspection type,Event type grouping,Inspection start date,Category of concern,Safeguarding standards,Inclusion,Achievement,Leadership and governance
900001,Full,Full inspection,03/12/2025,RSI,Met,Needs attention,Expected standard,Urgent improvement
900001,Monitoring inspection,Monitoring,14/05/2026,NULL,NULL,NULL,NULL,NULL
900002,Monitoring inspection,Monitoring,14/04/2026,NULL,NULL,NULL,NULL,NULL
"""


def rows_after(tmp_path: Path, *editions: str, schools: str = SCHOOLS) -> dict[str, dict[str, str]]:
    into = folder(tmp_path, schools)
    for text in editions:
        bring_in(edition(tmp_path, text), into)
    return merged_rows(into)


def test_a_visit_without_a_grade_takes_nothing_away(tmp_path: Path) -> None:
    after = rows_after(tmp_path, LATEST, IN_YEAR)
    one, two = after["900001"], after["900002"]
    assert (one["category_of_concern"], one["card_leadership"], one["card_date"]) == (
        "RSI",
        "urgent_improvement",
        "2025-12-03",
    )
    assert one["card_achievement"] == "expected"  # of the same inspection, and new to the table
    assert (two["category_of_concern"], two["oeif_overall"], two["oeif_date"]) == ("SM", "4", "2024-05-01")


def test_an_in_year_file_alone_gives_the_row_with_grades(tmp_path: Path) -> None:
    after = rows_after(tmp_path, IN_YEAR)
    assert (after["900001"]["category_of_concern"], after["900001"]["card_date"]) == ("RSI", "2025-12-03")
    assert after["900002"]["category_of_concern"] == ""


def test_a_monitoring_visit_that_regrades_an_area_leaves_the_other_areas(tmp_path: Path) -> None:
    regraded = IN_YEAR.replace("14/05/2026,NULL,NULL,NULL,NULL,NULL", "14/05/2026,NULL,NULL,NULL,NULL,Needs attention")
    one = rows_after(tmp_path, regraded)["900001"]
    assert (one["card_leadership"], one["card_inclusion"], one["card_date"]) == (
        "needs_attention",
        "needs_attention",
        "2026-05-14",
    )


def test_a_new_report_card_leaves_no_area_of_the_one_before(tmp_path: Path) -> None:
    later = "URN,Inspection start date,Inclusion,Achievement\n900001,10/10/2026,Strong standard,NULL\n"
    one = rows_after(tmp_path, IN_YEAR, later)["900001"]
    assert (one["card_inclusion"], one["card_achievement"], one["card_leadership"]) == ("strong", "", "")


def test_a_later_grade_takes_a_school_out_of_its_category(tmp_path: Path) -> None:
    later = "URN,Inspection start date,Overall effectiveness,Category of concern\n900002,01/03/2025,2,NULL\n"
    two = rows_after(tmp_path, LATEST, later)["900002"]
    assert (two["category_of_concern"], two["oeif_overall"], two["oeif_date"]) == ("", "2", "2025-03-01")


def test_an_older_edition_leaves_what_is_newer_and_says_so(tmp_path: Path) -> None:
    older = (
        "URN,Inspection start date,Overall effectiveness,Category of concern,Quality of education\n"
        "900001,01/02/2019,2,NULL,2\n900002,01/02/2019,2,NULL,2\n"
    )
    into = folder(tmp_path, SCHOOLS)
    bring_in(edition(tmp_path, LATEST), into)
    before = merged_rows(into)
    out = bring_in(edition(tmp_path, older), into)
    assert merged_rows(into) == before
    assert out.newer_here == ["900001", "900002"]
    assert "2 schools with a newer result in the table" in "\n".join(ofsted_text(out))
    bring_in(edition(tmp_path, older), into, force=True)
    assert merged_rows(into)["900002"]["oeif_overall"] == "2"


def test_an_outcome_without_a_date_does_not_displace_one_with_a_date(tmp_path: Path) -> None:
    out = rows_after(tmp_path, LATEST, "URN,Overall effectiveness,Category of concern\n900002,1,NULL\n")
    assert (out["900002"]["oeif_overall"], out["900002"]["category_of_concern"]) == ("4", "SM")


@pytest.mark.parametrize(
    "header",
    [
        "URN,Inspection type,Inspection start date,First published date,Overall effectiveness,Category,Quality of teaching,Leadership and management",
        "URN,Inspection type,Inspection start date,Inspection end date,Overall effectiveness: how good is the school,Category of concern,Achievement of pupils,Leadership and management",
        "School URN,Inspection type,Inspection date,Publication date,Overall effectiveness,Category of concern,Outcomes for pupils,Effectiveness of leadership and management",
    ],
)
def test_editions_before_2019_are_read(tmp_path: Path, header: str) -> None:
    text = f"Table 1: inspections\n{header}\n900001,S5,13/03/2013,1,3,,3,2\n900002,S5,13/03/2014,1,4,SM,4,4\n"
    after = rows_after(tmp_path, text)
    assert (after["900002"]["category_of_concern"], after["900002"]["oeif_leadership"]) == ("SM", "4")
    assert (after["900001"]["oeif_overall"], after["900001"]["oeif_date"]) == ("3", "2013-03-13")


def test_an_edition_on_the_older_scale_is_named_as_too_old(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match=r"too old.*September 2005"):
        rows_after(tmp_path, "URN,Inspection start date,Overall effectiveness\n900001,13/03/2004,3\n")


def test_what_the_file_does_not_say_is_not_none(tmp_path: Path) -> None:
    into = folder(tmp_path, SCHOOLS)
    bring_in(edition(tmp_path, LATEST), into)
    out = bring_in(edition(tmp_path, "URN,Inspection start date,Overall effectiveness\n900002,13/03/2025,3\n"), into)
    told = "\n".join(ofsted_text(out))
    assert "does not say which schools are in a category of concern; the table's own stay as they are: 1 SM" in told
    assert "the file has no report cards" in told
    assert merged_rows(into)["900002"]["category_of_concern"] == "SM"


def test_changes_are_told_cell_by_cell(tmp_path: Path) -> None:
    out = bring_in(edition(tmp_path, LATEST), folder(tmp_path, SCHOOLS + "900003,Three,primary\n"))
    told = "\n".join(ofsted_text(out))
    assert "It changes 14 cells of 2 schools" in told
    assert "Two (900002): oeif_overall blank -> 4;" in told
    assert {c.urn for c in out.changes} == {"900001", "900002"}


def test_a_manager_s_own_spelling_of_the_same_value_is_left(tmp_path: Path) -> None:
    schools = "urn,name,phase,oeif_overall,oeif_date,category_of_concern\n900002,Two,primary,Inadequate,01/05/2024,special measures\n"
    two = rows_after(tmp_path, LATEST, schools=schools)["900002"]
    assert (two["oeif_overall"], two["oeif_date"], two["category_of_concern"]) == (
        "Inadequate",
        "01/05/2024",
        "special measures",
    )
