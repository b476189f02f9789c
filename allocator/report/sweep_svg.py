"""The resilience sweep as a picture: a bar a question, the critical first. Plain SVG, read without colour."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from allocator.rules.base import listed
from allocator.words import noun

FEW = 4  # people named in the sentence

if TYPE_CHECKING:
    from allocator.questions.sweep import SweepResult

W, ROW, LEFT, TOP, MOST = 720, 26, 210, 34, 20
PARTS = (("left without a SIP", "#d4351c"), ("others that move", "#f47738"), ("pass to another SIP", "#1d70b8"))


def picture(results: Sequence[SweepResult]) -> str:
    """Who is critical: for each SIP leaving, posts stranded, other schools that move, own schools passed on."""
    shown = worst(results)[:MOST]
    widest = max((sum(_parts(r)) for r in shown), default=0) or 1
    scale = (W - LEFT - 50) / widest
    rows = []
    for n, r in enumerate(shown):
        y, x = TOP + n * ROW, float(LEFT)
        rows.append(f'<text x="{LEFT - 8}" y="{y + 16}" text-anchor="end">{escape(r.label[:28])}</text>')
        for (what, colour), v in zip(PARTS, _parts(r), strict=True):
            if not v:
                continue
            rows.append(
                f'<rect x="{x:.1f}" y="{y + 3}" width="{max(v * scale - 1, 2):.1f}" height="{ROW - 8}" fill="{colour}">'
                f"<title>{escape(r.label)} leaves: {v} {what}</title></rect>"
            )
            if v * scale > 18:
                rows.append(
                    f'<text x="{x + v * scale / 2:.1f}" y="{y + 17}" text-anchor="middle" '
                    f'fill="{_ink(colour)}">{v}</text>'
                )
            x += v * scale
    key = "".join(
        (
            f'<rect x="{LEFT + n * 170}" y="6" width="14" height="14" fill="{colour}"/><text '
            f'x="{LEFT + n * 170 + 20}" y="18">{what}</text>'
        )
        for n, (what, colour) in enumerate(PARTS)
    )
    told = "; ".join(
        f"{r.label}: " + ", ".join(f"{v} {what}" for (what, _), v in zip(PARTS, _parts(r), strict=True)) for r in shown
    )
    high = TOP + len(shown) * ROW + 10
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {W} {high}" width="{W}" height="{high}" role="img" '
        'font-family="sans-serif" font-size="13"><title>What happens if each SIP '
        f"leaves</title><desc>{escape(told)}</desc>"
        f'<rect width="{W}" height="{high}" fill="#fff"/>{key}{"".join(rows)}</svg>\n'
    )


def worst(results: Sequence[SweepResult]) -> list[SweepResult]:
    """The critical first: who leaves most posts empty, then whose going moves most other schools, then the fewest
    days."""
    return sorted(
        (r for r in results if not r.error), key=lambda r: (-r.stranded, -r.moved, -r.days_short, -r.lost_sip, r.label)
    )


def sentence(results: Sequence[SweepResult]) -> str:
    """What the picture comes to."""
    order = worst(results)
    bad = [r.label for r in order if r.stranded]
    if bad:
        some = listed(bad if len(bad) <= FEW else [*bad[:FEW], f"{len(bad) - FEW} others"])
        return f"Without {some} posts would stay empty. Everybody else can be replaced from within the team."
    if not order:
        return ""
    first = order[0]
    moved = (
        f"{first.moved} other {noun(first.moved, 'school')} would move"
        if first.moved
        else f"{first.days_short:g} days would be short"
    )
    return f"Everybody can be replaced from within the team. {first.label} would be missed most: {moved}."


def _parts(r: SweepResult) -> tuple[int, int, int]:
    return r.stranded, r.moved, max(r.lost_sip - r.stranded, 0)


def _ink(colour: str) -> str:
    return "#0b0c0c" if colour == "#f47738" else "#fff"
