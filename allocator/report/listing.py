"""A table for a terminal, a page and a sheet alike: what every list of `lists` and `ahead` is made as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Fact:
    """A row of a table of the case: by its key, as `intake.edit.key_of` has it, or a new one about a school and SIP."""

    table: str
    key: str = ""
    urn: str = ""
    sip: str = ""


@dataclass(frozen=True)
class Listing:
    """A table: its head, its rows, and what to say of them; `said` alone where there is no row.

    `facts`: for each row the fact that would mend it, where there is one; empty where no row has any.
    """

    name: str
    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    said: str
    facts: tuple[Fact | None, ...] = ()
