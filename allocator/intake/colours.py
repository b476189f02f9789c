"""Cells that somebody has coloured in an .xlsx: what a colour means stands in no cell, so that it is told and
never read."""

from __future__ import annotations

import colorsys
import re
from collections import Counter, defaultdict
from xml.etree import ElementTree

OURS = {"FFC7CE", "FFEB9C"}  # the marks that we put on problems, which are no manager's colours
HUES = (
    (15, "red"),
    (45, "orange"),
    (70, "yellow"),
    (170, "green"),
    (260, "blue"),
    (330, "purple"),
    (361, "red"),
)  # degrees
CELL = re.compile(rb"<(?:\w+:)?c\b([^<>]*)>")
STYLE, AT = re.compile(rb'\bs="(\d+)"'), re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
THEMED = "a colour of the theme"
Cells = dict[tuple[int, str], str]  # (row, letters of the column) -> the colour in a word


def coloured_styles(styles: ElementTree.Element | None) -> dict[int, str]:
    """Number of a cell style -> its colour in a word, of those that fill the cell with one that is neither white
    nor a mark of ours."""
    fills, styled = (styles.find("{*}fills"), styles.find("{*}cellXfs")) if styles is not None else (None, None)
    if fills is None or styled is None:
        return {}
    named = {n: word for n, fill in enumerate(fills) if (word := _fill(fill))}
    return {n: named[at] for n, x in enumerate(styled) if (at := int(x.get("fillId", 0))) in named}


def _fill(fill: ElementTree.Element) -> str:
    pattern = fill.find("{*}patternFill")
    colour = pattern.find("{*}fgColor") if pattern is not None and pattern.get("patternType") == "solid" else None
    if colour is None:
        return ""
    rgb = (colour.get("rgb") or "")[-6:].upper()
    if not re.fullmatch("[0-9A-F]{6}", rgb):  # one of the theme, the first of which is white, or of an old palette
        return "" if colour.get("theme") == "0" or colour.get("indexed") in ("9", "64", "65") else THEMED
    return "" if rgb in OURS else _word(rgb)


def _word(rgb: str) -> str:
    red, green, blue = (int(rgb[n : n + 2], 16) / 255 for n in (0, 2, 4))
    hue, light, strength = colorsys.rgb_to_hls(red, green, blue)
    if strength < 0.15 or light in (0, 1):
        return "" if light > 0.97 else "grey"
    return next(word for degrees, word in HUES if hue * 360 < degrees)


def coloured_cells(sheet: bytes, styles: dict[int, str]) -> Cells:
    """The coloured cells of a sheet's part."""
    out = {}
    for m in CELL.finditer(sheet) if styles else ():
        style, at = STYLE.search(m[1]), AT.search(m[1])
        if style and at and (word := styles.get(int(style[1]))):
            out[int(at[2]), at[1].decode()] = word
    return out


def telling(cells: Cells, rows: list[int]) -> dict[str, list[int]]:
    """Colour -> the rows that have it, in columns where some of these rows have it and others do not: a column coloured
    from top to bottom, or every other row, is decoration."""
    by_column: dict[str, dict[int, str]] = defaultdict(dict)
    for (row, column), word in cells.items():
        by_column[column][row] = word
    out: dict[str, set[int]] = defaultdict(set)
    for found in by_column.values():
        shown = [found.get(r, "") for r in rows]
        if len(set(shown)) > 1 and not _striped(shown):
            for r, word in zip(rows, shown, strict=True):
                if word:
                    out[word].add(r)
    most = Counter({word: len(at) for word, at in out.items()})
    return {word: sorted(out[word]) for word, _ in most.most_common()}


def _striped(shown: list[str]) -> bool:
    return len(shown) > 3 and len(set(shown[::2])) == 1 == len(set(shown[1::2]))
