"""The wording of a letter: a text with fields such as `{{ sip }}`, filled in for each person who gets one.

A field is a name and nothing more: a wording cannot run anything, and a name we do not know is an error. Paragraphs are
parted by blank lines; the first is the letter's heading. A field with nothing to say takes the comma or space before
it along; a paragraph of which nothing was filled in is left out.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from allocator.domain.characters import STRANGE
from allocator.errors import UsageError

LetterKind = Literal["school", "sip", "decided", "confirmed"]
TO_HEADS: tuple[LetterKind, ...] = ("school", "decided", "confirmed")
FIELD = re.compile(r"\{\{([^{}]*)\}\}")  # blanks are taken off after: a pattern that does it may take minutes
LONGEST = 8000  # characters of a wording

_HEAD = {
    "school": "the school's name; all their names where schools share a head",
    "sip": "the School Improvement Partner's name",
    "role": "what they will be to the school",
    "start": "the first day",
    "opening": "that the SIP will be theirs, or stays theirs, and from when",
    "because": "why, beginning with the word because; blank where there is nothing to say",
    "days": "the days the school has, and what we are sorry for",
    "other_posts": "who supports the appraisal, or gives other support, where that is arranged with us",
    "about": "who the SIP is: kind, headships, years",
    "portrait": "what the SIP says of themselves in public",
    "answer_by": "the date to answer by",
    "silence": "what no answer means, under the settings in force",
    "refusal": "what happens when the head asks for someone else",
    "decided": "what was decided on the head's request for somebody else: outcome, reason, by whom, when, the next step up",
    "chair": "that the chair is asked too, where head and chair agree together",
    "link": "the address of the page to answer on",
    "year": "the academic year",
    "manager": "your name",
    "programme": "the programme's name",
    "today": "the date of the letter",
}

FIELDS: dict[LetterKind, dict[str, str]] = {
    "school": _HEAD,
    "decided": _HEAD,
    "confirmed": _HEAD,
    "sip": {
        "sip": "the SIP's name",
        "count": "how many schools, in words",
        "days": "all their days together",
        "periods": "the days of each part of the year",
        "schools": "each school with its days and why, a paragraph each",
        "lost": "each school that was theirs and is not any more, and why as far as it is theirs to read",
        "answer_by": "the date to answer by",
        "link": "the address of the page to answer on",
        "year": "the academic year",
        "manager": "your name",
        "programme": "the programme's name",
        "today": "the date of the letter",
    },
}

DEFAULTS: dict[LetterKind, str] = {
    "school": """\
Your School Improvement Partner for {{ year }}

{{ today }}

To the headteacher of {{ school }}

Dear colleague,

{{ opening }}, {{ because }}. {{ days }}

{{ other_posts }}

{{ about }}

{{ sip }} writes: {{ portrait }}

You can say yes, ask a question or ask for someone else at {{ link }}

Please answer by {{ answer_by }}. {{ silence }} {{ chair }}

If you would rather not work with {{ sip }}, tell me there or ring me by {{ answer_by }}; you need not say why. {{ refusal }}

A program proposed this, by rules that we publish; a person decides, and confirms every pair. If you think something is wrong, ask me: I look at it again and write to you.

{{ manager }}
{{ programme }}
""",
    "sip": """\
Your schools for {{ year }}

{{ today }}

Dear {{ sip }},

I should like to offer you {{ count }} for {{ year }}, {{ days }} in all: {{ periods }}.

{{ schools }}

{{ lost }}

Please tell me by {{ answer_by }} whether you can take them, at {{ link }}

If you have a tie to any of these schools, of family, work, governing or money, tell me there before you accept. You can also ask a question there, or say that a school would now do better with fresh eyes.

A program proposed this, by rules that we publish; a person decides, and confirms every pair. If you think something is wrong, ask me: I look at it again and write to you.

{{ manager }}
{{ programme }}
""",
    "decided": """\
What we have decided about your School Improvement Partner

{{ today }}

To the headteacher of {{ school }}

Dear colleague,

{{ decided }}

{{ about }}

{{ manager }}
{{ programme }}
""",
    "confirmed": """\
Your School Improvement Partner for {{ year }} is confirmed

{{ today }}

To the headteacher of {{ school }}

Dear colleague,

It is confirmed: {{ sip }} is your {{ role }} from {{ start }}. {{ days }}

{{ other_posts }}

{{ about }}

{{ sip }} writes: {{ portrait }}

{{ sip }} will be in touch to agree the first visit. If anything changes, or you wish to ask something, write to me: {{ link }}

{{ manager }}
{{ programme }}
""",
}


@dataclass(frozen=True)
class Letter:
    """One letter, ready to print. `key`: the first school's URN, or the SIP's id; `urns`: every school it answers for."""

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
    """Each field by its value; one with nothing to say takes the blanks and a comma before it along."""
    plain, *rest = FIELD.split(text)
    out = plain
    for name, after in zip(rest[::2], rest[1::2], strict=True):
        value = values[name.strip()]
        out = (out + value if value else out.removesuffix(plain) + plain.rstrip(" \t").removesuffix(",")) + after
        plain = after
    return out


def printable(text: str) -> str:
    """The text without control characters and trailing blanks, which neither Word nor PDF can hold."""
    kept = STRANGE.sub("", text)
    lines = ("".join(c for c in line if unicodedata.category(c) != "Cc").rstrip() for line in kept.split("\n"))
    return "\n".join(lines).strip()
