"""A lot: what lies between the streets, as the plan hands it to those who build on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from viewer.demo.geometry import Ring

KERB = 0.12
"""Height of pavements and lots over the carriageways, metres."""

Use = Literal[
    # built up
    "old", "grid", "terrace", "slab", "villa", "office", "harbour", "works", "village", "farm", "allotments",
    # one landmark each
    "church", "square", "school", "station", "townhall", "hospital", "hall", "museum", "chapel", "sport",
    # open
    "park", "pond", "green", "wood", "field", "vineyard", "meadow", "bank",
]  # fmt: skip
"""What a lot is for. "square" is the market square (weigh house), "hall" the market hall, "museum" stands on the
island, "chapel" (or ruin) on the hill, "works" are factories, "station" lies along the railway (its longest edge)."""


@dataclass(frozen=True, slots=True)
class Lot:
    """The land inside the pavements of a block.

    Attributes:
        name: unique in the town ("Cooper block").
        quarter: name of the quarter ("Old centre").
        use: see `Use`.
        ring: counter-clockwise, metres in town axes, as complex x + iy; edges are at least 1.5 m long, acute corners
            are cut off; it may be concave.
        streets, classes: per edge k (from point k to point k + 1) name and class ("main", "street", "lane", "path",
            "quay") of the street on whose pavement it lies; "" where there is no street.
        ground: height of the finished lot (metres NAP) at a point: level with the pavement, `KERB` over the
            carriageway's edge. Flat to about a centimetre per house in the town; sloping on the hill.
    """

    name: str
    quarter: str
    use: Use
    ring: Ring
    streets: tuple[str, ...]
    classes: tuple[str, ...]
    ground: Callable[[complex], float]
