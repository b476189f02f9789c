"""The grid on the globe, against points that Ordnance Survey publishes."""

from __future__ import annotations

from math import cos, hypot, radians

import pytest

from allocator.report.mercator import on_airy, on_earth, pixels

METRES_A_DEGREE = 111_320


def test_the_worked_example_of_the_guide() -> None:
    """Annex C: Caister water tower, 52 39 27.2531 N, 1 43 4.5177 E on OSGB36."""
    latitude, longitude = on_airy(651_409.903, 313_177.270)
    assert latitude == pytest.approx(52 + 39 / 60 + 27.2531 / 3600, abs=1e-8)
    assert longitude == pytest.approx(1 + 43 / 60 + 4.5177 / 3600, abs=1e-8)


@pytest.mark.parametrize(
    ("easting", "northing", "latitude", "longitude"),
    [  # OSTN15 test points TP01 (Scilly), TP10 and TP20, on ETRS89, which maps do not tell from WGS84
        (91_492.146, 11_318.804, 49.92226393730, -6.29977752014),
        (241_124.584, 220_332.641, 51.858908964, -4.3085247696),
        (422_242.186, 433_818.701, 53.8002151963, -1.66379168242),
    ],
)
def test_published_points_are_met_within_the_helmert_steps_error(
    easting: float, northing: float, latitude: float, longitude: float
) -> None:
    lat, lon = on_earth(easting, northing)
    off = hypot(lat - latitude, (lon - longitude) * cos(radians(latitude))) * METRES_A_DEGREE
    assert off < 8


def test_tiles() -> None:
    """At zoom 0 the world is one tile; each zoom doubles it; north is up."""
    x, y = pixels(422_242.186, 433_818.701, 0)
    assert x == pytest.approx(256 * (0.5 - 1.66379168242 / 360), abs=0.001)
    assert 0 < y < 128
    assert pixels(422_242.186, 433_818.701, 5) == pytest.approx((32 * x, 32 * y))
    assert pixels(422_242.186, 533_818.701, 5)[1] < 32 * y
