"""How much one person, one address or everybody may ask at once. Kept in memory: each server process counts its own."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from fastapi import Request

from allocator.service.http_problems import HttpProblem

MOST_KEYS = 10_000  # callers remembered before those of the last minute are kept only
LINES = 20  # lines of one kind that one caller makes in the log in a minute; more are counted


def whence(request: Request) -> str:
    """Where a request came from, as limits count it. Of IPv6 one line has a network of addresses to itself (/64)."""
    host = request.client.host if request.client else ""
    try:
        known = ipaddress.ip_address(host)
    except ValueError:
        return host
    alone = isinstance(known, ipaddress.IPv4Address) or known.ipv4_mapped
    return host if alone else str(ipaddress.ip_network((known, 64), strict=False))


@dataclass
class Limiter:
    """At most so many in a minute, for each key."""

    seen: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def room(self, key: str, most: int) -> float:
        """Counts one more and answers 0, or answers the seconds to wait and counts nothing."""
        now = time.monotonic()
        with self.lock:
            if len(self.seen) > MOST_KEYS:
                self.seen = defaultdict(deque, {k: v for k, v in self.seen.items() if v and v[-1] > now - 60})
            times = self.seen[key]
            while times and times[0] < now - 60:
                times.popleft()
            if len(times) >= most:
                return 60 - (now - times[0])
            times.append(now)
            return 0

    def count(self, key: str, most: int) -> None:
        """Raises HttpProblem `too_many` with the seconds to wait."""
        if left := self.room(key, most):
            wait = str(int(left) + 1)
            raise HttpProblem("too_many", f"At most {most} in a minute. Try again in {wait} s.", {"Retry-After": wait})


@dataclass
class AtOnce:
    """At most so many at the same time: `each` for one key, `whole` for everybody."""

    each: int
    whole: int
    what: str  # as a person would say it, in the plural
    now: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, key: str) -> None:
        """Raises HttpProblem `too_many`. What was taken is given back by `free`."""
        with self.lock:
            if self.now[key] >= self.each or self.now.total() >= self.whole:
                told = (
                    f"{self.now[key]} {self.what} of yours are open"
                    if self.now[key] >= self.each
                    else "Others are asking"
                )
                raise HttpProblem("too_many", f"{told}, the most at once. Try again in a moment.", {"Retry-After": "2"})
            self.now[key] += 1

    def free(self, key: str) -> None:
        with self.lock:
            self.now[key] -= 1
            if self.now[key] <= 0:
                del self.now[key]

    @contextmanager
    def one(self, key: str) -> Iterator[None]:
        """While it is worked on. Raises HttpProblem `too_many`."""
        self.take(key)
        try:
            yield
        finally:
            self.free(key)


@dataclass
class Folded:
    """Lines that one caller could make without end: the first of each minute are written, the rest counted, and
    told with the next that is."""

    limiter: Limiter = field(default_factory=Limiter)
    left_out: Counter[str] = field(default_factory=Counter)

    def line(self, key: str) -> str | None:
        """What to add to the line: how many were left out since the last. None: leave it out."""
        if self.limiter.room(key, LINES):
            self.left_out[key] += 1
            return None
        more = self.left_out.pop(key, 0)
        return f"and {more} more like it" if more else ""
