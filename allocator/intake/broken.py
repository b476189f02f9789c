"""What Python raises for a zip (and so a workbook), for TOML or JSON that cannot be read, whoever reads it: one
list for all readers."""

from __future__ import annotations

import zipfile
import zlib

BROKEN_ZIP = (
    zipfile.BadZipFile,  # not a zip, a table of contents or a checksum that is wrong
    RuntimeError,  # protected by a password
    NotImplementedError,  # compressed in a way that Python does not know
    OSError,
    EOFError,  # cut off
    ValueError,  # a name that is none
    zlib.error,  # packed bytes that are damaged
)
BROKEN_TEXT = (
    ValueError,  # no TOML or JSON, no text, or a number of more digits than Python takes
    RecursionError,  # thousands of brackets
)
