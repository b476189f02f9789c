"""Letters on their way: each is kept as it was written, goes by itself, and what became of it is on record.

A letter lives weeks and its link shows it, no more: whoever answers asks there for a sign-in link, which comes to the
letter's own address and lives minutes. So an old letter in the wrong hands tells what it told, and opens nothing.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from allocator.domain.round import Person
from allocator.service import passes, roles
from allocator.service.access import Office
from allocator.service.http_problems import HttpProblem
from allocator.service.inviting import Invited
from allocator.service.mail import TAKEN
from allocator.store import keep
from allocator.store.tables import Grant, LetterRow, RoundRow, Someone

GOING = "going"
MINUTES = 10  # after which a letter still going is one whose server died
SENT = "letter sent"  # the audit line of a letter that a mail server took


def write(
    office: Office,
    s: Session,
    row: RoundRow,
    kind: str,
    key: str,
    whom: Invited,
    next: str,
    base: str,
    words: Callable[[str], tuple[str, str]],
) -> LetterRow:
    """A letter to go; `words` makes (heading, text) of its link. The link of the one before it to this person ends."""
    grant = roles.enrol(s, whom.email, whom.name, row.programme_id, whom.role, urn=whom.urn, sip=whom.sip)
    now, secret = keep.now(), secrets.token_urlsafe(32)
    before = sa.update(LetterRow).where(
        LetterRow.round_id == row.id, LetterRow.kind == kind, LetterRow.key == key, LetterRow.expires_at > now
    )
    s.execute(before.where(LetterRow.person_id == grant.person_id).values(expires_at=now))
    heading, text = words(f"{base}/letters/{secret}")
    found = LetterRow(
        id=keep.new_id(),
        round_id=row.id,
        kind=kind,
        key=key,
        person_id=grant.person_id,
        role=roles.ROLE_OF[whom.role],
        email=s.get_one(Someone, grant.person_id).email,
        next=next,
        about=[whom.urn or whom.sip],
        heading=heading,
        text=text,
        hash=passes.hashed(secret),
        at=now,
        expires_at=now + dt.timedelta(days=office.settings.letter_days),
        fate=GOING,
    )
    s.add(found)
    s.flush()
    return found


def send(office: Office, by: Person, programme: str, going: Sequence[LetterRow]) -> list[LetterRow]:
    """By mail, one after the other; those that a mail server took. What became of each is on record, those taken
    also in the audit log."""
    fates = office.mail.post([(o.email, o.heading, o.text) for o in going])
    with office.db.write() as s:
        for o, fate in zip(going, fates, strict=True):
            o.fate = fate
            s.execute(sa.update(LetterRow).where(LetterRow.id == o.id).values(fate=fate))
            if fate == TAKEN:
                keep.note(s, by, SENT, f"{o.round_id}/{o.kind}/{o.key}", programme=programme)
    return [o for o in going if o.fate == TAKEN]


def on_their_way(s: Session, round_id: str, kind: str) -> set[str]:
    """The keys of letters that are being sent just now."""
    lately = keep.now() - dt.timedelta(minutes=MINUTES)
    rows = sa.select(LetterRow.key).where(LetterRow.round_id == round_id, LetterRow.kind == kind, LetterRow.at > lately)
    return set(s.scalars(rows.where(LetterRow.fate == GOING)))


def shown(s: Session, secret: str) -> LetterRow:
    """The letter that a link shows, while its reader has every school, or the SIP, that it was written about. Raises
    HttpProblem `link_used`."""
    row = s.scalars(sa.select(LetterRow).where(LetterRow.hash == passes.hashed(secret))).first()
    if row is not None and row.expires_at > keep.now():
        programme = keep.the_round(s, row.round_id).programme_id
        mine = sa.select(Grant).where(Grant.person_id == row.person_id, Grant.programme_id == programme)
        has = {g.urn or g.sip for g in s.scalars(mine.where(Grant.role.in_(roles.GRANTS_OF[row.role])))}
        about = row.about or [row.key.rsplit(":", 1)[-1]]  # one kept before we wrote down whom it is about
        if has.issuperset(about):
            return row
    raise HttpProblem(
        "link_used", "This letter is no longer shown here: another has taken its place, or it is too old."
    )


def answer_link(office: Office, s: Session, row: LetterRow) -> str | None:
    """A sign-in link for the letter's reader, to where it is answered; None where one is on its way from a moment
    ago."""
    person = s.get_one(Someone, row.person_id)
    if passes.lately(s, person, about=row.next):
        return None
    programme = keep.the_round(s, row.round_id).programme_id
    return passes.link(s, person, office.settings.link_minutes, row.role, programme, about=row.next)
