"""Points on the National Grid, found by nearness without looking at all of them; and an order that keeps near ones near."""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping

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
