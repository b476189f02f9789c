"""Rows that cannot be read as they were written: told in words, and found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from allocator.domain.case import Case
from allocator.domain.happened import read
from allocator.domain.plan import Plan
from allocator.errors import Spoilt, UsageError
from allocator.store.tables import AskRow, Base, CaseRow, EventRow, Job, MatterRow, MatterStep, PlanRow, RoundRow

T = TypeVar("T")
UNFIT = (ValueError, KeyError, TypeError, AttributeError)  # what reading another sort of thing raises


@contextmanager
def as_written(named: str) -> Iterator[None]:
    """Reading what is `named` so. Raises Spoilt where it cannot be."""
    try:
        yield
    except UNFIT as error:
        raise Spoilt(f"{named} cannot be read: {_wrong(error)}. Restore the store from a backup.") from None


@dataclass(frozen=True)
class MadePlan:
    """What a job that made a plan says of it."""

    plan: str


def answer(job: Job, shape: type[T]) -> T:
    """What came of a job, as a dataclass of what is read of it. Raises Spoilt."""
    with as_written(f"Job {job.id}"):
        return TypeAdapter(shape).validate_python(job.result)


def rungs(row: MatterRow) -> tuple[str, ...]:
    """Who hears the matter in turn. Raises TypeError where these are no names."""
    names = row.rungs
    if not (isinstance(names, list) and names and all(isinstance(name, str) for name in names)):
        raise TypeError
    return tuple(names)


def whole(row: CaseRow) -> CaseRow:
    """The row, where its parts are of the sorts that they were written as. Raises Spoilt."""
    with as_written(f"Data {row.n} of round {row.round_id}"):
        if not (isinstance(row.case["schools"], list) and isinstance(row.case["sips"], list)):
            raise TypeError
        _ = row.policy.items(), [p.items() for p in row.problems]
    return row


def unread(s: Session, programme: str) -> str | None:
    """The first row of its rounds, complaints and concerns that cannot be read, with what to do; None where all can."""
    for row in s.scalars(sa.select(RoundRow).where(RoundRow.programme_id == programme)):
        for table, named, reads in OF_A_ROUND:
            if wrong := _first(s, table, table.round_id == row.id, named, reads):  # type: ignore[attr-defined]
                return f"Round {row.name}: {wrong}"
    mine = sa.select(MatterRow.id).where(MatterRow.programme_id == programme)
    return _first(s, MatterRow, MatterRow.id.in_(mine), "Matter {0}", rungs) or _first(
        s, MatterStep, MatterStep.matter_id.in_(mine), "Step {1} of matter {0}", _who
    )


def _first(
    s: Session, table: type[Base], of: sa.ColumnElement[bool], named: str, reads: Callable[[Any], object]
) -> str | None:
    for key in _keys(s, table, of):
        try:
            row = s.get_one(table, key)
        except Spoilt:
            return _told(named, key, "it is not JSON any more")
        try:
            reads(row)
        except (Spoilt, UsageError) as error:
            return error.text
        except UNFIT as error:
            return _told(named, key, _wrong(error))
    return None


def _wrong(error: Exception) -> str:
    first = error.errors()[0] if isinstance(error, ValidationError) else None
    return first["msg"] if first and first["type"] != "dataclass_type" else "it is of another sort"


def _told(named: str, key: tuple[Any, ...], why: str) -> str:
    return f"{named.format(*key)} cannot be read: {why}. Restore the store from a backup."


def _keys(s: Session, table: type[Base], of: sa.ColumnElement[bool]) -> Iterator[tuple[Any, ...]]:
    key = sa.inspect(table).primary_key
    for row in s.execute(sa.select(*key).where(of).order_by(*key)).all():
        yield tuple(row)


def _who(row: AskRow | Job | MatterStep) -> str:
    return str(row.by["id"])


def _asked(row: AskRow) -> tuple[str, list[str]]:
    return _who(row), [letter["id"] for letter in row.data.get("letters", ())]


OF_A_ROUND: tuple[tuple[type[Base], str, Callable[[Any], object]], ...] = (
    (CaseRow, "Data {1}", lambda r: Case.model_validate(r.case)),
    (PlanRow, "Plan {0}", lambda r: Plan.model_validate_json(r.body)),
    (EventRow, "Event {1}", lambda r: read(r.n, r.at, r.by, r.kind, r.version, r.data)),
    (AskRow, "Row {1} of what was asked first", _asked),
    (Job, "Job {0}", _who),
)
