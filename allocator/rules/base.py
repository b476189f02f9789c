"""What a rule is. One file a rule, found where it lies (docs/how-to/add-a-rule.md).

A rule reads `facts.Facts` (what follows from a case and a policy) and speaks three ways: it blocks a pair
with a reason, gives a pair points, or adds a structure to the instance. It imports no other rule, no solver.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from allocator.domain.policy import by_need
from allocator.words import day as day
from allocator.words import listed as listed
from allocator.words import words as words
from allocator.words import years as years

if TYPE_CHECKING:
    from allocator.domain.case import Sip
    from allocator.domain.facts import Facts, Post

Audience = Literal["manager", "school", "sip"]
Span = tuple[dt.date, dt.date]  # first and last day, both included
EVER: Span = dt.date.min, dt.date.max
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Structure:
    """What structural rules add, as data. Posts are (urn, kind); pairs are (urn, kind, sip)."""

    rule: str
    kind: Literal["same", "different", "never_both", "fixed", "above", "together"]
    posts: tuple[tuple[str, str], ...] = ()
    pairs: tuple[tuple[str, str, str], ...] = ()
    sip: str | None = None  # above: whose measure
    measure: Literal["load", "posts"] = "load"  # above: year load in quarter-days, or posts held among `posts`
    free: int = 0
    price: int = 0


@dataclass
class Draft:
    """What is known when structures are asked for: posts, SIPs, and the pairs no rule blocks."""

    facts: Facts
    posts: tuple[Post, ...]
    allowed: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)  # post -> SIPs, sorted

    @cached_property
    def usable(self) -> tuple[str, ...]:
        """Ids of the SIPs with at least one allowed pair, sorted."""
        return tuple(sorted({sip for sips in self.allowed.values() for sip in sips}))


class Rule:
    """Base of all rules; a rule overrides what it has to say and nothing else."""

    id: str = ""  # the name of its file
    law: str = ""  # for example "domain F5"
    title: str = ""  # as a heading: Declared interests
    meaning: str = ""  # a sentence for whoever reads the rules in force
    barred: str = ""  # what it makes of several people, after their names: are not trained
    soft: bool = False  # gives points; a soft rule may still block (travel)

    @property
    def setting(self) -> str:
        """The policy key that switches it: of the part that is named as the rule, unless it says another."""
        return f"{self.id}.on"

    def on(self, facts: Facts) -> bool:
        """Whether policy has this rule in force."""
        part: object = facts.policy
        for name in self.setting.split("."):
            part = getattr(part, name)
        return bool(part)

    def block(self, facts: Facts, post: Post, sip: Sip) -> str | None:
        """Why this pair may not be, in a manager's words; None when the rule does not mind."""
        return None

    dated: bool = False  # bars on some days of the year only: `bars` says which, for who holds a post already

    def bars(self, facts: Facts, sip: Sip, accepted: Collection[Span]) -> list[Span]:
        """For a dated rule: the days on which it bars a holder, whatever the post; `accepted` are absences that
        the plan gone on from allowed for."""
        return []

    def sees(self, facts: Facts, post: Post) -> Hashable | None:
        """All that `block` looks at of the post: posts alike in it are judged once a SIP. None = judge each pair."""
        return None

    def touches(self, facts: Facts, post: Post) -> Collection[str] | None:
        """The only SIPs whom the rule may bar here, or give points to. None = it may be anybody."""
        return None

    def reach(self, facts: Facts, post: Post) -> Collection[str] | None:
        """The only SIPs whom the rule may let by here (more than these is no harm). None = it may be anybody."""
        return None

    def points(self, facts: Facts, post: Post, sip: Sip) -> int:
        """-100 to 100, before weight; 0 when the rule has nothing to say."""
        return 0

    def weight(self, facts: Facts, post: Post) -> int:
        """A soft rule's weight at this post's need, by the part of the policy that is named as the rule."""
        return by_need(getattr(facts.policy, self.id).weight, post.need) if self.soft else 0

    def structures(self, draft: Draft) -> list[Structure]:
        """Constraints and team costs to add to the instance."""
        return []

    def met(self, facts: Facts, post: Post, held: Mapping[tuple[str, str], str]) -> bool | None:
        """For a wish that spans several posts: whether this plan (post -> SIP) meets it; None = not such a rule."""
        return None

    def say(self, facts: Facts, post: Post, sip: Sip, points: int, audience: Audience) -> str | None:
        """The sentence for points given (before weight), for one audience; None = keep silent to them."""
        return None


def strength(given: int | None) -> int:
    """Points of a wish by its strength, 1 to 3 (blank = 2)."""
    return {1: 33, 2: 67, 3: 100}[given or 2]


def share(part: int, whole: int) -> int:
    """A fair share, rounded up so that an exact share costs nobody."""
    return -(-part // whole)
