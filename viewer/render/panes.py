"""Two to four pictures of one scene beside each other: the same camera, light and layers, other looks.

They are drawn one after the other, each into its part of the window; what differs between their looks is a few bytes
per object. Shadow maps are shared by panes that show the same objects.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from vtkmodules.vtkRenderingCore import vtkRenderer

from loaders.city import Float64, UInt8
from viewer.render import raypick
from viewer.render.culling import View
from viewer.render.dividers import Line
from viewer.render.layer import LayerView, LodView
from viewer.render.lightmaps import LightMaps
from viewer.render.pane_places import LINE_POINTS, MOST_PANES, Rect, pane_rects
from viewer.render.state import LayerLook, Pick, RenderState

__all__ = ["MOST_PANES", "Panes", "Place", "Rect", "pane_rects"]


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """What is under a pixel of the window.

    Attributes: state: of the pane; x, y: the pixel in its picture; size: of its picture; other: side B is there.
    """

    state: RenderState
    x: float
    y: float
    size: tuple[int, int]
    other: bool


def gaps_of(rects: tuple[Rect, ...], width: int, height: int) -> tuple[Line, ...]:
    """The lines between panes."""
    lefts, tops = sorted({rect.left for rect in rects}), sorted({rect.top for rect in rects})
    w, h = rects[0].width, rects[0].height
    upright = [(float(a + w), 0.0, float(b), float(height)) for a, b in pairwise(lefts)]
    level = [(0.0, float(a + h), float(width), float(b)) for a, b in pairwise(tops)]
    return (*upright, *level)


def swipe_line(state: RenderState | None, width: int, height: int, scale: float) -> tuple[Line, ...]:
    """The line of a swipe; none where nothing is swiped, or where only one side shows."""
    if state is None or state.compare != "swipe" or state.panes or not 0.0 < state.position < 1.0:
        return ()
    middle, half = state.position * width, 0.5 * LINE_POINTS * scale
    return ((middle - half, 0.0, middle + half, float(height)),)


def place_at(state: RenderState, x: float, y: float, size: tuple[int, int], scale: float) -> Place:
    """What is under a pixel of a window of some size. Gaps belong to the pane before them."""
    if not state.panes:
        mixed = state.compare == "blend" and state.position >= 0.5
        return Place(state, x, y, size, mixed or (state.compare == "swipe" and x + 0.5 > state.position * size[0]))
    rects = pane_rects(len(state.panes), *size, scale)
    inside = [k for k, rect in enumerate(rects) if x >= rect.left - 0.5 and y >= rect.top - 0.5]
    k = max(inside, key=lambda k: (rects[k].top, rects[k].left), default=0)
    rect = rects[k]
    return Place(state.panes[k], x - rect.left, y - rect.top, (rect.width, rect.height), False)


def shown_by(look: LayerLook | None, layer: LayerView, other: bool) -> tuple[UInt8, list[LodView]]:
    """What a look shows of a layer: LoD + 1 per object (N,), and the LoDs that are there."""
    if look is None or not (look.visible and look.drawn):
        return layer.style.shown_lod, []
    texels = look.texels_b if other and look.texels_b is not None else look.texels
    return np.asarray(texels[:, 3] & 15, np.uint8), [
        layer.lods[k] for k in look.lods if k in layer.lods and layer.lods[k].ready
    ]


def pick(at: Place, view: View, origin: Float64, layers: list[LayerView]) -> Pick | None:
    """The nearest thing at a place, seen by ``view``, of what its pane or side shows."""
    looks = {look.layer_id: look for look in at.state.layers}

    def shown(layer: LayerView) -> tuple[UInt8, list[LodView]]:
        return shown_by(looks.get(layer.layer_id, layer.look), layer, at.other)

    return raypick.pick(view, origin, layers, at.x, at.y, shown)


def differ(old: RenderState | None, new: RenderState) -> bool:
    """True if panes are drawn otherwise than before; what all of them share is compared elsewhere."""
    if old is None or len(old.panes) != len(new.panes):
        return old is not None or bool(new.panes)
    return any(not _same(a, b) for a, b in zip(old.panes, new.panes, strict=True))


def _same(a: RenderState, b: RenderState) -> bool:
    fields = all(getattr(a, name) is getattr(b, name) for name in ("ground", "water", "movers")) and a.nodes == b.nodes
    return fields and len(a.layers) == len(b.layers) and all(x is y for x, y in zip(a.layers, b.layers, strict=True))


class Panes:
    """Which pane is drawn at the moment, if any.

    Args:
        renderers: those whose viewport is the pane.
        take: makes the scene look as a state says.
        new_maps: makes maps of light for panes that show other objects than the first.
    """

    def __init__(
        self,
        renderers: tuple[vtkRenderer, ...],
        take: Callable[[RenderState], object],
        new_maps: Callable[[], LightMaps],
    ):
        self._renderers, self._take, self._new_maps = renderers, take, new_maps
        self._number: int | None = None
        self._maps: list[LightMaps] = []
        self._keys: dict[int, Hashable] = {}
        self.state: RenderState | None = None
        """The state of the pane that is drawn; None between pictures, and where there are no panes."""
        self.size: tuple[int, int] | None = None
        """Its size in pixels."""

    @property
    def maps(self) -> tuple[LightMaps, ...]:
        """Those that were made besides the scene's own."""
        return tuple(self._maps)

    @contextmanager
    def entered(self, panes: tuple[RenderState, ...], k: int, size: tuple[int, int], scale: float) -> Iterator[None]:
        """Within it, pane k of a window of some size (pixels) is drawn."""
        before = self._number, self.state, self.size
        rect = pane_rects(len(panes), *size, scale)[k]
        self._number, self.state, self.size = k, panes[k], (rect.width, rect.height)
        viewport = tuple(renderer.GetViewport() for renderer in self._renderers)
        bottom = size[1] - rect.top - rect.height
        for renderer in self._renderers:
            renderer.SetViewport(
                rect.left / size[0],
                bottom / size[1],
                (rect.left + rect.width) / size[0],
                (bottom + rect.height) / size[1],
            )
        self._take(panes[k])
        try:
            yield
        finally:
            self._number, self.state, self.size = before
            for renderer, old in zip(self._renderers, viewport, strict=True):
                renderer.SetViewport(*old)
            if self.state is not None:
                self._take(self.state)

    def each(self, state: RenderState | None, size: tuple[int, int], scale: float) -> Iterator[int]:
        """Enter one pane of a state after the other, from the first to the last; 0 once, with nothing to enter, where
        it is one picture, or a pane is entered already."""
        split = state.panes if state is not None and self.state is None else ()
        for k in range(len(split)):
            with self.entered(split, k, size, scale):
                yield k
        if not split:
            yield 0

    def maps_for(self, own: LightMaps, key: Hashable) -> LightMaps:
        """The maps of the pane that is drawn. own: the scene's; key: equal for panes that show the same objects."""
        if self._number is None:
            return own
        self._keys[self._number] = key
        first = next(k for k in sorted(self._keys) if self._keys[k] == key)
        if first == 0:
            return own
        while len(self._maps) < first:
            self._maps.append(self._new_maps())
        return self._maps[first - 1]

    def lines(self, state: RenderState | None, size: tuple[int, int], scale: float) -> tuple[Line, ...]:
        """What is drawn over the picture: gaps with the last pane, the line of a swipe."""
        if self._number is None:
            return swipe_line(state, *size, scale)
        count = len(state.panes) if state is not None else 0
        return gaps_of(pane_rects(count, *size, scale), *size) if self._number == count - 1 else ()

    def close(self) -> None:
        """Free everything. The context must be current."""
        for maps in self._maps:
            maps.close()
        self._maps.clear()
        del self._renderers, self._take, self._new_maps
