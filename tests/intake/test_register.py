"""The register brought into a table in use: what it knows is refreshed, and no cell written by hand is lost."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allocator.errors import UsageError
from allocator.intake.refresh import kept_table, rows_of, write_table
from allocator.intake.register import Refreshed, refresh_register
from allocator.intake.source import RawTable
from tests.intake.test_gias import register

HEADER = (
    "URN,LA (name),EstablishmentName,TypeOfEstablishment (name),EstablishmentStatus (name),CloseDate,PhaseOfEducation (name),"
    "NumberOfPupils,PercentageFSM,Trusts (name),Easting,Northing"
)
ROWS = """\
900001,Hart,Alder Primary School,Academy converter,Open,,Primary,230,12.5,OAK & ASH TRUST,400000,300000
900002,Hart,Beech Primary School,Community school,"Open, but proposed to close",31-08-2027,Primary,,,,401000,300000
900003,Hart,Cedar School,Community school,Closed,31-08-2026,Primary,80,,,402000,300000
900004,Hart,Damson Primary,Community school,Open,,Primary,120,20,,403000,300000
900005,Hart,Elm House,Other independent school,Open,,Primary,60,,,403000,300000
900006,Hart,Fern Primary,Free schools,Proposed to open,,Primary,,,Quay Trust,403000,300000
900008,Hart,Holly High,Community school,Open,,Secondary,900,,,403000,300000
900009,Moss,Ivy Primary,Academy converter,Open,,Primary,90,,Quay Trust,503000,300000
900010,Moss,Juniper Primary,Community school,Open,,Primary,90,,,503000,300000
900011,Moss,Kale Primary,Community school,Open,,Primary,90,,,503000,300000
900012,Moss,Lime Primary,Community school,Open,,Primary,90,,,503000,300000
"""
SCHOOLS = """\
Our notes,URN,name,phase,la,trust,pupils,status,closes_on,need,participation,head,days,colour
ring Ann,900001,Alder Primary,primary,HART,Oak and Ash Trust,210,,,high,buys_in,h1,7.5,red
,900002,Beech Primary School,Primary,Hart,,99,open,,top,,h2,,
quiet,900003,Cedar School,primary,Hart,,80,,,,needs_sip,h3,,blue
,900004,Damson Primary,primary,Hart,,120,proposed_to_close,2027-08-31,raised,,h4,,
,900005,Elm House,primary,Hart,,60,,,,,,,
,900007,Gorse Primary,primary,Hart,,60,,,low,,,,
,900009,Ivy Primary,primary,Moss,,90,,,,,,,
"""
BY_HAND = ("Our notes", "need", "participation", "head", "days", "colour")


def folder(tmp_path: Path) -> Path:
    into = tmp_path / "case"
    into.mkdir()
    (into / "schools.csv").write_text(SCHOOLS, "utf-8")
    (into / "sips.csv").write_text("sip,name,current_trust\nbob,Bob Test,QUAY TRUST\ncat,Cat Test,\n", "utf-8")
    (into / "interests.csv").write_text(
        "sip,trust,kind,outcome\ncat,The Quay Trust,paid_work,\ncat,Quay Learning Trust,family,\ncat,Quay Trust,family,cleared\n"
    )
    return into


def table(into: Path) -> dict[str, dict[str, str]]:
    with (into / "schools.csv").open(encoding="utf-8", newline="") as file:
        return {r["URN"]: r for r in csv.DictReader(file)}


def refreshed(into: Path, tmp_path: Path, **more: object) -> Refreshed:
    kept, raw = kept_table(into)
    out = refresh_register(register(tmp_path, HEADER + "\n" + ROWS), kept, raw, **more)  # type: ignore[arg-type]
    kept.write(into)
    return out


def test_what_the_register_knows_is_refreshed_and_nothing_written_by_hand_is_lost(tmp_path: Path) -> None:
    into = folder(tmp_path)
    before = table(into)
    refreshed(into, tmp_path)
    after = table(into)
    assert list(after) == list(before)
    assert [[r[c] for c in BY_HAND] for r in after.values()] == [[r[c] for c in BY_HAND] for r in before.values()]
    one = after["900001"]
    assert (one["name"], one["pupils"], one["fsm_percent"], one["easting"]) == (
        "Alder Primary School",
        "230",
        "12.5",
        "400000",
    )
    assert (one["la"], one["trust"], one["status"]) == ("HART", "Oak and Ash Trust", "")  # only spelt otherwise
    assert after["900002"]["pupils"] == "99"  # the register says nothing
    assert list(one)[:14] == SCHOOLS.splitlines()[0].split(",")


def test_schools_that_close_open_or_are_gone_are_named(tmp_path: Path) -> None:
    into = folder(tmp_path)
    out = refreshed(into, tmp_path)
    after = table(into)
    assert out.closing == ["Beech Primary School (900002): proposed to close"]
    assert (after["900002"]["status"], after["900002"]["closes_on"]) == ("proposed_to_close", "2027-08-31")
    assert out.closed == ["Cedar School (900003): closed on 2026-08-31"]
    assert (after["900003"]["status"], after["900003"]["closes_on"]) == ("closed", "2026-08-31")
    assert out.only_here == ["Damson Primary (900004): proposed to close here"]
    assert after["900004"]["closes_on"] == "2027-08-31"
    assert out.left_out == ["Elm House (900005): Other independent school"]
    assert out.gone == ["Gorse Primary (900007)"]


def test_a_trust_joined_is_told_with_the_sips_tied_to_it(tmp_path: Path) -> None:
    out = refreshed(folder(tmp_path), tmp_path)
    assert out.joined == ["Ivy Primary (900009): no trust -> Quay Trust"]
    assert out.ties == [
        "Ivy Primary (900009) is now in Quay Trust, and Bob Test works there",
        "Ivy Primary (900009) is now in Quay Trust, and Cat Test has declared an interest in it",
        "Ivy Primary (900009) is now in Quay Trust, which is much like Quay Learning Trust: Cat Test has declared an interest in it",
    ]


def test_new_schools_of_the_table_s_authority_and_phases_are_named_and_added_when_asked(tmp_path: Path) -> None:
    into = folder(tmp_path)
    out = refreshed(into, tmp_path)
    assert [s.urn for s in out.to_add] == ["900006"]  # not the secondary, nor an authority of which it has few
    assert len(table(into)) == 7
    asked = refreshed(into, tmp_path, las=["moss"], add=True)
    assert (asked.added, [s.urn for s in asked.to_add]) == (3, ["900010", "900011", "900012"])
    assert (table(into)["900010"]["name"], table(into)["900010"]["need"]) == ("Juniper Primary", "")
    with pytest.raises(UsageError, match="Did you mean 'Moss'"):
        refreshed(into, tmp_path, las=["mos"])


def test_columns_may_be_left_as_they_are(tmp_path: Path) -> None:
    into = folder(tmp_path)
    out = refreshed(into, tmp_path, keep=["pupils", "status"])
    assert {c.column for c in out.changes}.isdisjoint({"pupils", "status", "closes_on"})
    assert table(into)["900001"]["pupils"] == "210"


def test_a_urn_is_known_however_it_is_written(tmp_path: Path) -> None:
    into = folder(tmp_path)
    (into / "schools.csv").write_text("urn,name,phase,pupils\nURN 900001,Alder,primary,1\n'900004,Damson,primary,1\n")
    out = refreshed(into, tmp_path)
    assert (out.found, out.gone) == (2, [])
    assert {c.urn for c in out.changes} == {"900001", "900004"}
    assert "URN 900001" in (into / "schools.csv").read_text()


def test_a_second_refresh_changes_nothing(tmp_path: Path) -> None:
    into = folder(tmp_path)
    refreshed(into, tmp_path)
    once = (into / "schools.csv").read_bytes()
    assert refreshed(into, tmp_path).changes == []
    assert (into / "schools.csv").read_bytes() == once


def test_a_trust_s_own_table_hears_of_the_trust_s_new_schools(tmp_path: Path) -> None:
    into = tmp_path / "case"
    into.mkdir()
    rows = "".join(f"{n},LA {n},School {n},Academy converter,Open,,Primary,90,,Quay Trust,,\n" for n in range(1, 5))
    rows += "".join(f"{n}{n},LA {n},Other {n},Community school,Open,,Primary,90,,,,\n" for n in range(1, 5))
    rows += "".join(f"{n}{n}{n},LA {n},More {n},Community school,Open,,Primary,90,,,,\n" for n in range(1, 5))
    (into / "schools.csv").write_text(
        "urn,name,phase,trust\n1,School 1,primary,\n2,School 2,primary,\n3,School 3,primary,\n"
    )
    kept, raw = kept_table(into)
    out = refresh_register(register(tmp_path, HEADER + "\n" + rows), kept, raw)
    assert [s.urn for s in out.to_add] == ["4"]


OWN = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=6)
NAMES = ("urn", "name", "phase", "la", "trust", "pupils", "status", "need", "head", "days", "Our notes", "colour")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), order=st.permutations(NAMES))
def test_whatever_stands_in_a_column_of_the_manager_s_it_stands_there_after(
    tmp_path: Path, data: st.DataObject, order: list[str]
) -> None:
    into = tmp_path / "any"
    into.mkdir(exist_ok=True)
    rows = [
        {"urn": str(900000 + n), "name": f"S{n}", "phase": "primary", "la": "Hart"}
        | {c: data.draw(OWN, label=c) for c in ("need", "head", "days", "Our notes", "colour")}
        for n in range(1, 13)
    ]
    table = RawTable("schools", list(order), [(n, [r.get(c) for c in order]) for n, r in enumerate(rows, 2)])
    write_table(into, table)
    before = rows_of(kept_table(into)[1], "schools")
    kept, raw = kept_table(into)
    refresh_register(register(tmp_path, HEADER + "\n" + ROWS), kept, raw, add=True)
    kept.write(into)
    after = rows_of(kept_table(into)[1], "schools")
    own = ("need", "head", "days", "Our notes", "colour")
    assert [[r.get(c) for c in own] for r in after[:12]] == [[r.get(c) for c in own] for r in before]
