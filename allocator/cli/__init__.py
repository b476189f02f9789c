"""The command line: `allocator`. Each family of commands is a file; heavy parts load when a command runs."""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point: runs the app and turns our errors into one clear message and an exit code (contract 3)."""
    from allocator.cli.commands import app
    from allocator.errors import AllocatorError

    try:
        app()
    except AllocatorError as error:
        print(f"allocator: {error.text}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("allocator: stopped; nothing was written.", file=sys.stderr)
        sys.exit(7)
    except BrokenPipeError:
        sys.exit(0)
    except OSError as error:
        print(
            f"allocator: {error.filename or 'file'}: {error.strerror}. Check the name and the space left.",
            file=sys.stderr,
        )
        sys.exit(2)
