"""A table for a terminal, a page and a sheet alike: what every list of `lists` and `ahead` is made as."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from allocator.allocate import Setup
from allocator.domain.facts import Facts
from allocator.domain.plan import Plan
from allocator.engine.tiers import Stop
from allocator.reasons.spoken import name_of
from allocator.words import listed


@dataclass(frozen=True)
class FactToMend:
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
    facts: tuple[FactToMend | None, ...] = ()


@dataclass(frozen=True)
class ListSource:
    """What every list reads. `setup`: that of the plan, asked for where a row says who may take a post, for it takes
    longer than all lists; `dearer`: whether the year may be planned again."""

    plan: Plan
    facts: Facts
    setup: Callable[[], Setup]
    today: dt.date
    dearer: bool = False
    stop: Stop | None = None

    @cached_property
    def ready(self) -> Setup:
        return self.setup()

    def name(self, sip: str | None) -> str:
        return name_of(self.facts, sip)

    def schools(self, urns: Sequence[str]) -> str:
        return listed([self.facts.name(u) for u in urns])
