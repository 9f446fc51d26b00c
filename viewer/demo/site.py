"""The building site of one lot: a frame of its own, the land already taken, and the houses so far."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from viewer.demo import terrain
from viewer.demo.geometry import Ring, contains, distance, edges, polygon, rectangle, unit
from viewer.demo.house import House
from viewer.demo.lots import Lot
from viewer.demo.roofs import Body, Profile, sweep
from viewer.demo.rows import Taken, pieces


class Site:
    """Where the builders of a quarter put their houses; a house off the lot or on another one is not taken.

    ``manner`` is the way of building of the houses put next: the lot's use, unless a builder says otherwise.
    """

    def __init__(self, lot: Lot, seed: int) -> None:
        self.lot, self.rng = lot, Random(f"{seed}/houses/{lot.name}")
        self.manner: str = lot.use
        self.taken, self.houses = Taken(lot.ring), list[House]()

    def put(self, house: House, gap: float = 0.0) -> bool:
        """Add a house if its land is free, ``gap`` metres from all others; False if it is not."""
        if not self.taken.place([piece for body in house.bodies for piece in pieces(body.ring)], gap):
            return False
        house.quarter = self.manner
        self.houses.append(house)
        return True

    def build(
        self, body: Body, storeys: int, use: str = "", street: str = "", gap: float = 0.0, **more: object
    ) -> bool:
        """Add a house of one body; ``more`` are fields of `House`."""
        house = House(self.lot.quarter, street or self.street, use, storeys, body)
        for name, value in more.items():
            setattr(house, name, value)
        return self.put(house, gap)

    def reserve(self, ring: Ring) -> None:
        """Keep the land of a convex ring free, also where it leaves the lot."""
        self.taken.reserve(ring)

    @property
    def street(self) -> str:
        """The street of the lot's longest street edge, or ""."""
        sides = [
            (abs(b - a), name) for (a, b), name in zip(edges(self.lot.ring), self.lot.streets, strict=True) if name
        ]
        return max(sides)[1] if sides else ""

    def frame(self) -> tuple[complex, complex]:
        """Start and direction of the longest street edge; of the longest edge where there is no street."""
        sides = list(zip(edges(self.lot.ring), self.lot.streets, strict=True))
        sides = [s for s in sides if s[1]] or sides
        (a, b), _ = max(sides, key=lambda s: abs(s[0][1] - s[0][0]))
        return a, unit(b - a)


class Place:
    """Local coordinates for an ensemble: x along the longest street edge, y away from the street, metres.

    The origin is the middle of the lot's widest part; ``scale`` shrinks plans so that they fit small lots.
    """

    def __init__(self, site: Site, scale: float = 1.0) -> None:
        _, self.along = site.frame()
        self.middle, self.scale = widest(site.lot.ring), scale

    def point(self, x: float, y: float) -> complex:
        """A point of the plan."""
        return self.middle + self.along * complex(x, y) * self.scale

    def box(self, x: float, y: float, length: float, depth: float) -> Ring:
        """A rectangle around a point, its first edge to the street."""
        return rectangle(self.point(x, y), self.along, length * self.scale, depth * self.scale)

    def round(self, x: float, y: float, radius: float, corners: int, turn: float = 0.0) -> Ring:
        """A regular polygon around a point; with ``turn`` 0.5 its first edge lies where its first corner would."""
        ring = polygon(0j, radius * self.scale, corners, turn / corners)
        return tuple(self.point(x, y) + self.along * p for p in ring)

    def ring(self, *points: tuple[float, float]) -> Ring:
        """A ring through points."""
        return tuple(self.point(x, y) for x, y in points)


def widest(ring: Ring) -> complex:
    """The point of a ring that lies farthest from its border, on a grid of 12 x 12 points."""
    xs, ys = [p.real for p in ring], [p.imag for p in ring]
    low, high = complex(min(xs), min(ys)), complex(max(xs), max(ys))
    steps = [complex((i + 0.5) / 12, (j + 0.5) / 12) for i in range(12) for j in range(12)]
    grid = [low + complex((high - low).real * t.real, (high - low).imag * t.imag) for t in steps]
    return max((p for p in grid if contains(ring, p)), key=lambda p: distance(ring, p), default=ring[0])


def along(ring: Ring, section: Profile, roof: str) -> Body:
    """A section over a rectangle, the roof running along its first edge."""
    return sweep(ring[:2], (ring[3], ring[2]), section, roof)


def across(ring: Ring, section: Profile, roof: str) -> Body:
    """A section over a rectangle, the roof running along its second edge."""
    return along((*ring[1:], ring[0]), section, roof)


def is_box(front: Sequence[complex], back: Sequence[complex]) -> bool:
    """True for a stretch with two cuts at right angles to its front."""
    return len(front) == 2 and abs((front[1] - front[0]) - (back[1] - back[0])) < 0.01


def grown(point: complex) -> float:
    """The year in which the growing town reached a point: from 1896 near the centre outwards, 17 m a year."""
    return min(max(1896.0, 1900 + (abs(point - complex(*terrain.CENTRE)) - 350) / 17), 2008.0)
