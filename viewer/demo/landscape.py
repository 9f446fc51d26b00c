"""Trees and furniture of the demo town: where they stand.

Candidates are made in bulk for every kind of ground, then kept where they stand on ground of the right kind and keep
clear of houses and of each other.
"""

from __future__ import annotations

from cmath import phase
from dataclasses import dataclass
from math import pi

import numpy as np
import numpy.typing as npt
import shapely

from viewer.demo import terrain
from viewer.demo.ground import Ground
from viewer.demo.lots import KERB
from viewer.demo.markings import tram_lines
from viewer.demo.network import WIDTHS
from viewer.demo.plan import Plan, Shapes, sample
from viewer.demo.shapes import TREES

Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Things:
    """Instances of templates: name of each, place and height (N, 3), scale across and up (N, 2), full turns (N,)."""

    names: npt.NDArray[np.str_]
    points: Float64
    scales: Float64
    turns: Float64
    places: npt.NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Planting:
    """How a kind of ground is planted: mean distance (m), share kept, kinds, size, distance from the edge (m)."""

    step: float
    share: float
    kinds: tuple[str, ...]
    size: float
    edge: float


PLANTING = {
    "wood": Planting(22.0, 0.97, ("spruce", "oak", "spruce", "lime", "spruce", "oak"), 1.95, 2.0),
    "park": Planting(13.5, 0.55, ("lime", "plane", "oak", "plane", "lime", "spruce"), 1.0, 2.5),
    "green": Planting(11.5, 0.72, ("lime", "plane", "oak"), 0.9, 3.0),
    "garden": Planting(12.0, 0.42, ("lime", "apple", "plane", "apple"), 0.72, 2.0),
    "church": Planting(13.0, 0.7, ("lime", "oak"), 0.85, 3.0),
    "villa": Planting(10.5, 0.34, ("apple", "hedge", "lime", "spruce", "oak", "apple", "hedge"), 0.75, 1.5),
    "terrace": Planting(9.5, 0.34, ("apple", "hedge", "apple", "lime", "hedge"), 0.75, 3.0),
    "station": Planting(14.0, 0.35, ("plane", "lime"), 0.7, 4.0),
    "slab": Planting(14.0, 0.6, ("lime", "plane", "poplar", "oak"), 0.88, 2.0),
    "allotments": Planting(10.5, 0.45, ("apple", "apple", "hedge"), 0.75, 1.0),
    "village": Planting(14.0, 0.5, ("apple", "lime", "oak"), 0.85, 2.0),
    "farm": Planting(15.0, 0.4, ("oak", "lime", "apple"), 0.95, 2.0),
    "school": Planting(14.0, 0.4, ("lime", "plane"), 0.9, 2.5),
    "hospital": Planting(14.0, 0.5, ("lime", "plane", "oak"), 0.9, 2.5),
    "museum": Planting(12.0, 0.5, ("plane", "lime", "willow"), 0.85, 3.0),
    "chapel": Planting(12.0, 0.5, ("oak", "lime"), 0.8, 3.0),
    "sport": Planting(17.0, 0.25, ("poplar", "lime"), 0.9, 3.0),
    "office": Planting(14.0, 0.3, ("lime", "plane"), 0.75, 2.0),
    "meadow": Planting(40.0, 0.3, ("oak", "lime", "willow", "apple"), 1.1, 4.0),
    "field": Planting(110.0, 0.16, ("oak",), 1.25, 4.0),
    "vineyard": Planting(60.0, 0.12, ("apple",), 0.9, 4.0),
    "bank": Planting(26.0, 0.3, ("willow",), 1.0, 3.0),
    "works": Planting(24.0, 0.12, ("poplar", "lime"), 0.8, 2.0),
}  # fmt: skip
ROWS = {"main": (12.5, "plane", 0.46), "quay": (12.5, "lime", 0.5), "street": (15.0, "lime", 0.44)}
"""Distance, kind and size of street trees by class of street."""


def plant(plan: Plan, ground: Ground, houses: Shapes, seed: int = 1) -> Things:
    """All trees and hedges."""
    rng = np.random.default_rng([seed, 20])
    groups = [
        _avenues(plan, ground, rng),
        _promenades(ground, rng),
        _greens(ground, rng),
        _hedgerows(plan, ground, rng),
    ]
    names = np.concatenate([g[0] for g in groups])
    points = np.concatenate([g[1] for g in groups])
    size = np.concatenate([g[2] for g in groups])
    places = np.concatenate([g[3] for g in groups])
    wide = size * rng.uniform(0.86, 1.16, len(size))
    radius = np.array([TREES[n].radius if n in TREES else 1.2 for n in names]) * wide
    keep = _clear(points, radius * 0.92 + 0.25, houses) & _apart(points, radius * 0.6)
    z = terrain.land(points[:, 0], points[:, 1]) + KERB
    slope = places == "River bank"
    z[slope] = _bank_height(points[slope])
    scales = np.stack([wide, wide * rng.uniform(0.86, 1.16, len(size))], axis=1)
    turns = rng.uniform(0, 1, len(size))
    return Things(names[keep], np.column_stack([points, z])[keep], scales[keep], turns[keep], places[keep])


Group = tuple[npt.NDArray[np.str_], Float64, Float64, npt.NDArray[np.str_]]


def _bank_height(points: Float64) -> Float64:
    slope = np.maximum(terrain.bank_slope(points[:, 0]), 0.01)
    share = np.clip(1 + terrain.off_bank(points[:, 0], points[:, 1]) / slope, 0, 1)
    return np.asarray((terrain.QUAY + KERB) * share - 0.1)


def _clear(points: Float64, radius: Float64, houses: Shapes) -> npt.NDArray[np.bool_]:
    """Which points keep a distance from all houses."""
    out = np.ones(len(points), np.bool_)
    if len(houses):
        out[shapely.STRtree(houses).query(shapely.points(points), "dwithin", distance=radius)[0]] = False
    return out


def _apart(points: Float64, radius: Float64) -> npt.NDArray[np.bool_]:
    """Which points keep clear of all earlier ones."""
    tree = shapely.STRtree(shapely.points(points))
    at, hit = tree.query(shapely.points(points), "dwithin", distance=radius)
    out = np.ones(len(points), np.bool_)
    out[at[hit < at]] = False
    return out


def _kinds_at(ground: Ground, points: Float64) -> tuple[npt.NDArray[np.str_], npt.NDArray[np.str_]]:
    """Kind and owner of the ground under points."""
    at, hit = shapely.STRtree(ground.polygons).query(shapely.points(points), "within")
    kinds, owners = np.full(len(points), "", "<U24"), np.full(len(points), "", "<U40")
    kinds[at], owners[at] = np.array(ground.kinds)[hit], np.array(ground.owners)[hit]
    return kinds, owners


def _avenues(plan: Plan, ground: Ground, rng: np.random.Generator) -> Group:
    """Rows of trees on the pavements, a metre behind the kerb."""
    rows, names, sizes, places = [], [], [], []
    for street, line in zip(plan.network.streets, plan.lines, strict=True):
        row = ROWS.get(street.kind)
        if row is None or (street.kind == "street" and sum(map(ord, street.name)) % 4 > 0):
            continue
        step, kind, size = row
        spots = sample(line, step, 9.0)
        for side in (-1, 1):
            reach = side * (WIDTHS[street.kind][0] + 1.05)
            points = spots[:, :2] + np.stack([-spots[:, 3], spots[:, 2]], axis=1) * reach
            rows.append(points)
            names += [kind] * len(points)
            sizes += [size] * len(points)
            places += [street.name] * len(points)
    points = np.concatenate(rows)
    kinds = _kinds_at(ground, points)[0]
    keep = np.isin(kinds, ("pavement", "verge", "promenade")) & (rng.random(len(points)) < 0.93)
    species, scale = np.array(names, "<U12"), np.array(sizes)
    rural = kinds == "verge"
    species[rural & (species == "plane")] = "poplar"
    scale[rural] *= 1.6
    return species[keep], points[keep], scale[keep], np.array(places)[keep]


def _promenades(ground: Ground, rng: np.random.Generator) -> Group:
    """A row of large limes and planes along the water."""
    points = []
    for side in (1, -1):
        x = np.arange(770.0, 3050.0, 11.0)
        y = terrain.axis(x) + side * (terrain.half_width(x) + 4.6)
        points.append(np.stack([x, y], axis=1))
    both = np.concatenate(points)
    both = both[_kinds_at(ground, both)[0] == "promenade"]
    kind = np.where(np.arange(len(both)) % 9 < 6, "plane", "lime")
    return (
        kind,
        both,
        np.full(len(both), 0.66) + rng.uniform(0, 0.1, len(both)),
        np.full(len(both), "Promenade", "<U40"),
    )


def _greens(ground: Ground, rng: np.random.Generator) -> Group:
    """Trees scattered over lots and open land: a grid with every point moved, so that they keep apart."""
    kinds = np.array(ground.kinds)
    groups: list[Group] = []
    for kind, how in PLANTING.items():
        polygons = ground.polygons[kinds == kind]
        if not len(polygons):
            continue
        inner = shapely.union_all(polygons, grid_size=0.01).buffer(-how.edge, quad_segs=1)
        shapely.prepare(inner)
        x0, y0, x1, y1 = shapely.total_bounds(polygons)
        gx, gy = np.meshgrid(np.arange(x0, x1, how.step), np.arange(y0, y1, how.step))
        points = np.stack([gx.ravel(), gy.ravel()], axis=1)
        points += rng.uniform(-0.42, 0.42, points.shape) * how.step
        points = points[rng.random(len(points)) < how.share]
        points = points[shapely.contains_xy(inner, points[:, 0], points[:, 1])]
        names = _mixture(how.kinds, points, rng)
        place = "River bank" if kind == "bank" else ""
        groups.append((names, points, np.full(len(points), how.size), np.full(len(points), place, "<U40")))
    return tuple(np.concatenate(column) for column in zip(*groups, strict=True))  # type: ignore[return-value]


def _mixture(kinds: tuple[str, ...], points: Float64, rng: np.random.Generator) -> npt.NDArray[np.str_]:
    """Kinds of trees in loose groups of one kind, a third mixed in by chance."""
    wave = np.sin(points[:, 0] / 47.0) + np.sin(points[:, 1] / 39.0 + points[:, 0] / 210.0)
    groves = ((wave + 2.0) / 4.0 * len(kinds)).astype(int)
    free = rng.integers(0, len(kinds), len(points))
    return np.array(kinds)[np.where(rng.random(len(points)) < 0.35, free, np.clip(groves, 0, len(kinds) - 1))]


def _hedgerows(plan: Plan, ground: Ground, rng: np.random.Generator) -> Group:
    """Trees and hedges along some of the field boundaries."""
    rows = []
    for cell in plan.cells:
        if cell.use == "field":
            for k, lot in enumerate(cell.lots):
                if sum(map(ord, cell.name)) % 3 != 0:
                    rows.append(sample(lot.exterior, 13.0, 6.0)[k % 2 :: 1])
    spots = np.concatenate(rows)
    points = spots[:, :2] + np.stack([-spots[:, 3], spots[:, 2]], axis=1) * 1.6
    gate = np.sin(points[:, 0] / 61.0) + np.sin(points[:, 1] / 53.0) > 0.25
    keep = gate & (rng.random(len(points)) < 0.75) & (_kinds_at(ground, points)[0] == "field")
    points = points[keep]
    names = np.array(("oak", "lime", "apple", "willow"))[rng.choice(4, len(points), p=(0.4, 0.25, 0.25, 0.1))]
    return names, points, np.full(len(points), 0.82), np.full(len(points), "", "<U40")


def furnish(plan: Plan, ground: Ground, seed: int = 1) -> Things:
    """Lamps, tram masts, benches, the market's stalls and fountain, barges and boats."""
    rng = np.random.default_rng([seed, 21])
    rows = [*_lamps(plan, ground), *_masts(plan), *_market(), *_benches(ground, rng), *_boats()]
    names, places = np.array([r[0] for r in rows]), np.array([r[4] for r in rows])
    points = np.array([(r[1].real, r[1].imag, r[2]) for r in rows])
    afloat = np.isnan(points[:, 2])
    points[afloat, 2] = terrain.land(points[afloat, 0], points[afloat, 1]) + KERB
    return Things(names, points, np.ones((len(rows), 2)), np.array([r[3] for r in rows]), places)


Row = tuple[str, complex, float, float, str]
_ON_GROUND = float("nan")


def _turn(way: complex) -> float:
    """The direction of a vector in full turns."""
    return phase(way) / (2 * pi)


def _lamps(plan: Plan, ground: Ground) -> list[Row]:
    rows: list[Row] = []
    for street, line in zip(plan.network.streets, plan.lines, strict=True):
        step = {"main": 34.0, "quay": 30.0, "street": 46.0}.get(street.kind)
        if step is None:
            continue
        spots = sample(line, step, 14.0)
        side = np.where(np.arange(len(spots)) % 2 == 0, 1.0, -1.0)[:, None]
        normal = np.stack([-spots[:, 3], spots[:, 2]], axis=1) * side
        points = spots[:, :2] + normal * (WIDTHS[street.kind][0] + 0.45)
        for p, n in zip(points.tolist(), normal.tolist(), strict=True):
            rows.append(("lamp", complex(*p), _ON_GROUND, _turn(-complex(*n)), street.name))
    kinds = _kinds_at(ground, np.array([(r[1].real, r[1].imag) for r in rows]))[0]
    return [row for row, kind in zip(rows, kinds, strict=True) if kind in ("pavement", "promenade")]


def _masts(plan: Plan) -> list[Row]:
    rows: list[Row] = []
    for line in tram_lines(plan.network):
        spots = sample(line, 38.0, 12.0)
        for k, (x, y, ux, uy) in enumerate(spots.tolist()):
            side = 1 if k % 2 else -1
            normal = complex(-uy, ux) * side
            at = complex(x, y) + normal * (WIDTHS["main"][0] + 0.8)
            rows.append(
                (
                    "mast",
                    at,
                    _ON_GROUND,
                    _turn(-normal),
                    "Tram line 1",
                )
            )
    return rows


def _market() -> list[Row]:
    middle = complex(*terrain.CENTRE)
    turn = 0.22 / (2 * np.pi)
    along = complex(np.exp(0.22j))
    rows: list[Row] = [("fountain", middle + along * (-22 + 4j), _ON_GROUND, 0.0, "Market Square")]
    for row in (-19, -11):
        rows += [
            ("stall", middle + along * complex(-24 + 6.4 * k, row), _ON_GROUND, turn, "Market Square") for k in range(7)
        ]
    return rows


def _benches(ground: Ground, rng: np.random.Generator) -> list[Row]:
    kinds = np.array(ground.kinds)
    rows: list[Row] = []
    for polygon, kind, owner in zip(ground.polygons, kinds, ground.owners, strict=True):
        wild = owner.startswith("Green ")
        if kind in ("park", "green") and polygon.area > 900 and not wild:
            for x, y, ux, uy in sample(polygon.exterior, 42.0, 4.0).tolist():
                at = complex(x, y) + complex(-uy, ux) * 1.3
                rows.append(("bench", at, _ON_GROUND, _turn(complex(-ux, -uy)), "Park"))
    return rows


def _boats() -> list[Row]:
    west, south, east = terrain.DOCK
    rows: list[Row] = []
    for k in range(5):
        rows.append(("barge", complex(west + 6.5, south + 48 + 74 * k), 0.0, 0.25 + 0.5 * (k % 2), "Grain Dock"))
        rows.append(("barge", complex(east - 6.5, south + 40 + 71 * k), 0.0, 0.25, "Grain Dock"))
    for x, side in ((1210.0, -1), (1440, 1), (1610, -1), (2560, 1), (2790, -1), (2940, 1)):
        y = float(terrain.axis(x) + side * (terrain.half_width(x) - 6.0))
        slope = float(terrain.axis(x + 5) - terrain.axis(x - 5)) / 10
        rows.append(("barge", complex(x, y), 0.0, float(np.arctan(slope) / (2 * np.pi)), "River Alda"))
    for k in range(34):
        x = 1640.0 + 9.5 * k + (40 if k > 16 else 0)
        y = float(terrain.axis(x) - terrain.half_width(x) + 4.2)
        if abs(x - 1850) > 22:
            rows.append(("boat", complex(x, y), 0.0, 0.25 + 0.01 * (k % 3), "River Alda"))
    return rows
