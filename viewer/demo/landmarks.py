"""Buildings that stand out: church, market hall, school, weigh house, harbour sheds and silos, pavilions."""

from __future__ import annotations

from collections.abc import Iterator

from viewer.demo.buildings import BASE
from viewer.demo.geometry import Ring, centre, edges, polygon, rectangle, unit
from viewer.demo.house import House
from viewer.demo.plan import Cell
from viewer.demo.roofs import (
    Body,
    Profile,
    barrel,
    flat,
    gable,
    hipped,
    lantern,
    pointed,
    saw_tooth,
    shed,
    spire,
    sweep,
)


def build_landmarks(cell: Cell) -> list[House]:
    """The landmarks of a cell (none in most)."""
    makers = {
        "Churchyard": _church, "Market Square": _weigh_house, "School": _school, "Market hall": _market_hall,
        "Wharf yard": _works, "Harbour yard": _harbour, "Linden Green": _kiosk, "Alda Park": _park_house,
        "Mill meadow": _mill, "West fields": _farm,
    }  # fmt: skip
    maker = makers.get(cell.name)
    return list(maker(cell)) if maker else []


class Site:
    """Rectangles placed in a frame: x along the lot's south (or north) side, y into the lot, from the lot's middle."""

    def __init__(self, cell: Cell, north: bool = False) -> None:
        a, b = max(edges(cell.lot), key=lambda e: (e[0] - e[1] if north else e[1] - e[0]).real)
        a, b = (b, a) if north else (a, b)
        self.along, self.middle = unit(b - a), centre(cell.lot)

    def point(self, x: float, y: float) -> complex:
        """A point of the frame in the plan."""
        return self.middle + self.along * complex(x, y)

    def box(self, x: float, y: float, length: float, depth: float) -> Ring:
        """A rectangle around a point of the frame."""
        return rectangle(self.point(x, y), self.along, length, depth)


def _under(ring: Ring, section: Profile, roof: str) -> Body:
    """A section over a rectangle, the roof running along its first edge."""
    return sweep(ring[:2], (ring[3], ring[2]), section, roof)


def _across(ring: Ring, section: Profile, roof: str) -> Body:
    """A section over a rectangle, the roof running along its second edge."""
    return _under((*ring[1:], ring[0]), section, roof)


def _church(cell: Cell) -> Iterator[House]:
    site = Site(cell)
    apse = tuple(site.point(26, 0) + site.along * p for p in (-6j, 4.2 - 5.2j, 7 - 2.2j, 7 + 2.2j, 4.2 + 5.2j, 6j))
    south = site.box(0, -8.75, 36, 5.5)
    north = site.box(0, 8.75, 36, 5.5)
    parts = {
        "Nave": _under(site.box(2, 0, 48, 12), gable(BASE, 14.0, 22.5), "gable"),
        "South aisle": _under(south, shed(BASE, 6.4, 9.4), "shed"),
        "North aisle": _under((north[2], north[3], north[0], north[1]), shed(BASE, 6.4, 9.4), "shed"),
        "Apse": pointed(apse, BASE, 11.5, 18.0, "pyramid", site.point(26, 0)),
        "Tower": spire(site.box(-26.5, 0, 9, 9), BASE, 33.0, 64.0),
    }
    yield House(cell.name, "Church Side", "church", 1, None, parts, "St Alda's Church", 1487)


def _weigh_house(cell: Cell) -> Iterator[House]:
    body = hipped(Site(cell).box(20, 14, 17, 12), BASE, 8.2, 14.4, 0.7)
    yield House(cell.name, "Market Side", "museum", 2, body, name="Weigh House", year=1668)


def _school(cell: Cell) -> Iterator[House]:
    site = Site(cell)
    parts = {
        "Main wing": hipped(site.box(-4, -26, 70, 13), BASE, 9.8, 14.6, 0.9),
        "West wing": flat(site.box(-32.5, 0, 13, 38.8), BASE, 7.4),
        "East wing": flat(site.box(24.5, -6.5, 13, 25.8), BASE, 7.4),
        "Gym": _across(site.box(30, 24, 24, 34), barrel(BASE, 6.2, 3.2), "barrel"),
    }
    yield House(cell.name, "School Road", "school", 3, None, parts, "Alda School", 1929)


def _market_hall(cell: Cell) -> Iterator[House]:
    site = Site(cell, north=True)
    hall = _across(site.box(0, 4, 34, 58), lantern(BASE, 7.5, 2.6), "lantern")
    yield House(cell.name, "Market Road", "retail", 1, hall, name="Market Hall", year=1897)
    for x in (-26, 26):
        pavilion = _across(site.box(x, 4, 9, 46), gable(BASE, 4.2, 7.2), "gable")
        yield House(cell.name, "Market Road", "retail", 1, pavilion, year=1899)


def _works(cell: Cell) -> Iterator[House]:
    site = Site(cell)
    weaving = _across(site.box(-22, 14, 60, 52), saw_tooth(BASE, 5.6, 3.0, 6), "saw-tooth")
    yield House(cell.name, "Wharf Street", "industry", 1, weaving, name="Alda Weaving Mill", year=1908)
    spinning = flat(site.box(32, 14, 20, 52), BASE, 17.6, 0.9)
    yield House(cell.name, "Harbour Street", "industry", 4, spinning, name="Spinning Tower", year=1911)
    yield House(cell.name, "South Road", "industry", 1, _under(site.box(0, -34, 64, 20), gable(BASE, 6, 9.6), "gable"),
                year=1924)  # fmt: skip
    stack = pointed(polygon(site.point(44, -32), 1.9, 12), BASE, 38.0, 38.6, "flat")
    yield House(cell.name, "Harbour Street", "industry", 1, stack, name="Mill Chimney", year=1908, outbuilding=True)


def _harbour(cell: Cell) -> Iterator[House]:
    for k in range(4):
        ring = rectangle(complex(1006 + 52 * k, 187 - 0.6 * k), 1 + 0j, 40, 24)
        yield House(cell.name, "Harbour Street", "industry", 1, _across(ring, gable(BASE, 7.4, 11.2), "gable"),
                    name=f"Shed {k + 1}", year=1898 + 7 * k)  # fmt: skip
    for k in range(2):
        ring = rectangle(complex(918 + 74 * k, 130), 1 + 0j, 62, 26)
        yield House(cell.name, "Harbour Street", "industry", 1, _under(ring, barrel(BASE, 7.0, 4.4), "barrel"),
                    name=f"Boat hall {k + 1}", year=1957 + 9 * k)  # fmt: skip
    for k in range(6):
        ring = polygon(complex(1078 + 13.5 * (k % 3), 131 + 13.5 * (k // 3)), 6.2, 16)
        yield House(cell.name, "Harbour Street", "industry", 1, pointed(ring, BASE, 24.0, 27.5, "cone"),
                    name=f"Grain silo {k + 1}", year=1963, outbuilding=True)  # fmt: skip
    office = flat(rectangle(1150 + 138j, 1 + 0j, 30, 14), BASE, 11.0)
    yield House(cell.name, "South Road", "office", 3, office, name="Harbour Office", year=1974)


def _kiosk(cell: Cell) -> Iterator[House]:
    body = pointed(polygon(centre(cell.lot), 5.5, 8, 1 / 16), BASE, 4.0, 7.4)
    yield House(cell.name, "Linden Street", "culture", 1, body, name="Bandstand", year=1902)


def _park_house(cell: Cell) -> Iterator[House]:
    site = Site(cell)
    cafe = hipped(site.box(4, 6, 19, 11), BASE, 4.2, 8.0, 0.8)
    yield House(cell.name, "Lime Path", "retail", 1, cafe, name="Park Café", year=1911)


def _mill(cell: Cell) -> Iterator[House]:
    body = pointed(polygon(complex(66, 368), 5.6, 12), BASE, 19.0, 24.5, "cone")
    yield House(cell.name, "North Quay", "museum", 5, body, name="Old Mill", year=1741)


def _farm(cell: Cell) -> Iterator[House]:
    home = rectangle(complex(96, 762), 0.98 + 0.199j, 20, 11)
    barn = rectangle(complex(76, 734), 0.98 + 0.199j, 34, 15)
    yield House(cell.name, "Field Lane", "residential", 2, _under(home, gable(BASE, 5.0, 9.6), "gable"),
                name="West Farm", year=1854)  # fmt: skip
    yield House(cell.name, "Field Lane", "agriculture", 1, _under(barn, gable(BASE, 4.4, 11.4), "gable"), year=1903)
