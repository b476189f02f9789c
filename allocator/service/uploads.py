"""A case from a request's body: a workbook, a zip of CSV tables, or JSON; read as the command line reads files."""

from __future__ import annotations

import hashlib
import io
import pickle
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

from allocator.domain.case import Case
from allocator.domain.policy import Policy
from allocator.intake.broken import BROKEN_TEXT, BROKEN_ZIP, Twice, json_of
from allocator.intake.own_words import OwnWords
from allocator.intake.read import Reading, read_case, read_document
from allocator.service import bounded
from allocator.service.cache import AnswerCache
from allocator.service.http_problems import HttpProblem

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ZIP = "application/zip"
JSON = "application/json"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
XLS = "application/vnd.ms-excel"
ENDINGS = {XLSX: ".xlsx", ODS: ".ods", XLS: ".xls"}
MOST_UNPACKED = 100 * 2**20
_read: AnswerCache[Reading] = AnswerCache(4)


def sniffed(body: bytes) -> str:
    """The media type of a file that a browser sent, told by what is in it. Raises HttpProblem `unknown_media`."""
    if body[:1] == b"{" or body.lstrip()[:1] == b"{" or body[:4] == b"\xef\xbb\xbf{":
        return JSON
    if body[:2] == b"PK":
        try:
            with zipfile.ZipFile(io.BytesIO(body)) as archive:
                names = archive.namelist()
                return XLSX if "xl/workbook.xml" in names else ODS if "content.xml" in names else ZIP
        except BROKEN_ZIP:
            return XLSX  # damaged; reading it says so
    if body[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return XLS
    raise HttpProblem(
        "unknown_media",
        "This is not a file we read. Give a workbook (.xlsx, .ods or .xls, without a password), a zip of CSV "
        "tables, or JSON.",
    )


def read_upload(
    body: bytes,
    media: str,
    year: str | None,
    policy: Policy | None,
    words: OwnWords | None = None,
    before: Case | None = None,
) -> Reading:
    """As `read_here`, within bounds of time and memory (`bounded`); read once, and kept while there is room."""
    asked = hashlib.sha256(pickle.dumps((media, year, policy, words, before))).digest()
    key = hashlib.sha256(hashlib.sha256(body).digest() + asked).digest()
    return _read.get(key, lambda: bounded.read(body, read_here, media, year, policy, words, before))


def read_here(
    body: bytes,
    media: str,
    year: str | None,
    policy: Policy | None,
    words: OwnWords | None = None,
    before: Case | None = None,
) -> Reading:
    """The reading, with every problem. `words` and `before` as in `read_case`. Raises HttpProblem `unknown_media`
    or `bad_request`."""
    kind = media.split(";")[0].strip().lower()
    if kind == JSON:
        try:
            data = json_of(body)
        except Twice as error:
            raise HttpProblem("bad_request", f"The body is not readable as JSON: {error}.") from None
        except BROKEN_TEXT:
            raise HttpProblem("bad_request", "The body is not JSON.") from None
        if not isinstance(data, dict):
            raise HttpProblem("bad_request", "The body is not a JSON object of tables.")
        return read_document(data, year=year, policy=policy, words=words, before=before)
    with tempfile.TemporaryDirectory() as folder:
        if kind in ENDINGS:
            path = Path(folder) / f"case{ENDINGS[kind]}"
            path.write_bytes(body)
            _small_enough(path)
            return read_case(path, year=year, policy=policy, words=words, before=before)
        if kind == ZIP:
            _unpack(body, Path(folder))
            return read_case(Path(folder), year=year, policy=policy, words=words, before=before)
    raise HttpProblem("unknown_media", f"Send the case as {XLSX}, {ZIP} or {JSON}.")


def _small_enough(path: Path) -> None:
    """A workbook is a zip, too: refused before its sheets are unpacked. One that is not is told of by its reader."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(info.file_size for info in archive.infolist())
    except BROKEN_ZIP:
        return
    if size > MOST_UNPACKED:
        raise HttpProblem("too_large", "The workbook unpacks to more than 100 MB.")


def _unpack(body: bytes, folder: Path) -> None:
    """The tables of a zip, by their last name: folders inside it do not matter, other files are left out."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            if sum(info.file_size for info in archive.infolist()) > MOST_UNPACKED:
                raise HttpProblem("too_large", "The zip unpacks to more than 100 MB.")
            for info in archive.infolist():
                name = PurePosixPath(info.filename).name
                if name.endswith(".csv") or name == "policy.toml":
                    (folder / name).write_bytes(archive.read(info))
    except BROKEN_ZIP:
        raise HttpProblem("bad_request", "The body is not a zip file that can be read.") from None
