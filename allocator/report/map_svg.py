"""A map of schools and SIPs drawn from eastings and northings: plain SVG, each school numbered, no tiles."""

from __future__ import annotations

from html import escape

from allocator.domain.facts import Facts
from allocator.domain.plan import Plan

SIZE, EDGE = 760, 30
# colours that stay apart for most colour-blind readers; the letter on each mark says the same
COLOURS = (
    "#1d70b8",
    "#d4351c",
    "#00703c",
    "#4c2c92",
    "#b58840",
    "#00817b",
    "#912b88",
    "#5694ca",
    "#6f5a1e",
    "#85994b",
    "#505a5f",
    "#c2185b",
)


def letters(plan: Plan) -> dict[str, str]:
    """SIP id -> the letter (A, B … AA) that stands for them on the map and in the table."""
    out = {}
    for n, load in enumerate(sorted(plan.loads, key=lambda x: (x.name, x.sip))):
        out[load.sip] = (chr(64 + n // 26) if n >= 26 else "") + chr(65 + n % 26)
    return out


def svg_map(facts: Facts, plan: Plan) -> str | None:
    """The map; None when fewer than two places are known."""
    leads = [a for a in plan.assignments if a.post == "lead" and not a.settled]
    schools = [
        (a, s.easting, s.northing)
        for a in leads
        if (s := facts.schools[a.urn]).easting is not None and s.northing is not None
    ]
    people = [
        (r, r.easting, r.northing) for r in facts.sips.values() if r.easting is not None and r.northing is not None
    ]
    points = [(e, n) for _, e, n in schools] + [(e, n) for _, e, n in people]
    if len(set(points)) < 2:
        return None
    west, south = min(e or 0 for e, _ in points), min(n or 0 for _, n in points)
    span = max(max(e or 0 for e, _ in points) - west, max(n or 0 for _, n in points) - south, 1)
    scale = (SIZE - 2 * EDGE) / span
    height = EDGE * 2 + (max(n or 0 for _, n in points) - south) * scale

    def at(e: float | None, n: float | None) -> tuple[float, float]:
        return EDGE + ((e or 0) - west) * scale, height - EDGE - ((n or 0) - south) * scale

    letter = letters(plan)
    colour = {
        s: COLOURS[i % len(COLOURS)] for i, s in enumerate(sorted(letter, key=lambda s: (len(letter[s]), letter[s])))
    }
    homes = {r.sip: at(e, n) for r, e, n in people}
    lines, marks = [], []
    for a, e, n in schools:
        x, y = at(e, n)
        if a.sip in homes:
            hx, hy = homes[a.sip]
            lines.append(
                f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{hx:.1f}" y2="{hy:.1f}" stroke="{colour[a.sip]}" '
                'stroke-opacity="0.35"/>'
            )
        ring = ' stroke-dasharray="2 2"' if a.new_pairing else ""
        marks.append(
            f"<g><title>{escape(a.school)}: {escape(a.name)}{', new this year' if a.new_pairing else ''}</title>"
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="8" fill="#fff" stroke="{colour[a.sip]}" stroke-width="2"{ring}/>'
            f'<text x="{x:.1f}" y="{y + 3.5:.1f}" text-anchor="middle" '
            f'fill="{colour[a.sip]}">{letter[a.sip]}</text></g>'
        )
    for row, _, _ in people:
        x, y = homes[row.sip]
        marks.append(
            f'<g><title>{escape(row.name)}, home base</title><rect x="{x - 9:.1f}" y="{y - 9:.1f}" width="18" '
            'height="18" '
            f'fill="{colour.get(row.sip, "#505a5f")}"/><text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle" '
            'fill="#fff">'
            f"{letter.get(row.sip, '')}</text></g>"
        )
    told = (
        f"{len(schools)} schools as circles and {len(people)} SIPs as squares; a letter stands for each SIP, "
        "a broken ring for a new pair."
    )
    return (
        f'<svg viewBox="0 0 {SIZE} {height:.0f}" role="img" aria-labelledby="map-t map-d" '
        'font-family="sans-serif" font-size="10">'
        '<title id="map-t">Map of schools and their SIPs</title><desc '
        f'id="map-d">{told}</desc>{"".join(lines)}{"".join(marks)}</svg>'
    )
