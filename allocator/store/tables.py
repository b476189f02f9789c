"""The tables of the store. Cases, policies, plans and events are written once; rounds are event logs."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, DateTime, ForeignKey, Index, Text, TypeDecorator, UniqueConstraint
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Utc(TypeDecorator[dt.datetime]):
    """A moment in UTC; SQLite forgets the zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        return value.replace(tzinfo=dt.UTC) if value is not None and value.tzinfo is None else value


class Base(DeclarativeBase):
    type_annotation_map = {dt.datetime: Utc, dict[str, Any]: JSON, list[Any]: JSON, str: Text}  # noqa: RUF012


class Programme(Base):
    """What must be kept apart: an authority's primary service, a diocese, a trust (domain A2)."""

    __tablename__ = "programmes"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    created_at: Mapped[dt.datetime]
    second_factor: Mapped[bool] = mapped_column(default=False)  # its managers need one
    made_with: Mapped[str | None]  # the session or token it was made with, which opens it too
    office: Mapped[str] = mapped_column(default="")  # the office's name, below the manager's in letters
    telephone: Mapped[str] = mapped_column(default="")  # where its SIP manager is rung; blank: nowhere


class Someone(Base):
    """A person who can sign in. How they are called is each programme's own affair (`Called`)."""

    __tablename__ = "people"
    id: Mapped[str] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)  # as compared: lower case


class Grant(Base):
    """A role in a programme: manager or auditor of all, head or chair of one school, or one SIP."""

    __tablename__ = "grants"
    __table_args__ = (UniqueConstraint("person_id", "programme_id", "role", "urn", "sip"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    programme_id: Mapped[str] = mapped_column(ForeignKey("programmes.id"), index=True)
    role: Mapped[str]
    urn: Mapped[str] = mapped_column(default="")
    sip: Mapped[str] = mapped_column(default="")


class Called(Base):
    """How a programme calls a person, whatever others call them; it stays when their roles end, for the log."""

    __tablename__ = "called"
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    programme_id: Mapped[str] = mapped_column(ForeignKey("programmes.id"), primary_key=True)
    name: Mapped[str]


class SignIn(Base):
    """A single-use link, kept as a hash. With a role and a programme it opens those only; `own`: asked for by the
    person, and sent to nobody but them."""

    __tablename__ = "sign_ins"
    hash: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    role: Mapped[str | None]
    programme_id: Mapped[str | None] = mapped_column(ForeignKey("programmes.id"))
    about: Mapped[str] = mapped_column(default="")  # the page it leads to; a new link to it ends the old
    own: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]


class Pass(Base):
    """What a request is made with: a session or an API token, each one person in one role of one programme (domain N3);
    kept as a hash. `own`: begun by a link that only the person had, so they may go on to another of their roles."""

    __tablename__ = "passes"
    hash: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    role: Mapped[str]
    programme_id: Mapped[str] = mapped_column(ForeignKey("programmes.id"))
    own: Mapped[bool] = mapped_column(default=False)
    second: Mapped[bool] = mapped_column(default=False)  # a second factor was shown in it
    parent: Mapped[str | None]  # the token that made this one, and takes it along when it ends
    kind: Mapped[str]  # session or token
    name: Mapped[str] = mapped_column(default="")
    scope: Mapped[str] = mapped_column(default="write")  # read or write
    created_at: Mapped[dt.datetime]
    seen_at: Mapped[dt.datetime]  # used last, to within some minutes
    expires_at: Mapped[dt.datetime]
    revoked_at: Mapped[dt.datetime | None]


class RoundRow(Base):
    """One year's round of a programme. `version` grows with every write to it."""

    __tablename__ = "rounds"
    id: Mapped[str] = mapped_column(primary_key=True)
    programme_id: Mapped[str] = mapped_column(ForeignKey("programmes.id"), index=True)
    name: Mapped[str]
    version: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[dt.datetime]
    follows: Mapped[str | None] = mapped_column(index=True, unique=True)  # the round whose next year it is: one has one


class CaseRow(Base):
    """A case as it was given, with its policy and what was said about it; newest `n` is in force."""

    __tablename__ = "cases"
    round_id: Mapped[str] = mapped_column(ForeignKey("rounds.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str]
    case: Mapped[dict[str, Any]]
    policy: Mapped[dict[str, Any]]
    problems: Mapped[list[Any]]
    by: Mapped[str]
    at: Mapped[dt.datetime]


class PlanRow(Base):
    """A plan, word for word. `content` is `rounds.plan_id`: equal plans have one row a round."""

    __tablename__ = "plans"
    __table_args__ = (UniqueConstraint("round_id", "content"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    round_id: Mapped[str] = mapped_column(ForeignKey("rounds.id"), index=True)
    content: Mapped[str]
    body: Mapped[str]
    created_at: Mapped[dt.datetime]


class ScenarioRow(Base):
    """A plan kept by name, beside the desk; `from_plan` is what it went on from, `by` who kept it."""

    __tablename__ = "scenarios"
    __table_args__ = (UniqueConstraint("round_id", "name"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    round_id: Mapped[str] = mapped_column(ForeignKey("rounds.id"), index=True)
    name: Mapped[str]
    plan_id: Mapped[str] = mapped_column(ForeignKey("plans.id"))
    from_plan: Mapped[str] = mapped_column(ForeignKey("plans.id"))
    by: Mapped[str]
    at: Mapped[dt.datetime]


class EventRow(Base):
    """The append-only log of a round (`domain.happened.Event`). `data` is of the `version` of its kind's schema."""

    __tablename__ = "events"
    round_id: Mapped[str] = mapped_column(ForeignKey("rounds.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime]
    by: Mapped[dict[str, Any]]
    kind: Mapped[str]
    data: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column(default=1)


class Job(Base):
    """Accepted work and how it stands: queued, running, done, cancelled or failed with a reason. `request` is of the
    `version` of its kind's schema (`jobs.asks`)."""

    __tablename__ = "jobs"
    __table_args__ = (Index("jobs_open", "state", "created_at"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    programme_id: Mapped[str] = mapped_column(ForeignKey("programmes.id"), index=True)
    round_id: Mapped[str] = mapped_column(ForeignKey("rounds.id"), index=True)
    kind: Mapped[str]
    request: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column(default=1)
    by: Mapped[dict[str, Any]]
    state: Mapped[str]
    reason: Mapped[str | None]
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    progress: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    cancel: Mapped[bool] = mapped_column(default=False)
    attempt: Mapped[int] = mapped_column(default=0)
    turn: Mapped[int] = mapped_column(default=0)  # `jobs.queue.turn`
    asked: Mapped[str] = mapped_column(default="")  # the id of the request it came by, as in the log
    worker: Mapped[str | None]
    created_at: Mapped[dt.datetime]
    started_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]


class JobPart(Base):
    """One finished part of a job that is spread over workers (a sweep, a frontier); never worked out again."""

    __tablename__ = "parts"
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    result: Mapped[dict[str, Any]]


class WorkerRow(Base):
    """A worker or server process, and when it was last heard of (seconds on the database's clock)."""

    __tablename__ = "workers"
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(default="worker")  # worker or server
    seen: Mapped[float]


class Once(Base):
    """An answer given to an Idempotency-Key, to be given again to the same person in the same role and programme."""

    __tablename__ = "once"
    asker: Mapped[str] = mapped_column(primary_key=True)  # `Who.asker`
    key: Mapped[str] = mapped_column(primary_key=True)
    request: Mapped[str]  # hash of method, path, query and body
    server: Mapped[str] = mapped_column(default="")  # the server at work on it
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # {} from when it was done
    body: Mapped[str | None]
    created_at: Mapped[dt.datetime]


class AuditRow(Base):
    """Who did what and when: refusals of access, publishing, confirming, overriding, exporting."""

    __tablename__ = "audit"
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[dt.datetime]
    person_id: Mapped[str | None]
    role: Mapped[str | None]
    programme_id: Mapped[str | None] = mapped_column(index=True)
    action: Mapped[str]
    subject: Mapped[str]
    detail: Mapped[str] = mapped_column(default="")


class Mark(Base):
    """When something was last done for the whole store: a backup, keeping by the schedule."""

    __tablename__ = "marks"
    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime]


class AskRow(Base):
    """What was asked before planning, and what came back: an append-only log beside the round's own
    (`rounds.ask_first`)."""

    __tablename__ = "asking"
    round_id: Mapped[str] = mapped_column(ForeignKey("rounds.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime]
    by: Mapped[dict[str, Any]]
    kind: Mapped[str]  # offered, reminded, answered, taken or next_year
    whose: Mapped[str]  # school or sip
    key: Mapped[str]  # URN or SIP id
    data: Mapped[dict[str, Any]]


class UploadRow(Base):
    """A file given as a round's next case and not yet taken: one a round, gone once it is taken or dropped."""

    __tablename__ = "uploads"
    round_id: Mapped[str] = mapped_column(ForeignKey("rounds.id"), primary_key=True)
    name: Mapped[str]
    media: Mapped[str]
    year: Mapped[str | None]
    base64: Mapped[str]
    by: Mapped[dict[str, Any]]
    at: Mapped[dt.datetime]


class Remembered(Base):
    """A programme's own words and what they mean in ours: a sheet, a column of a table, a school's or SIP's name."""

    __tablename__ = "remembered"
    programme_id: Mapped[str] = mapped_column(ForeignKey("programmes.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)  # sheet, column, value, school, sip or body
    place: Mapped[str] = mapped_column(
        primary_key=True
    )  # the table of a column, the column of a value, the kind of a body, else blank
    text: Mapped[str] = mapped_column(primary_key=True)  # as written; before this edition as compared, without blanks
    means: Mapped[str]  # a table, a column (blank = keep as it is), a value, a URN, a SIP id, a body
    by: Mapped[str]
    at: Mapped[dt.datetime]


class LetterRow(Base):
    """A letter as it was written, to whom, and what became of it. Its link, kept as a hash, shows it and opens
    nothing."""

    __tablename__ = "letters"
    id: Mapped[str] = mapped_column(primary_key=True)
    round_id: Mapped[str] = mapped_column(ForeignKey("rounds.id"), index=True)
    kind: Mapped[str]  # school, sip, or ask for what is asked before planning
    key: Mapped[str]  # URN or SIP id
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    role: Mapped[str]  # what its reader comes in as
    email: Mapped[str]
    next: Mapped[str]  # the page where it is answered
    about: Mapped[list[Any]]  # the schools, or the SIP, that its reader must still have to read it
    heading: Mapped[str]
    text: Mapped[str]
    hash: Mapped[str] = mapped_column(unique=True)
    at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]  # until when its link shows it
    fate: Mapped[str]  # going, taken, or why it was not


class SentRow(Base):
    """What a letter said when it went, word for word but for a link of its reader's own. The log holds its SHA-256."""

    __tablename__ = "sent_letters"
    id: Mapped[str] = mapped_column(primary_key=True)
    round_id: Mapped[str] = mapped_column(ForeignKey("rounds.id"), index=True)
    heading: Mapped[str]
    text: Mapped[str]
    at: Mapped[dt.datetime]


class Wording(Base):
    """A programme's own wording of a kind of letter (`report.wording`); none = the one we ship."""

    __tablename__ = "wordings"
    programme_id: Mapped[str] = mapped_column(ForeignKey("programmes.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)  # `report.wording.LetterKind`
    text: Mapped[str]
    by: Mapped[str]
    at: Mapped[dt.datetime]


class MatterRow(Base):
    """A complaint or a concern (`rounds.ladders`): whose it is, about whom, and the rungs that it may climb."""

    __tablename__ = "matters"
    id: Mapped[str] = mapped_column(primary_key=True)
    programme_id: Mapped[str] = mapped_column(ForeignKey("programmes.id"), index=True)
    kind: Mapped[str]
    owner: Mapped[str]
    urn: Mapped[str]
    sip: Mapped[str]
    rungs: Mapped[list[Any]]


class MatterStep(Base):
    """One step of it, written once."""

    __tablename__ = "matter_steps"
    matter_id: Mapped[str] = mapped_column(ForeignKey("matters.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime]
    by: Mapped[dict[str, Any]]
    word: Mapped[str]
    rung: Mapped[int]
    text: Mapped[str]
    reply_by: Mapped[str | None]  # a day


class Factor(Base):
    """A manager's second factor: the secret that their authenticator has, and codes for when it is lost, as hashes."""

    __tablename__ = "factors"
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    secret: Mapped[str]
    confirmed_at: Mapped[dt.datetime | None]  # None until a first code was right; it asks nothing until then
    counter: Mapped[int] = mapped_column(default=0)  # of the last code that was taken: none is taken twice
    codes: Mapped[list[Any]]
    wrong: Mapped[int] = mapped_column(default=0)  # one after another
    wrong_at: Mapped[dt.datetime | None]
