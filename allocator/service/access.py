"""What every route needs: the store and queue, who asks and whether they may, what is stale, what was asked before."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from allocator.jobs.queue import Queue
from allocator.service import passes, roles
from allocator.service.environment import Settings
from allocator.service.figures import LINKS
from allocator.service.http_problems import HttpProblem
from allocator.service.limits import AtOnce, Folded, Limiter
from allocator.service.mail import Mail
from allocator.service.roles import RoleName, Who
from allocator.store import keep
from allocator.store.database import Database
from allocator.store.tables import Pass, PlanRow, Programme, RoundRow, SignIn

log = logging.getLogger("allocator.service")


def hands() -> ThreadPoolExecutor:
    """Who does what is done beside an answer."""
    return ThreadPoolExecutor(2, "aside")


@dataclass(frozen=True)
class Probed:
    """What a probe finds: whether any worker is there, and how long the oldest work has waited."""

    status: str
    workers: int
    oldest_queued_seconds: float | None


@dataclass
class Office:
    """Everything a request works with. `settings.public_url` is always set where the service is really served:
    the address in a letter is never taken from the request, which anybody can write."""

    db: Database
    queue: Queue
    settings: Settings
    mail: Mail
    life: str = field(default_factory=keep.new_id)  # this server's, until it ends
    limiter: Limiter = field(default_factory=Limiter)
    listeners: AtOnce = field(default_factory=lambda: AtOnce(8, 200, "listeners"))
    thinking: AtOnce = field(default_factory=lambda: AtOnce(2, 6, "questions"))  # answered by a solve while one waits
    folded: Folded = field(default_factory=Folded)
    hands: ThreadPoolExecutor = field(default_factory=hands)
    probes: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "probe"))
    probe: Future[Probed] | None = None  # the last one: whoever asks meanwhile is told what it finds
    probed: float = 0.0

    def aside(self, work: Callable[[], None]) -> Future[None]:
        """Done beside the answer, so that how long it takes tells the asker nothing. What fails is logged."""

        def done() -> None:
            try:
                work()
            except Exception:
                log.exception("left undone")

        return self.hands.submit(done)


def office_of(request: Request) -> Office:
    found = request.app.state.office
    assert isinstance(found, Office)
    return found


In = Annotated[Office, Depends(office_of)]


STAFF = ("manager", "auditor")  # whose a round is, with all that others do to it
POLLS = ("/news", "/events")  # what an open page asks by itself: nobody need be there


def from_here(request: Request) -> None:
    """Raises HttpProblem `forbidden` for a write that another site's page sent. Programs send no Origin."""
    origin, settings = request.headers.get("origin"), office_of(request).settings
    if not origin:
        return
    here = {settings.public_url.rstrip("/").lower(), f"https://{request.headers.get('host', '')}".lower()}
    if not settings.https:
        here.add(f"http://{request.headers.get('host', '')}".lower())
    if origin.lower() not in here:
        raise HttpProblem("forbidden", "This request came from another site's page.")


def staying(request: Request, office: Office, pass_id: str) -> None:
    """This use of a session is written down, beside the answer: it is not left alone."""

    def note() -> None:
        with office.db.write() as s:
            passes.seen(s, pass_id)

    if not request.url.path.endswith(POLLS):
        office.aside(note)


def asker(request: Request) -> Who:
    """The person asking. Raises HttpProblem `not_signed_in`; `forbidden` for a write with a read-only token or from
    another site's page."""
    before = getattr(request.state, "who", None)
    if isinstance(before, Who):
        return before
    office = office_of(request)
    secret, by_cookie = passes.secret_of(request, office.settings)
    known = None
    if secret:
        with office.db.read() as s:
            known = passes.who(s, secret, office.settings.idle)
    if known is None:
        if secret:
            turned_away(office, Pass, secret, "not signed in")
        raise HttpProblem("not_signed_in", "Sign in, or send a token that is in force.", {"WWW-Authenticate": "Bearer"})
    found, stale = known
    if found.waits and not getattr(request.state, "halfway", False):
        raise HttpProblem("second_factor", "This session opens nothing until a code of your second factor was right.")
    if stale:
        staying(request, office, found.pass_id)
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        request.state.refused = found
        if by_cookie:
            from_here(request)
        if found.scope == "read":
            raise HttpProblem("forbidden", "This token may only read.")
        limited(request, office, found, "write", office.settings.writes_per_minute)
    else:
        limited(request, office, found, "read", office.settings.reads_per_minute)
    request.state.who = found
    return found


def limited(request: Request, office: Office, me: Who, what: str, most: int) -> None:
    """Raises HttpProblem `too_many`; that it was so is in the audit log once a minute."""
    try:
        office.limiter.count(f"{what} {me.id}", most)
    except HttpProblem:
        if not office.limiter.room(f"{what} told {me.id}", 1):
            with office.db.write() as s:
                note_everywhere(
                    s, me, "too many requests", f"{request.method} {request.url.path}", f"{most} in a minute"
                )
        raise


Asker = Annotated[Who, Depends(asker)]


def halfway(request: Request) -> Who:
    """The person asking, also where a second factor is still to be shown: to show it, or to go."""
    request.state.halfway = True
    return asker(request)


Halfway = Annotated[Who, Depends(halfway)]


def need(*roles: RoleName) -> Any:
    """The person asking, in one of these roles; every refusal of access is in the audit log."""

    def check(request: Request, me: Asker) -> Who:
        if me.role not in roles:
            refusal = HttpProblem("forbidden", "Your role does not open this.")
            note_refusal(request, refusal)
            raise refusal
        return me

    check.roles = roles  # type: ignore[attr-defined]  # the access matrix reads it
    return Depends(check)


def note_refusal(request: Request, refusal: HttpProblem) -> None:
    """What was not for this person is written down, in each programme that they belong to in this role."""
    me = getattr(request.state, "who", None) or getattr(request.state, "refused", None)
    if refusal.withheld and not refusal.noted and isinstance(me, Who):
        refusal.noted, office = True, office_of(request)
        more = office.folded.line(f"refused {me.id}")
        if more is not None:
            with office.db.write() as s:
                note_everywhere(s, me, "access refused", f"{request.method} {request.url.path}", more)


def turned_away(office: Office, kind: type[Pass | SignIn], secret: str, action: str) -> None:
    """A link, session or token that opens nothing (any more) was tried: counted, and where it is known whose it
    was, in the audit log of its programmes."""
    LINKS.inc()
    with office.db.read() as s:
        hash = passes.hashed(secret)
        row = s.get(Pass, hash) if kind is Pass else s.get(SignIn, hash)
        if row is None:
            return
        where = [row.programme_id] if row.programme_id else sorted({d.programme for d in roles.doors(s, row.person_id)})
        person, role = row.person_id, row.role
    more = office.folded.line(f"{action} {person}")
    if more is not None:
        with office.db.write() as s:
            for programme in where:
                detail = "; ".join(filter(None, (role, more)))
                keep.note(s, None, action, person, programme=programme, detail=detail)


def note_sign_in(session: Session, row: Pass, how: str = "") -> None:
    """A session begun, in the programme that it opens."""
    keep.note(session, None, "signed in", row.person_id, programme=row.programme_id, detail=f"{row.role}{how}")


def note_everywhere(session: Session, me: Who, action: str, subject: str, detail: str = "") -> None:
    """A line in the audit log of each programme that this session or token opens."""
    for programme in sorted(me.programmes()):
        keep.note(session, me.person(programme), action, subject, programme=programme, detail=detail)


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
        raise HttpProblem("not_found", f"There is no programme {programme}.", withheld=row is not None)
    return row


def round_in(session: Session, me: Who, round_id: str, *, lock: bool = False) -> RoundRow:
    row = keep.the_round(session, round_id, lock=lock)
    if row.programme_id not in me.programmes():
        raise HttpProblem("not_found", f"There is no round {round_id}.", withheld=True)
    return row


def plan_in(session: Session, me: Who, plan_id: str) -> tuple[PlanRow, RoundRow]:
    row = keep.plan_row(session, plan_id)
    of = keep.the_round(session, row.round_id)
    if of.programme_id not in me.programmes():
        raise HttpProblem("not_found", f"There is no plan {plan_id}.", withheld=True)
    return row, of


# -- stale writes, repeated requests ----------------------------------------------------------------------------


def tag(row: RoundRow) -> str:
    return f'"{row.version}"'


def fresh(request: Request, row: RoundRow) -> None:
    """Refused when If-Match names another version than the one kept: nothing is lost, nothing is overwritten.

    A page's form says it in its field `version` (`pages.ground.fields`)."""
    wanted = request.headers.get("if-match") or getattr(request.state, "if_match", None)
    if wanted and wanted != "*" and tag(row) not in [w.strip().removeprefix("W/") for w in wanted.split(",")]:
        raise HttpProblem(
            "stale", "This round has changed since you read it. Read it again, then decide.", {"ETag": tag(row)}
        )


@contextmanager
def writing(request: Request, office: Office, me: Who, round_id: str) -> Iterator[tuple[Session, RoundRow]]:
    """A write to one round, held against others, refused when stale. What others did to the round is nothing to a
    school or a SIP: its version is neither told to them nor asked of them."""
    with office.db.write() as s:
        row = round_in(s, me, round_id, lock=True)
        if me.role in STAFF:
            fresh(request, row)
        yield s, row
