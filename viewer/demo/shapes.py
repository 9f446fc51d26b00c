"""Templates of what stands between the houses: seven kinds of trees and hedges, lamps, benches, boats, stalls, masts.

Every template stands at the origin on z = 0. Trees are bodies of revolution with lumps, all triangles, 40 to 90 each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, pi, sin
from random import Random

from viewer.demo.geometry import Ring, polygon, rectangle
from viewer.demo.roofs import Face, Point, block, gable, level, sweep

Faces = tuple[Face, ...]


@dataclass(frozen=True, slots=True)
class Tree:
    """A kind of tree: botanical and common name, crown radius and height of the template (metres), its outline.

    ``rows`` go up the crown as (share of the radius, share of the height); ``lumps`` is how uneven it is.
    """

    species: str
    common: str
    radius: float
    height: float
    rows: tuple[tuple[float, float], ...]
    lumps: float = 0.12
    trunk: float = 0.2
    corners: int = 8


TREES = {
    "lime": Tree("Tilia cordata", "lime", 3.4, 10.5,
                 ((0.0, 0.2), (0.72, 0.26), (1.0, 0.48), (0.86, 0.7), (0.48, 0.91), (0.0, 1.0))),
    "plane": Tree("Platanus × hispanica", "plane", 4.8, 12.5,
                  ((0.0, 0.3), (0.75, 0.33), (1.0, 0.52), (0.9, 0.74), (0.5, 0.93), (0.0, 1.0)), 0.16),
    "oak": Tree("Quercus robur", "oak", 5.2, 11.5,
                ((0.0, 0.24), (0.82, 0.3), (1.0, 0.5), (0.97, 0.66), (0.62, 0.9), (0.0, 0.98)), 0.2, 0.28),
    "poplar": Tree("Populus nigra 'Italica'", "Lombardy poplar", 1.9, 18.0,
                   ((0.0, 0.08), (0.72, 0.14), (1.0, 0.36), (0.85, 0.66), (0.45, 0.9), (0.0, 1.0)), 0.1, 0.17, 7),
    "spruce": Tree("Picea abies", "spruce", 2.9, 14.5,
                   ((0.0, 0.1), (1.0, 0.13), (0.52, 0.42), (0.74, 0.43), (0.28, 0.74), (0.42, 0.75), (0.0, 1.0)), 0.06),
    "apple": Tree("Malus domestica", "apple", 2.3, 4.6,
                  ((0.0, 0.3), (0.8, 0.36), (1.0, 0.6), (0.7, 0.88), (0.0, 1.0)), 0.16, 0.11, 7),
    "willow": Tree("Salix alba", "white willow", 4.2, 9.5,
                   ((0.0, 0.3), (0.98, 0.12), (1.0, 0.4), (0.9, 0.68), (0.5, 0.92), (0.0, 1.0)), 0.13, 0.26),
}  # fmt: skip


def templates() -> dict[str, tuple[Faces, Faces]]:
    """Template name to (LoD1 faces, LoD2 faces)."""
    out = {name: (_crown(name, tree, True), _crown(name, tree, False)) for name, tree in TREES.items()}
    hedge = block(rectangle(0j, 1 + 0j, 4.0, 1.1), 0.0, 1.5)
    out["hedge"] = (hedge, _hedge())
    out["lamp"] = (
        _post(0.1, 5.1, 4),
        (*_post(0.07, 5.0, 6), *block(rectangle(0.55 + 0j, 1 + 0j, 1.2, 0.28), 5.0, 5.16)),
    )
    out["mast"] = (
        _post(0.16, 6.6, 4),
        (*_post(0.13, 6.6, 6), *block(rectangle(1.6 + 0j, 1 + 0j, 3.4, 0.12), 5.9, 6.02)),
    )
    out["bench"] = (block(rectangle(0j, 1 + 0j, 1.8, 0.5), 0.0, 0.46), _bench())
    basin = ((3.2, 0.0), (3.2, 0.55), (2.9, 0.55), (2.9, 0.4), (0.5, 0.4), (0.4, 1.7), (0.9, 1.9), (0.0, 2.0))
    out["fountain"] = (block(polygon(0j, 3.2, 8), 0.0, 0.55), tuple(_lathe(basin, 16)))
    out["stall"] = (block(rectangle(0j, 1 + 0j, 4.2, 3.0), 0.0, 2.5), _stall())
    hull: Ring = (-19 - 3.1j, 15 - 3.1j, 20 + 0j, 15 + 3.1j, -19 + 3.1j)
    low = block(hull, -0.4, 1.5)
    hold, cabin = rectangle(-1 + 0j, 1 + 0j, 22, 4.6), rectangle(-15.5 + 0j, 1 + 0j, 4.5, 4.6)
    out["barge"] = (low, (*low, *block(hold, 1.5, 2.3), *block(cabin, 1.5, 4.2)))
    boat: Ring = (-3.4 - 1.0j, 1.6 - 1.1j, 4.0 + 0j, 1.6 + 1.1j, -3.4 + 1.0j)
    out["boat"] = (
        block(boat, -0.2, 0.8),
        (*block(boat, -0.2, 0.8), *block(rectangle(-0.6 + 0j, 1 + 0j, 2.4, 1.4), 0.8, 1.7)),
    )
    return out


def _bench() -> Faces:
    legs = [rectangle(complex(x), 1 + 0j, 0.08, 0.4) for x in (-0.7, 0.7)]
    seat = block(rectangle(0j, 1 + 0j, 1.8, 0.45), 0.38, 0.46)
    back = block(rectangle(0.25j, 1 + 0j, 1.8, 0.06), 0.46, 0.9)
    return (*seat, *back, *(face for leg in legs for face in block(leg, 0.0, 0.38)))


def _stall() -> Faces:
    corners = [complex(x, y) for x in (-1.8, 1.8) for y in (-1.1, 1.1)]
    posts = [face for p in corners for face in block(rectangle(p, 1 + 0j, 0.1, 0.1), 0, 2.1)]
    awning = sweep((-2.1 - 1.5j, 2.1 - 1.5j), (-2.1 + 1.5j, 2.1 + 1.5j), gable(2.1, 2.2, 2.9), "gable").faces
    return (*posts, *block(rectangle(0j, 1 + 0j, 3.4, 1.4), 0.0, 0.9), *awning)


def _post(radius: float, height: float, corners: int) -> Faces:
    return block(polygon(0j, radius, corners), 0.0, height)


def _hedge() -> Faces:
    """A clipped hedge with a slightly rounded top."""
    section = ((0.0, 0.0), (0.05, 1.0), (0.25, 1.45), (0.75, 1.45), (0.95, 1.0), (1.0, 0.0))
    return sweep((-2 - 0.6j, 2 - 0.6j), (-2 + 0.6j, 2 + 0.6j), section, "hedge").faces


def _crown(name: str, tree: Tree, simple: bool) -> Faces:
    """Trunk and crown: a lumpy turned body, plain for LoD1."""
    rows = tree.rows
    if simple:
        rows = (rows[0], max(rows), rows[-1])
    trunk = _post(tree.trunk, tree.height * (rows[0][1] + 0.07), 5)[1:-1]
    scaled = [(r * tree.radius, h * tree.height) for r, h in rows]
    corners = 5 if simple else tree.corners
    return (*trunk, *_lumpy(scaled, corners, 0.0 if simple else tree.lumps, Random(f"tree/{name}")))


def _lumpy(rows: Sequence[tuple[float, float]], corners: int, lumps: float, rng: Random) -> Iterator[Face]:
    """A body of revolution in triangles, every ring turned by half a step and its points moved by chance."""
    rings: list[list[Point]] = []
    for j, (radius, z) in enumerate(rows):
        ring = []
        for k in range(corners if radius else 1):
            r = radius * (1 + rng.uniform(-lumps, lumps))
            turn = 2 * pi * (k + 0.5 * (j % 2)) / corners
            ring.append((r * cos(turn), r * sin(turn), z + rng.uniform(-lumps, lumps) * radius * 0.5 if radius else z))
        rings.append(ring)
    for j, (low, high) in enumerate(pairwise(rings)):
        yield from _band(low, high, corners, j % 2 == 1)


def _band(low: list[Point], high: list[Point], corners: int, odd: bool) -> Iterator[Face]:
    """Triangles between two rings, the upper one half a step ahead (or behind if ``odd``)."""
    for k in range(corners):
        n = (k + 1) % corners
        if len(low) == 1:
            yield ((low[0], high[n], high[k]), "")
        elif len(high) == 1:
            yield ((low[k], low[n], high[0]), "")
        elif odd:
            yield ((low[k], high[n], high[k]), "")
            yield ((low[k], low[n], high[n]), "")
        else:
            yield ((low[k], low[n], high[k]), "")
            yield ((low[n], high[n], high[k]), "")


def _lathe(rows: Sequence[tuple[float, float]], corners: int) -> Iterator[Face]:
    """A body of revolution in flat pieces from (radius, height) rows; radius 0 ends in a point, others in a disc."""
    rings = [level(polygon(0j, r, corners), z) if r else ((0.0, 0.0, z),) for r, z in rows]
    for low, high in pairwise(rings):
        for k in range(corners):
            n = (k + 1) % corners
            if len(high) == 1:
                yield ((low[k], low[n], high[0]), "")
            else:
                yield ((low[k], low[n], high[n], high[k]), "")
    if len(rings[0]) > 1:
        yield (tuple(reversed(rings[0])), "")
