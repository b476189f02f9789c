"""The command line: `allocator`. Each family of commands is a file; heavy parts load when a command runs.

Commands read, call and print; `--json` is the machine's form. What a command works out, Python and the service can
work out too.
"""

from __future__ import annotations

import gc
import io
import os
import sys
from typing import Any

SELDOM = (
    50_000  # new objects after which rings of them are looked for: plans are trees, and 700 is a tenth of a command
)


class Unread(io.FileIO):
    """Standard output that outlives its reader (`| head`): what nobody reads is dropped, and the files asked for
    are written."""

    def write(self, text: Any) -> int:
        try:
            return super().write(text)
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            return len(text)


def main() -> None:
    """Entry point: runs the app and turns our errors into one clear message and an exit code (contract 3)."""
    gc.set_threshold(SELDOM, *gc.get_threshold()[1:])
    if sys.stdout is sys.__stdout__ and sys.stdout is not None and not sys.stdout.isatty():
        pipe = io.BufferedWriter(Unread(sys.stdout.fileno(), "w", closefd=False))
        sys.stdout = io.TextIOWrapper(pipe, sys.stdout.encoding, sys.stdout.errors)
    try:
        from allocator.cli.commands import app
        from allocator.domain.characters import visible
        from allocator.errors import AllocatorError
    except KeyboardInterrupt:
        sys.exit(_stopped())
    try:
        app()
    except AllocatorError as error:
        print(f"allocator: {visible(error.text)}", file=sys.stderr)
        sys.exit(error.exit_code)
    except SystemExit as ended:
        if ended.code == 130:  # as the library ends on Ctrl-C
            sys.exit(_stopped())
        raise
    except KeyboardInterrupt:
        sys.exit(_stopped())
    except BrokenPipeError:
        sys.exit(0)
    except OSError as error:
        print(
            f"allocator: {error.filename or 'file'}: {error.strerror}. Check the name and the space left.",
            file=sys.stderr,
        )
        sys.exit(2)


def _stopped() -> int:
    print("allocator: stopped; nothing was written.", file=sys.stderr)
    return 7
