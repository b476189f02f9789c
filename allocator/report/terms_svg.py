"""A SIP's days by term as a picture: a column a term from nought, a piece a school, a line at the limit. Plain
SVG, read without colour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from allocator.domain.facts import Facts
from allocator.domain.plan import Load, Plan
from allocator.words import PERIODS, days, listed

TERMS = ("Sep, Oct", "Nov, Dec", "Spring", "Summer")
W, H, LEFT, TOP, FOOT = 360, 190, 30, 22, 24
WIDE, GAP = 60, 20
TONES = ("#1d70b8", "#5694ca")  # by turns, so that pieces can be told apart
SETTLING, OVER = "#b1b4b6", "#d4351c"
STEPS = (1, 2, 5, 10, 20, 50, 100)  # days between the lines of the scale


@dataclass(frozen=True)
class SipTerms:
    """One SIP's days by term. `pieces`: (school and post, days in each term); `limits` None where none was given."""

    name: str
    pieces: tuple[tuple[str, tuple[float, ...]], ...]
    totals: tuple[float, ...]
    limits: tuple[float | None, ...]

    @property
    def over(self) -> list[int]:
        return [n for n, (d, x) in enumerate(zip(self.totals, self.limits, strict=True)) if x is not None and d > x]


def terms(facts: Facts, plan: Plan, load: Load) -> SipTerms:
    """Days given to schools, and what is left of the SIP's own: time to begin at a new school or with a new head."""
    pieces: dict[str, list[float]] = {}
    for a in plan.assignments:
        if a.sip == load.sip:
            mine = pieces.setdefault(a.school + ("" if a.post == "lead" else f" ({a.post})"), [0.0] * len(PERIODS))
            for n, d in enumerate(a.periods.model_dump().values()):
                mine[n] += d
    totals = tuple(load.periods.model_dump().values())
    rest = [t - sum(p[n] for p in pieces.values()) for n, t in enumerate(totals)]
    rows = [(name, tuple(d)) for name, d in sorted(pieces.items())]
    rows += [(TO_BEGIN, tuple(rest))] if any(x > 0 for x in rest) else []
    limits = tuple(None if q is None else q / 4 for q in facts.period_limits(facts.sips[load.sip]))
    return SipTerms(load.name, tuple(rows), totals, limits)


TO_BEGIN = "to begin at a school or with a head"


def of_team(facts: Facts, plan: Plan) -> list[SipTerms]:
    """Everybody with days in the plan, in the plan's order."""
    return [terms(facts, plan, x) for x in plan.loads if x.days]


def scale(found: Sequence[SipTerms]) -> float:
    """One scale for several, so that they can be set side by side: the most days of a term, or of a limit."""
    return max([1.0, *(x for t in found for x in (*t.totals, *t.limits) if x is not None)])


def picture(found: SipTerms, most: float | None = None) -> str:
    """An svg element for a page; its title and description say what it shows. `most`: the scale, where several are
    side by side."""
    most = most or scale([found])
    base = H - FOOT
    unit = (base - TOP) / most
    parts = [*_grid(most, unit, base)]
    for n, term in enumerate(TERMS):
        x = LEFT + GAP / 2 + n * (WIDE + GAP)
        parts += _column(found, n, x, unit, base)
        parts.append(f'<text x="{x + WIDE / 2:.1f}" y="{H - 7}" text-anchor="middle">{term}</text>')
    return (
        f'<svg viewBox="0 0 {W} {H}" width="{W}" height="{H}" role="img" font-family="sans-serif" '
        f'font-size="12"><title>{escape(found.name)}: days by '
        f'term</title><desc>{escape(sentence(found))}</desc><rect width="{W}" height="{H}" '
        f'fill="#fff"/>{"".join(parts)}</svg>\n'
    )


def _grid(most: float, unit: float, base: float) -> Iterator[str]:
    step = next((s for s in STEPS if most / s <= 5), STEPS[-1])
    for v in range(0, int(most) + 1, step):
        y = base - v * unit
        yield f'<path d="M{LEFT} {y:.1f}H{W - 4}" stroke="{"#0b0c0c" if v == 0 else "#d9d9d9"}"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{v}</text>'


def _column(found: SipTerms, n: int, x: float, unit: float, base: float) -> Iterator[str]:
    top, tone = base, 0
    for name, by_term in found.pieces:
        high = by_term[n] * unit
        if high <= 0:
            continue
        top -= high
        fill = SETTLING if name == TO_BEGIN else TONES[tone % 2]
        tone += 1
        yield (
            f'<rect x="{x:.1f}" y="{top:.1f}" width="{WIDE}" height="{max(high - 0.8, 0.5):.1f}" fill="{fill}">'
            f"<title>{escape(name)}: {days(by_term[n])}</title></rect>"
        )
    limit = found.limits[n]
    over = limit is not None and found.totals[n] > limit
    said = f"{found.totals[n]:g}" if limit is None else f"{found.totals[n]:g} of {limit:g}"
    line = base if limit is None else base - limit * unit
    if limit is not None:
        colour = OVER if over else "#0b0c0c"
        yield (
            f'<path d="M{x - 5:.1f} {line:.1f}h{WIDE + 10}" stroke="{colour}" stroke-width="2" stroke-dasharray="5 3"/>'
        )
    yield (
        f'<text x="{x + WIDE / 2:.1f}" y="{min(top, line) - 5:.1f}" '
        f'text-anchor="middle"{_bold(over)}>{said}{"!" if over else ""}</text>'
    )


def _bold(over: bool) -> str:
    return f' font-weight="700" fill="{OVER}"' if over else ""


def sentence(found: SipTerms) -> str:
    """What the picture comes to: the fullest term, and where a limit is passed."""
    if not any(found.totals):
        return "No days in this plan."
    in_words = tuple(PERIODS.values())
    fullest = max(range(len(found.totals)), key=lambda n: (found.totals[n], -n))
    said = f"Most in {in_words[fullest]}: {days(found.totals[fullest])}."
    if found.over:
        return said + f" Over their limit in {listed([in_words[n] for n in found.over])}."
    given = [in_words[n] for n, x in enumerate(found.limits) if x is not None]
    if not given:
        return said + " No limit for a term is on record."
    return said + (
        " Within every limit."
        if len(given) == len(TERMS)
        else f" Within the limit for {listed(given)}; no other is on record."
    )
