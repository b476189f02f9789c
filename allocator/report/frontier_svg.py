"""The frontier as a picture: points against schools changed, a step a change. Plain SVG, read without colour."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from allocator.questions.frontier import Point

W, H, LEFT, BOTTOM, TOP = 640, 360, 80, 50, 40


def picture(points: Sequence[Point]) -> str:
    """An SVG document; its title and description say what it shows."""
    xs = [p.changed for p in points] or [0]
    ys = [p.points for p in points] or [0]
    wide, high = max(1, xs[-1] - xs[0]), max(1, max(ys) - min(ys))

    def x(v: int) -> float:
        return LEFT + (W - LEFT - 30) * (v - xs[0]) / wide

    def y(v: int) -> float:
        return H - BOTTOM - (H - BOTTOM - TOP) * (v - min(ys)) / high

    line = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in zip(xs, ys, strict=True))
    dots = "".join(
        f'<circle cx="{x(p.changed):.1f}" cy="{y(p.points):.1f}" r="4" fill="{"#1d70b8" if p.proved else "#fff"}" '
        f'stroke="#1d70b8"><title>{p.changed} schools changed: {p.points} points'
        f"{'' if p.proved else ' (not proved)'}</title></circle>"
        for p in points
    )
    step = max(1, wide // 12)
    ticks = "".join(
        f'<text x="{x(v):.1f}" y="{H - BOTTOM + 18}" text-anchor="middle">{v}</text>'
        for v in range(xs[0], xs[-1] + 1, step)
    )
    told = escape(f"From {xs[0]} to {xs[-1]} schools changed, points go from {ys[0]} to {ys[-1]}.")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {W} {H}" width="{W}" height="{H}" role="img" '
        f'font-family="sans-serif" font-size="13"><title>What one more change would buy</title><desc>{told}</desc>'
        f'<rect width="{W}" height="{H}" fill="#fff"/>'
        f'<path d="M{LEFT} {TOP}V{H - BOTTOM}H{W - 20}" fill="none" stroke="#0b0c0c"/>'
        f'<polyline points="{line}" fill="none" stroke="#1d70b8" stroke-width="2"/>{dots}{ticks}'
        f'<text x="{LEFT - 8}" y="{y(max(ys)):.1f}" text-anchor="end">{max(ys)}</text>'
        f'<text x="{LEFT - 8}" y="{y(min(ys)):.1f}" text-anchor="end">{min(ys)}</text>'
        f'<text x="{(W + LEFT) / 2}" y="{H - 10}" text-anchor="middle">schools changed</text>'
        f'<text x="{LEFT}" y="{TOP - 16}">points</text></svg>\n'
    )
