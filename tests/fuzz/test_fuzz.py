"""A slice of the fuzzing: seeds damaged by a few dice, always the same; by coverage where FUZZ_SECONDS (a reader) is given."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz.readers import readers, tried
from tests.sizes import whole_or

NAMES = tuple(readers())
INPUTS = whole_or(400, 40, 12)  # a reader
ODD = (
    b"\0",
    b"\xff\xfe",
    "\u2028".encode(),
    "\u202e".encode(),
    b"=1+1",
    b"'",
    b'"',
    b"\n",
    b";",
    b"{{",
    b"[" * 2000,
    b"9" * 5000,
    b"1e999999999",
    b"-0",
    b"nan",
    b"<",
    b"&lol;",
    b"../",
    b"\r\n\r\n",
    b"true",
    b"null",
    b"31/02/2026",
    b"0000-00-00",
    b"9999-12-31",
)
SECONDS = int(os.environ.get("FUZZ_SECONDS") or 0)


def damaged(seed: bytes, dice: random.Random) -> bytes:
    """A byte here and there, a piece gone, twice or elsewhere, something odd put in."""
    data = bytearray(seed)
    for _ in range(dice.randint(1, 4)):
        at, to = sorted(dice.randrange(len(data) + 1) for _ in range(2))
        match dice.randrange(5):
            case 0 if data:
                data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
            case 1:
                data[at:at] = dice.choice(ODD)
            case 2:
                del data[at : min(to, at + 40)]
            case 3:
                data[at:at] = data[at : min(to, at + 200)]
            case _:
                data[at : at + 1] = dice.choice(ODD)
    return bytes(data)


def inputs(name: str) -> Iterator[bytes]:
    dice = random.Random(name)
    _, seeds = readers()[name]
    yield from seeds
    yield from (
        b"",
        b"\0",
        b"[" * 20_000,
        b"a = " + b"[" * 20_000,
        b'{"a":' * 20_000,
        b"9" * 5000,
        b'{"format": ' + b"9" * 5000 + b"}",
        b"a = " + b"9" * 5000,
    )
    for n in range(INPUTS // 4 if name.endswith(".xls") else INPUTS):  # each of those is a process
        yield damaged(seeds[n % len(seeds)], dice)


@pytest.mark.parametrize("name", NAMES)
def test_what_nobody_would_write_is_refused_in_words(name: str, tmp_path: Path) -> None:
    for n, data in enumerate(inputs(name)):
        crash = tried(readers()[name][0], data)
        if crash is not None:
            (tmp_path / "crash").write_bytes(data)
            raise AssertionError(f"input {n} of {name} ({tmp_path / 'crash'}): {crash!r}") from crash


@pytest.mark.skipif(not SECONDS, reason="hours by themselves: FUZZ_SECONDS=180 make test-long")
@pytest.mark.parametrize("name", NAMES)
def test_by_coverage_nothing_crashes(name: str, tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="it has no wheel for this Python or machine")
    subprocess.run([sys.executable, "-m", "tests.fuzz", name, str(SECONDS), str(tmp_path)], check=True)
    (told,) = tmp_path.glob("*.json")
    found = json.loads(told.read_text())
    print(found)
    assert found["crashes"] == []
    assert found["inputs"] > SECONDS
    assert found["slowest"] < 10
    assert found["mb"] < 2000
