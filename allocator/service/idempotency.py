"""A POST with an Idempotency-Key is done once; asked again, it gets the same answer again.

The key is written down before the request is done, with the server that does it, and marked *done* in the very
transaction that does it. So a server that dies in between leaves either nothing done, and the request may be made
again as soon as it is known to be dead, or a mark, and it is not. One that was only slow finds its key taken, and
does nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Coroutine
from typing import Any

import sqlalchemy as sa
from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from allocator.service.access import Office, asker, office_of
from allocator.service.http_problems import HttpProblem
from allocator.service.json_route import JsonRoute, as_json
from allocator.service.work import Later, answered, sent
from allocator.store import keep
from allocator.store.database import Overtaken, with_this
from allocator.store.tables import Job, Once

TAKEN_OVER = "Another server has taken this request over, and does it."
SECRET = "token"  # shown once and kept nowhere, so such an answer is given again without it
KEPT = ("content-type", "location", "etag")  # headers of an answer that are given again


class OnceRoute(JsonRoute):
    """The route of every POST that creates. Answers that wait (`work.Later`) are waited for here, off the threads."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def settled(request: Request) -> Response:
            answer = await inner(request)
            return await answer.settled() if isinstance(answer, Later) else answer

        async def handler(asking: Request) -> Response:
            request = as_json(asking)
            key = request.headers.get("idempotency-key")
            if request.method != "POST" or key is None:
                return await settled(request)
            if not (0 < len(key) <= 200 and key.isprintable() and key.isascii()):
                raise HttpProblem("bad_request", "An Idempotency-Key has 1 to 200 printable characters.")
            body = await request.body()
            where = request.url.path + "?" + request.url.query  # not the host: another server of ours is the same
            asked = hashlib.sha256(b"\0".join([request.method.encode(), where.encode(), body])).hexdigest()
            me = await run_in_threadpool(asker, request)
            office, name = office_of(request), (me.asker, key)
            once = hashlib.sha256(f"{me.asker}\0{key}\0{asked}".encode()).hexdigest()[:32]
            mine = sa.update(Once).where(Once.asker == me.asker, Once.key == key, Once.server == office.life)
            before = await run_in_threadpool(_begin, office, request, name, asked, once)
            if before is not None:
                return await before.settled() if isinstance(before, Later) else before
            request.state.once = once
            try:
                with with_this(mine.values(headers={})):
                    answer = await settled(request)
            except Overtaken:
                raise HttpProblem("in_progress", TAKEN_OVER, {"Retry-After": "2"}) from None
            except BaseException:
                await run_in_threadpool(_forget, office, name)
                raise
            await run_in_threadpool(_remember, office, name, answer)
            return answer

        return handler


def _begin(office: Office, request: Request, name: tuple[str, str], asked: str, once: str) -> Response | None:
    """The answer given before, or None when the request is to be done now."""
    with office.db.write() as s:
        row = s.get(Once, name, with_for_update=True)
        if row is None:
            s.add(Once(asker=name[0], key=name[1], request=asked, server=office.life, created_at=keep.now()))
            s.flush()
            return None
        if row.request != asked:
            raise HttpProblem("key_reused", "This Idempotency-Key was used for another request. Take a new one.")
        if row.status is not None:
            return Response(row.body, row.status, {**(row.headers or {}), "Idempotency-Replayed": "true"})
        if row.server == office.life or row.server in office.queue.alive(s, "server"):
            raise HttpProblem("in_progress", "The same request is being worked on.", {"Retry-After": "2"})
        if row.headers is None:  # its server is gone and had not done it
            row.server, row.created_at = office.life, keep.now()
            return None
        job = s.get(Job, once)
    if job is not None:
        return answered(office, request, sent(office, job))
    raise HttpProblem("answer_lost", "This was done, but its answer was lost. Look at what is there; do not ask again.")


def _forget(office: Office, name: tuple[str, str]) -> None:
    """A request that was refused did nothing, and may be made again."""
    with office.db.write() as s:
        s.execute(sa.delete(Once).where(Once.asker == name[0], Once.key == name[1], Once.status.is_(None)))


def _remember(office: Office, name: tuple[str, str], answer: Response) -> None:
    kept, body = {k: v for k, v in answer.headers.items() if k in KEPT}, bytes(answer.body).decode()
    if kept.get("content-type") == "application/json" and isinstance(told := json.loads(body), dict) and SECRET in told:
        body = json.dumps({**told, SECRET: None})
    values = {"status": answer.status_code, "headers": kept, "body": body}
    with office.db.write() as s:
        s.execute(sa.update(Once).where(Once.asker == name[0], Once.key == name[1]).values(**values))
