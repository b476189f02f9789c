"""What tells who somebody is, found and replaced in anything that is kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from allocator.domain.happened import FACTS

FREE = {"note", "why", "named", "reason", "text", "pen_portrait"} | FACTS.free()  # what people write about people
GONE = "taken out when a person was erased"


@dataclass
class Marks:
    """What tells who somebody is, and what stands there instead."""

    name: str  # theirs, from now on
    names: set[str] = field(default_factory=set)
    emails: set[str] = field(default_factory=set)
    sips: set[str] = field(default_factory=set)
    people: set[str] = field(default_factory=set)  # the ids of their accounts

    @property
    def theirs(self) -> dict[str, str]:
        """Who did something, where it was they."""
        return {"id": self.name, "name": self.name}

    def found_in(self, value: Any) -> bool:
        """Whether anything tells who they are, at any depth."""
        if isinstance(value, dict):
            return any(self.key(str(k)) != str(k) or self.found_in(v) for k, v in value.items())
        if isinstance(value, list | tuple):
            return any(map(self.found_in, value))
        text = value if isinstance(value, str) else ""
        return any(re.search(how, text) for how in (*map(_address, self.emails), *map(_name, self.names)))

    def scrubbed(self, value: Any, key: str = "") -> Any:
        """The value without them: names and addresses replaced; what was written freely and tells of them is taken
        out."""
        if isinstance(value, dict):
            mine = value.get("sip") in self.sips and "name" in value and "phases" in value  # their own row of `sips`
            blank = ("email", "pen_portrait") if mine else ()
            return {self.key(k): None if k in blank else self.scrubbed(v, k) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self.scrubbed(v, key) for v in value]
        if not isinstance(value, str):
            return value
        if key in FREE and self.told(value):
            return GONE
        return self.plain(value)

    def told(self, text: str) -> bool:
        words = {w for n in self.names for w in n.split() if len(w) > 2}
        return self.found_in(text) or any(re.search(rf"\b{re.escape(w)}\b", text, re.IGNORECASE) for w in words)

    def plain(self, text: str) -> str:
        known = filter(None, (*self.names, *self.emails, *self.people))
        for what in sorted(known, key=len, reverse=True):
            how = _name(what) if what in self.names else _address(what) if what in self.emails else re.escape(what)
            text = re.sub(how, "" if what in self.emails else self.name, text)
        return text

    def key(self, field: str) -> str:
        """What a value is called. A name of one word may be that of a field, and fields stay."""
        return field if field in self.names and " " not in field else self.plain(field)


def _name(name: str) -> str:
    """A pattern of a name, which may be part of others: Ann Lee of Joann Leeson. One of a single word is found written
    so only."""
    exact = re.escape(name)
    return rf"(?<![^\W\d_])(?i:{exact})(?![^\W\d_])" if " " in name.strip() else rf"(?<!\w){exact}(?!\w)"


def _address(email: str) -> str:
    """A pattern of an address, which may be part of others: khan@x.org of a.khan@x.org.uk."""
    return rf"(?<![\w.+-])(?i:{re.escape(email)})(?![\w-]|\.\w)"
