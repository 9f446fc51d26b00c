"""Sun and moon against published positions."""

from datetime import UTC, datetime, timedelta
from math import asin, cos, degrees, radians, sin

import pytest

from viewer.analysis.sun import Body, Place, parse_time, place_of, sky_at

CLOSE = 0.02


def test_the_example_of_the_solar_position_algorithm():
    """I. Reda, A. Andreas: Solar Position Algorithm for Solar Radiation Applications, NREL/TP-560-34302, table A5.1:
    e0 = 39.872046 without refraction, zenith 50.11162 with it, azimuth 194.34024."""
    when = parse_time("2003-10-17T12:30:30-07:00", 0.0)
    place = Place(39.742476, -105.1786)
    sun = sky_at(when, place).sun
    assert sun.elevation == pytest.approx(39.872046, abs=0.005)
    assert sun.azimuth == pytest.approx(194.34024, abs=0.005)
    assert 90.0 - sky_at(when, place, refraction=True).sun.elevation == pytest.approx(50.11162, abs=CLOSE)


@pytest.mark.parametrize(
    ("day", "lat", "declination"),
    [
        ("2024-06-20", -33.8688, 23.438),
        ("2024-12-21", -33.8688, -23.438),
        ("2024-06-20", 64.1466, 23.438),
        ("2024-12-21", 51.4779, -23.438),
        ("2024-06-20", 0.0, 23.438),
    ],
)
def test_noon_at_the_solstices(day, lat, declination):
    """At a solstice the sun culminates at 90 - |latitude - obliquity| degrees (23.438 in 2024, Astron. Almanac)."""
    start = datetime.fromisoformat(day + "T10:00:00+00:00")
    noon = max(
        (sky_at(start + timedelta(minutes=m), Place(lat, 0.0)).sun for m in range(240)), key=lambda body: body.elevation
    )
    assert noon.elevation == pytest.approx(90.0 - abs(lat - declination), abs=CLOSE)
    assert noon.azimuth == pytest.approx(180.0 if lat > declination else 0.0, abs=0.5) or noon.azimuth > 359.5


def test_the_equinox_of_2024_has_the_sun_over_the_equator():
    """20 March 2024, 03:06 UTC (Astronomical Almanac): declination 0, so at the pole it stands on the horizon."""
    when = datetime(2024, 3, 20, 3, 6, tzinfo=UTC)
    assert sky_at(when, Place(89.999, 0.0)).sun.elevation == pytest.approx(0.0, abs=CLOSE)


def test_sunrise_in_london():
    """21 June 2024: 04:43 BST (HM Nautical Almanac Office), the upper edge (0.26 degrees) on the horizon."""
    sun = sky_at(parse_time("2024-06-21T04:43:00+01:00", 0.0), Place(51.5074, -0.1278), refraction=True).sun
    assert sun.elevation == pytest.approx(-0.26, abs=0.12)


def test_the_moon_of_meeus():
    """J. Meeus: Astronomical Algorithms, examples 47.a and 48.a: 12 April 1992, 0h TD: right ascension 134.688470,
    declination 13.768368, parallax 0.991990 degrees, lit part 0.6786."""
    when = datetime(1992, 4, 11, 23, 59, 1, tzinfo=UTC)
    place = Place(-35.0, 20.0)
    # Meeus 12.4: mean sidereal time at Greenwich, degrees
    days = 2448724.5 - 59.0 / 86400.0 - 2451545.0
    hour = radians(280.46061837 + 360.98564736629 * days + place.lon - 134.688470)
    lat, dec = radians(place.lat), radians(13.768368)
    height = degrees(asin(sin(lat) * sin(dec) + cos(lat) * cos(dec) * cos(hour)))
    found = sky_at(when, place)
    parallax = degrees(asin(sin(radians(0.991990)) * cos(radians(found.moon.elevation))))
    assert found.moon.elevation == pytest.approx(height - parallax, abs=CLOSE)
    assert found.moon_phase == pytest.approx(0.6786, abs=0.005)


def test_a_time_without_offset_is_that_of_the_zone():
    assert parse_time("2026-06-21T12:00:00", 4.5) == datetime(2026, 6, 21, 12, tzinfo=UTC)
    assert parse_time("2026-06-21T12:00:00", 151.2) == datetime(2026, 6, 21, 2, tzinfo=UTC)
    assert parse_time("2026-06-21T12:00:00+02:00", 151.2) == datetime(2026, 6, 21, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "noon", "2026-13-01T00:00:00", "0001-01-01T00:00:00", "9999-12-31T23:59:59-12:00"]
)
def test_other_texts_are_refused(text):
    with pytest.raises(ValueError, match=r"date and time|from 1800"):
        parse_time(text, -170.0)


def test_places_come_from_projected_and_compound_systems():
    delft = place_of("EPSG:7415", 84_500.0, 446_300.0)
    assert (delft.lat, delft.lon) == pytest.approx((52.0, 4.36), abs=0.02)
    linz = place_of("EPSG:31255", 70_000.0, 351_000.0)
    assert (linz.lat, linz.lon) == pytest.approx((48.3, 14.28), abs=0.05)
    sydney = place_of("EPSG:32756", 334_000.0, 6_251_000.0)
    assert (sydney.lat, sydney.lon) == pytest.approx((-33.87, 151.2), abs=0.02)


def test_true_north_is_turned_by_the_convergence():
    """UTM: convergence = (lon - central meridian) sin(lat) to first order (Snyder 1987, 8-21)."""
    place = place_of("EPSG:32632", 300_000.0, 5_800_000.0)
    assert place.north == pytest.approx(-(place.lon - 9.0) * sin(radians(place.lat)), abs=0.01)
    east = Body(90.0 - place.north, 0.0).direction(place.north)
    assert east == pytest.approx((1.0, 0.0, 0.0), abs=1e-12)


def test_degrees_are_longitude_and_latitude():
    assert place_of("EPSG:4326", 4.36, 52.0) == Place(52.0, pytest.approx(4.36), pytest.approx(0.0))


@pytest.mark.parametrize("crs", [None, "nonsense", "EPSG:999999"])
def test_no_place_without_a_known_system(crs):
    assert place_of(crs, 0.0, 0.0) is None


def test_a_point_outside_of_the_system_has_no_place():
    assert place_of("EPSG:7415", 1e12, float("inf")) is None
