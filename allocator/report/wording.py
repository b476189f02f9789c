"""The wording of a letter: a text with fields such as `{{ sip }}`, filled in for each person who gets one.

A field is a name and nothing more: a wording cannot run anything, and a name we do not know is an error. Paragraphs are
parted by blank lines; the first is the letter's heading. A field with nothing to say takes the comma or space before
it along, and so does one that begins with a semicolon; a paragraph of which nothing was filled in is left out.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from allocator.domain.characters import STRANGE
from allocator.domain.round import State
from allocator.errors import UsageError

LetterKind = Literal[
    "school",
    "changed",
    "cover",
    "ended",
    "decided",
    "confirmed",
    "chair",
    "chair_changed",
    "chair_cover",
    "chair_ended",
    "chair_decided",
    "chair_confirmed",
    "sip",
    "sip_changed",
    "sip_cover",
    "sip_ended",
    "sip_decided",
    "sip_confirmed",
]
KINDS: tuple[LetterKind, ...] = get_args(LetterKind)
TO_HEADS: tuple[LetterKind, ...] = KINDS[:6]
TO_CHAIRS: tuple[LetterKind, ...] = KINDS[6:12]
TO_SIPS: tuple[LetterKind, ...] = KINDS[12:]
STATES: tuple[State, ...] = get_args(State)
FIELD = re.compile(r"\{\{([^{}]*)\}\}")  # blanks are taken off after: a pattern that does it may take minutes
LONGEST = 8000  # characters of a wording
SHIPPED = Path(__file__).parent / "wordings"

_ALL = {
    "answer_by": "the date to answer by; blank where no answer is asked",
    "link": "the address of the page to answer on",
    "since": "what you wrote before, when, and what has become of it",
    "ask": "by when and where to answer; blank where no answer is asked",
    "no_answer": "that no answer is needed, and how to say something; blank where one is asked",
    "made": "that a program proposed and a person decides, or that a person chose",
    "again": "how to have it looked at again, and by when there is an answer",
    "next_step": "who may be asked next",
    "year": "the academic year",
    "manager": "your name",
    "programme": "the programme's name",
    "contact": "the office and its telephone, as set for the programme; blank where none is",
    "ring": "*or ring me on* with the number; blank where none is set",
    "today": "the date of the letter",
}
_SCHOOL = {
    "school": "the school's name; all their names where schools share a head",
    "sip": "the School Improvement Partner's name",
    "role": "what they will be to the school",
    "start": "the first day",
    "opening": "that the SIP will be theirs, or stays theirs, and from when; who stands in, and the return",
    "because": "why: partly because of what it names, or a fact after a semicolon; blank where there is nothing to say",
    "stands": "what stands now: all of it where somebody is new, else the days",
    "who": "who the SIP is and what they say of themselves, where somebody is new",
    "days": "the days the school has, and what we are sorry for",
    "only_days": "the days the school has",
    "other_posts": "who supports the appraisal, or gives other support, where that is arranged with us, and why",
    "posts_too": "the same by name and days alone",
    "support": "who gives other support, by name and days alone",
    "about": "who the SIP is: kind, headships, years",
    "portrait": "what the SIP says of themselves in public",
    "silence": "what no answer means, under the settings in force",
    "refusal": "what happens when the head asks for someone else",
    "decided": "what was decided on the head's request for somebody else: outcome, reason, by whom, when",
    "ended": "whose work ends when, why, and what follows",
    "chair": "that the chair is asked too, where head and chair agree together",
    "asked": "what the chair is asked, or that nothing is",
    "governors": "who is to support the head's appraisal, and that governors decide it",
    **_ALL,
}
_SIP = {
    "sip": "the SIP's name",
    "count": "how many schools, in words",
    "days": "all their days together",
    "periods": "the days of each part of the year",
    "offered": "how many days they offered, how many can go to schools, and how many do",
    "schools": "each school with its days and why, a paragraph each",
    "list": "each school with its days, in a line",
    "changes": "what is new, ended or other than you wrote, a paragraph each",
    "whole": "how many schools and days they have now",
    "lost": (
        "each school that was theirs and is not any more, and what they asked for and have not, with why as "
        "far as it is theirs to read"
    ),
    "decided": "what was decided on what they asked: outcome, reason, by whom, when",
    **_ALL,
}
FIELDS: dict[LetterKind, dict[str, str]] = {k: _SIP if k in TO_SIPS else _SCHOOL for k in KINDS}
DEFAULTS: dict[LetterKind, str] = {k: (SHIPPED / f"{k}.txt").read_text("utf-8") for k in KINDS}


def kind_of(audience: Literal["head", "chair", "sip"], state: State) -> LetterKind:
    """The kind of letter that tells a head, chair or SIP of a state."""
    of = {"head": TO_HEADS, "chair": TO_CHAIRS, "sip": TO_SIPS}[audience]
    return of[STATES.index(state)]


def state_of(kind: LetterKind) -> State:
    """The state that a kind of letter tells of."""
    return STATES[KINDS.index(kind) % len(STATES)]


@dataclass(frozen=True)
class Letter:
    """One letter, ready to print. `key`: the first school's URN, or the SIP's id; `urns`: every school it answers
    for."""

    kind: LetterKind
    key: str
    to: str
    urns: tuple[str, ...]
    heading: str
    paragraphs: tuple[str, ...]

    @property
    def text(self) -> str:
        """As plain text, without the heading."""
        return "\n\n".join(self.paragraphs) + "\n"


def problems(kind: LetterKind, wording: str) -> list[str]:
    """Everything that is wrong with a wording, each with what to do."""
    found = []
    if not wording.strip():
        return ["Write the letter, or go back to the wording that we ship"]
    if len(wording) > LONGEST:
        found.append(f"Write at most {LONGEST:,} characters; this has {len(wording):,}")
    known = FIELDS[kind]
    for name in dict.fromkeys(_fields(wording)):
        if name not in known:
            near = difflib.get_close_matches(name, known, 1, 0.5)
            instead = f"Did you mean {{{{ {near[0]} }}}}?" if near else f"Use one of: {', '.join(known)}"
            found.append(f"There is no field {{{{ {name} }}}}. {instead}")
    left = FIELD.sub("", wording)
    if "{{" in left or "}}" in left:
        found.append("A field has two brackets on both sides, such as {{ sip }}: one is not closed, or not opened")
    return found


def merge(
    kind: LetterKind, wording: str, values: Mapping[str, str], key: str, to: str, urns: tuple[str, ...]
) -> Letter:
    """The letter. Raises UsageError for a wording that cannot be used."""
    wrong = problems(kind, wording)
    if wrong:
        raise UsageError(". ".join(wrong) + ".")
    paragraphs: list[str] = []
    for raw in re.split(r"\n[ \t]*\n", wording.replace("\r\n", "\n").strip()):
        said = [values[name] for name in _fields(raw) if name != "sip"]
        if said and not any(said):
            continue  # nothing to say but the name
        filled = _filled(raw, values)
        paragraphs += [printable(p) for p in filled.split("\n\n") if p.strip()]
    return Letter(kind, key, to, urns, paragraphs[0], tuple(paragraphs[1:]))


def _fields(text: str) -> list[str]:
    return [name.strip() for name in FIELD.findall(text)]


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Each field by its value; one with nothing to say, or with a semicolon first, takes the blanks and a comma before
    it along."""
    plain, *rest = FIELD.split(text)
    out = plain
    for name, after in zip(rest[::2], rest[1::2], strict=True):
        value = values[name.strip()]
        bare = not value or value.startswith(";")
        out = (out.removesuffix(plain) + plain.rstrip(" \t").removesuffix(",") if bare else out) + value + after
        plain = after
    return out


def printable(text: str) -> str:
    """The text without control characters and trailing blanks, which neither Word nor PDF can hold."""
    kept = STRANGE.sub("", text)
    lines = ("".join(c for c in line if unicodedata.category(c) != "Cc").rstrip() for line in kept.split("\n"))
    return "\n".join(lines).strip()
