"""Characters that take no room (zero-width blanks, soft hyphens, marks of direction): pasted with a text from a web
page, they make two words of what looks like one."""

from __future__ import annotations

import re
from typing import Any

from allocator.intake.source import Raw

NO_ROOM = re.compile("[\u00ad\u200b\u200e\u200f\u2060\ufeff]")


def unseen(raw: Raw) -> None:
    """Every text without them, in place; how many cells held some is told."""
    for table in raw.tables.values():
        table.header = [NO_ROOM.sub("", h) for h in table.header]
        changed = 0
        for _, cells in table.rows:
            for n, cell in enumerate(cells):
                if isinstance(cell, str) and not cell.isascii() and (bare := NO_ROOM.sub("", cell)) != cell:
                    cells[n] = _blank(bare)
                    changed += 1
        if changed:
            raw.notice(
                "unseen",
                table.name,
                f"{table.title or table.name}: characters that nobody sees (zero-width blanks and the like) are taken "
                f"out of {changed} cell{'s' if changed > 1 else ''}.",
            )


def _blank(text: str) -> Any:
    return text if text.strip() else None
