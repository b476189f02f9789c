"""`allocator ARGS` from its entry point, in this process: a new one takes a second to start and shows nothing more."""

from __future__ import annotations

import contextlib
import io
import sys
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from allocator.cli import main


@dataclass
class Done:
    """What `subprocess.run` would have told."""

    returncode: int
    stdout: str
    stderr: str


def run(*args: str | Path) -> Done:
    """Runs the command; an exception that a user would see as a traceback comes out as it is."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    code = 0
    with (
        mock.patch.object(sys, "argv", ["allocator", *map(str, args)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    return Done(code, *(s.buffer.getvalue().decode("utf-8") for s in (out, err)))
