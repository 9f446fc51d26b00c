"""Shadows and the shade under the sky: which maps a picture needs, kept until something differs."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from vtkmodules.vtkRenderingCore import vtkRenderWindow, vtkTexture
from vtkmodules.vtkRenderingOpenGL2 import vtkTextureObject

from viewer.document.state import Vec3
from viewer.render.culling import View
from viewer.render.guard import RenderGuard
from viewer.render.instanced import Drawable
from viewer.render.passes import NO_TRIANGLES, DepthPass, MapTexture, depth_texture
from viewer.render.shadow import HEIGHT_TEXELS, DepthBox, height_box, near_box, world_box
from viewer.render.skyview import smooth_steps
from viewer.render.style_texture import make_texture
from viewer.render.sunlight import NO_MAPS, LightRig, MapNumbers

Float64 = npt.NDArray[np.float64]

TEXELS = {"normal": 2048, "high": 4096}
"""Side of a shadow map by quality; none for others."""
REACH = {"normal": 1, "high": 2}
"""Texels that the shadow's edge is softened by, to each side."""
BIAS_METRES, BIAS_TEXELS = 0.03, 0.03
"""How far a face must lie behind another to be shaded by it."""
_NEAR, _WORLD, _HEIGHTS = "near", "world", "heights"
_SAMPLERS = {_NEAR: "shadowTex0", _WORLD: "shadowTex1", _HEIGHTS: "heightTex"}


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What casts shadows now.

    Attributes: draws; bounds float64 (K, 6) of each, scene coordinates; key: equal for equal geometry and visibility.
    """

    draws: tuple[Drawable, ...]
    bounds: Float64
    key: Hashable


@dataclass(frozen=True, slots=True, eq=False)
class _Baked:
    key: Hashable
    box: DepthBox


@dataclass(frozen=True, slots=True, eq=False)
class _Wanted:
    """One map that a picture should have."""

    name: str
    key: Hashable
    box: DepthBox
    size: int


class LightMaps:
    """The maps of one scene: two of shadows (near the camera, whole scene) and one of heights."""

    def __init__(self, window: vtkRenderWindow, guard: RenderGuard):
        self._window = window
        self._pass = DepthPass(window, guard)
        self._nothing_pixels = np.zeros((16, 4), np.float32)
        self._nothing = make_texture(self._nothing_pixels, 4, 4)
        self._empty = {name: MapTexture() for name in _SAMPLERS}
        self._textures = {name: MapTexture() for name in _SAMPLERS}
        self._baked: dict[str, _Baked] = {}

    @property
    def picture_size(self) -> tuple[int, int] | None:
        """Size of the picture while the window has that of a map; else None."""
        return self._pass.picture_size

    @property
    def textures(self) -> dict[str, vtkTexture]:
        """Sampler name -> texture, for every material that is lit.

        Where there is no map yet, it is a small one of the same kind: for textures of another kind software renderers
        compile the city's shader anew, which takes more than 100 ms.
        """
        if self._window.GetInitialized():
            for name, made in self._empty.items():
                if not made.alive and name == _HEIGHTS:
                    made.upload(self._window, self._nothing_pixels.reshape(4, 4, 4))
                elif not made.alive:
                    made.exchange(depth_texture(self._window, 4), self._window)
        pairs = [(self._textures[name], self._empty[name], key) for name, key in _SAMPLERS.items()]
        return {key: next((m.texture for m in (made, empty) if m.alive), self._nothing) for made, empty, key in pairs}

    def numbers(self, quality: str, shadows: bool, hasty: bool) -> MapNumbers:
        """What shaders have to know of the maps that are there. ``hasty``: the picture must come fast."""
        if quality not in TEXELS:
            return NO_MAPS
        near, world, heights = (self._box(name) for name in (_NEAR, _WORLD, _HEIGHTS))
        area = (0.0, 0.0, 0.0)
        if heights is not None:
            area = float(heights.low[0]), float(heights.low[1]), float(heights.high[0] - heights.low[0])
        there = float(shadows and near is not None), float(shadows and world is not None)
        reach = 0.0 if hasty else float(REACH[quality])
        size = TEXELS[quality]
        axes = NO_MAPS.axes if world is None else (_vec(world.axes.right), _vec(world.axes.up), _vec(world.axes.back))
        steps = _step(near, size), _step(world, size)
        return MapNumbers(_columns(near), _columns(world), (*there, reach), axes, steps, area)

    def stale(self, shown: Shown, view: View, rig: LightRig, quality: str, shadows: bool) -> bool:
        """True if a map is missing, or of another state."""
        return bool(self._missing(shown, view, rig, quality, shadows))

    def steps(
        self,
        shown: Shown,
        view: View,
        rig: LightRig,
        quality: str,
        shadows: bool,
        triangles: Callable[[], int] | None,
    ) -> Iterator[int]:
        """Draw the maps that are missing, in slices of about so many triangles (None = in one each)."""
        for wanted in self._missing(shown, view, rig, quality, shadows):
            draws = [shown.draws[k] for k in np.flatnonzero(wanted.box.seen(shown.bounds))]
            if wanted.name == _HEIGHTS:
                yield from self._bake_heights(wanted, draws, _floor(shown.bounds), triangles)
            else:
                yield from self._bake_shadow(wanted, draws, triangles)

    def forget(self, draws: Iterable[Drawable]) -> None:
        """Free what was made for drawables that go."""
        for draw in draws:
            self._pass.forget(draw)

    def close(self) -> None:
        """Free everything. The context must be current."""
        for made in (*self._textures.values(), *self._empty.values()):
            made.release(self._window)
        self._nothing.ReleaseGraphicsResources(self._window)
        self._baked.clear()
        self._pass.close()
        del self._window

    def _box(self, name: str) -> DepthBox | None:
        """What a map that is there covers."""
        baked = self._baked.get(name) if self._textures[name].alive else None
        return None if baked is None else baked.box

    def _missing(self, shown: Shown, view: View, rig: LightRig, quality: str, shadows: bool) -> list[_Wanted]:
        if quality not in TEXELS or not len(shown.bounds):
            return []
        wanted: list[_Wanted] = []
        if shadows and rig.key[2] > 0.0:
            wanted += self._shadow_maps(shown, view, rig.key, TEXELS[quality])
        box = height_box(shown.bounds, view)
        if box is not None:
            wanted.append(_Wanted(_HEIGHTS, (shown.key, *box.low, *box.high), box, HEIGHT_TEXELS))
        return [want for want in wanted if self._box(want.name) is None or self._baked[want.name].key != want.key]

    def _shadow_maps(self, shown: Shown, view: View, light: Vec3, size: int) -> list[_Wanted]:
        near = near_box(light, shown.bounds, view)
        whole = _Wanted(_WORLD, (shown.key, light, size), world_box(light, shown.bounds), size)
        if near is None:
            self._baked.pop(_NEAR, None)
            return [whole]
        return [_Wanted(_NEAR, (shown.key, light, size, *near.low, *near.high), near, size), whole]

    def _bake_shadow(self, want: _Wanted, draws: list[Drawable], triangles: Callable[[], int] | None) -> Iterator[int]:
        def take(made: vtkTextureObject) -> vtkTextureObject | None:
            return self._textures[want.name].exchange(made, self._window)

        yield from self._pass.shadow_steps(want.box, want.size, draws, triangles, take)
        self._baked[want.name] = _Baked(want.key, want.box)

    def _bake_heights(
        self, want: _Wanted, draws: list[Drawable], floor: float, triangles: Callable[[], int] | None
    ) -> Iterator[int]:
        found: list[npt.NDArray[np.float32]] = []
        yield from self._pass.read_steps(want.box, want.size, draws, triangles, found.append)
        pixels = np.empty((want.size, want.size, 4), np.float32)
        for _ in _height_steps(found[0], want.box, floor, pixels):
            if triangles is not None:
                yield NO_TRIANGLES
        self._textures[_HEIGHTS].upload(self._window, pixels)
        self._baked[_HEIGHTS] = _Baked(want.key, want.box)
        if triangles is not None:
            yield NO_TRIANGLES


def _height_steps(
    depth: npt.NDArray[np.float32], box: DepthBox, floor: float, out: npt.NDArray[np.float32]
) -> Iterator[None]:
    """Turn depths (H, W) seen from above into heights and their means (H, W, 4), a few milliseconds at a time."""
    heights = depth * np.float32(box.low[2] - box.high[2])
    heights += np.float32(box.high[2])
    yield
    heights[depth >= 1.0] = floor
    yield
    yield from smooth_steps(heights, float(box.high[0] - box.low[0]) / len(heights), out)


def _floor(bounds: Float64) -> float:
    """Height of the ground between the objects: where most of them begin."""
    return float(np.sort(bounds[:, 2])[len(bounds) // 5])


def _step(box: DepthBox | None, size: int) -> Vec3:
    """Depth (0..1) of a map per texel across and up on a slope of 45 degrees, and the least bias."""
    if box is None:
        return 0.0, 0.0, 0.0
    across, up, deep = (box.high - box.low).tolist()
    return across / size / deep, up / size / deep, (BIAS_METRES + BIAS_TEXELS * across / size) / deep


def _vec(values: Float64) -> Vec3:
    return float(values[0]), float(values[1]), float(values[2])


def _columns(box: DepthBox | None) -> tuple[float, ...]:
    """A box's matrix as OpenGL reads it: column after column."""
    matrix = np.eye(4) if box is None else box.matrix()
    return tuple(matrix.T.reshape(-1).tolist())
