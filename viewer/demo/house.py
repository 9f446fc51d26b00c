"""A building of the demo town, and how it comes to stand on sloping ground."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from viewer.demo.geometry import Ring, area
from viewer.demo.roofs import Body

FOOT = -999.0
"""Height of a body's foot while it is being designed; `settle` puts the foot into the ground."""
DEEP = 0.3
"""Metres that a foundation goes below the lowest ground at its edge."""


@dataclass(slots=True)
class House:
    """One building: its body (or named parts), its quarter, street and use.

    ``kind``: CityJSON type. ``quarter``: manner of building. ``ground``: height of the street-side ground at the door,
    metres above the datum (0 until settled). ``far``: to be written at LoD1 only.
    """

    district: str
    street: str
    use: str
    storeys: int
    body: Body | None = None
    parts: dict[str, Body] = field(default_factory=dict)
    name: str | None = None
    year: int | None = None
    outbuilding: bool = False
    quarter: str = ""
    kind: str = "Building"
    door: complex | None = None
    ground: float = 0.0
    far: bool = False
    storey: float = 2.9

    @property
    def bodies(self) -> list[Body]:
        """The body, or those of the parts."""
        return [self.body] if self.body else list(self.parts.values())

    @property
    def footprint(self) -> float:
        """Built area, square metres."""
        return sum(area(b.ring) for b in self.bodies)


def settle(houses: Sequence[House], ground: Callable[[complex], float]) -> list[House]:
    """Put houses that were designed over height 0 onto the ground: heights count from the ground at their doors.

    The foot of every body goes below the lowest ground at its corners, so that nothing floats on a slope.
    """
    doors = [h.door if h.door is not None else _front(h.bodies[0].ring) for h in houses]
    points = [*doors, *(p for house in houses for body in house.bodies for p in body.ring)]
    heights = iter(_heights(ground, points))
    for house in houses:
        house.ground = next(heights)
    for house in houses:
        if house.body:
            house.body = _stand(house.body, house.ground, heights)
        house.parts = {name: _stand(body, house.ground, heights) for name, body in house.parts.items()}
    return list(houses)


def _front(ring: Ring) -> complex:
    return (ring[0] + ring[1]) / 2


def _heights(ground: Callable[[complex], float], points: list[complex]) -> list[float]:
    """The ground at many points, asked all at once where the function can take an array."""
    if not points:
        return []
    try:
        found = np.asarray(ground(np.array(points)), np.float64)  # type: ignore[arg-type]
    except TypeError:
        return [ground(p) for p in points]
    return list(np.broadcast_to(np.round(found, 3), len(points)).tolist())


def _stand(body: Body, lift: float, heights: Iterator[float]) -> Body:
    base = round(min(lift, *islice(heights, len(body.ring))) - DEEP, 3)
    faces = tuple(
        [(tuple([(x, y, base if z == FOOT else z + lift) for x, y, z in ring]), kind) for ring, kind in body.faces]
    )
    return Body(faces, body.ring, body.eaves + lift, body.ridge + lift, body.roof, base)
