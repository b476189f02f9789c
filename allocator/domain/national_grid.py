"""Points on the National Grid, found by nearness without looking at all of them; and an order that keeps near ones
near."""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction

from allocator.domain.calendar import half_up

Point = tuple[float, float]  # easting, northing in metres
SIDE = 1 << 16  # cells a side of the curve; about 20 m each over England


class Grid:
    """Named points in square cells, about two to a cell."""

    def __init__(self, points: Mapping[str, Point]) -> None:
        self.points = dict(points)
        self.cell = _cell(self.points)
        self._cells: dict[tuple[int, int], list[str]] = defaultdict(list)
        for key in sorted(self.points):
            self._cells[self._at(self.points[key])].append(key)
        xs, ys = [c[0] for c in self._cells], [c[1] for c in self._cells]
        self._box = (min(xs), max(xs), min(ys), max(ys)) if xs else (0, 0, 0, 0)

    def _at(self, p: Point) -> tuple[int, int]:
        return int(p[0] // self.cell), int(p[1] // self.cell)

    def near(self, point: Point, within: float = math.inf) -> Iterator[tuple[float, str]]:
        """(metres, name), nearest first, ties by name, up to `within` metres."""
        if not self.points:
            return
        x, y = self._at(point)
        low_x, high_x, low_y, high_y = self._box
        last = max(abs(x - low_x), abs(x - high_x), abs(y - low_y), abs(y - high_y))
        waiting: list[tuple[float, str]] = []
        for ring in range(last + 1):
            for cell in _ring(x, y, ring):
                for key in self._cells.get(cell, ()):
                    heapq.heappush(waiting, (math.dist(point, self.points[key]), key))
            sure = ring * self.cell  # nothing in a later ring is nearer than this
            while waiting and (waiting[0][0] <= sure or ring == last):
                if waiting[0][0] > within:
                    return
                yield heapq.heappop(waiting)
            if sure > within:
                return


class Circles:
    """Named circles, each written in every square that it touches: who reaches a point, without looking at all."""

    SIDE = 10_000  # metres a side: a usual limit of 60 km touches about 150 squares

    def __init__(self, circles: Mapping[str, tuple[Point, float]], points: Iterable[Point]) -> None:
        """`circles`: name -> centre and radius in metres; only squares with one of `points` are kept."""
        asked = {self._at(p) for p in points}
        self._squares: dict[tuple[int, int], list[str]] = defaultdict(list)
        for name, (centre, radius) in circles.items():
            (left, low), (right, high) = (self._at((centre[0] + r, centre[1] + r)) for r in (-radius, radius))
            wide = (right - left + 1) * (high - low + 1) > len(asked)
            for square in asked if wide else ((x, y) for x in range(left, right + 1) for y in range(low, high + 1)):
                if square in asked and self._far(centre, square) <= radius:
                    self._squares[square].append(name)

    def over(self, point: Point) -> Sequence[str]:
        """Names of the circles that touch the point's square: all that reach the point, and a few more."""
        return self._squares.get(self._at(point), ())

    def _at(self, p: Point) -> tuple[int, int]:
        return int(p[0] // self.SIDE), int(p[1] // self.SIDE)

    def _far(self, point: Point, square: tuple[int, int]) -> float:
        """Metres from a point to the nearest point of a square."""
        gaps = (max(s * self.SIDE - p, 0.0, p - (s + 1) * self.SIDE) for p, s in zip(point, square, strict=True))
        return math.hypot(*gaps)


def _cell(points: Mapping[str, Point]) -> float:
    if not points:
        return 1000.0
    es, ns = [p[0] for p in points.values()], [p[1] for p in points.values()]
    area = max(1.0, (max(es) - min(es)) * (max(ns) - min(ns)))
    return max(500.0, math.sqrt(2 * area / len(points)))


def _ring(x: int, y: int, r: int) -> Iterator[tuple[int, int]]:
    if r == 0:
        yield x, y
        return
    for step in range(-r, r + 1):
        yield x + step, y - r
        yield x + step, y + r
    for step in range(-r + 1, r):
        yield x - r, y + step
        yield x + r, y + step


def curve(point: Point) -> int:
    """Place on a Hilbert curve over Great Britain: points near on it are near on the ground."""
    x = min(SIDE - 1, max(0, int(point[0] / 1_300_000 * SIDE)))
    y = min(SIDE - 1, max(0, int(point[1] / 1_300_000 * SIDE)))
    d, s = 0, SIDE // 2
    while s:
        rx, ry = int(bool(x & s)), int(bool(y & s))
        d += s * s * ((3 * rx) ^ ry)
        if not ry:
            if rx:
                x, y = SIDE - 1 - x, SIDE - 1 - y
            x, y = y, x
        s //= 2
    return d


def middle(points: list[Point]) -> Point:
    """The mean of some points."""
    return sum(p[0] for p in points) / len(points), sum(p[1] for p in points) / len(points)


def metres_apart(a: tuple[int, int] | None, b: tuple[int, int] | None) -> int | None:
    """Whole metres between two points, in a straight line; None when one is unknown."""
    return None if a is None or b is None else math.isqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2)


def whole_metres(easting: float | None, northing: float | None) -> tuple[int, int] | None:
    """A grid point rounded half up to whole metres; None when a coordinate is unknown."""
    if easting is None or northing is None:
        return None
    return half_up(Fraction(str(easting))), half_up(Fraction(str(northing)))
