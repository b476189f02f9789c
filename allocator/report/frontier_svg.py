"""The frontier as a picture: points against schools changed, a step a change. Plain SVG, read without colour."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from allocator.words import noun

if TYPE_CHECKING:
    from allocator.questions.frontier import Point

W, H, LEFT, BOTTOM, TOP = 640, 360, 60, 50, 30
WHOLE = 100  # per cent


def picture(points: Sequence[Point]) -> str:
    """An SVG document: how much of all that changing could bring is had, from nought to a hundred per cent, for so many
    schools changed, from nought on. Its title and description say what it shows."""
    xs = [p.changed for p in points] or [0]
    low, high = min((p.points for p in points), default=0), max((p.points for p in points), default=0)
    last = max(1, xs[-1])

    def share(p: Point) -> float:
        return WHOLE * (p.points - low) / (high - low) if high > low else WHOLE

    def x(v: float) -> float:
        return LEFT + (W - LEFT - 30) * v / last

    def y(v: float) -> float:
        return H - BOTTOM - (H - BOTTOM - TOP) * v / WHOLE

    line = " ".join(f"{x(p.changed):.1f},{y(share(p)):.1f}" for p in points)
    dots = "".join(
        f'<circle cx="{x(p.changed):.1f}" cy="{y(share(p)):.1f}" r="4" fill="{"#1d70b8" if p.proved else "#fff"}" '
        f'stroke="#1d70b8"><title>{p.changed} schools changed: {share(p):.0f} '
        f"%{'' if p.proved else ' (not proved)'}</title></circle>"
        for p in points
    )
    step = max(1, -(-last // 12))
    ticks = "".join(
        f'<text x="{x(v):.1f}" y="{H - BOTTOM + 18}" text-anchor="middle">{v}</text>' for v in range(0, last + 1, step)
    )
    ticks += "".join(
        (
            f'<text x="{LEFT - 8}" y="{y(v) + 4:.1f}" text-anchor="end">{v} %</text><path d="M{LEFT} '
            f'{y(v):.1f}H{W - 20}" stroke="#d9d9d9"/>'
        )
        for v in (0, 25, 50, 75, 100)
    )
    must = (
        f'<rect x="{LEFT}" y="{TOP}" width="{x(xs[0]) - LEFT:.1f}" height="{H - BOTTOM - TOP}" fill="#f3f2f1"/>'
        if xs[0]
        else ""
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {W} {H}" width="{W}" height="{H}" role="img" '
        'font-family="sans-serif" font-size="13"><title>What one more change would '
        f"buy</title><desc>{escape(sentence(points))}</desc>"
        f'<rect width="{W}" height="{H}" fill="#fff"/>{must}'
        f'<polyline points="{line}" fill="none" stroke="#1d70b8" stroke-width="2"/>{dots}{ticks}'
        f'<path d="M{LEFT} {TOP}V{H - BOTTOM}H{W - 20}" fill="none" stroke="#0b0c0c"/>'
        f'<text x="{(W + LEFT) / 2}" y="{H - 10}" text-anchor="middle">schools that change SIP</text>'
        f'<text x="{LEFT}" y="{TOP - 12}">of all that changing could bring</text></svg>\n'
    )


def sentence(points: Sequence[Point]) -> str:
    """What the picture comes to: how many must change, where most is had, and where nothing more is."""
    if not points:
        return "There is nothing to trade off."
    first, last = points[0], points[-1]
    n = first.changed
    must = f"{n} {noun(n, 'school')} must change whatever is chosen" if n else "No school must change"
    if last.points == first.points:
        return f"{must}; changing more would bring nothing."
    most = next(p for p in points if 10 * (p.points - first.points) >= 9 * (last.points - first.points))
    return (
        f"{must}. Nine tenths of all that changing could bring is had with {most.changed} schools changed; beyond "
        f"{last.changed} nothing more is gained."
    )
