"""The national register, with every trap of domain 3.2 in an invented authority."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from allocator.errors import CaseError, UsageError
from allocator.intake.gias import import_gias, phase_of, rural, type_name, write_schools
from allocator.intake.read import read_case

HEADER = (
    "URN,LA (code),LA (name),EstablishmentName,TypeOfEstablishment (name),EstablishmentStatus (name),OpenDate,CloseDate,"
    "PhaseOfEducation (name),StatutoryLowAge,StatutoryHighAge,ReligiousCharacter (name),Diocese (name),NumberOfPupils,"
    "PercentageFSM,Trusts (name),HeadFirstName,HeadLastName,UrbanRural (name),Easting,Northing"
)
ROWS = """\
900001,1,Hart,St Zoë’s School,Voluntary aided school,Open,,,Primary,4,11,Church of England,Diocese of Hart,90,18.5,,Ann,Other,(England/Wales) Rural village,400000,300000
900002,1,Hart,Mill School,Community school,"Open, but proposed to close",01-09-1990,31-12-2026,Middle deemed Secondary,9,13,Does not apply,Not applicable,310,,,Bo,Other,Urban: Nearer to a major town or city,401000,300000
900003,1,Hart,Old School,Community school,Closed,,31-08-2010,Primary,4,11,,,,,,,,,400000,300000
900004,1,Hart,New School,Free schools,Proposed to open,01-09-2027,,All through,3,18,,,,,New Trust,,,,402000,300000
900005,1,Hart,Oak,Free school special,Open,,,Not applicable,4,19,,,60,,,,,,403000,300000
900006,1,Hart,Ash,Free schools special,Open,,,Not applicable,4,19,,,60,,,,,,0,0
900007,1,Hart,Elm,Free school - alternative provision,Open,,,Not applicable,11,16,,,SUPP,,,,,,403500,300000
900008,1,Hart,Fir,Pupil referral unit,Open,,,Not applicable,11,16,,,12,140,,,,,,
900009,1,Hart,City College,City technology college,Open,,,Not applicable,11,18,,,900,,,,,,404000,300000
900010,1,Hart,Private School,Other independent special school,Open,,,Not applicable,4,18,,,,,,,,,404000,300000
900011,1,Hart,Sixth,Free schools 16 to 19,Open,,,16 plus,16,19,,,200,,,,,,404000,301000
900012,1,Hart,Tots,Local authority nursery school,Open,,,Nursery,2,5,,,40,,,,,,404000,302000
900013,1,Hart,Lost,Community school,Open,,,Not applicable,,,,,40,,,,,,404000,302000
900014,1,Hart,Odd,Community school,Pending,,,Primary,4,11,,,40,,,,,,404000,302000
900001,1,Hart,St Zoë’s again,Voluntary aided school,Open,,,Primary,4,11,,,90,,,,,,400000,300000
900020,2,"Hull, City of",Quay,Academy sponsor led,Open,,,Secondary,11,16,,,700,30,Quay Trust,,,,500000,430000
"""


def register(folder: Path, text: str = HEADER + "\n" + ROWS, name: str = "edubasealldata.csv") -> Path:
    path = folder / name
    data = text.encode("cp1252")
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def test_phases_come_from_the_type_where_the_register_has_none(tmp_path: Path) -> None:
    phases = {s.urn: s.phase for s in import_gias(register(tmp_path)).rows}
    assert phases == {
        "900001": "primary",
        "900002": "middle_secondary",
        "900004": "all_through",
        "900005": "special",
        "900006": "special",
        "900007": "alternative",
        "900008": "alternative",
        "900009": "secondary",
        "900011": "sixteen_plus",
        "900012": "nursery",
        "900020": "secondary",
    }


def test_what_is_left_out_is_counted_with_its_reason(tmp_path: Path) -> None:
    out = import_gias(register(tmp_path), ["hart"])
    assert (out.read, len(out.rows), out.elsewhere, out.closed) == (16, 10, 1, 1)
    assert out.other_types == {"Other independent special school": 1}
    assert out.unknown_status == {"Pending": 1}
    assert out.no_phase == ["Lost (900013)"]
    assert out.repeated == ["900001"]
    assert out.no_grid_point == 2  # a blank point, and 0, 0 which means the same
    assert out.unread == {"fsm_percent": 1}  # 140 percent
    assert out.by_status == {"open": 8, "proposed_to_close": 1, "proposed_to_open": 1}


def test_cells_are_read_as_published(tmp_path: Path) -> None:
    by_urn = {s.urn: s for s in import_gias(register(tmp_path)).rows}
    one, mill, new = by_urn["900001"], by_urn["900002"], by_urn["900004"]
    assert one.name == "St Zoë’s School"  # Windows-1252
    assert (one.rural, mill.rural, new.rural) == (True, False, None)
    assert (one.diocese, mill.diocese) == ("Diocese of Hart", None)
    assert (str(mill.closes_on), mill.opens_on) == ("2026-12-31", None)
    assert (str(new.opens_on), new.trust) == ("2027-09-01", "New Trust")
    assert by_urn["900006"].easting is None
    assert by_urn["900007"].pupils is None  # a suppressed figure is unknown, not an error


def test_no_personal_data_is_written_and_the_table_reads_back(tmp_path: Path) -> None:
    write_schools(tmp_path / "schools.csv", import_gias(register(tmp_path), ["Hart"]).rows)
    text = (tmp_path / "schools.csv").read_text("utf-8")
    assert "Other" not in text
    assert "Ann" not in text
    reading = read_case(tmp_path, schools_only=True)
    assert reading.case is not None
    assert len(reading.case.schools) == 10


@pytest.mark.parametrize("name", ["r.csv", "r.csv.gz"])
def test_plain_and_gzipped_files_are_the_same(tmp_path: Path, name: str) -> None:
    assert len(import_gias(register(tmp_path, name=name)).rows) == 11


def test_utf_8_with_a_mark_and_a_title_row_above_the_header(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("All establishments\n\n" + HEADER + "\n" + ROWS, "utf-8-sig")
    assert import_gias(path).rows[0].name == "St Zoë’s School"


def test_an_edition_without_some_columns_says_which(tmp_path: Path) -> None:
    rows = list(csv.reader((HEADER + "\n" + ROWS).splitlines()))
    keep = [n for n, h in enumerate(rows[0]) if h not in ("UrbanRural (name)", "PercentageFSM")]
    path = tmp_path / "r.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([[r[n] for n in keep] for r in rows])
    out = import_gias(path)
    assert out.not_found == ["PercentageFSM", "UrbanRural (name)"]
    assert len(out.rows) == 11


def test_column_names_are_found_whatever_their_case_and_blanks(tmp_path: Path) -> None:
    spelt = HEADER.replace("EstablishmentName", "Establishment  Name").replace("LA (name)", "la(NAME)")
    assert len(import_gias(register(tmp_path, spelt + "\n" + ROWS)).rows) == 11


def test_an_unknown_authority_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Did you mean 'Hart'"):
        import_gias(register(tmp_path), ["Hartt"])
    found = import_gias(register(tmp_path), ["hull city council"])  # as it is also called
    assert {r.la for r in found.rows} == {"Hull, City of"}


def test_authorities_are_named_without_regard_to_case(tmp_path: Path) -> None:
    assert [s.urn for s in import_gias(register(tmp_path), ["HULL,  city of"]).rows] == ["900020"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"name,phase\nA,B\n", "column URN"),
        (b"URN,Postcode\n1,X\n", "EstablishmentName"),
        (b"URN\0\n", "NUL byte"),
        (b"PK\x03\x04", "does not unpack"),
        (b"\x1f\x8bnot really", "damaged"),
        ((HEADER + "\n900003,1,Hart,Old,Community school,Closed,,,Primary\n").encode(), "none is"),
    ],
)
def test_what_is_not_a_register_is_said_plainly(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(data)
    with pytest.raises(CaseError, match=says):
        import_gias(path)


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        import_gias(tmp_path / "none.csv")


def test_a_short_row_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    out = import_gias(register(tmp_path, HEADER + "\n900001,1,Hart,A,Community school,Open,,,Primary\n"))
    assert out.rows[0].pupils is None


@pytest.mark.parametrize(
    ("kind", "phase", "low", "high", "expected"),
    [
        ("community school", "Middle Deemed Primary", 5, 12, "middle_primary"),
        ("academy converter", "All-through", 3, 18, "all_through"),
        ("academy converter", "Not applicable", 4, 18, "all_through"),
        ("academy converter", "Not applicable", 11, 16, "secondary"),
        ("academy converter", "Not applicable", 4, 11, "primary"),
        ("academy converter", "Not applicable", 16, 19, "sixteen_plus"),
        ("academy converter", "Not applicable", 2, 5, "nursery"),
        ("academy converter", None, None, None, None),
        ("studio school", "Not applicable", None, None, "secondary"),
    ],
)
def test_phase_of(kind: str, phase: str | None, low: float | None, high: float | None, expected: str | None) -> None:
    assert phase_of(kind, phase, low, high) == expected


def test_types_are_known_however_spelt() -> None:
    assert type_name("Free Schools Special") == "free school special"
    assert type_name("Academy 16-19 converter") == "academy 16 to 19 converter"
    assert type_name("Non-maintained special school") == "non maintained special school"


def test_rural_says_nothing_where_the_register_says_nothing() -> None:
    assert rural("(England/Wales) Urban city and town") is False
    assert rural("Larger rural: Further from a major town or city") is True
    assert rural("(pseudo) Channel Islands") is None
