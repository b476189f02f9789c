"""Ctrl-C ends the search, not the command: the best plan so far is finished, audited and written.

While the solver works outside Python no Python handler runs, and its own would leave the signal without any; so
the signal is read from a pipe by a thread that sets the event which every search watches.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets; a second one gives up (KeyboardInterrupt, exit 7)."""
    event, (read, write) = threading.Event(), os.pipe()
    os.set_blocking(write, False)

    def watch() -> None:
        while os.read(read, 1):
            if not event.is_set():
                print("\nallocator: stopping with the best plan so far; Ctrl-C again gives up.", file=sys.stderr)
            event.set()

    pressed = 0

    def press(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        pressed += 1
        if pressed > 1:
            raise KeyboardInterrupt

    thread = threading.Thread(target=watch, daemon=True)
    before, fd = signal.signal(signal.SIGINT, press), signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    thread.start()
    try:
        yield event
    finally:
        signal.set_wakeup_fd(fd)
        signal.signal(signal.SIGINT, before)
        os.close(write)
        thread.join()
        os.close(read)
