"""Where schools and SIPs lie on a drawing: from eastings and northings alone, or over the tiles of a web map."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from allocator.domain.facts import Facts
from allocator.domain.plan import Plan
from allocator.report.map_svg import COLOURS, letters
from allocator.report.mercator import TILE, pixels

WIDE, EDGE = 1000.0, 40.0  # units of the drawing; the margin around the outermost marks
ROUND = (0.5, 1, 2, 5, 10, 20, 50, 100, 200)  # km of the scale
NAMED = 20  # places named at most
APART, LINE = 150.0, 24.0  # how far names must lie from one another, along or across
DEEPEST = 17  # the closest zoom that tile servers commonly have


@dataclass(frozen=True)
class MapMark:
    """A school (or, without `urn`, a SIP's base) on the drawing. `home` is the SIP's base, where known."""

    urn: str
    name: str
    sip: str
    sip_name: str
    letter: str
    colour: str
    x: float
    y: float
    home: tuple[float, float] | None = None
    new: bool = False
    km: str = ""


@dataclass(frozen=True)
class MapPlace:
    """A name on the drawing, and how many schools lie there."""

    name: str
    x: float
    y: float
    schools: int


@dataclass(frozen=True)
class Tile:
    """A picture beneath the marks."""

    address: str
    x: float
    y: float


@dataclass(frozen=True)
class Drawing:
    """Units run right and down from the top left. With tiles a unit is a pixel at `zoom`, `left` and `top` of the
    world."""

    schools: tuple[MapMark, ...]
    bases: tuple[MapMark, ...]
    width: float
    height: float
    tiles: tuple[Tile, ...] = ()
    zoom: int = 0
    left: float = 0.0
    top: float = 0.0
    unplaced: tuple[str, ...] = ()  # schools without a grid reference, by name
    outlines: tuple[str, ...] = ()  # around the schools of each authority, as points of a polygon
    places: tuple[MapPlace, ...] = ()  # clusters, else authorities, where their schools lie
    km: float = 0.0  # what `bar` units are
    bar: float = 0.0


def drawing(facts: Facts, plan: Plan, tile_url: str = "") -> Drawing | None:
    """The map of leads; None when fewer than two places are known."""
    leads = [a for a in plan.assignments if a.post == "lead" and not a.settled]
    empty = [u for u in plan.unfilled if u.post == "lead"]
    letter = letters(plan)
    team = [s for s in facts.sips.values() if s.sip in letter and s.easting is not None and s.northing is not None]
    rows = [(a.urn, a.school, a.sip, a.name, a.new_pairing) for a in leads]
    rows += [(u.urn, u.school, "", "nobody yet", False) for u in empty]
    placed = [r for r in rows if _grid(facts, r[0]) is not None]
    grid = [g for r in placed if (g := _grid(facts, r[0]))] + [(s.easting or 0.0, s.northing or 0.0) for s in team]
    if len(set(grid)) < 2:
        return None
    at = _Plot(grid, bool(tile_url))
    homes = {s.sip: at(s.easting or 0.0, s.northing or 0.0) for s in team}
    order = sorted(letter, key=lambda s: (len(letter[s]), letter[s]))
    colour = {s: COLOURS[n % len(COLOURS)] for n, s in enumerate(order)} | {"": "#0b0c0c"}
    schools = tuple(
        MapMark(
            urn,
            name,
            sip,
            who,
            letter.get(sip, "?"),
            colour[sip],
            *at(*(_grid(facts, urn) or (0.0, 0.0))),
            homes.get(sip),
            new,
            _km(facts, urn, sip),
        )
        for urn, name, sip, who, new in placed
    )
    bases = tuple(MapMark("", s.name, s.sip, s.name, letter[s.sip], colour[s.sip], *homes[s.sip]) for s in team)
    tiles = tuple(at.tiles(tile_url)) if tile_url else ()
    unplaced = tuple(sorted(r[1] for r in rows if _grid(facts, r[0]) is None))
    km, bar = _scale(at, grid[0])
    return Drawing(
        schools,
        bases,
        at.width,
        at.height,
        tiles,
        at.zoom,
        at.left,
        at.top,
        unplaced,
        _outlines(facts, schools),
        _places(facts, schools),
        km,
        bar,
    )


def _scale(at: _Plot, here: tuple[float, float]) -> tuple[float, float]:
    """(km, units): the longest round distance that takes no more than a quarter of the drawing."""
    x, _ = at(*here)
    unit = abs(at(here[0] + 100_000, here[1])[0] - x) / 100
    km = max((k for k in ROUND if k * unit <= WIDE / 4), default=ROUND[0])
    return km, round(km * unit, 1)


def _outlines(facts: Facts, schools: Iterable[MapMark]) -> tuple[str, ...]:
    """What lies around the schools of each authority: the smallest hull, drawn from the case alone."""
    by: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for m in schools:
        by[facts.schools[m.urn].la or ""].append((m.x, m.y))
    return tuple(
        " ".join(f"{x:g},{y:g}" for x, y in _hull(points)) for _, points in sorted(by.items()) if len(set(points)) > 2
    )


def _hull(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """The corners of the convex hull, in turn."""

    def half(ordered: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
        out: list[tuple[float, float]] = []
        for p in ordered:
            while len(out) > 1 and (out[-1][0] - out[-2][0]) * (p[1] - out[-2][1]) <= (out[-1][1] - out[-2][1]) * (
                p[0] - out[-2][0]
            ):
                out.pop()
            out.append(p)
        return out[:-1]

    ordered = sorted(set(points))
    return half(ordered) + half(reversed(ordered))


def _places(facts: Facts, schools: Iterable[MapMark]) -> tuple[MapPlace, ...]:
    """Clusters where there are a few of them, else authorities; the largest first."""
    found: list[list[MapPlace]] = []
    for column in ("cluster", "la"):
        by: dict[str, list[MapMark]] = defaultdict(list)
        for m in schools:
            if name := getattr(facts.schools[m.urn], column):
                by[name].append(m)
        found.append(
            [
                MapPlace(n, round(sum(m.x for m in ms) / len(ms), 1), round(sum(m.y for m in ms) / len(ms), 1), len(ms))
                for n, ms in by.items()
            ]
        )
    chosen = found[0] if 0 < len(found[0]) <= NAMED else found[1]
    out: list[MapPlace] = []
    for p in sorted(chosen, key=lambda p: (-p.schools, p.name)):
        if all(abs(p.x - q.x) > APART or abs(p.y - q.y) > LINE for q in out):  # no name over another
            out.append(p)
    return tuple(out[:NAMED])


def _grid(facts: Facts, urn: str) -> tuple[float, float] | None:
    s = facts.schools[urn]
    return None if s.easting is None or s.northing is None else (s.easting, s.northing)


def _km(facts: Facts, urn: str, sip: str) -> str:
    metres = facts.metres(urn, sip) if sip else None
    if metres is None:
        return ""
    return f"{metres / 1000:.1f} km {'by the travel table' if facts.given_km(urn, sip) else 'in a straight line'}"


class _Plot:
    """From grid metres to units of the drawing."""

    def __init__(self, grid: Iterable[tuple[float, float]], tiled: bool) -> None:
        grid = list(grid)
        self.tiled, self.zoom = tiled, 0
        if tiled:
            self.zoom = max(z for z in range(DEEPEST + 1) if z == 0 or self._span(grid, z) <= WIDE - 2 * EDGE)
            flat = [pixels(e, n, self.zoom) for e, n in grid]
            self.scale = 1.0
        else:
            flat = [(e, -n) for e, n in grid]
            span = max(
                max(x for x, _ in flat) - min(x for x, _ in flat), max(y for _, y in flat) - min(y for _, y in flat)
            )
            self.scale = (WIDE - 2 * EDGE) / max(span, 1.0)
        self.left, self.top = min(x for x, _ in flat) * self.scale - EDGE, min(y for _, y in flat) * self.scale - EDGE
        self.width = max(x for x, _ in flat) * self.scale + EDGE - self.left
        self.height = max(y for _, y in flat) * self.scale + EDGE - self.top

    @staticmethod
    def _span(grid: list[tuple[float, float]], zoom: int) -> float:
        flat = [pixels(e, n, zoom) for e, n in grid]
        return max(max(p[d] for p in flat) - min(p[d] for p in flat) for d in (0, 1))

    def __call__(self, easting: float, northing: float) -> tuple[float, float]:
        x, y = pixels(easting, northing, self.zoom) if self.tiled else (easting, -northing)
        return round(x * self.scale - self.left, 1), round(y * self.scale - self.top, 1)

    def tiles(self, address: str) -> Iterable[Tile]:
        most = 2**self.zoom
        for x in range(max(0, int(self.left // TILE)), min(most, ceil((self.left + self.width) / TILE))):
            for y in range(max(0, int(self.top // TILE)), min(most, ceil((self.top + self.height) / TILE))):
                at = address.replace("{z}", str(self.zoom)).replace("{x}", str(x)).replace("{y}", str(y))
                yield Tile(at, round(x * TILE - self.left, 1), round(y * TILE - self.top, 1))
