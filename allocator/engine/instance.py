"""The vocabulary in which rules speak to the engine. It knows posts and people, no schools.

Everything is whole numbers. Loads are in the caller's units (here quarter-days), by resource; resource 0
is the whole, the others its parts (here the year and its four periods).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NamedTuple


@dataclass(frozen=True)
class Trim:
    """A smaller way to fill a post: `short` units less in all, `less` by resource (less[0] = short)."""

    short: int
    less: tuple[int, ...]


@dataclass(frozen=True)
class Post:
    """Something to fill. `wants` people (all or none); `counts` towards people's at_most and at_least."""

    key: str
    wants: int = 1
    counts: bool = True
    trims: tuple[Trim, ...] = ()


@dataclass(frozen=True)
class Limit:
    """Load of `resource` at most `hard`; each unit above `soft` costs `price` points."""

    resource: int
    hard: int
    soft: int | None = None
    price: int = 0


@dataclass(frozen=True)
class Person:
    """Someone who fills posts: limits by resource, and posts held 0 or between at_least and at_most.

    With `must` the person holds at_least even at nobody's wish (reviewer benchmarks).
    """

    key: str
    limits: tuple[Limit, ...] = ()
    at_most: int | None = None
    at_least: int = 0
    must: bool = False


class Pair(NamedTuple):
    """Person `person` may fill post `post` (indices), at these loads, for these points and lot."""

    post: int
    person: int
    load: tuple[int, ...]
    points: int = 0
    lot: int = 0


@dataclass(frozen=True)
class Above:
    """*Even out*: each unit of the person's measure above `free` costs `price`.

    The measure is the load of resource 0, or the number of pairs held among `posts` when given.
    """

    rule: str
    person: int
    free: int
    price: int
    posts: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Together:
    """A group kept together: each different person beyond the first costs `price`."""

    rule: str
    posts: tuple[int, ...]
    price: int


@dataclass(frozen=True)
class Kept:
    """A bond: broken if any of its pairs (indices) is not chosen."""

    key: str
    pairs: tuple[int, ...]


@dataclass(frozen=True)
class Tier:
    """One aim. Its value is the sum of the terms named; bonds count when broken.

    filled, short: post index -> coefficient; broken: bond index -> coefficient; points: pair points less all
    prices; lot: the lots of the pairs chosen. With `worst` (posts) the value is instead the least pair points of any
    of them that is filled, 0 when none is; such a tier has no other term (`worst.py`).
    """

    name: str
    sense: Literal["most", "least"]
    filled: Mapping[int, int] = field(default_factory=dict)
    short: Mapping[int, int] = field(default_factory=dict)
    broken: Mapping[int, int] = field(default_factory=dict)
    points: bool = False
    lot: bool = False
    worst: tuple[int, ...] = ()


@dataclass(frozen=True)
class Instance:
    """A whole problem. Order of posts, people and pairs is canonical and settles the last ties."""

    posts: tuple[Post, ...]
    people: tuple[Person, ...]
    pairs: tuple[Pair, ...]
    tiers: tuple[Tier, ...]
    same: tuple[tuple[int, ...], ...] = ()  # posts with the same person, or all unfilled
    different: tuple[tuple[int, int], ...] = ()  # posts never with the same person
    never_both: tuple[tuple[int, int], ...] = ()  # pairs never chosen together
    fixed: tuple[int, ...] = ()  # pairs chosen whatever the points
    above: tuple[Above, ...] = ()
    together: tuple[Together, ...] = ()
    bonds: tuple[Kept, ...] = ()
    most_load: int | None = None  # cap on the load of resource 0 of all people together
    least_points: Mapping[int, int] = field(default_factory=dict)  # post -> pair points it has at least, if filled

    @property
    def width(self) -> int:
        """How many resources there are."""
        named = [limit.resource + 1 for person in self.people for limit in person.limits]
        return len(self.pairs[0].load) if self.pairs else max(named, default=1)

    @cached_property
    def able(self) -> tuple[bool, ...]:
        """Whether each post has as many pairs as it wants people."""
        count = Counter(pair.post for pair in self.pairs)
        return tuple(count[p] >= post.wants for p, post in enumerate(self.posts))

    @cached_property
    def kept(self) -> dict[str, Any]:
        """What was worked out once and serves every question about the instance (`force.py`)."""
        return {}


@dataclass(frozen=True)
class TierValue:
    """What a plan has of a tier, and a bound: what no plan betters that is as good as this one in every tier up to the
    first that is not proved (so up to there in all those before, and in that one itself, for tiers after it)."""

    name: str
    value: int
    bound: int

    @property
    def proved(self) -> bool:
        return self.value == self.bound


@dataclass(frozen=True)
class Solution:
    """`chosen`: pair indices, sorted. `short`: post index -> units trimmed (absent = none).

    `near`: the pairs that plans equal up to the points can have, in order, where the solve came to know them.
    """

    status: Literal["optimal", "feasible", "stopped"]
    chosen: tuple[int, ...]
    short: Mapping[int, int]
    tiers: tuple[TierValue, ...]
    deterministic_time: float = 0.0
    unique: bool = False
    near: tuple[int, ...] | None = None
