"""Buildings that stand out: churches, town hall, market hall, school, hospital, museum, station, and small sights."""

from __future__ import annotations

from collections.abc import Callable

from viewer.demo.dense import framed
from viewer.demo.dormers import Fixture, dormers, fit
from viewer.demo.envelope import envelope, hip, lathe, pavilion
from viewer.demo.geometry import area
from viewer.demo.house import FOOT, House
from viewer.demo.roofs import Body, barrel, flat, gable, lantern, pointed, shed, spire
from viewer.demo.site import Place, Site, across, along

Ensemble = Callable[[Site, Place], House]


def _fitted(site: Site, ensemble: Ensemble, shrink: tuple[float, ...] = (1.0, 0.88, 0.76, 0.64, 0.52)) -> bool:
    """Build an ensemble in the widest part of the lot, as large as it fits."""
    return any(site.put(ensemble(site, Place(site, scale))) for scale in shrink)


def _house(
    site: Site, use: str, storeys: int, parts: dict[str, Body], name: str, year: int, storey: float = 4.0
) -> House:
    return House(site.lot.quarter, site.street, use, storeys, None, parts, name, year, storey=storey)


def church(site: Site) -> None:
    """The great church of the old centre, the small ones elsewhere; on a large lot in a square of town houses."""
    room = area(site.lot.ring)
    old = site.lot.quarter == "Old centre"
    if _fitted(site, _minster if old and room > 2600 else _parish) and room > 15_000:
        site.reserve(Place(site).box(0, 0, 84, 60))
        site.reserve(Place(site).box(0, -60, 52, 130))
        framed(site, "grid")


def _minster(site: Site, p: Place) -> House:
    apse = p.ring((26, -6), (30.2, -5.2), (33, -2.2), (33, 2.2), (30.2, 5.2), (26, 6))
    south, north = p.box(1, -8.75, 44, 5.5), p.box(1, 8.75, 44, 5.5)
    nave = along(p.box(2, 0, 48, 12), gable(FOOT, 15.5, 25.0), "gable")
    tower = p.box(-27, 0, 10, 10)
    parts = {
        "Nave": nave,
        "South aisle": along(south, shed(FOOT, 7.0, 10.5), "shed"),
        "North aisle": along((north[2], north[3], north[0], north[1]), shed(FOOT, 7.0, 10.5), "shed"),
        "Apse": pointed(apse, FOOT, 13.0, 20.5, "pyramid", p.point(26, 0)),
        "Tower": spire(tower, FOOT, 38.0, 78.0),
        "Sacristy": envelope(p.box(13, 14, 10, 5), FOOT, 4.0, [(2, 0.0, 0.7)], "shed"),
    }
    return _house(site, "church", 1, parts, site.lot.name, 1487, 12.0)


def _parish(site: Site, p: Place) -> House:
    tower = p.round(-15.5, 0, 4.6, 8, 0.5)
    bell = [(1.0, 26.0), (0.86, 27.0), (0.82, 29.0), (0.5, 31.5), (0.42, 34.0), (0.2, 36.5), (0.0, 42.0)]
    apse = p.ring((17, -4.5), (20.5, -3.6), (22.0, 0), (20.5, 3.6), (17, 4.5))
    parts = {
        "Nave": along(p.box(3, 0, 28, 13), gable(FOOT, 9.5, 17.5), "gable"),
        "Apse": pointed(apse, FOOT, 7.5, 11.5, "pyramid", p.point(17, 0)),
        "Tower": lathe(tower, FOOT, bell, "spire", 26.0),
    }
    return _house(site, "church", 1, parts, site.lot.name, 1903, 8.0)


def chapel(site: Site) -> None:
    """The chapel on the hill: small nave, ridge turret in front."""
    _fitted(site, _chapel)


def _chapel(site: Site, p: Place) -> House:
    tower = p.box(-8.5, 0, 4, 4)
    parts = {
        "Nave": along(p.box(0, 0, 13, 7.5), gable(FOOT, 4.8, 9.4), "gable"),
        "Tower": spire(tower, FOOT, 11.5, 20.5),
    }
    return _house(site, "church", 1, parts, site.lot.name, 1702, 4.5)


def square(site: Site) -> None:
    """The market square: weigh house off its middle, and a kiosk."""

    def weigh_house(site: Site, p: Place) -> House:
        body = hip(p.box(14, 9, 18, 12), FOOT, 8.6, 1.05)
        body = fit(body, 5, dormers(18 * p.scale, 2, 1.8, 0.7, 1.2)) if p.scale == 1 else body
        return House(site.lot.quarter, site.street, "museum", 2, body, name="Weigh House", year=1668, storey=3.8)

    _fitted(site, weigh_house)
    kiosk = Place(site)
    site.build(lathe(kiosk.round(-18, -8, 2.6, 8, 0.5), FOOT, [(1.0, 2.9), (0.85, 3.3), (0.0, 5.0)], "pyramid", 2.9), 1,
               "retail", gap=4.0, name="Market Kiosk", outbuilding=True)  # fmt: skip


def townhall(site: Site) -> None:
    """The town hall: wings around a court, hipped roofs, a tower with a stepped dome over the entrance.

    It looks over a forecourt; old houses frame the rest of the lot.
    """
    if _fitted(site, _townhall):
        site.reserve(Place(site).box(0, -30, 72, 110))
        framed(site, "old")


def _townhall(site: Site, p: Place) -> House:
    front, back = p.box(0, -17, 52, 12), p.box(0, 17, 52, 12)
    west, east = p.box(-20, 0, 12, 22), p.box(20, 0, 12, 22)
    dome = [(1.0, 39.0), (1.0, 41.0), (0.86, 42.5), (0.78, 46.0), (0.5, 49.0), (0.3, 50.0), (0.3, 53.5), (0.0, 60.0)]
    hall = hip(front, FOOT, 14.8, 0.95)
    lights = dormers(52 * p.scale, 7, 1.7, 0.8, 1.3)
    if p.scale > 0.7:
        hall = fit(hall, 5, [f for f in lights if f.left > 7 and f.right < 52 * p.scale - 7])
    parts = {
        "Council wing": hall,
        "Rear wing": hip(back, FOOT, 14.0, 0.8),
        "West wing": across(west, gable(FOOT, 12.6, 17.4), "gable"),
        "East wing": across(east, gable(FOOT, 12.6, 17.4), "gable"),
        "Tower": lathe(p.round(0, -27.25, 6.0, 4, 0.5), FOOT, dome, "dome", 39.0),
    }
    return _house(site, "public", 4, parts, site.lot.name, 1906, 3.7)


def school(site: Site) -> None:
    """A school: main wing along the street, classroom wings, a gym with a barrel roof."""
    _fitted(site, _school)


def _school(site: Site, p: Place) -> House:
    parts = {
        "Main wing": hip(p.box(-4, -22, 64, 13), FOOT, 11.2, 0.75),
        "West wing": flat(p.box(-29.5, 1, 13, 33), FOOT, 7.8),
        "East wing": flat(p.box(21.5, -5.5, 13, 20), FOOT, 7.8),
        "Gym": across(p.box(14, 22, 24, 30), barrel(FOOT, 6.4, 3.0), "barrel"),
    }
    return _house(site, "school", 3, parts, site.lot.name, site.rng.choice((1911, 1929, 1957, 1974)), 3.6)


def hospital(site: Site) -> None:
    """A hospital: a ward tower over a broad base, wings, chapel-like entrance hall, heliport level on the tower."""
    _fitted(site, _hospital)


def _hospital(site: Site, p: Place) -> House:
    base = flat(p.box(0, 0, 84, 34), FOOT, 9.4, 0.9)
    ward = Fixture("tower", 14 * p.scale, 66 * p.scale, 10 * p.scale, 25.0, 25 * p.scale)
    parts = {
        "Wards": fit(base, 1, [ward]),
        "West clinic": flat(p.box(-34, 31, 16, 28), FOOT, 13.0, 0.8),
        "Middle clinic": flat(p.box(-4, 31, 16, 28), FOOT, 13.0, 0.8),
        "East clinic": flat(p.box(26, 31, 16, 28), FOOT, 16.6, 0.8),
        "Entrance": along(p.box(0, -21, 22, 8), barrel(FOOT, 4.6, 1.6), "barrel"),
    }
    return _house(site, "hospital", 9, parts, site.lot.name, 1978, 3.6)


def market_hall(site: Site) -> None:
    """An iron market hall with a raised lantern between two pavilions."""
    _fitted(site, _market_hall)


def _market_hall(site: Site, p: Place) -> House:
    parts = {
        "Hall": along(p.box(0, 0, 56, 32), lantern(FOOT, 7.8, 2.6), "lantern"),
        "West pavilion": pavilion(p.box(-32.5, 0, 9, 36), FOOT, 8.8, 2.8),
        "East pavilion": pavilion(p.box(32.5, 0, 9, 36), FOOT, 8.8, 2.8),
    }
    return _house(site, "retail", 1, parts, site.lot.name, 1897, 7.0)


def museum(site: Site) -> None:
    """The museum on the island: a domed rotunda between galleries with lantern roofs."""
    _fitted(site, _museum)


def _museum(site: Site, p: Place) -> House:
    curve = [(1.0, 19.0), (0.96, 21.0), (0.84, 23.6), (0.64, 25.8), (0.36, 27.2), (0.14, 27.8)]
    dome = [(1.0, 16.0), *curve, (0.12, 31.0), (0.0, 33.0)]
    parts = {
        "Rotunda": lathe(p.round(0, 0, 11.2, 16, 0.5), FOOT, dome, "dome", 16.0),
        "West gallery": along(p.box(-27.5, 0, 33, 15), lantern(FOOT, 9.6, 1.3), "lantern"),
        "East gallery": along(p.box(27.5, 0, 33, 15), lantern(FOOT, 9.6, 1.3), "lantern"),
        "Portico": across(p.box(0, -14, 14, 6), gable(FOOT, 10.0, 12.6), "gable"),
    }
    return _house(site, "museum", 2, parts, site.lot.name, 1884, 5.0)


def station(site: Site) -> None:
    """The railway station: a long hall over the platforms, on the large lot the entrance building before it."""
    if area(site.lot.ring) > 12_000:
        _fitted(site, _station)
    _fitted(site, _station_hall)


def _station(site: Site, p: Place) -> House:
    y = -16.0
    clock = [(1.0, 31.0), (0.8, 32.0), (0.0, 41.0)]
    parts = {
        "Entrance hall": across(p.box(0, y, 26, 16), barrel(FOOT, 13.0, 5.0), "barrel"),
        "West wing": hip(p.box(-29, y, 32, 12), FOOT, 9.4, 0.7),
        "East wing": hip(p.box(29, y, 32, 12), FOOT, 9.4, 0.7),
        "West pavilion": pavilion(p.box(-51.5, y, 13, 15), FOOT, 12.6, 3.6),
        "Clock tower": lathe(p.round(51.5, y, 6.2, 4, 0.5), FOOT, clock, "spire", 31.0),
    }
    return _house(site, "station", 2, parts, "Central Station", 1891, 4.4)


def _station_hall(site: Site, p: Place) -> House:
    body = along(p.box(0, 9, 120, 30), barrel(FOOT, 7.0, 7.5, 10), "barrel")
    return House(site.lot.quarter, site.street, "station", 1, body, name="Platform Hall", year=1891, storey=7.0)


def sport(site: Site) -> None:
    """A grandstand along the sports ground."""

    def stand(site: Site, p: Place) -> House:
        body = along(p.box(0, -24, 52, 11), shed(FOOT, 4.2, 9.4), "shed")
        return House(site.lot.quarter, site.street, "sport", 1, body, name=f"{site.lot.name} stand", year=1962)

    _fitted(site, stand)


def pavilions(site: Site) -> None:
    """A café or bandstand in a park that is large enough."""
    if area(site.lot.ring) < 4000:
        return

    def cafe(site: Site, p: Place) -> House:
        body = hip(p.box(0, 0, 19, 11), FOOT, 4.2, 0.75)
        return House(site.lot.quarter, site.street, "restaurant", 1, body, name=f"{site.lot.name} Café", year=1911)

    _fitted(site, cafe)
    bandstand = lathe(Place(site).round(26, 4, 4.6, 8, 0.5), FOOT, [(1.0, 3.8), (0.9, 4.2), (0.25, 6.4), (0.0, 7.6)],
                      "pyramid", 3.8)  # fmt: skip
    site.build(bandstand, 1, "culture", gap=6.0, name=f"{site.lot.name} Bandstand", year=1902, outbuilding=True)


def vineyard(site: Site) -> None:
    """A press house in the larger vineyards."""

    def press(site: Site, p: Place) -> House:
        body = along(p.box(0, 0, 15, 8), gable(FOOT, 4.2, 8.6), "gable")
        return House(site.lot.quarter, site.street, "agriculture", 1, body, name="Press house", year=1774)

    if area(site.lot.ring) > 6000:
        _fitted(site, press)
