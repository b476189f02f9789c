"""Which characters are kept of what people type and paste, and what an email address and a telephone number
are.

Line separators of other programs become new lines. Control characters, halves of characters, code points that are
none and marks that turn the direction of writing round (a name then reads as another) are refused, not dropped in
silence.
"""

from __future__ import annotations

import re
import unicodedata

LINES = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")  # Word's soft line break is \x0b
STRANGE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
ADDRESS = re.compile(
    r"(?=.{3,254}$)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
TELEPHONE = re.compile(
    r"(?=(?:\D*\d){5})\+?[0-9() -]+(?: ?(?:ext\.?|extension|x) ?[0-9]{1,6})?", re.IGNORECASE | re.ASCII
)


def lines(text: str) -> str:
    """The text with its lines parted as ours are."""
    return LINES.sub("\n", text)


def unaccented(text: str) -> str:
    """The text in small letters without accents, and without what has no plain letter, as names are compared."""
    return unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()


def one_line(text: str) -> str:
    """A name, an address, a heading: its lines put one after the other."""
    return " ".join(part.strip() for part in lines(text).split("\n")).strip()


def strange(text: str) -> str | None:
    """The first character that cannot be kept, as `U+202E (RIGHT-TO-LEFT OVERRIDE)`; None where every one can."""
    found = STRANGE.search(text)
    if found is None:
        return None
    return f"U+{ord(found[0]):04X} ({unicodedata.name(found[0], 'not a letter or sign')})"


def visible(text: str) -> str:
    """The text for a terminal: what would steer it (an escape, a control, a mark that turns writing round) is
    written out."""
    return STRANGE.sub(lambda m: f"<U+{ord(m[0]):04X}>", LINES.sub("\n", text))


def is_address(text: str) -> bool:
    """One email address and nothing else."""
    return ADDRESS.fullmatch(text) is not None


def dialled(telephone: str) -> str:
    """The number as a telephone takes it: no trunk nought after a country's code, no extension."""
    number = re.split("e?x", telephone.lower())[0]
    return re.sub(r"[^0-9+]", "", number.replace("(0)", "") if number.startswith("+") else number)


def is_telephone(text: str) -> bool:
    """A number as people write it, with an extension or without: 01632 960018, +44 (0)1632 960018 ext. 4."""
    return len(text) <= 40 and TELEPHONE.fullmatch(text) is not None
