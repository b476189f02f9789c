"""People's own spellings of names against those we know: equal but for titles, signs and common words, or merely near."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping
from difflib import SequenceMatcher
from functools import lru_cache

TITLES = {"mr", "mrs", "ms", "miss", "mx", "dr", "rev", "revd", "sir", "dame", "prof", "professor", "sister", "father"}
SAME = {
    "st": "saint", "sts": "saint", "saints": "saint", "ce": "", "rc": "", "c": "", "e": "", "va": "", "vc": "",
    "of": "", "the": "", "and": "",
    "school": "", "church": "", "england": "", "catholic": "", "voluntary": "", "aided": "", "controlled": "",
    "academy": "", "sch": "", "acad": "", "roman": "",
    "jr": "junior", "inf": "infant", "infants": "infant", "juniors": "junior", "prim": "primary", "pri": "primary",
    "jun": "junior", "jnr": "junior", "sec": "secondary",
}  # fmt: skip
FAITHS = {
    "england": r"\b(ce|cofe|church of england|anglican)\b",
    "rome": r"\b(rc|catholic)\b",
    "methodist": r"\bmethodist\b",
    "wales": r"\b(ciw|church in wales)\b",
}
NEAR = 0.62  # how alike two names are at least, to be suggested
SUGGESTED = 4  # suggestions for one name
CANDIDATES = 80  # names that share most with a given one, to be looked at closely
COMMON = 10  # a run of letters that every tenth name has tells little


@lru_cache(maxsize=65536)
def words(name: str) -> tuple[str, ...]:
    """The words of a name that tell it apart, in lower case."""
    flat = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode().replace("'", "")
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
    """The one id of `known` (id -> name) whose name is the same, given exactly or in plain words; None when it is no one's
    or several people's."""
    exact = [id for id, n in known.items() if n.casefold().strip() == name.casefold().strip()]
    alike = exact or [id for id, n in known.items() if sorted(words(n)) == sorted(words(name)) and not apart(name, n)]
    return alike[0] if len(alike) == 1 else None


class Index:
    """Texts by the runs of three letters in their words, so that a name is compared only with those that may be like it."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.ids = list(texts)
        self._at: dict[str, list[int]] = defaultdict(list)
        for n, text in enumerate(texts.values()):
            for run in _runs(text):
                self._at[run].append(n)
        self._rare = max(CANDIDATES, len(self.ids) // COMMON)

    def most(self, text: str, least: float = 0.0) -> list[str]:
        """Ids of those that share most with it, at most CANDIDATES; with `least`, only who has that part of its runs."""
        runs = _runs(text)
        found = sorted((self._at.get(r, []) for r in runs), key=len)
        shared: Counter[int] = Counter()
        for at in found:
            if least or len(at) <= self._rare or len(shared) < SUGGESTED:
                shared.update(at)
        return [self.ids[n] for n, many in shared.most_common(CANDIDATES) if many >= least * len(runs)]


def _runs(text: str) -> set[str]:
    return {padded[n : n + 3] for w in text.split() for padded in (f"  {w} ",) for n in range(len(padded) - 2)}


def nearest_names(name: str, known: Mapping[str, str]) -> list[str]:
    """Ids of the most alike names, best first; ties by id."""
    mine = set(words(name))
    straight, turned = SequenceMatcher(None, b=plain(name)), SequenceMatcher(None, b=" ".join(sorted(words(name))))
    scores: dict[str, float] = {}
    for id, other in known.items():
        score = max(_alike(straight, plain(other)), _alike(turned, " ".join(sorted(words(other)))))
        if mine & set(words(other)) and mine <= set(words(other)):
            score = max(score, 0.8)  # a surname, or a school without its "primary"
        if score >= NEAR:
            scores[id] = score
    return sorted(scores, key=lambda id: (-scores[id], id))[:SUGGESTED]


def _alike(matcher: SequenceMatcher[str], other: str) -> float:
    """How alike, or 0 where a cheap look shows that it is not alike enough."""
    matcher.set_seq1(other)
    return matcher.ratio() if matcher.real_quick_ratio() >= NEAR and matcher.quick_ratio() >= NEAR else 0.0
