"""A head's or SIP's button pressed twice is one act. Their forms have no version to go stale, as a manager's have:
the same form of the same person, sent again within moments and with no other between, gets the answer of the first."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from allocator.service.access import asker
from allocator.service.http_problems import HttpProblem

MOMENTS = 10.0  # seconds
Do = Callable[[Request], Awaitable[Response]]


@dataclass
class Presses:
    """What each person pressed last on a page, in the last moments, and what came of it; None where nothing did, and it
    may be tried again."""

    rows: dict[str, tuple[float, str, asyncio.Future[Response | None]]] = field(default_factory=dict)

    async def once(self, where: str, what: str, request: Request, do: Do) -> Response:
        now = time.monotonic()
        self.rows = {k: row for k, row in self.rows.items() if row[0] > now - MOMENTS}
        if where in self.rows and self.rows[where][1] == what:
            first = await asyncio.shield(self.rows[where][2])
            if first is not None:
                return _again(first)
        mine: asyncio.Future[Response | None] = asyncio.get_running_loop().create_future()
        self.rows[where] = now, what, mine
        answer: Response | None = None
        try:
            answer = await do(request)
            return answer
        finally:
            done = answer if answer is not None and answer.status_code == 303 else None
            mine.set_result(done)
            if done is None and where in self.rows and self.rows[where][2] is mine:
                del self.rows[where]


def _again(first: Response) -> Response:
    answer = Response(status_code=first.status_code)
    answer.raw_headers = list(first.raw_headers)
    return answer


PRESSES = Presses()


async def pressed(request: Request, form: FormData, do: Do) -> Response:
    """The page's answer to this form, which is done once however often its button is pressed."""
    try:
        me = await run_in_threadpool(asker, request)
    except HttpProblem:
        return await do(request)  # it says why itself
    if me.role not in ("school", "sip"):
        return await do(request)
    sent = [(k, v) for k, v in form.multi_items() if isinstance(v, str)]
    where = repr((me.asker, request.url.path, request.url.query, id(request.app.state.office.db)))
    return await PRESSES.once(where, hashlib.sha256(repr(sent).encode()).hexdigest(), request, do)
