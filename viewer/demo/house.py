"""A building of the demo town, and how it comes to stand on sloping ground."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

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


def settle(house: House, ground: Callable[[complex], float]) -> House:
    """Put a house that was designed over height 0 onto the ground: heights count from the ground at its door.

    The foot of every body goes below the lowest ground at its corners, so that nothing floats on a slope.
    """
    door = house.door if house.door is not None else _front(house.bodies[0].ring)
    house.ground = ground(door)
    if house.body:
        house.body = _stand(house.body, house.ground, ground)
    house.parts = {name: _stand(body, house.ground, ground) for name, body in house.parts.items()}
    return house


def _front(ring: Ring) -> complex:
    return (ring[0] + ring[1]) / 2


def _stand(body: Body, lift: float, ground: Callable[[complex], float]) -> Body:
    base = round(min(lift, *(ground(p) for p in body.ring)) - DEEP, 3)
    faces = tuple(
        (tuple((x, y, base if z == FOOT else z + lift) for x, y, z in ring), kind) for ring, kind in body.faces
    )
    return replace(body, faces=faces, eaves=body.eaves + lift, ridge=body.ridge + lift, base=base)
