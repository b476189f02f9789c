"""Coming in and going out: links asked for and spent, sessions changed and ended. Cookies are the answer's own
affair."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import Request

from allocator.service import passes, roles
from allocator.service.access import Office, from_here, note_everywhere, note_sign_in, turned_away
from allocator.service.http_problems import HttpProblem
from allocator.service.identity import DoorIn, SignInAsk, SignInSpend
from allocator.service.limits import whence
from allocator.service.outbox import base_of
from allocator.service.roles import Who
from allocator.store.tables import Pass, SignIn


def ask_for_link(office: Office, request: Request, ask: SignInAsk, next: str = "/") -> None:
    """A single-use link by mail, if the address is known, that leads on to `next`. It takes as long whether it is or
    not."""
    from_here(request)
    office.limiter.count(f"sign-in {whence(request)}", office.settings.sign_ins_per_minute)
    base = base_of(office, request)
    office.aside(lambda: _send_link(office, ask.email, ask.role, base, next))


def _send_link(office: Office, email: str, role: str | None, base: str, next: str) -> None:
    """A link of one's own, if the address is known and has none from a moment ago."""
    minutes = office.settings.link_minutes
    with office.db.write() as s:
        person = roles.person_by_email(s, email)
        if person is None or passes.lately(s, person):
            return
        secret = passes.link(s, person, minutes, role, own=True)
    on = "" if next == "/" else f"?next={quote(next)}"
    office.mail.send_link(person.email, f"{base}/sign-in/{secret}{on}", minutes)


def spend_link(office: Office, request: Request, secret: str, ask: SignInSpend) -> tuple[str, Pass]:
    """The key of the session that the link opens, and the session. Raises HttpProblem `link_used`."""
    from_here(request)
    try:
        with office.db.write() as s:
            key, row = passes.spend(s, secret, ask.role, ask.programme, office.settings.session_hours)
            passes.leave(s, request, office.settings)
            note_sign_in(s, row)
    except HttpProblem as refusal:
        if refusal.code == "link_used":
            turned_away(office, SignIn, secret, "sign-in refused")
        raise
    return key, row


def change_session(office: Office, who: Who, ask: DoorIn) -> tuple[str, Pass]:
    """Another of one's roles: this session ends, and one in that role and programme takes its place."""
    with office.db.write() as s:
        key, row = passes.change(s, who, ask.role, ask.programme)
        note_sign_in(s, row, ", from another role")
    return key, row


def end_sessions(office: Office, who: Who) -> None:
    """Every session that one can see ends, this one too. Tokens stay."""
    with office.db.write() as s:
        for row in s.scalars(passes.open_sessions(who)):
            passes.end(s, row)
        note_everywhere(s, who, "signed out everywhere", who.id)


def end_session(office: Office, who: Who, id: str) -> None:
    """That session ends at once."""
    with office.db.write() as s:
        row = s.scalars(passes.open_sessions(who).where(Pass.id == id)).first()
        if row is None:
            raise HttpProblem("not_found", f"There is no session {id}.")
        passes.end(s, row)
