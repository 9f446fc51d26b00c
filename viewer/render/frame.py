"""Which actors a picture shows, and in which slices."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt
from vtkmodules.vtkRenderingCore import vtkActor

from loaders.city import CityData
from viewer.render.culling import View, in_view
from viewer.render.instanced import Drawable
from viewer.render.layer import LayerView
from viewer.render.lightmaps import Shown
from viewer.render.passes import FIRST_TIME


def actor_of(draw: Drawable, moving: bool) -> vtkActor:
    """The actor to show: a draft while the camera moves, if there is one."""
    return draw.draft if moving and draw.draft is not None else draw.actor


def cost_of(draw: Drawable, moving: bool) -> int:
    """Triangles that it takes, twice as many the first time."""
    count = draw.draft_count if moving and draw.draft is not None else draw.triangle_count
    return count * (1 if draw.uploaded else FIRST_TIME)


def slice_of(draws: list[Drawable], moving: bool, triangles: Callable[[], int] | None) -> list[Drawable]:
    """The first draws, of about so many triangles (all for None), but one at least."""
    if triangles is None:
        return draws
    costs = np.cumsum([cost_of(draw, moving) for draw in draws])
    return draws[: max(1, int(np.searchsorted(costs, triangles(), side="right")))]


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
                seen = in_view(view, lod.bounds)
                if plain:
                    seen = seen & np.array([source is not None for source in lod.sources])
                draws += [lod.draws[k] for k in np.flatnonzero(seen)]
                boxes.append(lod.bounds[seen])
    return draws, np.concatenate(boxes)


def casting(layers: Iterable[LayerView]) -> Shown:
    """All faces that are shown, in view or not: what casts shadows."""
    draws: list[Drawable] = []
    boxes: list[npt.NDArray[np.float64]] = [np.zeros((0, 6))]
    key: list[object] = []
    for layer in layers:
        for lod in layer.shown_lods():
            solid = [k for k, draw in enumerate(lod.draws) if draw.casts]
            draws += [lod.draws[k] for k in solid]
            boxes.append(lod.bounds[solid] if len(lod.bounds) else lod.bounds)
            key.append((layer.layer_id, id(layer), lod.index, layer.shown_version))
    return Shown(tuple(draws), np.concatenate(boxes), tuple(key))


def middle_of(city: CityData) -> npt.NDArray[np.float64]:
    """The middle of the city, in whole metres; 0 where nothing can be drawn."""
    if city.bbox is None:
        return np.zeros(3)
    return np.asarray(np.floor((city.bbox[:3] + city.bbox[3:]) / 2.0))
