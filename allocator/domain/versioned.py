"""What is kept as JSON, in a schema with a version: checked when it is recorded, typed when it is read.

Rows are never written anew. What an older program wrote is brought up to the present version each time it is read, by
one step a version; what a newer program wrote is refused in words.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

from allocator.errors import Defect, Newer, Spoilt


@dataclass(frozen=True)
class TextKind:
    """What a text of a row is. `free`: somebody wrote it in their own words, so it goes when a person is erased whom it
    tells of (`store.erase`); `brief`: and it is kept only as long as reasons are (`store.retention`)."""

    what: str
    free: bool = False
    brief: bool = False


Urn = Annotated[str, TextKind("a URN")]
SipId = Annotated[str, TextKind("a SIP's id")]
PlanName = Annotated[str, TextKind("a plan's name (`rounds.plan_id`)")]
Id = Annotated[str, TextKind("an id of the store")]
Rung = Annotated[str, TextKind("a rung of the policy's ladder")]
Name = Annotated[str, TextKind("a person's name")]
Digest = Annotated[str, TextKind("a SHA-256")]
Why = Annotated[str, TextKind("words", free=True)]
OwnWords = Annotated[str, TextKind("words", free=True, brief=True)]
Changes = Annotated[tuple[dict[str, Any], ...], TextKind("changes (changes.md)")]


class Versioned(BaseModel):
    """What one kind of row says. A field with a default is left out of a row that has nothing else to
    say."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: ClassVar[str]
    version: ClassVar[int] = 1

    def plain(self) -> dict[str, Any]:
        """As the row has it: JSON."""
        return self.model_dump(mode="json", exclude_defaults=True, warnings=False)  # `checked` reads it back


M = TypeVar("M", bound=Versioned)
Step = Callable[[dict[str, Any], dt.datetime], dict[str, Any]]  # (JSON, when recorded) -> the next version's
UNFIT = (ValueError, KeyError, TypeError)  # what reading JSON that fits no schema raises


@dataclass(frozen=True)
class Schemas(Generic[M]):
    """The schemas of one sort of row: by kind one or several shapes, of which `shape` finds that of a row. `steps`: by
    kind and version, what brings a row to the next one."""

    what: str  # what a row is called
    shapes: Mapping[str, tuple[type[M], ...]]
    steps: Mapping[tuple[str, int], Step]
    shape: Callable[[str, Mapping[str, Any]], type[M]]

    def knows(self, kind: str, version: int) -> bool:
        """Whether this program reads such a row, or only a newer one does."""
        return kind in self.shapes and version <= self.shapes[kind][0].version

    def read(self, name: object, kind: str, version: int, data: Mapping[str, Any], at: dt.datetime) -> M:
        """What a row says, recorded `at` that time. Raises Newer for one of a newer program, Spoilt for one that
        fits no schema; both say the row's `name`."""
        row = f"{self.what.capitalize()} {name} ({kind})"
        if kind not in self.shapes:
            raise Newer(f"{row} is of a kind that this version of the program does not know. Use a newer one.")
        newest = self.shapes[kind][0].version
        if version > newest:
            raise Newer(
                f"{row} is of version {version}; this version of the program reads up to {newest}. Use the version "
                "that recorded it, or a newer one."
            )
        if not isinstance(data, Mapping):
            raise Spoilt(f"{row} cannot be read: it is no object. Restore the store from a backup.")
        try:
            now = dict(data)
            for n in range(version, newest):
                now = self.steps[kind, n](now, at)
            return self.shape(kind, now).model_validate(now)
        except UNFIT as error:
            raise Spoilt(f"{row} cannot be read: {_wrong(error)}. Restore the store from a backup.") from None

    def checked(self, said: M) -> M:
        """It as it will be read: what does not come back from its own JSON is never kept. Raises Defect."""
        try:
            data = said.plain()
            return self.shape(said.kind, data).model_validate(data)
        except UNFIT as error:
            raise Defect(f"{self.what.capitalize()} ({said.kind}) cannot be recorded: {_wrong(error)}.") from None

    def free(self) -> frozenset[str]:
        """Every field, of any kind, that holds what somebody wrote in their own words."""
        return frozenset(f for shapes in self.shapes.values() for shape in shapes for f in free_fields(shape))

    def brief(self) -> dict[str, tuple[str, ...]]:
        """By kind, the fields that are kept only as long as reasons are."""
        found = {
            kind: tuple(dict.fromkeys(f for shape in shapes for f in free_fields(shape, brief=True)))
            for kind, shapes in self.shapes.items()
        }
        return {kind: fields for kind, fields in found.items() if fields}


def _wrong(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:3])
    return f"{error} is not there, or is of another sort"


@cache
def free_fields(shape: type[BaseModel], *, brief: bool = False) -> tuple[str, ...]:
    """Fields that hold what somebody wrote in their own words; `brief`: those alone that are kept only for a time."""
    return tuple(
        name
        for name, field in shape.model_fields.items()
        if any(m is not None and (m.brief if brief else m.free) for m in meanings(field))
    )


def meanings(field: FieldInfo) -> Iterator[TextKind | None]:
    """Of each text in a field what it is; None where nobody has said. Words of a closed list are no text."""
    yield from _meanings(field.annotation, next((m for m in field.metadata if isinstance(m, TextKind)), None))


def _meanings(hint: Any, said: TextKind | None) -> Iterator[TextKind | None]:
    origin = get_origin(hint)
    if hint is str or hint is Any:
        yield said
    elif origin is Annotated:
        base, *more = get_args(hint)
        yield from _meanings(base, next((m for m in more if isinstance(m, TextKind)), said))
    elif isinstance(hint, type) and issubclass(hint, BaseModel):
        for field in hint.model_fields.values():
            yield from meanings(field)
    elif origin is not Literal:
        for inner in get_args(hint):
            yield from _meanings(inner, said)
