"""Files that ask for more than there is: refused by what they say of themselves, or given up after a while."""

from __future__ import annotations

import io
import json
import multiprocessing
import threading
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.comments import Comment

from allocator.service import bounded, uploads
from allocator.service.http_problems import HttpProblem
from tests import servers
from tests.service.office import open_office
from tests.sizes import long

SIPS = "sip,name,kind,phases,days\na,A,consultant,primary,9\n"


def packed(**files: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, text in files.items():
            z.writestr(name.replace("_", "."), text)
    return out.getvalue()


def workbook(*, far: str = "", after: str = "") -> bytes:
    """A small case; `far`: a cell far out, `after`: what the sheet's own XML holds after its cells."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "schools"
    for row in (["urn", "name", "phase"], ["1", "A", "primary"]):
        sheet.append(row)
    if far:
        sheet[far] = "x"
    out = io.BytesIO()
    book.save(out)
    with zipfile.ZipFile(out) as z:
        parts = {n: z.read(n) for n in z.namelist()}
    name = "xl/worksheets/sheet1.xml"
    parts[name] = parts[name].replace(b"</sheetData>", b"</sheetData>" + after.encode())
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for n, data in parts.items():
            z.writestr(n, data)
    return out.getvalue()


def noted(ref: str) -> bytes:
    """A small case with a note, which stands there."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "schools"
    for row in (["urn", "name", "phase"], ["1", "A", "primary"]):
        sheet.append(row)
    sheet["A1"].comment = Comment("x", "y")
    whole, out = io.BytesIO(), io.BytesIO()
    book.save(whole)
    with zipfile.ZipFile(whole) as z, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for n in z.namelist():
            part = z.read(n)
            new.writestr(n, part.replace(b'ref="A1"', f'ref="{ref}"'.encode()) if "comments" in n else part)
    return out.getvalue()


BOMBS: dict[str, Callable[[], bytes]] = {  # not made in each process that reads the tests
    "far out": lambda: workbook(far="XFD600"),
    "farthest out": lambda: workbook(far="XFD1048576"),
    "merged": lambda: workbook(after='<mergeCells count="1"><mergeCell ref="A2:XFD1048576"/></mergeCells>'),
    "a note far out": lambda: noted("XFD1048576"),
    "linked": lambda: workbook(after='<hyperlinks><hyperlink ref="A2:XFD1048576" location="a!A1"/></hyperlinks>'),
    "rows": lambda: packed(schools_csv="urn,name,phase\n" + "x\n" * 2_000_000, sips_csv=SIPS),
    "good rows": lambda: packed(
        schools_csv="urn,name,phase\n" + "".join(f"{n},S,primary\n" for n in range(130_000)), sips_csv=SIPS
    ),
    "columns": lambda: packed(schools_csv="urn,name,phase" + ",c" * 50_000 + "\n1,A,primary\n", sips_csv=SIPS),
    "a wide row": lambda: packed(schools_csv="urn,name,phase\n1,A,primary" + ",c" * 50_000 + "\n", sips_csv=SIPS),
    "keys": lambda: json.dumps({"schools": [{"urn": "1", **{f"k{n}": 1 for n in range(50_000)}}]}).encode(),
    "keys of many": lambda: json.dumps({"schools": [{f"k{n}": 1} for n in range(5_000)]}).encode(),
    "objects": lambda: b'{"schools":[' + b"{}," * 200_000 + b"{}]}",
}


@long(
    but=(
        "columns",
        "a wide row",
        "objects",
        "far out",
        "farthest out",
        "merged",
        "a note far out",
        "linked",
        "keys",
        "keys of many",
    )
)
@pytest.mark.parametrize("name", BOMBS)
def test_what_asks_for_too_much_is_refused_at_once(name: str) -> None:
    body, began = BOMBS[name](), time.process_time()
    found = uploads.read_here(body, uploads.sniffed(body), "2026/27", None)
    assert time.process_time() - began < 3
    assert found.case is None
    (told,) = [p.text for p in found.problems if "limit" in p.text]
    assert len(told) < 300


def test_a_file_that_is_read_and_cannot_be_marked_is_told(tmp_path: Path) -> None:
    """Whoever writes in a workbook reads more of it."""
    desk, site = open_office(tmp_path), "http://testserver/rounds/r/data"
    me = desk.headers("manager")
    given = {"file": ("case.xlsx", noted("nonsense"), uploads.XLSX)}
    assert desk.client.post(site, data={"year": "2026/27"}, files=given, headers=me).status_code in (200, 303)
    answer = desk.client.get(f"{site}/marked", headers=me)
    assert answer.status_code == 409, answer.text
    assert "can be read but not written in" in answer.text


def test_deep_policy_and_json_are_told() -> None:
    deep = packed(schools_csv="urn,name,phase\n1,A,primary\n", sips_csv=SIPS, policy_toml="a=" + "[" * 100_000)
    found = uploads.read_here(deep, uploads.ZIP, "2026/27", None)
    assert "not_toml" in [p.code for p in found.problems]
    with pytest.raises(HttpProblem, match="not JSON"):
        uploads.read_here(b'{"a":' + b"[" * 1_000_000, uploads.JSON, None, None)


def slow(_: bytes) -> None:
    time.sleep(3600)


def greedy(_: bytes) -> int:
    return len([bytearray(64 * 2**20) for _ in range(100)])


def broken(_: bytes) -> None:
    raise ZeroDivisionError


def refusing(_: bytes) -> None:
    raise HttpProblem("bad_request", "The body is not a zip file.", more="x")


@long()
def test_reading_has_an_end_in_time_and_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "SECONDS", 1)
    large, before = bytes(bounded.SMALL + 1), set(multiprocessing.active_children())  # other tests have servers
    with pytest.raises(HttpProblem, match="more than 1 s"):
        bounded.read(large, slow)  # which by itself would take an hour
    assert set(multiprocessing.active_children()) <= before
    monkeypatch.setattr(bounded, "SECONDS", 30)
    with pytest.raises(HttpProblem, match="memory"):
        bounded.read(large, greedy)
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        bounded.read(large, broken)
    with pytest.raises(HttpProblem, match="not a zip") as told:
        bounded.read(large, refusing)
    assert (told.value.code, told.value.more) == ("bad_request", {"more": "x"})
    assert bounded.read(large, len) == len(large)


def test_few_files_are_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty uploads a minute of one person would each take two gigabytes, all at the same time."""
    monkeypatch.setattr(bounded, "SECONDS", 2)
    monkeypatch.setattr(bounded, "WAIT", 0.1)
    monkeypatch.setattr(bounded, "AT_ONCE", threading.BoundedSemaphore(1))
    large = bytes(bounded.SMALL + 1)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(bounded.read, large, slow)
        while bounded.AT_ONCE._value:
            time.sleep(0.01)
        with pytest.raises(HttpProblem) as told:
            bounded.read(large, len)
        assert told.value.code == "too_many"
        with pytest.raises(HttpProblem, match="more than 2 s"):
            first.result()
    assert bounded.read(large, len) == len(large)


@pytest.mark.parametrize("module", [*bounded.WARM, "allocator.service.run", "allocator.jobs.worker"])
def test_a_process_begun_to_read_and_one_that_serves_have_read_the_program(module: str) -> None:
    """Or each would read it anew: the service's for each file, the tests' for each server."""
    assert servers.forks is multiprocessing.get_context("forkserver") is bounded.processes
    asked = f"{module!r} in __import__('sys').modules".encode()
    assert bounded.read(asked.ljust(bounded.SMALL + 1), eval)


def test_a_file_is_read_once_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    body, calls, here = packed(schools_csv="urn,name,phase\n1,Once,primary\n", sips_csv=SIPS), [0], uploads.read_here

    def counted(*args: Any) -> Any:
        calls[0] += 1
        return here(*args)

    monkeypatch.setattr(uploads, "read_here", counted)
    readings = [uploads.read_upload(body, uploads.ZIP, "2026/27", None) for _ in range(3)]
    assert calls == [1]
    assert readings[0] is readings[2]
    uploads.read_upload(body, uploads.ZIP, "2027/28", None)
    assert calls == [2]
