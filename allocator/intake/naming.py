"""People's own spellings of names against those we know: equal but for titles, signs and common words, or merely
near."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import islice

from allocator.domain.characters import unaccented

TITLES = {"mr", "mrs", "ms", "miss", "mx", "dr", "rev", "revd", "sir", "dame", "prof", "professor", "sister", "father"}
SAME = {
    "st": "saint",
    "sts": "saint",
    "saints": "saint",
    "ce": "",
    "rc": "",
    "c": "",
    "e": "",
    "va": "",
    "vc": "",
    "of": "",
    "the": "",
    "and": "",
    "school": "",
    "church": "",
    "england": "",
    "catholic": "",
    "voluntary": "",
    "aided": "",
    "controlled": "",
    "academy": "",
    "sch": "",
    "acad": "",
    "roman": "",
    "jr": "junior",
    "inf": "infant",
    "infants": "infant",
    "juniors": "junior",
    "prim": "primary",
    "pri": "primary",
    "jun": "junior",
    "jnr": "junior",
    "sec": "secondary",
}
FAITHS = {
    "england": r"\b(ce|cofe|church of england|anglican)\b",
    "rome": r"\b(rc|catholic)\b",
    "methodist": r"\bmethodist\b",
    "wales": r"\b(ciw|church in wales)\b",
}
NEAR = 0.62  # how alike two names are at least, to be suggested
SUGGESTED = 4  # suggestions for one name
CANDIDATES = 80  # names that share most with a given one, to be looked at closely
SMALL = 200_000_000  # texts × runs of an index whose bits take little room (25 MB)
COMMON = 10  # a run of letters that every tenth name has tells little


@lru_cache(maxsize=65536)
def words(name: str) -> tuple[str, ...]:
    """The words of a name that tell it apart, in lower case."""
    flat = unaccented(name).replace("'", "")
    found = [SAME.get(w, w) for w in re.findall(r"[a-z0-9]+", flat) if w not in TITLES]
    return tuple(w for w in found if w) or (flat.strip(),)


def plain(name: str) -> str:
    """A name as it is compared, the order of its words kept."""
    return " ".join(words(name))


def faith(name: str) -> set[str]:
    """The churches that a school's name tells of."""
    flat = f" {name.casefold().replace('.', '').replace('c of e', 'ce')} "
    return {church for church, signs in FAITHS.items() if re.search(signs, flat)}


def apart(a: str, b: str) -> bool:
    """Whether two names that are otherwise the same tell of different churches: St Mary's CE and St Mary's RC."""
    mine, theirs = faith(a), faith(b)
    return bool(mine and theirs) and mine.isdisjoint(theirs)


def same(name: str, known: Mapping[str, str]) -> str | None:
    """The one id of `known` (id -> name) whose name is the same, given exactly or in plain words; None when it is
    no one's or several people's."""
    exact = [id for id, n in known.items() if n.casefold().strip() == name.casefold().strip()]
    alike = exact or [id for id, n in known.items() if sorted(words(n)) == sorted(words(name)) and not apart(name, n)]
    return alike[0] if len(alike) == 1 else None


class Index:
    """Texts by the runs of three letters in their words, so that a name is compared only with those that may be
    like it.

    Who has a run is a set of bits in one number, and how many runs each shares is counted for all at once, a bit of the
    count at a time.
    """

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.ids = list(texts)
        self._at: dict[str, list[int]] = defaultdict(list)
        for n, text in enumerate(texts.values()):
            for run in _runs(text):
                self._at[run].append(n)
        self._rare = max(CANDIDATES, len(self.ids) // COMMON)
        self._held: dict[str, int] = {}  # bits made once, where they take little room, or no more than the lists

    def most(self, text: str, least: float = 0.0, among: int = -1) -> list[str]:
        """Ids of those that share most with it, at most CANDIDATES; with `least`, only who has that part of its runs.
        `among`: bits of those who come into question, in the order that the texts were given."""
        mine = _runs(text)
        runs = sorted((r for r in mine if r in self._at), key=lambda r: len(self._at[r]))
        counts: list[int] = []
        some = 0
        for run in runs:
            if least or len(self._at[run]) <= self._rare or some.bit_count() < SUGGESTED:
                bits = self._bits(run)
                some |= bits
                _count(counts, bits)
        places = _highest(counts, some & among, max(1, math.ceil(least * len(mine))))
        return [self.ids[n] for n in islice(places, CANDIDATES)]

    def _bits(self, run: str) -> int:
        if run in self._held:
            return self._held[run]
        held = bytearray(len(self.ids) // 8 + 1)
        for n in self._at[run]:
            held[n >> 3] |= 1 << (n & 7)
        bits = int.from_bytes(held, "little")
        if len(self.ids) * len(self._at) < SMALL or 64 * len(self._at[run]) > len(self.ids):
            self._held[run] = bits
        return bits


def _count(counts: list[int], bits: int) -> None:
    """One more for each of these, in `counts`: the lowest bit of every count first."""
    for n, one in enumerate(counts):
        counts[n], bits = one ^ bits, one & bits
        if not bits:
            return
    counts.append(bits)


def _highest(counts: list[int], some: int, least: int, above: int = 0) -> Iterator[int]:
    """Places, of `some`, whose count is `least` or more, the highest counts first. `above`: what higher bits have
    said."""
    if not some or above + (1 << len(counts)) <= least:
        return
    if counts:
        *lower, top = counts
        yield from _highest(lower, some & top, least, above + (1 << len(lower)))
        yield from _highest(lower, some & ~top, least, above)
        return
    while some:
        lowest = some & -some
        yield lowest.bit_length() - 1
        some ^= lowest


def _runs(text: str) -> set[str]:
    return {padded[n : n + 3] for w in text.split() for padded in (f"  {w} ",) for n in range(len(padded) - 2)}


def nearest_names(name: str, known: Mapping[str, str]) -> list[str]:
    """Ids of the most alike names, best first; ties by id."""
    mine = set(words(name))
    straight, turned = SequenceMatcher(None, b=plain(name)), SequenceMatcher(None, b=" ".join(sorted(words(name))))
    scores: dict[str, float] = {}
    for id, other in known.items():
        score = max(_alike(straight, plain(other)), _alike(turned, " ".join(sorted(words(other)))))
        theirs = set(words(other))
        if mine & theirs and (mine <= theirs or (len(theirs) > 1 and theirs <= mine)):
            score = max(score, 0.8)  # a surname, a school without its "primary", or a name with a remark
        if score >= NEAR:
            scores[id] = score
    return sorted(scores, key=lambda id: (-scores[id], id))[:SUGGESTED]


def _alike(matcher: SequenceMatcher[str], other: str) -> float:
    """How alike, or 0 where a cheap look shows that it is not alike enough."""
    matcher.set_seq1(other)
    return matcher.ratio() if matcher.real_quick_ratio() >= NEAR and matcher.quick_ratio() >= NEAR else 0.0
