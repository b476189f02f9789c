"""Workbooks of Excel 97 to 2003 (.xls), tried in a process of their own before they are opened.

What such a file says of its own size is believed by its reader: a few damaged bytes ask for gigabytes, and the
process that asks is gone, with no error that could be caught. Here that is a child, and the file is refused in words.
"""

from __future__ import annotations

import io
import resource
import subprocess
import sys

from allocator.errors import CaseError

SECONDS = 60
MEMORY = 2**30  # bytes of address space; the largest sheet that such a file can hold takes half of it
MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
TOLD = 0  # it was read, or its reader said what is wrong, and will again


def tried(data: bytes, name: str) -> None:
    """Raises CaseError where reading it would end the process, or come to no end."""
    if data[:8] != MAGIC:
        return
    command = [sys.executable, "-P", "-m", __name__]  # -P: nothing is taken from the folder where we happen to be
    try:
        ended = subprocess.run(command, input=data, capture_output=True, timeout=2 * SECONDS).returncode
    except subprocess.TimeoutExpired:
        ended = None
    if ended != TOLD:
        raise CaseError(f"{name} is damaged: reading it comes to no end. Save it again, as .xlsx.")


def main() -> None:
    """Read what comes on standard input, and end well if that has an end."""
    from python_calamine import CalamineError, CalamineWorkbook

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
        for title in book.sheet_names:
            book.get_sheet_by_name(title).to_python(skip_empty_area=False)
    except (CalamineError, OSError, ValueError):
        sys.exit(TOLD)


if __name__ == "__main__":
    main()
