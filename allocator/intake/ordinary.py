"""Whether a path can be read as a file: a pipe that nobody writes to, or a device without an end, would never be
done."""

from __future__ import annotations

import os
import stat
from pathlib import Path

MOST = 512 * 1024 * 1024  # bytes of one file


def unreadable(path: Path) -> str | None:
    """Why this is not read as a file, as a sentence; None where it can be, or where nothing is there."""
    try:
        found = os.stat(path)
    except OSError:
        return None  # told by who opens it
    if not stat.S_ISREG(found.st_mode):
        kinds = {stat.S_IFIFO: "a pipe", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device", stat.S_IFSOCK: "a socket"}
        return (
            f"{path} is {kinds.get(stat.S_IFMT(found.st_mode), 'a folder')}, not a file. Save what it gives as "
            "a file first."
        )
    if found.st_size > MOST:
        return f"{path} has {found.st_size // 2**20:,} MiB; the most that is read is {MOST // 2**20} MiB."
    return None
