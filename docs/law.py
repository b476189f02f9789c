"""References to the law (docs/reference/law.md): `domain F5`, `contract 2`, `practice`, where they lead, and as links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

LAW = Path(__file__).parent / "reference" / "law.md"
ITEM = r"(?:part \d|question \d+|\d\.\d|[A-OX]\d+(?:-[A-OX]?\d+)?|[A-OX](?!\w)|\d(?![\w.]))"
REFERENCE = re.compile(rf"\b(domain|contract) ({ITEM}(?:(?:, |; | and | x ){ITEM})*)|\b(practice)\b(?=[,;)\"'*]|$)")


def anchors(law: Path = LAW) -> list[str]:
    """Every place of the law that can be named."""
    return re.findall(r'<a id="([^"]+)"></a>', law.read_text("utf-8"))


def places(reference: re.Match[str]) -> Iterator[str]:
    """The anchors that one reference names: `domain A5-A7, 3.1` is four."""
    if reference[3]:
        yield "practice"
        return
    for item in re.findall(ITEM, reference[2]):
        if run := re.fullmatch(r"([A-OX])(\d+)-[A-OX]?(\d+)", item):
            yield from (f"{reference[1]}-{run[1].lower()}{n}" for n in range(int(run[2]), int(run[3]) + 1))
        else:
            yield f"{reference[1]}-{item.lower().replace(' ', '-')}"


def linked(text: str) -> str:
    """The text with every reference a link to its first place, for a page beside the law."""
    return REFERENCE.sub(lambda m: f"[{m[0]}](law.md#{next(places(m))})", text)
