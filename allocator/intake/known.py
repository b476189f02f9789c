"""The schools or SIPs of a case, and whom of them a text means: by id, by name, by a slip of either."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping
from difflib import SequenceMatcher
from functools import cached_property, lru_cache

from allocator.intake.naming import CANDIDATES, Index, apart, nearest_names, plain, words
from allocator.intake.problems import nearest
from allocator.intake.urns import six_digits

BOTH = re.compile(r"(.+?)\s*[(\[]([^()\[\]]+)[)\]]|(\d{6})\s*[-:\u2013,]?\s+(\D.*)")
POST = (
    r"(?:(?:executive|acting|interim|deputy|assistant) )?"
    r"(?:head|headteacher|head teacher|principal|ht|dht|governor|chair)"
)
ROLE = re.compile(
    rf"{POST} (?:of|at|in) (?:the )?|\s*[(\[,-]+\s*{POST}[)\]]?$", re.IGNORECASE
)  # beside one's own school: `Head of Ash`
LOOK_ALIKE = str.maketrans("oil", "011")
SLIP = 0.8  # how alike an id or name is at least, to be taken for a slip of a known one
WORD = 0.65  # and each of its words
SHARED = 0.4  # the part of its runs of letters that one so alike has at least
SLIPS = 500  # each is an error to mend: after so many the next unknown name is one too, unless somebody has it


class Known:
    """The schools or SIPs of a case by id and name, and how their names are compared."""

    def __init__(self, names: Mapping[str, str], addresses: Mapping[str, str] = {}) -> None:
        self.names = dict(names)
        self._addresses: dict[str, list[str]] = defaultdict(list)
        for id, address in addresses.items():
            self._addresses[address.strip().casefold()].append(id)
        self._by_id: dict[str, list[str]] = defaultdict(list)
        self._exact: dict[str, list[str]] = defaultdict(list)
        self._alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
        self._slips: dict[str, bool] = {}
        self._found = 0  # of them slips
        self._looks = {look for id in self.names for look in _looks(id)}
        self._with_word: dict[str, set[str]] = defaultdict(set)
        for id, name in self.names.items():
            self._by_id[_bare(id)].append(id)
            if name:
                self._exact[" ".join(name.casefold().split())].append(id)
                self._alike[tuple(sorted(words(name)))].append(id)
                for word in words(name):
                    self._with_word[word].add(id)

    def __contains__(self, id: str) -> bool:
        return id in self.names

    def find(self, given: str) -> list[str]:
        """Everyone it may mean: by id but for case and signs, else by name but for spelling."""
        if given in self.names:
            return [given]
        if "@" in given:
            return self._addresses.get(given.strip().casefold(), [])
        alone = ROLE.sub("", given)
        if alone != given and (theirs := self.find(alone)):
            return theirs
        both = BOTH.fullmatch(given)
        if both:  # `Ash Primary (900101)`, as we print them, or `900101 - Ash Primary`
            id, name = (both[2], both[1]) if both[2] else (both[3], both[4])
            if id in self.names:  # the two must not contradict each other
                return [id] if not self.names[id] or self.find(name) == [id] else []
        named = self._exact.get(" ".join(given.casefold().split())) or [
            i for i in self._alike.get(tuple(sorted(words(given))), ()) if not apart(given, self.names[i])
        ]
        return list(dict.fromkeys([*self._by_id.get(_bare(given), ()), *named]))

    def digit_off(self, urn: str) -> str | None:
        """The one school whose URN is a digit or a turn of two digits away."""
        if not six_digits(urn):
            return None
        turned = {urn[:n] + urn[n + 1] + urn[n] + urn[n + 2 :] for n in range(len(urn) - 1)}
        changed = {urn[:n] + d + urn[n + 1 :] for n in range(len(urn)) for d in "0123456789"}
        found = sorted(u for u in turned | changed if u in self.names)
        return found[0] if len(found) == 1 else None

    @cached_property
    def _by_name(self) -> Index:
        return Index({id: plain(self.names[id]) for id in self._sorted})

    @cached_property
    def _by_letters(self) -> Index:
        return Index({id: _bare(id) for id in self.names})

    def near(self, given: str) -> list[str]:
        """The most alike, best first, for a person to choose from."""
        by_id = nearest(given, self._by_letters.most(_bare(given)))
        likely = {id: self.names[id] for id in self._by_name.most(plain(given))}
        return list(dict.fromkeys([*nearest_names(given, likely), *([by_id] if by_id else [])]))

    def slip(self, given: str) -> bool:
        """Whether it is so nearly one of them that it must not be taken for somebody else."""
        if given not in self._slips:
            self._slips[given] = self._found >= SLIPS or self._slip(given)
            self._found += self._slips[given]
        return self._slips[given]

    def _slip(self, given: str) -> bool:
        given = ROLE.sub("", given)
        mine, bare = words(given), _bare(given)
        if not self._looks.isdisjoint(_looks(given)) or self._has_all(mine) or self._holds_one(mine):
            return True
        whole = " ".join(sorted(mine))
        letters = _letters(whole)
        for id in self._by_name.most(plain(given), SHARED, self._as_long_as(whole)):
            theirs, held = self._sorted[id]
            if (
                2 * (letters & held).bit_count() >= SLIP * (len(whole) + len(theirs))
                and _word_by_word(mine, words(self.names[id]))
                and _ratio(whole, theirs, SLIP) >= SLIP
            ):
                return True
        return any(_mistyped(bare, id) for id in self._of_digits(bare))

    def _has_all(self, mine: tuple[str, ...]) -> bool:
        """Whether one of them has all these words in the name: a surname, or a school without its *Primary*."""
        sets = sorted((self._with_word.get(w, set()) for w in set(mine)), key=len)
        return bool(sets and set.intersection(*sets))

    def _holds_one(self, mine: tuple[str, ...]) -> bool:
        """Whether it has all words of one of their names, of two or more, with a remark: *Ann Lea (until Easter)*."""
        said = set(mine)
        return any(said.issuperset(theirs) for w in said for theirs in self._by_rarest.get(w, ()))

    @cached_property
    def _by_rarest(self) -> dict[str, list[tuple[str, ...]]]:
        """Names of two words or more, by that word which the fewest others have."""
        out: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        for theirs in dict.fromkeys(words(name) for name in self.names.values()):
            if len(set(theirs)) > 1:
                out[min(theirs, key=lambda w: len(self._with_word[w]))].append(theirs)
        return out

    @cached_property
    def _sorted(self) -> dict[str, tuple[str, int]]:
        """Id -> its name's words in order, and their letters (`_letters`); the shortest first."""
        told = {id: " ".join(sorted(words(name))) for id, name in self.names.items() if name}
        return {id: (told[id], _letters(told[id])) for id in sorted(told, key=lambda id: len(told[id]))}

    def _as_long_as(self, whole: str) -> int:
        """Bits of the names that may be a SLIP of one so long, by their length alone."""
        off = (2 - SLIP) / SLIP
        first = bisect_left(self._lengths, len(whole) / off)
        return (1 << bisect_right(self._lengths, len(whole) * off)) - (1 << first)

    @cached_property
    def _lengths(self) -> list[int]:
        return [len(name) for name, _ in self._sorted.values()]

    @cached_property
    def _digits(self) -> dict[tuple[str, ...], list[str]]:
        out: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for bare in self._by_id:
            out[_numbers_in(bare)].append(bare)
        return out

    def _of_digits(self, bare: str) -> list[str]:
        """Ids, without signs, of the same digits that may be alike: other digits are another person."""
        same = self._digits.get(_numbers_in(bare), [])
        if len(same) <= CANDIDATES:
            return same
        likely = dict.fromkeys(_bare(id) for id in self._by_letters.most(bare))
        return [id for id in likely if _numbers_in(id) == _numbers_in(bare)]


def _ratio(a: str, b: str, least: float = WORD) -> float:
    """How alike two texts are; 0 where their lengths or letters alone show that they are not so alike as `least`."""
    return SequenceMatcher(None, a, b).ratio() if _maybe(a, b, least) else 0.0


def _maybe(a: str, b: str, least: float) -> bool:
    """Whether two texts may be so alike, by their lengths and letters."""
    wanted = least * (len(a) + len(b))
    if 2 * min(len(a), len(b)) < wanted:
        return False
    return 2 * (_letters(a) & _letters(b)).bit_count() >= wanted


@lru_cache(maxsize=65536)
def _letters(text: str) -> int:
    """The letters as bits, as many for each as it stands there: what two texts share is what both have set.
    Letters that fall together can only make two texts look more alike."""
    counts = Counter(ord(c) % 64 for c in text)
    return sum(((1 << min(n, 32)) - 1) << 32 * letter for letter, n in counts.items())


def _word_by_word(mine: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """Whether each word of the one is like one of the other: Fern Primary is no slip of Alder Primary."""
    return all(any(_like(w, o) for o in theirs) for w in mine) and all(any(_like(o, w) for o in mine) for w in theirs)


@lru_cache(maxsize=65536)
def _like(a: str, b: str) -> bool:
    return a == b or _ratio(a, b) >= WORD


def _mistyped(a: str, b: str) -> bool:
    """Whether one id is likely the other: O for 0, a zero too few, or one letter off; other digits are another
    person."""
    if abs(len(a) - len(b)) > 2 or _numbers_in(a) != _numbers_in(b):
        return False
    mine, theirs = re.sub(r"\d+", "", a), re.sub(r"\d+", "", b)
    longest, alike = max(len(mine), len(theirs)), _ratio(mine, theirs)
    return mine == theirs or (longest > 2 and a[:1] == b[:1] and alike >= 0.66) or (longest > 3 and alike >= SLIP)


@lru_cache(maxsize=65536)
def _numbers_in(bare: str) -> tuple[str, ...]:
    """The figures of an id, without the zeros that lead them."""
    return tuple(d.lstrip("0") for d in re.findall(r"\d+", bare))


def _bare(id: str) -> str:
    return re.sub(r"[\W_]+", "", id.casefold())


def _looks(id: str) -> set[str]:
    """An id as the eye takes it: O and 0, l and 1 alike; and without leading zeros."""
    bare = _bare(id)
    return {bare.translate(LOOK_ALIKE), re.sub(r"(?<!\d)0+(?=\d)", "", bare).translate(LOOK_ALIKE)}
