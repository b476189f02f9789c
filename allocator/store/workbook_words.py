"""A programme's own words, and files given but not yet taken."""

from __future__ import annotations

import base64

import sqlalchemy as sa
from sqlalchemy.orm import Session

from allocator.domain.bodies import KINDS, folded
from allocator.domain.case import Case
from allocator.domain.round import Person
from allocator.intake.naming import plain
from allocator.intake.own_words import OwnWords, as_word
from allocator.intake.spelling import squeezed
from allocator.store import keep
from allocator.store.tables import CaseRow, Remembered, RoundRow, UploadRow


def words_of(session: Session, programme: str) -> OwnWords:
    """All that the programme has told us of its words."""
    rows = [(r, _compared(r.kind, r.place, r.text)) for r in remembered(session, programme)]
    return OwnWords(
        sheets={text: r.means for r, text in rows if r.kind == "sheet"},
        columns={(r.place, text): r.means for r, text in rows if r.kind == "column"},
        schools={text: r.means for r, text in rows if r.kind == "school"},
        sips={text: r.means for r, text in rows if r.kind == "sip"},
        bodies={(k, text): r.means for r, text in rows if r.kind == "body" for k in KINDS if k == r.place},
        values={(r.place, text): r.means for r, text in rows if r.kind == "value"},
    )


def _compared(kind: str, place: str, text: str) -> str:
    """A word as it is compared: a sheet or column as a title is, a name, a body or a value as each is."""
    if kind == "body":
        return next(folded(k, text) for k in KINDS if k == place)
    return {"sheet": squeezed, "column": squeezed, "value": as_word}.get(kind, plain)(text)


def remembered(session: Session, programme: str) -> list[Remembered]:
    query = sa.select(Remembered).where(Remembered.programme_id == programme)
    return list(session.scalars(query.order_by(Remembered.kind, Remembered.place, Remembered.text)))


def remember(
    session: Session, programme: str, kind: str, text: str, means: str, by: Person, *, place: str = ""
) -> None:
    """`text` means `means` from now on, and so does every other spelling that is compared as the same. It is kept as
    written, for people to read."""
    compared = _compared(kind, place, text)
    same_kind = sa.select(Remembered).where(
        Remembered.programme_id == programme, Remembered.kind == kind, Remembered.place == place
    )
    for r in session.scalars(same_kind):
        if r.text != text and _compared(kind, place, r.text) == compared:
            session.delete(r)
    session.merge(
        Remembered(
            programme_id=programme,
            kind=kind,
            place=place,
            text=text,
            means=means,
            by=by.id,
            at=keep.now(),
        )
    )


def forget(session: Session, programme: str, kind: str, place: str, text: str) -> None:
    """The word is asked about again, where it stands in a file."""
    row = session.get(Remembered, (programme, kind, place, text))
    if row is not None:
        session.delete(row)


def give(session: Session, row: RoundRow, name: str, media: str, year: str | None, body: bytes, by: Person) -> None:
    """The file that waits to be taken; it takes the place of one given before, and stale forms are refused after it."""
    row.version += 1
    session.merge(
        UploadRow(
            round_id=row.id,
            name=name,
            media=media,
            year=year,
            base64=base64.b64encode(body).decode(),
            by=by.model_dump(mode="json"),
            at=keep.now(),
        )
    )


def body_of(upload: UploadRow) -> bytes:
    return base64.b64decode(upload.base64)


def before(session: Session, row: RoundRow) -> tuple[Case | None, str]:
    """(what a new case is compared with, what that is called): the round's own data, else those of the round before."""
    own = keep.case_row(session, row.id)
    if own is not None:
        return keep.case_of(own)[0], f"version {own.n} of this round's data"
    return before_round(session, row)


def before_round(session: Session, row: RoundRow) -> tuple[Case | None, str]:
    """(the data of the programme's round before this one, what that is called)."""
    query = (
        sa.select(RoundRow)
        .where(RoundRow.programme_id == row.programme_id, RoundRow.id != row.id, RoundRow.created_at <= row.created_at)
        .where(RoundRow.id.in_(sa.select(CaseRow.round_id)))
    )
    older = session.scalars(query.order_by(RoundRow.created_at.desc())).first()
    if older is None:
        return None, ""
    last = keep.case_row(session, older.id)
    assert last is not None
    return keep.case_of(last)[0], f"the data of round {older.name}"
