"""Showing a second factor, from a page or by program."""

from __future__ import annotations

from allocator.service import second
from allocator.service.access import Office, note_everywhere
from allocator.service.roles import Who
from allocator.store import keep


def show_code(code: str, who: Who, office: Office) -> tuple[str | None, str]:
    """Why the code is not taken; None where it was, with the new key of the session, which is whole."""
    second.in_own_session(who)
    with office.db.write() as s:
        told = second.wrong(s, who.id, code, keep.now())
        first, key = second.shown(s, who, keep.now()) if told is None else (False, "")
        done = "enrolled" if first else "shown" if told is None else "refused"
        note_everywhere(s, who, f"second factor {done}", who.id)
    return told, key
