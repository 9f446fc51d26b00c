"""Links of a network in plan: how long each is, and which buildings lie at it. Pure numpy and shapely, for any thread.

Lengths are those of the drawn middle lines, seen from above. A building lies at a link if the outline of its corners
seen from above (their convex hull, with those of its parts) is within a distance of that line.
"""

from __future__ import annotations

import threading
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import shapely

from loaders.city import Bool, CityData, Float32, Float64, Int64
from viewer.analysis.bounds import object_boxes
from viewer.analysis.derived import derived

STRAIGHT_M = 0.02
"""Corners of a line that are off by less are left out: bands have many on their straight parts."""
MOST_KEPT = 4
"""Distances for which the neighbours of a network are kept."""

Lines = npt.NDArray[np.object_]
_LINES: WeakKeyDictionary[CityData, Lines] = WeakKeyDictionary()
_PAIRS: WeakKeyDictionary[CityData, WeakKeyDictionary[CityData, dict[tuple[float, int], tuple[Int64, Int64]]]] = (
    WeakKeyDictionary()
)
_LOCK = threading.Lock()


def street_lines(overlay: CityData) -> Lines:
    """The middle line of each link in plan, shapely lines (N,), None where it has none.

    A link is drawn as a band of corners left and right of its line in turn (`loaders.scenario.meshes.ribbon_city`).
    """
    with _LOCK:
        if overlay in _LINES:
            return _LINES[overlay]
    lines: Lines = np.full(len(overlay.objects), None, object)
    for mesh in overlay.lods.values():
        tiles = mesh.tiles
        if len(tiles.positions) < 2:
            continue
        tile = np.repeat(np.arange(tiles.tile_count), np.diff(tiles.vertex_start))
        flat = tiles.positions[:, :2].astype(np.float64) + tiles.origins[tile, :2]
        middle, rows = 0.5 * (flat[0::2] + flat[1::2]), tiles.tags[0::2, 0].astype(np.int64)
        order = np.argsort(rows, kind="stable")
        found, counts = np.unique(rows, return_counts=True)
        keep = np.repeat(counts > 1, counts)
        made = shapely.linestrings(
            middle[order][keep], indices=np.repeat(np.arange((counts > 1).sum()), counts[counts > 1])
        )
        lines[found[counts > 1]] = shapely.simplify(made, STRAIGHT_M)
    with _LOCK:
        return _LINES.setdefault(overlay, lines)


def street_lengths(overlay: CityData) -> Float64:
    """Metres in plan, float64 (N,), 0 for links that are not drawn."""
    return np.nan_to_num(np.asarray(shapely.length(street_lines(overlay)), np.float64))


def neighbours(overlay: CityData, city: CityData, near_m: float, wanted: Bool) -> tuple[Int64, Int64]:
    """Pairs of a building and a link at which it lies: rows of ``wanted`` objects of the city, rows of the overlay."""
    key = near_m, int(wanted.sum())
    with _LOCK:
        kept = _PAIRS.setdefault(city, WeakKeyDictionary()).setdefault(overlay, {})
        if key in kept:
            return kept[key]
    made = _neighbours(street_lines(overlay), city, near_m, wanted)
    with _LOCK:
        while len(kept) >= MOST_KEPT:
            del kept[next(iter(kept))]
        kept[key] = made
    return made


def near_rows(overlay: CityData, city: CityData, near_m: float, wanted: Bool) -> Int64:
    """The links at which any of a few objects lies, int64, each once; nothing is kept."""
    return np.unique(_neighbours(street_lines(overlay), city, near_m, wanted)[1])


def _neighbours(lines: Lines, city: CityData, near_m: float, wanted: Bool) -> tuple[Int64, Int64]:
    boxes = object_boxes(city)
    rows = np.flatnonzero(wanted & ~np.isnan(boxes[:, 0]))
    frames = shapely.box(boxes[rows, 0], boxes[rows, 1], boxes[rows, 3], boxes[rows, 4])
    place, link = shapely.STRtree(lines).query(frames, predicate="dwithin", distance=near_m)
    building, link = rows[place], link.astype(np.int64)
    some = np.unique(building)
    outlines = _outlines(city, some)
    near = shapely.dwithin(outlines[np.searchsorted(some, building)], lines[link], near_m)
    return building[near], link[near]


def _outlines(city: CityData, rows: Int64) -> npt.NDArray[Any]:
    """Convex outline seen from above of each object with its parts, (len(rows),); ``rows`` sorted."""
    owner = np.full(len(city.objects), -1, np.int64)
    base = derived(city)
    wanted = np.zeros(len(owner), np.bool_)
    wanted[rows] = True
    use = wanted[base.edge_parent]
    owner[base.edge_child[use]] = base.edge_parent[use]
    owner[rows] = rows
    points, owners = [np.zeros((0, 2))], [np.zeros(0, np.int64)]
    for mesh in city.lods.values():
        tiles = mesh.tiles
        tile = np.repeat(np.arange(tiles.tile_count), np.diff(tiles.vertex_start))
        own = owner[tiles.tags[:, 0].astype(np.int64)]
        inside = own >= 0
        points.append(tiles.positions[inside, :2].astype(np.float64) + tiles.origins[tile[inside], :2])
        owners.append(own[inside])
    every, number = np.concatenate(points), np.searchsorted(rows, np.concatenate(owners))
    order = np.argsort(number, kind="stable")
    boxes = object_boxes(city)[rows]
    out = shapely.box(boxes[:, 0], boxes[:, 1], boxes[:, 3], boxes[:, 4])
    have = np.unique(number)
    if len(have):
        index = np.searchsorted(have, number[order])
        out[have] = shapely.convex_hull(shapely.multipoints(every[order], indices=index))
    return np.asarray(out)


def worst_near(values: Float32, pairs: tuple[Int64, Int64], count: int, high_is_good: bool) -> Float32:
    """float32 (count,): the worst value of the links at which each building lies; NaN where there is none."""
    building, link = pairs
    found = values[link]
    use = np.isfinite(found)
    out = np.full(count, np.inf if high_is_good else -np.inf, np.float32)
    (np.minimum if high_is_good else np.maximum).at(out, building[use], found[use])
    out[np.isinf(out)] = np.nan
    return out


def street_near(overlay: CityData, x: float, y: float, near_m: float) -> int:
    """The link that is nearest to a place, -1 if none is within the distance."""
    lines = street_lines(overlay)
    point = shapely.Point(x, y)
    found = shapely.STRtree(lines).query_nearest(point, max_distance=near_m)
    return int(found[0]) if len(found) else -1
