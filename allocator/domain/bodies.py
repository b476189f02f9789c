"""Trusts, authorities, clusters and dioceses by name: one spelling of each, so that equal bodies are equal texts
in a case.

Two names are *equal* when they differ in spelling only (`folded`), *alike* when they differ in common words or a
letter. What is alike counts as the same body, and so as a conflict, until somebody says no; each reading that is
not exact is told.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from functools import lru_cache
from typing import Literal, TypeVar

from allocator.domain.authorities import ALSO, AUTHORITIES
from allocator.domain.case import Interest, Row, School, Sip
from allocator.domain.characters import unaccented

Kind = Literal["trust", "la", "cluster", "diocese"]
KINDS: tuple[Kind, ...] = ("trust", "la", "cluster", "diocese")
COLUMNS: dict[type[Row], dict[str, Kind]] = {  # where a row names one
    School: {"trust": "trust", "la": "la", "cluster": "cluster", "diocese": "diocese"},
    Sip: {"current_trust": "trust", "current_la": "la", "current_cluster": "cluster", "las": "la"},
    Interest: {"trust": "trust", "la": "la"},
}
SPELT = (  # one way of writing for several; applied in order to the words of a name
    (r"\bc of e\b|\bcofe\b|\bchurch of england\b", "ce"),
    (r"\broman catholic\b|\brc\b", "catholic"),
    (
        r"\bmat\b|\bmulti academ(?:y|ies) trust\b|\bmultiacademy trust\b|\bmulti academ(?:y|ies) company\b",
        "multi academy trust",
    ),
    (r"\bsts?\b|\bsaints\b", "saint"),
    (r"\b(?:ltd|limited|plc|cio)\b", ""),
    (r"\bthe\b", ""),
)
OFFICE = (  # what an authority's name may be dressed in
    r"\b(?:london|royal|metropolitan|county|city|unitary|borough|district|local|council|authority|education"
    r"|service|services|lea|lbc?|mbc|cc|and|of)\b"
)
COMPASS = {
    "n": "north",
    "s": "south",
    "e": "east",
    "w": "west",
    "ne": "north east",
    "nw": "north west",
    "se": "south east",
    "sw": "south west",
}
COMMON = {  # words that tell no body from another
    "multi",
    "academy",
    "academies",
    "trust",
    "school",
    "schools",
    "learning",
    "education",
    "educational",
    "partnership",
    "federation",
    "group",
    "foundation",
    "community",
    "charitable",
    "company",
    "cluster",
    "collaborative",
    "family",
    "network",
    "diocese",
    "diocesan",
    "archdiocese",
    "board",
    "and",
    "of",
    "for",
    "in",
    "at",
    "a",
    "council",
    "authority",
    "county",
    "city",
    "borough",
    "district",
    "area",
}
TELLING = re.compile(  # words that always tell one from another: places on a compass, numbers, single letters
    r"\d+[a-z]?|[a-z]\d+|."
    r"|(?:north|south|east|west|mid|central|upper|lower|inner|outer)(?:ern|land|lands)?"
    r"|(?:north|south)(?:east|west)|i{1,3}|iv|vi{0,3}|"
    r"one|two|three|four|five|six|seven|eight|nine|ten|primary|secondary|special|infant|junior|red|blue|green|yellow"
)
ALIKE = 0.88  # how alike the words left are at least, for one letter or so to be a slip
MOST_NEAREST = 20  # names that no school has, for which the nearest is looked for
SHORTEST = 5  # letters of a name that a slip may be told in
R = TypeVar("R", bound=Row)


@lru_cache(maxsize=65536)
def folded(kind: Kind, name: str) -> str:
    """A name as bodies are compared: no case, accents, apostrophes or punctuation; `&`, `The`, `Ltd`, `St.`, `MAT`
    and an authority's *City of*, *Council* and Welsh or short form written one way. Never empty for a name with a
    letter or digit."""
    text = unaccented(name)
    text = " ".join(
        re.sub(r"[^a-z0-9]+", " ", re.sub(r"['`.]", "", text.replace("’", "").replace("&", " and "))).split()
    )
    out = text
    for pattern, one in SPELT:
        out = re.sub(pattern, one, out)
    if kind == "la":
        out = " ".join(COMPASS.get(w, w) for w in out.split())
        bare = " ".join(re.sub(OFFICE, " ", out).split()) or out
        return _authorities().get(bare, bare)
    return " ".join(out.split()) or text or name


@lru_cache(maxsize=1)
def _authorities() -> dict[str, str]:
    """Every form of an authority's name, bare -> the one it is compared by."""

    def bare(name: str) -> str:
        text = unaccented(name)
        plain = " ".join(re.sub(r"[^a-z0-9]+", " ", text).split())
        plain = re.sub(r"\bst\b", "saint", plain)
        return " ".join(re.sub(OFFICE, " ", plain).split()) or plain

    return {bare(n): bare(n) for n in AUTHORITIES} | {bare(n): bare(one) for n, one in ALSO.items()}


def is_authority(name: str) -> bool:
    """Whether it is the name of a local authority of England or Wales, in any of its forms."""
    return folded("la", name) in _authorities().values()


@lru_cache(maxsize=65536)
def _own_words(kind: Kind, name: str) -> frozenset[str]:
    return frozenset(w for w in folded(kind, name).split() if w not in COMMON)


def alike(kind: Kind, a: str, b: str) -> bool:
    """Whether two names that are not equal may be of one body: common words or a letter apart, or one a part of
    the other."""
    if kind == "la" and {folded(kind, a), folded(kind, b)} <= set(_authorities().values()):
        return False  # two that exist
    mine, theirs = _own_words(kind, a), _own_words(kind, b)
    if not mine or not theirs or any(TELLING.fullmatch(w) for w in mine ^ theirs):
        return False
    return mine <= theirs or theirs <= mine or slip(kind, a, b)


def slip(kind: Kind, a: str, b: str) -> bool:
    """Whether the words that tell one body from another are the same but for a letter or so."""
    mine, theirs = _own_words(kind, a), _own_words(kind, b)
    if not mine or not theirs or any(TELLING.fullmatch(w) for w in mine ^ theirs):
        return False
    one, other = " ".join(sorted(mine)), " ".join(sorted(theirs))
    if abs(len(one) - len(other)) > 2 or min(len(one), len(other)) < SHORTEST:
        return False
    matcher = SequenceMatcher(None, one, other)
    if matcher.quick_ratio() < ALIKE - 0.1:
        return False
    ratio = matcher.ratio()
    return ratio >= ALIKE or ratio * (len(one) + len(other)) / 2 >= max(len(one), len(other)) - 1


def named(row: Row) -> dict[str, object]:
    """Column -> the body or bodies that a row names there."""
    return {c: v for c in COLUMNS.get(type(row), {}) if (v := getattr(row, c))}


def _parts(text: str) -> set[str]:
    """A text, and it without each of its letters: two that share one are a letter apart."""
    return {text, *(text[:n] + text[n + 1 :] for n in range(len(text)))}


def _keys(kind: Kind, name: str) -> set[str]:
    words = _own_words(kind, name)
    return {*words, *(f"~{part}" for part in _parts(" ".join(sorted(words))))}


@dataclass(frozen=True)
class ReadAs:
    """How a body's name was read. `means`: the schools' spelling, or None when no school has such a body; `sure`
    when equal; `near`: the schools' names most like it."""

    kind: Kind
    given: str
    means: str | None
    sure: bool = True
    near: tuple[str, ...] = ()


class Bodies:
    """The bodies of a case's schools, and how names of them are read.

    `told`: (kind, name as compared) -> whom it means, by somebody's word; blank = none of the schools' bodies.
    """

    def __init__(self, schools: Iterable[School], told: Mapping[tuple[Kind, str], str] | None = None) -> None:
        self.told = told or {}
        spelt: dict[Kind, Counter[str]] = {k: Counter() for k in KINDS}
        for s in schools:
            for k in KINDS:
                if name := getattr(s, k):
                    spelt[k][name] += 1
        self.one: dict[tuple[Kind, str], str] = {}  # (kind, as compared) -> the spelling most schools use
        self.doubtful: set[tuple[Kind, str]] = set()
        for k, names in spelt.items():
            for name, _ in sorted(names.items(), key=lambda x: (-x[1], x[0])):
                self.one.setdefault((k, folded(k, name)), name)
        self._slips_of_trusts()
        self._seen: dict[tuple[Kind, str], ReadAs] = {}
        self._asked = 0
        self._by_key: dict[Kind, dict[str, set[str]]] = {}

    def _slips_of_trusts(self) -> None:
        """A trust that some schools spell a letter apart is one trust: its SIPs are barred from all of them."""
        by_part: dict[str, list[str]] = {}
        for (kind, plain), name in list(self.one.items()):
            if kind != "trust" or self.told.get((kind, plain)) == "":
                continue
            parts = _parts(plain)
            seen = sorted({other for p in parts for other in by_part.get(p, ())})
            known = next((o for o in seen if slip(kind, o, name)), None)
            if known is not None:
                self.one[kind, plain] = known
                self.doubtful.add((kind, plain))
            for p in parts if known is None else ():
                by_part.setdefault(p, []).append(name)

    def read(self, kind: Kind, given: str) -> ReadAs:
        """Which of the schools' bodies it is. A name alike to two is left, with both in `near`."""
        if (kind, given) not in self._seen:
            self._seen[kind, given] = self._read(kind, given)
        return self._seen[kind, given]

    def _read(self, kind: Kind, given: str) -> ReadAs:
        plain = folded(kind, given)
        means = self.told.get((kind, plain))
        if means == "":
            return ReadAs(kind, given, None)
        if means is not None and self.knows(kind, means):
            return ReadAs(kind, given, self.one.get((kind, folded(kind, means)), means))
        if (kind, plain) in self.one:
            return ReadAs(kind, given, self.one[kind, plain], (kind, plain) not in self.doubtful)
        near = [n for n in self._candidates(kind, given) if alike(kind, given, n)]
        closest = [n for n in near if _own_words(kind, n) == _own_words(kind, given)]
        if len(closest or near) == 1:
            return ReadAs(kind, given, (closest or near)[0], sure=False)
        return ReadAs(kind, given, None, sure=not near, near=tuple(near) or self._nearest(kind, given))

    def knows(self, kind: Kind, means: str) -> bool:
        """Whether a school has the body that somebody's word gives for a name; else the word is of no use."""
        return (kind, folded(kind, means)) in self.one or any(
            k == kind and folded(kind, self.told.get((k, plain), "")) == folded(kind, means) for k, plain in self.one
        )

    def _candidates(self, kind: Kind, given: str) -> list[str]:
        """The schools' names that share a telling word with it, or are a letter off: no others can be alike."""
        if kind not in self._by_key:
            index: dict[str, set[str]] = defaultdict(set)
            for (k, _), name in self.one.items():
                for key in _keys(kind, name) if k == kind else ():
                    index[key].add(name)
            self._by_key[kind] = index
        return sorted(set().union(*(self._by_key[kind].get(key, set()) for key in _keys(kind, given))))

    def _nearest(self, kind: Kind, given: str) -> tuple[str, ...]:
        self._asked += 1
        if self._asked > MOST_NEAREST:
            return ()
        by = {folded(kind, n): n for (k, _), n in sorted(self.one.items()) if k == kind}
        return tuple(by[x] for x in get_close_matches(folded(kind, given), by, 1, 0.6))

    def row(self, row: R) -> tuple[R, list[tuple[str, ReadAs]]]:
        """The row in the schools' spelling, and (column, reading) of every name in it that was read otherwise than
        written, or as nobody's."""
        update: dict[str, object] = {}
        said = []
        for column, value in named(row).items():
            kind = COLUMNS[type(row)][column]
            names = value if isinstance(value, tuple) else (str(value),)
            found = [self.read(kind, n) for n in names]
            if column == "las":  # where somebody may work is not read into a name that is only alike
                found = [
                    r if r.sure else ReadAs(kind, r.given, None, near=(r.means,) if r.means else r.near) for r in found
                ]
            said += [(column, r) for r in found if r.means != r.given]
            spelt = tuple(r.means or r.given for r in found)
            if spelt != tuple(names):
                update[column] = spelt if isinstance(value, tuple) else spelt[0]
        return (row.model_copy(update=update) if update else row), said
