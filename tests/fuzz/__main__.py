"""Fuzzing by coverage, one reader a run: python -m tests.fuzz NAME SECONDS FOLDER

Prints one line: reader, inputs, crashes, the CPU seconds of the slowest input, the most memory. What crashed is kept in FOLDER with
its traceback, and so is the corpus: inputs that reached what none before them had.
"""

from __future__ import annotations

import hashlib
import json
import resource
import sys
import time
import traceback
from pathlib import Path

import atheris  # type: ignore[import-untyped]  # it ships no types

READ = [
    "allocator.intake",
    "allocator.domain",
    "allocator.report.wording",
    "allocator.service.uploads",
    "allocator.service.account.pair",
    "allocator.store.backup",
    "tomllib",
]
with atheris.instrument_imports(include=READ):
    from tests.fuzz import readers


def main(name: str, seconds: int, folder: Path) -> None:
    reader, seeds = readers.readers()[name]
    corpus = folder / name.replace(" ", "_").replace(",", "")
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        (corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    began, inputs, crashes, slowest, told = time.monotonic(), 0, {}, 0.0, 0.0

    def one(data: bytes) -> None:
        nonlocal inputs, slowest, told
        inputs += 1
        start = time.process_time()
        crash = readers.tried(reader, data)
        took = time.process_time() - start
        if took > slowest:
            slowest = took
            (folder / f"{corpus.name}.slowest").write_bytes(data)
        if crash is not None:
            place = traceback.extract_tb(crash.__traceback__)[-1]
            what = f"{type(crash).__name__} at {Path(place.filename).name}:{place.lineno}"
            if what not in crashes:
                crashes[what] = data
                (folder / f"{corpus.name}.crash{len(crashes)}").write_bytes(data)
                (folder / f"{corpus.name}.crash{len(crashes)}.txt").write_text(
                    "".join(traceback.format_exception(crash))
                )
        if time.monotonic() - told > 5 or (inputs == 1):
            told = time.monotonic()
            line = {
                "reader": name,
                "inputs": inputs,
                "crashes": sorted(crashes),
                "slowest": round(slowest, 3),
                "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                "seconds": round(told - began),
                "cpu": round(time.process_time(), 1),
            }
            (folder / f"{corpus.name}.json").write_text(json.dumps(line))

    atheris.Setup(
        [
            sys.argv[0],
            str(corpus),
            f"-max_total_time={seconds}",
            "-timeout=60",
            "-rss_limit_mb=3000",
            "-max_len=65536",
            "-print_final_stats=0",
            "-verbosity=0",
            "-close_fd_mask=0",
        ],
        one,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
