"""The coming years as a picture: days due against days offered, and pairs at the limit. Plain SVG, read without
colour."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from allocator.domain.calendar import year_label
from allocator.questions.years_ahead import Ahead

W, ROW, LEFT, TOP, RIGHT = 720, 62, 80, 34, 150
DUE, SURE, ONLY_IF = "#505a5f", "#1d70b8", "#bbd4ea"
KEY = (("days due", DUE), ("days offered", SURE), ("offered only if renewed", ONLY_IF))


def picture(found: Ahead) -> str:
    """An SVG document: two bars a year from nought, the second parted where a renewal is wanting; beside it who is
    at the limit."""
    widest = max((max(y.due, y.offered) for y in found.years), default=0) or 1
    scale = (W - LEFT - RIGHT) / widest
    high = TOP + ROW * len(found.years) + 8
    parts = [_key()]
    for n, y in enumerate(found.years):
        top, sure = TOP + n * ROW + 6, y.offered - y.only_if
        parts.append(f'<text x="{LEFT - 10}" y="{top + 26}" text-anchor="end">{year_label(y.year)}</text>')
        parts += _bar(LEFT, top, y.due * scale, DUE, f"{y.due:g}", "#fff")
        parts += _bar(LEFT, top + 23, sure * scale, SURE, f"{sure:g}" if sure else "", "#fff")
        parts += _bar(
            LEFT + sure * scale, top + 23, y.only_if * scale, ONLY_IF, f"{y.only_if:g}" if y.only_if else "", "#0b0c0c"
        )
        limit = len(found.of(y.year, "limit"))
        parts.append(f'<text x="{W - RIGHT + 14}" y="{top + 16}">{limit} at the limit</text>')
        left = f"{y.left:g} left" if y.left >= 0 else f"{-y.left:g} short"
        parts.append(f'<text x="{W - RIGHT + 14}" y="{top + 38}">{left}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {W} {high}" width="{W}" height="{high}" role="img" '
        f'font-family="sans-serif" font-size="13"><title>Days due and days offered in the coming years</title>'
        f'<desc>{escape(_told(found))}</desc><rect width="{W}" height="{high}" fill="#fff"/>{"".join(parts)}</svg>\n'
    )


def narrow(found: Ahead) -> str:
    """The same for a phone: each year's words above its bars, which take the whole width."""
    wide, row, top = 320, 76, 66
    widest = max((max(y.due, y.offered) for y in found.years), default=0) or 1
    parts = []
    for n, (what, colour) in enumerate(KEY):
        parts.append(f'<rect x="0" y="{4 + n * 20}" width="14" height="14" fill="{colour}"/>')
        parts.append(f'<text x="20" y="{16 + n * 20}">{what}</text>')
    for n, y in enumerate(found.years):
        at, sure = top + n * row, y.offered - y.only_if
        left = f"{y.left:g} left" if y.left >= 0 else f"{-y.left:g} short"
        limit = len(found.of(y.year, "limit"))
        parts.append(f'<text x="0" y="{at + 16}">{year_label(y.year)}: {left}, {limit} at the limit</text>')
        scale = wide / widest
        parts += _bar(0, at + 22, y.due * scale, DUE, f"{y.due:g}", "#fff")
        parts += _bar(0, at + 44, sure * scale, SURE, f"{sure:g}" if sure else "", "#fff")
        parts += _bar(
            sure * scale, at + 44, y.only_if * scale, ONLY_IF, f"{y.only_if:g}" if y.only_if else "", "#0b0c0c"
        )
    high = top + row * len(found.years)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" '
        f'role="img" font-family="sans-serif" font-size="14">'
        f"<title>Days due and days offered in the coming years</title>"
        f"<desc>{escape(_told(found))}</desc>{''.join(parts)}</svg>\n"
    )


def _told(found: Ahead) -> str:
    """The picture in words."""
    return "; ".join(
        f"{year_label(y.year)}: {y.due:g} days due, {y.offered:g} offered, {y.only_if:g} of these only if renewed, "
        f"{len(found.of(y.year, 'limit'))} pairs at the limit"
        for y in found.years
    )


def _key() -> str:
    return "".join(
        (
            f'<rect x="{LEFT + n * 150}" y="8" width="14" height="14" fill="{colour}"/><text '
            f'x="{LEFT + n * 150 + 20}" y="20">{what}</text>'
        )
        for n, (what, colour) in enumerate(KEY)
    )


def _bar(x: float, y: float, wide: float, colour: str, text: str, ink: str) -> Sequence[str]:
    if wide <= 0:
        return ()
    bar = f'<rect x="{x:.1f}" y="{y}" width="{max(wide, 1):.1f}" height="19" fill="{colour}"/>'
    fits = wide > 8 * len(text) + 8
    return (bar, f'<text x="{x + 6:.1f}" y="{y + 14}" fill="{ink}">{text}</text>') if text and fits else (bar,)
