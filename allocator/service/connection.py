"""A connection that must say what it wants within some seconds: half-sent requests hold nobody else up."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 10.0
MOST_WAITING = 256  # connections that have not yet said what they want; the oldest gives way to a new one


class Connection(H11Protocol):
    """uvicorn's own, closed when the head of a request has not come whole in time."""

    waiting: ClassVar[dict[Connection, None]] = {}  # oldest first
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            self._await_head()
        elif self.conn.their_state is not h11.IDLE:
            self._head_came()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        if self._late is None:
            while len(self.waiting) >= MOST_WAITING:
                next(iter(self.waiting))._close()
            self.waiting[self] = None
            self._late = self.loop.call_later(HEADER_SECONDS, self._close)

    def _head_came(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
        self.waiting.pop(self, None)

    def _close(self) -> None:
        self._head_came()
        self.transport.abort()
