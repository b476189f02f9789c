"""What is fuzzed: each reader as a function of bytes, with invented seeds. It may refuse in words and nothing else."""

from __future__ import annotations

import gzip
import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from allocator.domain import canon
from allocator.domain.plan import Plan, plan_text
from allocator.domain.policy import Policy
from allocator.errors import AllocatorError
from allocator.intake.changes import read_changes
from allocator.intake.gias import import_gias
from allocator.intake.links import link_successions
from allocator.intake.mapping import read_mapping
from allocator.intake.ofsted import merge_ofsted
from allocator.intake.plan_file import read_plan
from allocator.intake.policy import policy_from
from allocator.intake.read import read_case, read_policy
from allocator.intake.refresh import KeptTable
from allocator.intake.source import Raw, RawTable, read_raw
from allocator.reasons.answer import solve
from allocator.report.wording import KINDS, problems
from allocator.service import uploads
from allocator.service.account.pair import verify
from allocator.service.http_problems import HttpProblem
from allocator.store import migrate
from allocator.store.backup import backup
from allocator.store.backup import read as read_backup
from allocator.store.database import Database
from tests.intake import own_books
from tests.intake.test_national import ods_of
from tests.make import case, led, school, sip
from tests.service.test_bounded import packed, workbook

Reader = Callable[[bytes], Any]
SCHOOLS = "urn,name,phase,la,easting,northing,pupils,head_started,oeif_date,focus\n900001,Ash Primary,primary,Hart,400000,300000,210,2024-09-01,12/03/2023,maths; reading\n"
SIPS = "sip,name,kind,phases,days,joined_on\na,Amira,consultant,primary,9,2024-09-01\n"
GIAS = (
    "URN,LA (code),LA (name),EstablishmentName,TypeOfEstablishment (name),EstablishmentStatus (name),PhaseOfEducation (name),"
    "StatutoryLowAge,StatutoryHighAge,NumberOfPupils,Easting,Northing,OpenDate,CloseDate\n"
    "900001,301,Hart,Ash Primary,Community school,Open,Primary,5,11,210,400000,300000,01-09-1999,\n"
)
OFSTED = "URN,School name,Overall effectiveness,Inspection end date,Category of concern\n900001,Ash,2,12/03/2023,SM\n"
LINKS = "URN,LinkURN,LinkName,LinkType,LinkEstablishedDate\n900001,900000,Old Ash,Predecessor,01-09-2023\n"
POLICY = '[tenure]\nlimit = 5\n\n[weights]\n"continuity" = 3\n\n[eligibility]\nserving_head_all_of = ["headship_years >= 5"]\n'
MAPPING = '[sheets]\n"Our schools" = "schools"\n\n[columns.schools]\n"School no" = "urn"\n'
CHANGES = '[[change]]\nsip_leaves = {sip = "a", on = 2026-12-31}\n\n[[change]]\ndays = {sip = "a", days = 7.5}\n'
WORDING = "{{ school }}: your partner\n\n{{ sip }} will be your partner from {{ from }}. {{ why }}\n"


@cache
def facts() -> Any:
    return case([school("1"), school("2")], [sip("A")], history=led("1", "A", "2025/26"))


@cache
def plan() -> str:
    return plan_text(solve(facts(), Policy()))


@cache
def pack() -> bytes:
    """The pack of a pair, made by hand of a plan and its events: no service is needed to read one."""
    files = {
        "claim.json": b'{"urn": "1", "post": "lead", "sip": "A", "told": "x"}',
        "events.json": b"[]",
        "plans/1.json": plan().encode(),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("manifest.json", json.dumps({"format": "allocator.pair/1", "sha256": {}}))
        for name, data in files.items():
            z.writestr(name, data)
    return out.getvalue()


@cache
def kept_rows() -> bytes:
    """The lines of a backup of an empty store."""
    with tempfile.TemporaryDirectory() as folder:
        db = Database(f"sqlite:///{folder}/s.db")
        migrate.upgrade(db)
        backup(db, Path(folder) / "b.gz")
        db.close()
        return gzip.decompress((Path(folder) / "b.gz").read_bytes())


def on_file(suffix: str, reader: Callable[[Path], Any]) -> Reader:
    """The reader of a path, as one of bytes."""

    def read(data: bytes) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"given{suffix}"
            path.write_bytes(data)
            return reader(path)

    return read


def upload(media: str) -> Reader:
    return lambda data: uploads.read_here(data, media, None, None)


def within(whole: bytes, member: str, reader: Reader) -> Reader:
    """The reader of a zip, given one member's bytes: what is damaged is then not the zip."""
    with zipfile.ZipFile(io.BytesIO(whole)) as z:
        parts = {n: z.read(n) for n in z.namelist()}

    def read(data: bytes) -> Any:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as z:
            for n, was in parts.items():
                z.writestr(n, data if n == member else was)
        return reader(out.getvalue())

    return read


def member(whole: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(whole)) as z:
        return z.read(name)


def table(data: bytes) -> Any:
    """A table of schools beside a good one of SIPs."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "schools.csv").write_bytes(data)
        (Path(folder) / "sips.csv").write_text(SIPS)
        return read_case(folder)


def kept() -> KeptTable:
    header, row = SCHOOLS.splitlines()
    return KeptTable(RawTable("schools", header=header.split(","), rows=[(2, row.split(","))]))


def linked(path: Path) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "schools.csv").write_text(SCHOOLS)
        (Path(folder) / "sips.csv").write_text(SIPS)
        return link_successions(path, read_raw(Path(folder)))


def cell(data: bytes) -> Any:
    """A value of a sheet of settings."""
    return policy_from({"need.requires": data.decode("utf-8", "replace"), "tenure.limit": "5"}, Raw())


def worded(data: bytes) -> Any:
    return [problems(kind, data.decode("utf-8", "replace")) for kind in KINDS]


@cache
def readers() -> dict[str, tuple[Reader, tuple[bytes, ...]]]:
    """Name -> (reader, seeds)."""
    zipped, book = packed(schools_csv=SCHOOLS, sips_csv=SIPS, policy_toml=POLICY), workbook()
    sheet, rows = "xl/worksheets/sheet1.xml", [SCHOOLS.splitlines()[n].split(",") for n in (0, 1)]
    old = own_books.xls({"schools": rows, "sips": [x.split(",") for x in SIPS.splitlines()]})
    ods, document = ods_of(GIAS), json.dumps(canon.case_out(facts()), default=str).encode()
    return {
        "case, CSV": (table, (SCHOOLS.encode(),)),
        "case, zip": (upload(uploads.ZIP), (zipped,)),
        "case, JSON": (upload(uploads.JSON), (document,)),
        "workbook, .xlsx": (upload(uploads.XLSX), (book,)),
        "workbook, .xlsx, a sheet": (within(book, sheet, upload(uploads.XLSX)), (member(book, sheet),)),
        "workbook, .ods": (upload(uploads.ODS), (ods,)),
        "workbook, .ods, its content": (within(ods, "content.xml", upload(uploads.ODS)), (member(ods, "content.xml"),)),
        "workbook, .xls": (upload(uploads.XLS), (old,)),
        "policy": (on_file(".toml", read_policy), (POLICY.encode(),)),
        "policy, a cell": (cell, (b"{'top': ['special_measures', 3]}", b"[1, 2]", b"5")),
        "mapping": (on_file(".toml", read_mapping), (MAPPING.encode(),)),
        "changes": (on_file(".toml", read_changes), (CHANGES.encode(),)),
        "plan": (on_file(".json", lambda p: read_plan(p, Plan)), (plan().encode(),)),
        "pack of a pair": (verify, (pack(),)),
        "pack of a pair, its plan": (within(pack(), "plans/1.json", verify), (plan().encode(),)),
        "register": (on_file(".csv", import_gias), (GIAS.encode(),)),
        "inspections": (on_file(".csv", lambda p: merge_ofsted(p, kept())), (OFSTED.encode(),)),
        "links": (on_file(".csv", linked), (LINKS.encode(),)),
        "wording": (worded, (WORDING.encode(),)),
        "backup": (on_file(".gz", read_backup), (gzip.compress(kept_rows()),)),
        "backup, its rows": (lambda data: on_file(".gz", read_backup)(gzip.compress(data, 1)), (kept_rows(),)),
    }


def tried(reader: Reader, data: bytes) -> BaseException | None:
    """What came out of it that is no refusal in words; None where all is well."""
    try:
        reader(data)
    except (AllocatorError, HttpProblem) as told:
        return None if str(told.text if isinstance(told, AllocatorError) else told.detail).strip() else told
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as crash:  # a panic in what is written in Rust is no Exception
        return crash
    return None
