"""Which actors a picture shows, and from where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

import numpy as np
import numpy.typing as npt
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkUnsignedCharArray
from vtkmodules.vtkRenderingCore import vtkCamera, vtkRenderer, vtkRenderWindow

from loaders.city import CityData
from viewer.render import raypick
from viewer.render.backdrop import Backdrop
from viewer.render.culling import View, clipping_range, in_view
from viewer.render.instanced import Drawable
from viewer.render.layer import LayerView
from viewer.render.lightmaps import Shown

ORIGIN_GRID = np.array([4096.0, 4096.0, 512.0])
"""Metres: float32 still tells half a millimetre apart that far from zero."""

NEAR_TRIANGLES, NEAR_METRES = 160_000, 400.0
"""Triangles that are drawn in full while the camera moves on a software renderer, and how far away they may be."""


def has_terrain(layers: Iterable[LayerView]) -> bool:
    """True if one of the layers holds a terrain."""
    return any("TINRelief" in layer.city.objects.type_names for layer in layers)


def mark_near(view: View, draws: list[Drawable], bounds: npt.NDArray[np.float64]) -> None:
    """Choose what is drawn in full while the camera moves: the nearest, as far as `NEAR_TRIANGLES` go. A draft lacks
    its smallest triangles, which tears the houses of the street that one walks in.

    Args:
        bounds: boxes (K, 6) of the draws, scene coordinates.
    """
    if not draws:
        return
    gap = np.maximum(np.maximum(bounds[:, :3] - view.eye, view.eye - bounds[:, 3:]), 0.0)
    distance = np.sqrt((gap * gap).sum(axis=1))
    order = np.argsort(distance, kind="stable")
    total = np.cumsum([draws[k].triangle_count for k in order])
    for k, spent in zip(order, total, strict=True):
        draws[k].near = bool(spent <= NEAR_TRIANGLES and distance[k] < NEAR_METRES)


def seen_by(
    view: View, layers: Iterable[LayerView], plain: bool = False
) -> tuple[list[Drawable], npt.NDArray[np.float64]]:
    """What of the shown LoDs the camera sees, and its bounds (K, 6). ``plain``: shaders cannot choose, so only faces
    of the finest LoD."""
    draws: list[Drawable] = []
    boxes: list[npt.NDArray[np.float64]] = [np.zeros((0, 6))]
    for layer in layers:
        for lod in layer.shown_lods()[-1:] if plain else layer.shown_lods():
            if lod.draws:
                seen = in_view(view, lod.bounds) & layer.filled(lod)
                if plain:
                    seen = seen & np.array([source is not None for source in lod.sources])
                draws += [lod.draws[k] for k in np.flatnonzero(seen)]
                boxes.append(lod.bounds[seen])
    return draws, np.concatenate(boxes)


def aim(
    camera: vtkCamera,
    view: View,
    bounds: npt.NDArray[np.float64],
    layers: Iterable[LayerView] = (),
    origin: npt.NDArray[np.float64] | None = None,
) -> None:
    """Give VTK's camera a view, and clipping planes round the boxes (K, 6) that are drawn.

    ``layers`` with the scene's ``origin`` (3,), world: what may stand close to the camera, and is not to be cut open.
    """
    camera.SetPosition(*view.eye)
    camera.SetFocalPoint(*(view.eye + view.ahead))
    camera.SetViewUp(*view.up)
    camera.SetViewAngle(float(np.degrees(2.0 * np.arctan(view.tan_y))))
    closest = partial(raypick.nearest_depth, view, origin, list(layers)) if origin is not None else None
    camera.SetClippingRange(*clipping_range(view, bounds, closest))


def make_drafts(
    layer: LayerView, layers: Mapping[str, LayerView], renderer: vtkRenderer, most: int, least: float
) -> Iterator[None]:
    """Drafts of a layer's actors, if the scene has more triangles than a processor draws while the camera moves.

    Args:
        most: triangles of all drafts together. least: share of a mesh that is kept at least.
    """
    total = sum(draw.triangle_count for other in layers.values() for draw in other.all_draws())
    if total < 1.5 * most:
        return
    for draw in tuple(layer.all_draws()):
        if layers.get(layer.layer_id) is not layer:
            return
        if draw.draft is None:
            renderer.AddActor(draw.make_draft(max(most / total, least)))
        yield


def place_ground(backdrop: Backdrop, layers: Iterable[LayerView]) -> float | None:
    """Put the ground under the middle of all layers, at the level where most tiles begin; out of sight where there is
    none. The radius of all layers, metres, if any is built."""
    layers = tuple(layers)
    if not layers:
        backdrop.set_ground(np.zeros(2), -1e9, 1.0)
        return None
    found = ground_of(layers)
    if found is None:
        return None
    centre, level, radius = found
    backdrop.set_ground(centre, level, radius, terrain=has_terrain(layers))
    return radius


def read_rgba(window: vtkRenderWindow, size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """The window's picture, uint8 (H, W, 4), top row first. The context must be current."""
    width, height = size
    buffer = vtkUnsignedCharArray()
    window.GetRGBACharPixelData(0, 0, width - 1, height - 1, 0, buffer)  # type: ignore[call-overload]
    return vtk_to_numpy(buffer).reshape(height, width, 4)[::-1].copy()


def casting(layers: Iterable[LayerView]) -> Shown:
    """All faces that are shown, in view or not: what casts shadows. Where everything is hidden, all of it: it leaves
    maps without anything in them, in place of those that are there."""
    casts: list[tuple[Drawable, npt.NDArray[np.float64], bool]] = []
    key: list[object] = []
    for layer in layers:
        for lod in layer.shown_lods():
            parts = zip(lod.draws, lod.bounds, layer.filled(lod).tolist(), strict=True)
            casts += [part for part in parts if part[0].casts]
            key.append((layer.layer_id, id(layer), lod.index, layer.shown_version))
    kept = [part for part in casts if part[2]] or casts
    boxes = np.stack([box for _, box, _ in kept]) if kept else np.zeros((0, 6))
    return Shown(tuple(draw for draw, _, _ in kept), boxes, tuple(key))


def ground_of(layers: Iterable[LayerView]) -> tuple[npt.NDArray[np.float64], float, float] | None:
    """Where the ground beside the city lies: its middle (2,), the level at which most tiles begin, and the radius of
    all layers, in scene coordinates; None where there is nothing."""
    boxes = [lod.bounds for layer in layers for lod in layer.lods.values() if len(lod.bounds)]
    if not boxes:
        return None
    bounds = np.concatenate(boxes)
    low, high = bounds[:, :3].min(axis=0), bounds[:, 3:].max(axis=0)
    # (the first np.percentile of a process imports numpy.ma, for 50 ms)
    level = float(np.sort(bounds[:, 2])[len(bounds) // 5])
    return (low[:2] + high[:2]) / 2.0, level, max(float(np.linalg.norm(high[:2] - low[:2])) / 2.0, 10.0)


def middle_of(city: CityData) -> npt.NDArray[np.float64]:
    """A round place near the middle of the city; 0 where nothing can be drawn.

    Waves and patterns count from there: a grid of a few kilometres makes them lie alike whichever layer comes first.
    """
    if city.bbox is None:
        return np.zeros(3)
    return np.asarray(np.round((city.bbox[:3] + city.bbox[3:]) / 2.0 / ORIGIN_GRID) * ORIGIN_GRID)
