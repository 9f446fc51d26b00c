"""Picking through a `View`: the nearest shown face, point or line of several layers under a pixel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from loaders.city import Bool, CityData, LineSet, PointSet
from viewer.render.culling import View
from viewer.render.layer import LayerView, LodView
from viewer.render.markers import nearest_marker, segment_starts
from viewer.render.picking import RayIndex, triangle_distances
from viewer.render.state import NEARER, Pick

Float64 = npt.NDArray[np.float64]

POINT_RADIUS = 3.0
LINE_RADIUS = 1.0


Shown = Callable[[LayerView], tuple[npt.NDArray[np.uint8], list[LodView]]]
"""What is shown of a layer: LoD + 1 per object (N,), 0 = hidden; the LoDs."""


def as_drawn(layer: LayerView) -> tuple[npt.NDArray[np.uint8], list[LodView]]:
    """What the layer showed last."""
    return layer.style.shown_lod, layer.shown_lods()


def pick(
    view: View, origin: Float64, layers: Sequence[LayerView], x: float, y: float, shown_of: Shown = as_drawn
) -> Pick | None:
    """The nearest thing under pixel (x, y), or None. ``origin`` (3,) is the scene's zero in world coordinates."""
    start, ray = view.eye + origin, view.ray(x, y)
    best: Pick | None = None
    limit = np.inf
    for layer in layers:
        shown_lod, lods = shown_of(layer)
        over = layer.look.over if layer.look is not None else 0.0
        for lod in lods:
            shown = shown_lod == lod.index + 1
            nearer = 1.0 - NEARER if over > 0.0 else 1.0
            # the eye so much lower sees the faces where they lie as it sees them drawn higher
            found = _pick_faces(layer, lod, start - (0.0, 0.0, over), ray, shown, limit / nearer)
            if found is not None:
                best, limit = found[0], found[1] * nearer
            found = _pick_markers(layer, lod, view, origin, (x, y), shown, limit)
            if found is not None:
                best, limit = found
    return best


def nearest_depth(view: View, origin: Float64, layers: Sequence[LayerView], within: float) -> float:
    """Depth along the view of the nearest shown face among those met by 25 rays all over the picture; inf if there is
    none nearer than ``within`` metres. ``origin`` (3,) is the scene's zero in world coordinates.

    Copies of templates (trees, lamps) are not asked: nobody takes them for walls.
    """
    side = np.linspace(-1.0, 1.0, 5)
    x, y = (grid.ravel()[:, None] for grid in np.meshgrid(side * view.tan_x, side * view.tan_y))
    rays = view.ahead + x * view.right + y * view.up
    reach = within * float(np.linalg.norm(rays, axis=1).max())
    found = []
    for layer in layers:
        shown_lod, lods = as_drawn(layer)
        for lod in lods:
            shown = shown_lod == lod.index + 1
            found += [x.near(view.eye + origin, reach, shown) for x in lod.rays if isinstance(x, RayIndex)]
    corners = np.concatenate(found) if found else np.zeros((0, 3, 3))
    # before the camera, and not all on one side of what is seen
    depth = corners @ view.ahead
    corners = corners[(depth.max(axis=1) > 0.0) & (depth.min(axis=1) < within)] if len(corners) else corners
    nearest = (
        min((float(triangle_distances(corners, ray).min()) for ray in rays), default=np.inf) if len(corners) else np.inf
    )
    return nearest if nearest < within else np.inf


def _pick_faces(
    layer: LayerView, lod: LodView, start: Float64, ray: Float64, shown: npt.NDArray[np.bool_], limit: float
) -> tuple[Pick, float] | None:
    best: tuple[Pick, float] | None = None
    for tiles, rays in zip(lod.tile_sets, lod.rays, strict=True):
        hit = rays.first_hit(start, ray, shown, limit)
        if hit is None:
            continue
        limit = hit.distance
        surface = -1 if tiles.triangle_surface is None else int(tiles.triangle_surface[hit.triangle])
        x, y, z = (start + ray * hit.distance).tolist()
        best = Pick(layer.layer_id, hit.row, surface, hit.surface_code, (x, y, z)), hit.distance
    return best


def _pick_markers(
    layer: LayerView,
    lod: LodView,
    view: View,
    origin: Float64,
    at: tuple[float, float],
    shown: npt.NDArray[np.bool_],
    limit: float,
) -> tuple[Pick, float] | None:
    best: tuple[Pick, float] | None = None
    for part in (lod.mesh.points, lod.mesh.lines):
        found = None if part is None else _nearest(part, view, origin, at, shown)
        if found is None:
            continue
        row, position = found
        distance = float(np.linalg.norm(position - (view.eye + origin)))
        # as in the shader, a marker lies a hair in front of the face that it is drawn on
        if distance * (1.0 - 1e-4) - 0.01 < limit:
            limit = distance
            x, y, z = position.tolist()
            best = Pick(layer.layer_id, row, -1, 0, (x, y, z)), distance
    return best


def _nearest(
    part: PointSet | LineSet, view: View, origin: Float64, at: tuple[float, float], shown: npt.NDArray[np.bool_]
) -> tuple[int, Float64] | None:
    """Object row and world position of the point or line under a pixel."""
    pixels, depth = view.project(part.positions + (part.origin - origin))
    pixels[~shown[part.tags[:, 0].astype(np.int64)]] = np.nan
    world = part.positions.astype(np.float64) + part.origin
    if isinstance(part, PointSet):
        found = nearest_marker(pixels, depth, None, at, POINT_RADIUS)
        return None if found is None else (int(part.tags[found[0], 0]), world[found[0]])
    segments = segment_starts(part)
    found = nearest_marker(pixels, depth, segments, at, LINE_RADIUS)
    if found is None:
        return None
    first = int(segments[found[0]])
    return int(part.tags[first, 0]), world[first] + (world[first + 1] - world[first]) * found[1]


_HIDES: WeakKeyDictionary[CityData, Bool] = WeakKeyDictionary()


def _hides(city: CityData) -> Bool:
    """bool (N,): objects behind which labels are hidden, which is all but plants."""
    found = _HIDES.get(city)
    if found is None:
        names = np.array(
            ["Vegetation" not in name and "Plant" not in name for name in city.objects.type_names] or [True]
        )
        found = _HIDES[city] = np.asarray(names[np.clip(city.objects.type_codes, 0, len(names) - 1)], np.bool_)
    return found


def blocked(origin: Float64, view: View, layers: Sequence[LayerView], point: Float64) -> bool:
    """True if a shown face, other than of a plant, stands between the eye and a point in world coordinates."""
    start = view.eye + origin
    way = point - start
    distance = float(np.linalg.norm(way))
    limit = distance * (1.0 - 1e-3) - 0.3
    if limit <= 0.0:
        return False
    for layer in layers:
        for lod in layer.shown_lods():
            shown = (layer.style.shown_lod == lod.index + 1) & _hides(layer.city)
            if _pick_faces(layer, lod, start, way / distance, shown, limit):
                return True
    return False
