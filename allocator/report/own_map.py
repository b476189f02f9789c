"""A SIP's own schools on a map drawn from eastings and northings: numbered as in the list beside it, nobody else's
on it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from allocator.domain.case import School, Sip

SIZE, EDGE = 480, 36
INK = "#1d70b8"


def own_map(sip: Sip, schools: Sequence[School]) -> str | None:
    """SVG, schools numbered from 1 in the order given; None when fewer than two places are known."""
    placed = [(n, s) for n, s in enumerate(schools, 1) if s.easting is not None and s.northing is not None]
    home = (sip.easting, sip.northing) if sip.easting is not None and sip.northing is not None else None
    points = [(s.easting or 0.0, s.northing or 0.0) for _, s in placed] + ([home] if home else [])
    if len(set(points)) < 2:
        return None
    west, south = min(e for e, _ in points), min(n for _, n in points)
    span = max(max(e for e, _ in points) - west, max(n for _, n in points) - south, 1000.0)
    scale = (SIZE - 2 * EDGE) / span
    high = 2 * EDGE + (max(n for _, n in points) - south) * scale

    def at(e: float, n: float) -> tuple[float, float]:
        return EDGE + (e - west) * scale, high - EDGE - (n - south) * scale

    drawn: list[str] = []
    for n, s in placed:
        x, y = at(s.easting or 0.0, s.northing or 0.0)
        if home:
            hx, hy = at(*home)
            drawn.insert(
                0, f'<line x1="{hx:.1f}" y1="{hy:.1f}" x2="{x:.1f}" y2="{y:.1f}" stroke="{INK}" stroke-opacity="0.4"/>'
            )
        drawn.append(
            f'<g><title>{escape(s.name)}</title><circle cx="{x:.1f}" cy="{y:.1f}" r="12" fill="#fff" '
            f'stroke="{INK}" stroke-width="2"/>'
            f'<text x="{x:.1f}" y="{y + 4.5:.1f}" text-anchor="middle" fill="#0b0c0c">{n}</text></g>'
        )
    if home:
        hx, hy = at(*home)
        drawn.append(
            f'<g><title>Your base</title><rect x="{hx - 8:.1f}" y="{hy - 8:.1f}" width="16" height="16" '
            f'fill="{INK}"/></g>'
        )
    told = f"{len(placed)} schools as numbered circles{', your base as a square' if home else ''}. North is up."
    return (
        f'<svg viewBox="0 0 {SIZE} {high:.0f}" role="img" aria-labelledby="own-t own-d" font-family="arial, '
        'sans-serif" font-size="13">'
        f'<title id="own-t">Map of your schools</title><desc id="own-d">{told}</desc>{"".join(drawn)}</svg>'
    )
