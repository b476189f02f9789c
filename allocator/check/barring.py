"""Who may hold what, by the tests in `reach.py`: asked in the order in which most is settled by least."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from allocator.check.derived import Book, Post, norm
from allocator.check.ledger import once
from allocator.check.named import at_home, named
from allocator.check.reach import Test, in_force, required
from allocator.domain.case import Sip

OF_PEOPLE = "phase", "availability", "training", "approval", "dbs", "eligibility", "appraisal"
"""Tests that ask nothing of a school but its phase, and of a post its kind and days: one answer serves all alike."""
OF_ROWS = "interest", "refusal", "parting", "tenure", "cooling_off", "decision"
"""Tests that bar nobody whom no row names with the school, its trust or its authority."""
OF_FEW = "need", "own_ties"  # tests that bar few, and of which is known whom they may: `_suspects`
FIRST = "authority", "travel"  # of the others, what bars most


@once
def _suspects(b: Book, urn: str, kind: str) -> Collection[str]:
    """SIPs whom a test of OF_FEW may bar from such a post."""
    if kind != "appraisal" and required(b, urn):
        return b.sips.keys()
    return at_home(b, urn).union(sip for sip, row in b.sips.items() if row.kind == "serving_head")


def _within(tests: Sequence[Test], b: Book, post: Post, sip: Sip) -> bool:
    """Whether none of these tests bars the pair."""
    return all(not test(b, post, sip) for test in tests)


class Bars:
    """Who may not hold what, and by which rules: worked out for the pairs asked about, and kept.

    `more`: tests beside those of the rules. `holders`: who keeps a part in the year, and so may have it.
    """

    def __init__(self, b: Book, more: Mapping[str, Callable[[Book, Post, Sip], bool]]) -> None:
        self.b, self.tests = b, {**in_force(b), **more}
        self.holders: Mapping[tuple[str, str], str] = {}
        self._known: dict[tuple[str, str, str], list[str]] = {}
        self._sole: dict[tuple[str, str], str | None] = {}
        self._fits: dict[tuple[object, ...], bool] = {}
        self._likely: dict[tuple[object, ...], list[str]] = {}
        self._of_people = [test for name, test in self.tests.items() if name in OF_PEOPLE]
        self._of_rows = [test for name, test in self.tests.items() if name in OF_ROWS and name != "tenure"]
        rest = sorted(
            self.tests.keys() - {*OF_PEOPLE, *OF_ROWS}, key=lambda name: (name not in FIRST, name == "floor", name)
        )
        self._of_places = [self.tests[name] for name in rest]  # the order changes no answer
        self._of_few = [self.tests[name] for name in rest if name in OF_FEW]
        self._where_likely = [self.tests[name] for name in rest if name not in ("authority", *OF_FEW)]

    def rules(self, post: Post, sip: Sip) -> list[str]:
        """The rules that bar this pair, the sole specialist and the holder of a kept part spared."""
        if self.holders.get(post.key) == sip.sip:
            return []
        pair = (*post.key, sip.sip)
        if pair not in self._known:
            names = [name for name, test in self.tests.items() if test(self.b, post, sip)]
            alone = "tenure" in names and self.sole(post) == sip.sip
            self._known[pair] = [name for name in names if not (alone and name == "tenure")]
        return self._known[pair]

    def may(self, post: Post, sip: Sip) -> bool:
        """Whether no rule bars this pair."""
        if self.holders.get(post.key) == sip.sip:
            return True
        known = self._known.get((*post.key, sip.sip))
        if known is not None:
            return not known
        if not self._fit(post, sip) or not _within(self._of_places, self.b, post, sip):
            return False
        return not self._by_rows(post, sip)

    def able(self, post: Post) -> list[str]:
        """Everybody who may hold a post, in the order of the case: as `may` says of each."""
        sips, likely = self.b.sips, self._likely_at(post)
        holder = self.holders.get(post.key)
        if holder in sips and holder not in likely:
            return [sip for sip, row in sips.items() if self.may(post, row)]
        free = likely
        for test in self._where_likely:
            free = [sip for sip in free if sip == holder or not test(self.b, post, sips[sip])]
        suspects, told_of = _suspects(self.b, post.urn, post.kind), named(self.b, post.urn)
        out = []
        for sip in free:
            few = sip in suspects and not _within(self._of_few, self.b, post, sips[sip])
            if sip == holder or not (few or (sip in told_of and self._by_rows(post, sips[sip]))):
                out.append(sip)
        return out

    def _by_rows(self, post: Post, sip: Sip) -> bool:
        """Whether a test of rows bars the pair, which no other test bars."""
        if sip.sip not in named(self.b, post.urn):
            return False
        if any(test(self.b, post, sip) for test in self._of_rows):
            return True
        tenure = self.tests.get("tenure")
        return tenure is not None and tenure(self.b, post, sip) and bool(self.rules(post, sip))

    def _likely_at(self, post: Post) -> list[str]:
        """SIPs in their order whom neither OF_PEOPLE nor the authority bars from posts like this one."""
        s = self.b.schools[post.urn]
        alike = post.kind, post.begin, post.end, s.phase, s.phase_choice, norm(s.la)
        if alike not in self._likely:
            elsewhere = self.tests.get("authority")
            sips = ((sip, row) for sip, row in self.b.sips.items() if self._fit(post, row))
            self._likely[alike] = [sip for sip, row in sips if not (elsewhere and elsewhere(self.b, post, row))]
        return self._likely[alike]

    def _fit(self, post: Post, sip: Sip) -> bool:
        """Whether nothing of OF_PEOPLE bars a SIP from posts like this one."""
        s = self.b.schools[post.urn]
        asked = sip.sip, post.kind, post.begin, post.end, s.phase, s.phase_choice
        if asked not in self._fits:
            self._fits[asked] = not any(test(self.b, post, sip) for test in self._of_people)
        return self._fits[asked]

    def lasting(self, post: Post, sip: Sip) -> list[str]:
        """The rules that bar the holder of a post of the year on each of its days."""
        daily = {"availability", "dbs"}  # asked of each day by itself
        if self.b.policy.tenure.sole_specialist == "extend":
            daily.add("tenure")  # what was granted for the year lasts for the year
        return [name for name, test in self.tests.items() if name not in daily and test(self.b, post, sip)]

    def sole(self, post: Post) -> str | None:
        """The one SIP who could take the post but for the limit of years, when nobody else may take it."""
        if post.kind != "lead" or self.b.policy.tenure.sole_specialist != "extend" or post.key in self.holders:
            return None
        if post.key not in self._sole:
            self._sole[post.key] = self._only(post)
        return self._sole[post.key]

    def _only(self, post: Post) -> str | None:
        past: list[str] = []
        names = self.tests.keys() - {"tenure", "floor"}  # the floor is no person's bar
        others = [self.tests[name] for name in sorted(names, key=lambda name: (name not in FIRST, name))]
        for sip in self._likely_at(post):
            row = self.b.sips[sip]
            if any(test(self.b, post, row) for test in others):
                continue
            if not self.tests["tenure"](self.b, post, row):
                return None
            past.append(sip)
        return past[0] if len(past) == 1 else None
