"""The benchmark page and its picture: a table, growth exponents, and lines on two logarithmic axes in plain SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

STEPS = ("read", "check", "set up", "lay out", "explain", "audit", "write")
RACES = (
    "Made by `python -m tests.benchmarks.race`: points without the lot, the same pairs, two workers, in one run. Plain CP-SAT, at its defaults, solves the textbook's model: 500x60 to a proof, 1500x180 "
    "until 0.5 % is proved or two minutes have gone. The allocator goes to its proof."
)
WIDE, HIGH, EDGE = 640, 360, 56
HARD = "\n## Hard years\n"  # begins what `hard.py` measured, which is written by hand and stays
COLOURS = ("#1d70b8", "#d4351c", "#00703c", "#4c2c92", "#f47738", "#505a5f", "#b58840")


def exponent(xs: Sequence[float], ys: Sequence[float]) -> float:
    """The slope of log y against log x by least squares: 1 = in proportion, 2 = by the square."""
    a, b = [math.log(x) for x in xs], [math.log(max(y, 1e-3)) for y in ys]
    mx, my = sum(a) / len(a), sum(b) / len(b)
    return sum((x - mx) * (y - my) for x, y in zip(a, b, strict=True)) / sum((x - mx) ** 2 for x in a)


def document(rows: list[dict[str, Any]], folder: Path, races: Sequence[str] = ()) -> None:
    """`benchmarks.md` and `benchmarks.svg` from the journal's rows; `races`: the lines of another table (`race.py`)."""
    rows = sorted(rows, key=lambda r: r["schools"])
    (folder / "benchmarks.svg").write_text(svg(rows), "utf-8")
    text = page(rows)
    if races:
        text += "\n".join(["", "## To a proof, against plain CP-SAT", "", RACES, "", *races, ""])
    file = folder / "benchmarks.md"
    _, _, hard = file.read_text("utf-8").partition(HARD) if file.exists() else ("", "", "")
    file.write_text(text + (HARD + hard if hard else ""), "utf-8")


def total(row: dict[str, Any]) -> float:
    """CPU seconds of all steps around the solve."""
    return sum(float(row["steps"][s][1]) for s in STEPS)


def page(rows: list[dict[str, Any]]) -> str:
    """The whole page."""
    lines = [
        "# Benchmarks",
        "",
        "Real schools (the national register, read in place), invented teams (`allocator generate team`: tightness 1.05, last year's pairs, interests and wishes). "
        "Made by `python -m tests.benchmarks.scale`, then `--write`.",
        "",
        f"Measured on: {rows[-1]['machine']}. Steps in CPU seconds, solves in wall seconds.",
        "",
        "## Every step around the solve",
        "",
        "| schools | SIPs | posts | pairs | parts (largest) | " + " | ".join(STEPS) + " | all | peak MiB |",
        "|" + " ---: |" * (7 + len(STEPS)),
    ]
    for r in rows:
        steps = " | ".join(f"{r['steps'][s][1]:.2f}" for s in STEPS)
        lines.append(
            f"| {r['schools']:,} | {r['sips']:,} | {r['posts']:,} | {r['pairs']:,} | {r['parts']} ({r['largest_part']:,}) "
            f"| {steps} | {total(r):.1f} | {r['peak_mib']:,} |"
        )
    lines += ["", *growth(rows), "", "![time and memory against schools](benchmarks.svg)", ""]
    solved = [r for r in rows if r["solves"]]
    if solved:
        lines += [
            "## The solve, side by side",
            "",
            "Wall seconds, in one run. The allocator goes on to a proof, beyond 60,000 pairs to a gap of 0.05 %, and settles ties by lot; peers have a minute, or as long as it took. Peers solve the textbook model (posts filled, then points; days and numbers by SIP), which is less than the allocator's: no periods, team prices, tiers or lot. "
            "The gap is each one's own, of its own points.",
            "",
            "| schools | by | seconds | posts filled | pair points | gap |",
            "| ---: | --- | ---: | ---: | ---: | ---: |",
        ]
    for r in solved:
        for s in r["solves"]:
            gap = s.get("note") or ("none" if s["gap"] is None else f"{100 * s['gap']:.3f} %")
            lines.append(
                f"| {r['schools']:,} | {s['by']} | {s['seconds']:.1f} | {s['filled']:,} | {s['points']:,} | {gap} |"
            )
    return "\n".join(lines) + "\n"


def growth(rows: list[dict[str, Any]]) -> list[str]:
    """Exponents over all sizes and from size to size, and where the line bends."""
    if len(rows) < 3:
        return []
    xs = [r["schools"] for r in rows]
    time_, memory = [total(r) for r in rows], [max(1, r["peak_mib"] - r["before_mib"]) for r in rows]
    slopes = [
        math.log(time_[n + 1] / time_[n]) / math.log(xs[n + 1] / xs[n]) if time_[n] > 0 else 0.0
        for n in range(len(xs) - 1)
    ]
    steep = max(range(len(slopes)), key=lambda n: slopes[n])
    pairs = [r["pairs"] / r["schools"] for r in rows]
    return [
        f"Growth against schools, fitted on logarithms: time {exponent(xs, time_):.2f}, memory beyond what the program itself takes "
        f"{exponent(xs, memory):.2f} (1 = in proportion).",
        f"From size to size time grows with {', '.join(f'{s:.2f}' for s in slopes)}; it is steepest from {xs[steep]:,} to {xs[steep + 1]:,} schools. "
        f"Work goes with pairs, and pairs a school go from {pairs[0]:.1f} to {pairs[-1]:.1f} as larger authorities with more SIPs come in; "
        "below some 600 schools fixed costs (one pass over the policy's rules) flatten the line.",
    ]


def svg(rows: list[dict[str, Any]]) -> str:
    """Steps in CPU seconds and peak memory in GiB against schools, both axes logarithmic."""
    xs = [float(r["schools"]) for r in rows]
    lines = {s: [max(0.001, float(r["steps"][s][1])) for r in rows] for s in STEPS}
    lines["peak GiB"] = [r["peak_mib"] / 1024 for r in rows]
    low, high = -3, math.ceil(math.log10(max(v for ys in lines.values() for v in ys)))

    def at(x: float, y: float) -> str:
        left, right = math.log10(xs[0]), math.log10(xs[-1])
        px = EDGE + (math.log10(x) - left) / max(1e-9, right - left) * (WIDE - 3 * EDGE)
        py = HIGH - EDGE - (math.log10(y) - low) / (high - low) * (HIGH - 2 * EDGE)
        return f"{px:.1f},{py:.1f}"

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" font-family="sans-serif" font-size="11">'
    ]
    out.append(f'<rect width="{WIDE}" height="{HIGH}" fill="#fff"/>')
    for power in range(low, high + 1):
        y = at(xs[0], 10.0**power).split(",")[1]
        out.append(
            f'<path d="M{EDGE} {y}H{WIDE - 2 * EDGE}" stroke="#ddd"/><text x="4" y="{y}">{10.0**power:g} s</text>'
        )
    for x in xs:
        px = at(x, 1).split(",")[0]
        out.append(f'<text x="{px}" y="{HIGH - EDGE + 16}" text-anchor="middle">{x:,.0f}</text>')
    for n, (name, ys) in enumerate(lines.items()):
        colour, dash = COLOURS[n % len(COLOURS)], ' stroke-dasharray="5 3"' if name == "peak GiB" else ""
        points = " ".join(at(x, y) for x, y in zip(xs, ys, strict=True))
        out.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        out.append(f'<text x="{WIDE - 2 * EDGE + 8}" y="{EDGE + 16 * n}" fill="{colour}">{name}</text>')
    out.append(f'<text x="{WIDE / 2 - EDGE}" y="{HIGH - 12}" text-anchor="middle">schools</text></svg>')
    return "\n".join(out) + "\n"
