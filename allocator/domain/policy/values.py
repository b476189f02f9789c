"""What a setting is: a value with its meaning in a manager's words and the source of its default."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from allocator.domain.case import Need

Weight = int | dict[Need, int]


class PolicyPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


MOST = 1_000_000


def val(default: Any, meaning: str, source: str, **kw: Any) -> Any:
    """One setting: default, meaning in a manager's words, and where the default comes from. No number is larger than
    a calendar, or what is worked out from it, can hold."""
    if type(default) in (int, float) and not {"le", "lt"} & kw.keys():
        kw["le"] = MOST
    if isinstance(default, dict | list):
        return Field(
            default_factory=lambda: type(default)(default),
            description=meaning,
            json_schema_extra={"source": source},
            **kw,
        )
    return Field(default, description=meaning, json_schema_extra={"source": source}, **kw)


def switch(meaning: str, source: str, default: bool = True) -> Any:
    return val(default, meaning, source)


def weight(default: int | dict[str, int], source: str) -> Any:
    return val(default, "how much this counts: a whole number, or one for each need", source)
