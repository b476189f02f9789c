"""National Grid to Web Mercator, for a map on tiles: grid -> latitude and longitude on OSGB36 -> WGS84 -> tile pixels.

Formulas and constants: Ordnance Survey, *A guide to coordinate systems in Great Britain*, sections 6.6 and annexes
A to C. The one Helmert step between the two datums is good to about 5 m in the whole of Great Britain: a pixel at
street scale.
"""

from __future__ import annotations

from math import asinh, atan2, cos, degrees, hypot, pi, radians, sin, sqrt, tan

TILE = 256  # pixels along a tile's side
AIRY = (6377563.396, 6356256.909)  # semi-axes in metres: the National Grid's ellipsoid
WGS84 = (6378137.0, 6356752.3142)
SCALE, LATITUDE, LONGITUDE = 0.9996012717, radians(49), radians(-2)  # of the grid's projection: its true origin
EAST, NORTH = 400_000.0, -100_000.0  # metres given to the true origin
SHIFT = (446.448, -125.157, 542.060)  # metres, OSGB36 to WGS84
TURN = tuple(radians(seconds / 3600) for seconds in (0.1502, 0.2470, 0.8421))
LARGER = 1 - 20.4894e-6


def _meridian(phi: float) -> float:
    """Length of the meridian from the true origin's latitude to `phi`, in metres on the grid."""
    a, b = AIRY
    n = (a - b) / (a + b)
    less, more = phi - LATITUDE, phi + LATITUDE
    return (
        b
        * SCALE
        * (
            (1 + n + 5 / 4 * (n**2 + n**3)) * less
            - (3 * n + 3 * n**2 + 21 / 8 * n**3) * sin(less) * cos(more)
            + 15 / 8 * (n**2 + n**3) * sin(2 * less) * cos(2 * more)
            - 35 / 24 * n**3 * sin(3 * less) * cos(3 * more)
        )
    )


def on_airy(easting: float, northing: float) -> tuple[float, float]:
    """Latitude and longitude on OSGB36 of a grid point (metres), in degrees."""
    a, b = AIRY
    e2 = 1 - (b / a) ** 2
    phi = LATITUDE + (northing - NORTH) / (a * SCALE)
    while abs(rest := northing - NORTH - _meridian(phi)) >= 1e-5:
        phi += rest / (a * SCALE)
    nu = a * SCALE / sqrt(1 - e2 * sin(phi) ** 2)
    rho = nu * (1 - e2) / (1 - e2 * sin(phi) ** 2)
    eta2, t, x = nu / rho - 1, tan(phi), easting - EAST
    latitude = (
        phi
        - t / (2 * rho * nu) * x**2
        + t / (24 * rho * nu**3) * (5 + 3 * t**2 + eta2 - 9 * t**2 * eta2) * x**4
        - t / (720 * rho * nu**5) * (61 + 90 * t**2 + 45 * t**4) * x**6
    )
    longitude = LONGITUDE + (
        x / nu
        - x**3 / (6 * nu**3) * (nu / rho + 2 * t**2)
        + x**5 / (120 * nu**5) * (5 + 28 * t**2 + 24 * t**4)
        - x**7 / (5040 * nu**7) * (61 + 662 * t**2 + 1320 * t**4 + 720 * t**6)
    ) / cos(phi)
    return degrees(latitude), degrees(longitude)


def on_earth(easting: float, northing: float) -> tuple[float, float]:
    """Latitude and longitude on WGS84 of a grid point (metres), in degrees, good to about 5 m."""
    phi, lam = (radians(d) for d in on_airy(easting, northing))
    a, b = AIRY
    e2 = 1 - (b / a) ** 2
    nu = a / sqrt(1 - e2 * sin(phi) ** 2)
    x, y, z = nu * cos(phi) * cos(lam), nu * cos(phi) * sin(lam), nu * (1 - e2) * sin(phi)
    (dx, dy, dz), (rx, ry, rz) = SHIFT, TURN
    x, y, z = (
        dx + LARGER * x - rz * y + ry * z,
        dy + rz * x + LARGER * y - rx * z,
        dz - ry * x + rx * y + LARGER * z,
    )
    a, b = WGS84
    e2 = 1 - (b / a) ** 2
    across = hypot(x, y)
    phi = atan2(z, across * (1 - e2))
    for _ in range(5):  # each step gains three digits; five are below a micrometre
        phi = atan2(z + e2 * a / sqrt(1 - e2 * sin(phi) ** 2) * sin(phi), across)
    return degrees(phi), degrees(atan2(y, x))


def pixels(easting: float, northing: float, zoom: int) -> tuple[float, float]:
    """Where a grid point lies on the world's tiles at `zoom`: pixels right of 180 W and down from 85.05 N."""
    latitude, longitude = on_earth(easting, northing)
    whole = TILE * 2**zoom
    return whole * (longitude / 360 + 0.5), whole * (0.5 - asinh(tan(radians(latitude))) / (2 * pi))
