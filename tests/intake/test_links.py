"""The register's links to successions: each pair said once, for the schools of the case, and told what follows."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

import pytest

from allocator.errors import CaseError
from allocator.intake.links import Linked, link_successions
from allocator.intake.read import read_case
from allocator.intake.refresh import kept_table, rows_of, write_table

HEADER = "URN,LinkURN,LinkName,LinkType,LinkEstablishedDate\n"
LINKS = """\
900001,800001,Oak,Predecessor,01-04-2026
800001,900001,Oak Academy,Successor,
800001,700001,Oak Infant,Predecessor - amalgamated,01-09-2010
800001,700002,Oak Junior,Predecessor - amalgamated,01-09-2010
900003,800003,Fir,Predecessor,
900003,800004,Yew,Predecessor,
800009,900009,Ash East,Successor - Split School,01-09-2025
800009,900010,Ash West,Successor - Split School,01-09-2025
800005,900005,Elm Academy,Successor,01-01-2026
900002,900001,Oak,Sixth Form Centre Link,
990001,980001,Elsewhere,Predecessor,01-09-2020
"""


def folder(tmp_path: Path, **tables: str) -> Path:
    into = tmp_path / "case"
    into.mkdir(exist_ok=True)
    given = {"schools": "urn,name,phase\n900001,Oak Academy,primary\n900003,Fir and Yew,primary\n", **tables}
    for name, text in given.items():
        (into / f"{name}.csv").write_text(text, "utf-8")
    return into


def linked(into: Path, text: str = LINKS, *, renumber: bool = False, register: Path | None = None) -> Linked:
    path = into.parent / "links.csv"
    path.write_text(HEADER + text, "cp1252")
    _, raw = kept_table(into)
    out = link_successions(path, raw, renumber=renumber, register=register)
    for table in raw.tables.values():
        write_table(into, table)
    return out


def successions(into: Path) -> list[tuple[str, ...]]:
    return [tuple(r.values()) for r in rows_of(kept_table(into)[1], "successions")]


def test_predecessors_of_the_case_s_schools_and_theirs_become_successions(tmp_path: Path) -> None:
    into = folder(tmp_path, history="urn,sip,year\n700002,ann,2024/25\n")
    out = linked(into)
    assert successions(into) == [
        ("700001", "800001", "2010-09-01", "amalgamation"),
        ("700002", "800001", "2010-09-01", "amalgamation"),
        ("800001", "900001", "2026-04-01", "conversion"),
        ("800003", "900003", "2025-09-01", "amalgamation"),  # plain links of two to one; the date is assumed
        ("800004", "900003", "2025-09-01", "amalgamation"),
    ]
    assert out.assumed == {"800003 -> 900003": dt.date(2025, 9, 1), "800004 -> 900003": dt.date(2025, 9, 1)}
    assert out.others == {"Sixth Form Centre Link": 1}


def test_what_follows_is_told(tmp_path: Path) -> None:
    into = folder(
        tmp_path,
        history="urn,sip,year\n700002,ann,2024/25\n800001,ann,2025/26\n900003,ann,2025/26\n",
        interests="sip,urn,kind\nann,800001,family\n",
        refusals="urn,sip,kind,year\n800001,ann,veto,2025/26\n",
    )
    assert linked(into).follow == [
        "Oak Academy (900001): rows of 700001, 700002, 800001: 2 of history, 1 of interests, 1 of refusals"
    ]


def test_a_second_time_nothing_is_new_and_a_manager_s_row_stays(tmp_path: Path) -> None:
    into = folder(tmp_path, successions="Note,new_urn,old_urn,kind,on\nmine,900001,800001,split,2026-03-31\n")
    assert (len(linked(into).rows), linked(into).known) == (4, 5)
    assert linked(into).rows == []
    assert (into / "successions.csv").read_text().splitlines()[1] == "mine,900001,800001,split,2026-03-31"


def test_a_school_still_under_its_old_urn_is_told_and_renumbered_when_asked(tmp_path: Path) -> None:
    into = folder(
        tmp_path,
        schools="urn,name,phase,need,paired_with\n800005,Elm,primary,high,\n900001,Oak,primary,,800005\n800009,Ash,primary,,\n",
        sips="sip,name,kind,phases,days,current_urn\nann,Ann,consultant,primary,20,800005\n",
        history="urn,sip,year\n800005,ann,2025/26\n",
        wishes="by,urn,wish\nschool,800005,keep\n",
    )
    out = linked(into)
    assert out.moved_on == {"800005": "900005"}
    assert out.ended == ["800009 (split: 900009, split: 900010)"]
    assert "800005" in (into / "schools.csv").read_text()
    out = linked(into, renumber=True)
    assert ("800005", "900005", "2026-01-01", "conversion") in successions(into)
    assert out.follow[-1] == "Elm (900005): rows of 800005: 1 of history"
    reading = read_case(into)
    assert reading.case is not None
    school = next(s for s in reading.case.schools if s.urn == "900005")
    assert (school.need, reading.case.wishes[0].urn, reading.case.sips[0].current_urn) == ("high", "900005", "900005")
    assert reading.case.history[0].urn == "800005"  # it follows by the succession


def test_dates_that_the_links_lack_come_from_the_register_in_the_same_zip(tmp_path: Path) -> None:
    into = folder(tmp_path)
    path = tmp_path / "extract.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "edubasealldata.csv",
            "URN,EstablishmentName,OpenDate,CloseDate\n800003,Fir,,31-08-2024\n900003,Fir and Yew,01-09-2024,\n",
        )
        archive.writestr("links_edubasealldata.csv", HEADER + LINKS)
    _, raw = kept_table(into)
    out = link_successions(path, raw)
    assert {x.old: str(x.on) for x in out.rows if x.new == "900003"} == {"800003": "2024-08-31", "800004": "2024-09-01"}
    assert not out.assumed


def test_links_that_run_in_a_circle_end(tmp_path: Path) -> None:
    circle = "900001,800001,A,Predecessor,\n800001,900001,B,Predecessor,\n"
    assert len(linked(folder(tmp_path), circle).rows) == 2


def test_what_is_not_the_links_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("URN,EstablishmentName\n1,A\n")
    with pytest.raises(CaseError, match="LinkType were not found"):
        link_successions(path, kept_table(folder(tmp_path))[1])


def test_a_past_that_nobody_carries_on_points_to_the_links(tmp_path: Path) -> None:
    into = folder(
        tmp_path,
        sips="sip,name,kind,phases,days\nann,Ann,consultant,primary,20\n",
        history="urn,sip,year\n800001,ann,2025/26\n",
    )
    assert any("allocator import links" in p.text for p in read_case(into).problems)
    linked(into)
    assert not any("allocator import links" in p.text for p in read_case(into).problems)
