"""Reading what came from outside, in a process of its own with an end: so much time, so much memory, then it is
given up.

Small files are read here: what they can ask for is bounded by their size, which is measured before anything is
made of it.
"""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import resource
import threading
import zipfile
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from allocator.intake.old_book import MAGIC
from allocator.service.http_problems import HttpProblem

T = TypeVar("T")
SMALL = (
    64 * 2**10
)  # bytes, unpacked, up to which a file is read in the server itself: some two seconds of work at worst
LAID_OUT = 2**29  # bytes that the largest sheet of an old workbook (.xls) takes
SECONDS = 60
MEMORY = 2 * 2**30  # bytes of address space
AT_ONCE = threading.BoundedSemaphore(4)  # files read at the same time, whoever gave them: each may take all of MEMORY
WAIT = 20.0  # seconds for the turn of the next
processes = multiprocessing.get_context("forkserver")
# read once for all: each process would spend a second on it, and on a file a tenth
WARM = ["allocator.service.uploads"]
processes.set_forkserver_preload(WARM)


def unpacked(body: bytes) -> int:
    """How many bytes a file says that it unpacks to; its own where it is not packed. An old workbook lays its sheets
    out to the last cell, however few bytes it has."""
    if body[:8] == MAGIC:
        return max(len(body), LAID_OUT)
    if body[:2] != b"PK":
        return len(body)
    with contextlib.suppress(zipfile.BadZipFile, OSError, ValueError), zipfile.ZipFile(io.BytesIO(body)) as archive:
        return sum(info.file_size for info in archive.infolist())
    return len(body)


def read(body: bytes, reader: Callable[..., T], *args: Any, small: int = SMALL) -> T:
    """`reader(body, *args)`, within limits where the body unpacks to more than `small`. Raises what it raises, and
    HttpProblem: `too_large` where it came to no end, `too_many` where no turn was to be had."""
    if unpacked(body) <= small:
        return reader(body, *args)
    if not AT_ONCE.acquire(timeout=WAIT):
        told = "Others' files are being read. Try again in a minute."
        raise HttpProblem("too_many", told, {"Retry-After": "60"})
    try:
        return _apart(body, reader, *args)
    finally:
        AT_ONCE.release()


def _apart(body: bytes, reader: Callable[..., T], *args: Any) -> T:
    here, there = processes.Pipe(duplex=False)
    child = processes.Process(target=_work, args=(there, reader, body, *args), daemon=True)
    child.start()
    there.close()
    try:
        if not here.poll(SECONDS):
            raise _too_much(f"It takes more than {SECONDS} s to read")
        found: T | HttpProblem | RuntimeError = here.recv()
    except EOFError:
        raise _too_much("It takes too much memory to read") from None
    finally:
        child.kill()
        child.join()
        here.close()
    if isinstance(found, HttpProblem | RuntimeError):
        raise found
    return found


def _too_much(what: str) -> HttpProblem:
    return HttpProblem("too_large", f"{what}. Give the tables of this round only, or save them as a zip of CSV files.")


def _work(there: Connection, reader: Callable[..., Any], body: bytes, *args: Any) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        found: Any = reader(body, *args)
    except MemoryError:
        return  # the pipe ends
    except HttpProblem as refusal:
        found = refusal
    except Exception as error:
        found = RuntimeError(f"{type(error).__name__} while reading what was given")
    there.send(found)
