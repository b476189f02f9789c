"""What every route needs: the store and queue, who asks and whether they may, what is stale, what was asked before."""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from allocator.domain.plan import Plan
from allocator.jobs.queue import Queue
from allocator.service.mail import Mail
from allocator.service.people import COOKIE, RoleName, Who, who
from allocator.service.problems import Refusal
from allocator.service.settings import Settings
from allocator.store import keep
from allocator.store.database import Database
from allocator.store.tables import Once, PlanRow, Programme, RoundRow

UNDECIDED = 60.0  # seconds after which a request that never answered may be made again


@dataclass
class Limiter:
    """At most so many in a minute, for each key. Kept in memory: each server process counts its own."""

    seen: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, key: str, most: int) -> None:
        """Raises Refusal `too_many` with the seconds to wait."""
        now = time.monotonic()
        with self.lock:
            times = self.seen[key]
            while times and times[0] < now - 60:
                times.popleft()
            if len(times) >= most:
                wait = str(int(60 - (now - times[0])) + 1)
                raise Refusal("too_many", f"At most {most} in a minute. Try again in {wait} s.", {"Retry-After": wait})
            times.append(now)


@dataclass
class Office:
    """Everything a request works with."""

    db: Database
    queue: Queue
    settings: Settings
    mail: Mail
    limiter: Limiter = field(default_factory=Limiter)


def office_of(request: Request) -> Office:
    found = request.app.state.office
    assert isinstance(found, Office)
    return found


In = Annotated[Office, Depends(office_of)]


def secret_of(request: Request) -> tuple[str | None, bool]:
    """(the bearer token or session cookie, whether it came by cookie)."""
    header = request.headers.get("authorization", "")
    if header[:7].lower() == "bearer ":
        return header[7:].strip(), False
    return request.cookies.get(COOKIE), True


def asker(request: Request) -> Who:
    """The person asking. Raises Refusal `not_signed_in`; `forbidden` for a write with a read-only token or from
    another site's page."""
    known = getattr(request.state, "who", None)
    if isinstance(known, Who):
        return known
    office = office_of(request)
    secret, by_cookie = secret_of(request)
    found = None
    if secret:
        with office.db.read() as s:
            found = who(s, secret)
    if found is None:
        raise Refusal("not_signed_in", "Sign in, or send a token that is in force.", {"WWW-Authenticate": "Bearer"})
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        origin = request.headers.get("origin")
        if by_cookie and origin and origin.split("://")[-1] != request.headers.get("host"):
            raise Refusal("forbidden", "This request came from another site's page.")
        if found.scope == "read":
            raise Refusal("forbidden", "This token may only read.")
        office.limiter.count(found.id, office.settings.writes_per_minute)
    request.state.who = found
    return found


Asker = Annotated[Who, Depends(asker)]


def need(*roles: RoleName) -> Any:
    """The person asking, in one of these roles; every refusal of access is in the audit log."""

    def check(request: Request, me: Asker) -> Who:
        if me.role not in roles:
            refuse(office_of(request), me, request)
        return me

    check.roles = roles  # type: ignore[attr-defined]  # the access matrix reads it
    return Depends(check)


def refuse(office: Office, me: Who, request: Request) -> None:
    """Not for this role; written down in each programme that the person belongs to."""
    with office.db.write() as s:
        for programme in sorted(me.programmes()):
            asked = f"{request.method} {request.url.path}"
            keep.note(s, me.person(programme), "access refused", asked, programme=programme)
    raise Refusal("forbidden", "Your role does not open this.")


Manager = Annotated[Who, need("manager")]
Reader = Annotated[Who, need("manager", "auditor")]
Head = Annotated[Who, need("school")]  # a head or chair
Partner = Annotated[Who, need("sip")]
Anyone = Annotated[Who, need("manager", "auditor", "school", "sip")]


# -- what belongs to whom --------------------------------------------------------------------------------------


def programme_in(session: Session, me: Who, programme: str) -> Programme:
    """The programme, if it is one of theirs; what is not theirs is not there."""
    row = session.get(Programme, programme)
    if row is None or programme not in me.programmes():
        raise Refusal("not_found", f"There is no programme {programme}.")
    return row


def round_in(session: Session, me: Who, round_id: str, *, lock: bool = False) -> RoundRow:
    row = keep.the_round(session, round_id, lock=lock)
    if row.programme_id not in me.programmes():
        raise Refusal("not_found", f"There is no round {round_id}.")
    return row


def plan_in(session: Session, me: Who, plan_id: str) -> tuple[PlanRow, RoundRow]:
    row = keep.plan_row(session, plan_id)
    of = keep.the_round(session, row.round_id)
    if of.programme_id not in me.programmes():
        raise Refusal("not_found", f"There is no plan {plan_id}.")
    return row, of


@lru_cache(maxsize=16)
def _parsed(plan_id: str, body: str) -> Plan:
    return Plan.model_validate_json(body)


def the_plan(row: PlanRow) -> Plan:
    """The plan itself. Plans never change, so each is read once."""
    return _parsed(row.id, row.body)


# -- stale writes, repeated requests ----------------------------------------------------------------------------


def tag(row: RoundRow) -> str:
    return f'"{row.version}"'


def fresh(request: Request, row: RoundRow) -> None:
    """Refused when If-Match names another version than the one kept: nothing is lost, nothing is overwritten.

    A page's form says it in its field `version` (`pages.ground.fields`)."""
    wanted = request.headers.get("if-match") or getattr(request.state, "if_match", None)
    if wanted and wanted != "*" and tag(row) not in [w.strip().removeprefix("W/") for w in wanted.split(",")]:
        raise Refusal(
            "stale", "This round has changed since you read it. Read it again, then decide.", {"ETag": tag(row)}
        )


@contextmanager
def writing(request: Request, office: Office, me: Who, round_id: str) -> Iterator[tuple[Session, RoundRow]]:
    """A write to one round, held against others, refused when stale."""
    with office.db.write() as s:
        row = round_in(s, me, round_id, lock=True)
        fresh(request, row)
        yield s, row


class OnceRoute(APIRoute):
    """A POST with an Idempotency-Key is done once; asked again, it gets the same answer again."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            key = request.headers.get("idempotency-key")
            if request.method != "POST" or key is None:
                return await inner(request)
            if not (0 < len(key) <= 200 and key.isprintable() and key.isascii()):
                raise Refusal("bad_request", "An Idempotency-Key has 1 to 200 printable characters.")
            body = await request.body()
            asked = hashlib.sha256(b"\0".join([request.method.encode(), str(request.url).encode(), body])).hexdigest()
            me = await run_in_threadpool(asker, request)
            office = office_of(request)
            before = await run_in_threadpool(_begin, office, me.id, key, asked)
            if before is not None:
                return before
            request.state.once = hashlib.sha256(f"{me.id}\0{key}\0{asked}".encode()).hexdigest()[:32]
            try:
                answer = await inner(request)
            except BaseException:
                await run_in_threadpool(_forget, office, me.id, key)
                raise
            await run_in_threadpool(_remember, office, me.id, key, answer)
            return answer

        return handler


def _begin(office: Office, person: str, key: str, asked: str) -> Response | None:
    with office.db.write() as s:
        row = s.get(Once, (person, key), with_for_update=True)
        if row is None:
            s.add(Once(person_id=person, key=key, request=asked, created_at=keep.now()))
            s.flush()
            return None
        if row.request != asked:
            raise Refusal("key_reused", "This Idempotency-Key was used for another request. Take a new one.")
        if row.status is None:
            if keep.now() - row.created_at < dt.timedelta(seconds=UNDECIDED):
                raise Refusal("in_progress", "The same request is being worked on.", {"Retry-After": "2"})
            row.created_at = keep.now()
            return None
        headers = {**(row.headers or {}), "Idempotency-Replayed": "true"}
        return Response(row.body, row.status, headers)


def _forget(office: Office, person: str, key: str) -> None:
    with office.db.write() as s:
        s.execute(sa.delete(Once).where(Once.person_id == person, Once.key == key, Once.status.is_(None)))


def _remember(office: Office, person: str, key: str, answer: Response) -> None:
    kept = {k: v for k, v in answer.headers.items() if k in ("content-type", "location", "etag")}
    values = {"status": answer.status_code, "headers": kept, "body": bytes(answer.body).decode()}
    with office.db.write() as s:
        s.execute(sa.update(Once).where(Once.person_id == person, Once.key == key).values(**values))
