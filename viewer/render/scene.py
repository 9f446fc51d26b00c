"""`SceneView`: a `RenderState` as pixels, and pixels back as objects. It owns what it puts into a VTK render window."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from vtkmodules.vtkRenderingCore import vtkActor, vtkRenderer, vtkRenderWindow

from loaders.city import CityData
from viewer.document.state import Camera
from viewer.render import frame, ids, ladder, notices, panes, raypick, scenarios, slicing
from viewer.render.backdrop import Backdrop
from viewer.render.culling import View, covered_pixels, make_view
from viewer.render.dividers import Dividers
from viewer.render.guard import RenderGuard
from viewer.render.instanced import Drawable
from viewer.render.layer import LayerView, full_look
from viewer.render.lightmaps import TEXELS, LightMaps
from viewer.render.lit import Surroundings
from viewer.render.outline import Outline
from viewer.render.passes import NO_TRIANGLES
from viewer.render.row_limit import RowLimit
from viewer.render.smoothing import Smoothing
from viewer.render.state import LayerLook, Notice, Pick, RenderState
from viewer.render.stereo import Stereo, picture_x
from viewer.render.sunlight import MODEL_RIG, rig_of
from viewer.render.textures import PreparedTextures
from viewer.render.theme import ThemeReader, ThemeTextures
from viewer.render.walls import WallReader
from viewer.render.warming import WarmUp

HAZE_METRES, HAZE_RADII = 4200.0, 5.0
"""A third of the colour is air at that distance: metres, or radii of the scene where that is more."""
DRAFT_TRIANGLES, LEAST_DRAFT = 350_000, 0.12
"""Triangles drawn while the camera moves on a software renderer, and the least part of a mesh that is kept."""


class SceneView:
    """The city in a render window.

    Pixels are device pixels from the top left of the picture. World coordinates are float64; VTK only ever sees
    differences from the scene origin, which is chosen when the first layer is attached.

    Args:
        window: an empty VTK render window (off-screen or embedded); its context need not exist yet.
        software: True if OpenGL runs on the processor: no multisampling; edges are smoothed when the camera rests.
    """

    def __init__(self, window: vtkRenderWindow, software: bool):
        self.window = window
        self.software = software
        self.level = "normal"
        """Quality where the document leaves it to the machine (`viewer.render.ladder`)."""
        self.frames = 0
        """Pictures drawn so far."""
        self.interactive = False
        """Set by a window: on a slow renderer, drafts of large scenes are made, to be drawn while the camera moves."""
        self.water_time = 0.0
        """Moment in seconds at which waves are drawn; it only moves while something plays."""
        self.render_scale = 1.0
        """Pixels of the picture per pixel of the screen; below 1 while moving on a slow renderer."""
        self.pixel_ratio = 1.0
        """Pixels of the screen per point, in which widths of lines are counted."""
        self.screen_size: tuple[int, int] | None = None
        """Size that `pick` counts in, where the picture is drawn smaller than shown; None = that of the picture."""
        self.origin: npt.NDArray[np.float64] | None = None
        self.layers: dict[str, LayerView] = {}
        self.state: RenderState | None = None
        self._camera: Camera | None = None
        self.drawn_camera: Camera | None = None
        """The camera of the last complete picture."""
        self._moving = False
        self._haze_metres = HAZE_METRES
        self._work: list[Iterator[None]] = []
        self._shown: dict[vtkActor, None] = {}
        self._warm: WarmUp | None = None
        self._themes = ThemeReader()
        self._walls = WallReader()
        self._guard = RenderGuard()
        self._spoiled: frozenset[str] = frozenset()
        self._plain = False
        self._notices: list[Notice] = []
        self._closed = False
        self._renderer = vtkRenderer()
        self._renderer.SetAutomaticLightCreation(False)
        self._renderer.GetCullers().RemoveAllItems()
        self._renderer.SetBackground(0.93, 0.95, 0.97)
        self._rig = MODEL_RIG
        self._maps = LightMaps(window, self._guard)
        self._scenarios = scenarios.ScenarioView(window, self._renderer, software)
        self._backdrop = Backdrop()
        self._renderer.AddActor(self._backdrop.actor)
        self._limit = RowLimit(window, self._renderer, self._backdrop.actor)
        self._pixels: list[float] = []
        self._pace = slicing.Pace()
        window.SetMultiSamples(0 if software else 4)
        window.SetAlphaBitPlanes(True)
        window.AddRenderer(self._renderer)
        self._smoothing = Smoothing(window, self._renderer)
        self._outline = Outline(window, self._renderer)
        self.stereo = Stereo(window, self._renderer, self._outline)
        parts = self._renderer, self._smoothing.renderer, *self._outline.renderers
        self._panes = panes.Panes(parts, self._take, lambda: LightMaps(window, self._guard))
        self._dividers = Dividers(window)

    def warm_up(self) -> None:
        """Have what a city needs compiled with the next picture, before there is a city: it takes a while."""
        self._warm = WarmUp(self._renderer)

    # -- layers -----------------------------------------------------------------------------------------------

    def attach(self, layer_id: str, city: CityData) -> None:
        """Add a layer, all at once. It is shown in one colour until `apply` says how."""
        for _ in self.attach_steps(layer_id, city):
            pass

    def attach_steps(self, layer_id: str, city: CityData) -> Iterator[None]:
        """Add a layer in small steps (a few ms each); draw when you like in between.

        Raises:
            ValueError: the layer is there already, or has more objects than can be drawn.
        """
        if layer_id in self.layers:
            raise ValueError(f"layer {layer_id} is attached already")
        if self.origin is None:
            self.origin = frame.middle_of(city)
        layer = LayerView(layer_id, city, self.origin)
        self.layers[layer_id] = layer
        ids.number_ids(self.layers.values())
        yield from layer.learn_steps()
        if self.layers.get(layer_id) is not layer:
            return
        look = self._look_of(layer_id) or full_look(layer_id, city)
        layer.forgo(self._spoiled)
        layer.set_realism(self.state.realism if self.state else "shaded", self._lighting)
        layer.apply(look)
        for index in look.lods:
            yield from self._build(layer, index)
        self._place_ground()
        self._read_themes()
        self._read_walls()
        if self.interactive:
            self._work.append(self._outline.learn_steps(layer))
        if self.interactive and self.software:
            self._work.append(frame.make_drafts(layer, self.layers, self._renderer, DRAFT_TRIANGLES, LEAST_DRAFT))

    def detach(self, layer_id: str) -> None:
        """Remove a layer and free what it holds on the GPU and here; unknown ids are ignored."""
        layer = self.layers.pop(layer_id, None)
        if layer is None:
            return
        self._themes.drop(layer_id)
        self._walls.drop(layer_id)
        self._make_current()
        for maps in (self._maps, *self._panes.maps):
            maps.forget(layer.all_draws())
        for draw in layer.all_draws():
            for actor in draw.actors():
                self._shown.pop(actor, None)
                self._renderer.RemoveActor(actor)
        layer.release(self.window)
        ids.number_ids(self.layers.values())
        if not self.layers:
            self.origin = None
        self._place_ground()

    @property
    def pending(self) -> bool:
        """True while `advance` has work."""
        return bool(self._work) or self._themes.ready or self._walls.ready

    @property
    def waiting(self) -> bool:
        """True while a thread reads texture images or measures walls; `advance` has work when it has done so."""
        return self._themes.busy or self._walls.busy

    def advance(self, seconds: float | None = None) -> bool:
        """Go on building LoDs and themes that `apply` asked for, for ``seconds`` (None = to the end, images included).

        True if some is left. The OpenGL context must be current if there is one.
        """
        end = None if seconds is None else time.perf_counter() + seconds
        self._take_themes(wait=end is None)
        while self._work:
            if next(self._work[0], _DONE) is _DONE:
                self._work.pop(0)
                self._place_ground()
                self._read_walls()
            if end is not None and time.perf_counter() >= end:
                return True
        while (measured := self._walls.take(wait=end is None)) is not None:
            measured[0].bind("wall", measured[1])
            if end is not None and time.perf_counter() >= end:
                break
        return self.pending

    @property
    def left_out(self) -> dict[str, int]:
        """Layer id -> copies of geometry templates that are not drawn because there are too many; without zeros."""
        return {layer_id: layer.left_out for layer_id, layer in self.layers.items() if layer.left_out}

    def take_notices(self) -> tuple[Notice, ...]:
        """What has come up since the last call that the user should know."""
        taken, self._notices = tuple(self._notices), []
        return taken

    # -- state ------------------------------------------------------------------------------------------------

    def apply(self, state: RenderState) -> bool:
        """Make the scene look as ``state`` says; only what differs is touched. True if a new picture is needed."""
        old, self.state = self.state, state
        changed = old is None or old.camera != state.camera or old.quality != state.quality
        changed |= old is not None and old.contour_step != state.contour_step
        changed |= old is not None and old.light.shadows != state.light.shadows
        changed |= panes.differ(old, state) or (not state.panes and scenarios.differ(old, state))
        rig = rig_of(state.light, state.background_top, state.background_bottom)
        if rig != self._rig:
            self._rig = rig
            changed = True
        self._backdrop.set_mode(self._lighting, rig.dated)
        self._backdrop.set_realism(state.realism)
        self._camera = state.camera
        if state.panes:
            for pane in state.panes:
                self._take(pane)
        else:
            changed |= self._take(state)
        self._read_themes()
        self._read_walls()
        return changed

    def _take(self, state: RenderState) -> bool:
        """Give every layer its look; True if one differs from what it was."""
        changed = False
        for look in state.layers:
            layer = self.layers.get(look.layer_id)
            if layer is None:
                continue
            changed |= layer.set_realism(state.realism, self._lighting)
            changed |= layer.apply(look)
            for index in look.lods:
                if look.visible and index not in layer.lods:
                    self._work.append(self._build(layer, index))
        named = {look.layer_id for look in state.layers}
        for layer_id, layer in self.layers.items():
            if layer_id not in named and layer.look is not None:
                changed |= layer.apply(replace(layer.look, visible=False)) if layer.look.visible else False
        return changed

    def set_camera(self, camera: Camera) -> None:
        """Move the camera without a new state."""
        self._camera = camera

    def set_hover(self, layer_id: str | None, row: int = -1) -> bool:
        """Highlight one object under the pointer (None = none). True if a new picture is needed."""
        changed = False
        for key, layer in self.layers.items():
            wanted = row if key == layer_id else -1
            if layer.hover != wanted:
                layer.set_hover(wanted)
                changed = True
        return changed

    def set_moving(self, moving: bool) -> None:
        """Tell that the camera moves: edges are smoothed only when it rests, on a software renderer."""
        self._moving = moving

    # -- pictures ---------------------------------------------------------------------------------------------

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture in pixels."""
        width, height = (1, 1) if self._closed else self._maps.picture_size or self.window.GetSize()
        return max(1, int(width)), max(1, int(height))

    def render(self) -> None:
        """Draw one picture."""
        for _ in self.render_steps(None):
            pass

    @property
    def unrefined(self) -> bool:
        """True if the camera rests, but the picture lacks shadows, or has those of another state."""
        if self._moving or self._plain or self._closed or self.pending or not self.layers:
            return False
        for _ in self._each_pane():
            shown = frame.casting(self.layers.values())
            if self._maps_of(shown.key).stale(shown, self.view(), self._rig, self._quality, self._shadows):
                return True
        return False

    def _each_pane(self) -> Iterator[int]:
        return self._panes.each(self.state, self.size, self.pixel_ratio * self.render_scale)

    def _maps_of(self, key: Hashable) -> LightMaps:
        return self._panes.maps_for(self._maps, key)

    def render_steps(self, triangles: Callable[[], int] | None, refine: bool | None = None) -> Iterator[int]:
        """Draw one picture in slices of about so many triangles, asked before each (None = in one slice).

        It is complete when the steps end. Yields how many triangles a slice had; what is on the GPU for the first time
        counts double, other work `NO_TRIANGLES`. Whoever changes the scene in between starts again. ``refine``: draw
        the maps of shadows first that are missing (None: if drawn in one slice); else those are taken that are there.
        """
        if self._closed:
            return
        frames = self.frames
        wanted = (triangles is None if refine is None else refine) and not self._plain and bool(self.layers)
        for _ in self._each_pane() if wanted else ():  # (all before the first pane: maps are drawn into the window)
            shown = frame.casting(self.layers.values())
            maps = self._maps_of(shown.key)
            yield from maps.steps(shown, self.view(), self._rig, self._quality, self._shadows, triangles)
        yield from self.stereo.steps(self, self._camera, self._moving, lambda: self._draw_panes(triangles))
        self.frames = frames + 1
        said = self._guard.take()
        if said and self._fall_back(said):
            yield from self.render_steps(triangles, refine)

    def _draw_panes(self, triangles: Callable[[], int] | None) -> Iterator[int]:
        for _ in self._each_pane():
            yield from self._draw_steps(triangles)

    def _draw_steps(self, triangles: Callable[[], int] | None) -> Iterator[int]:
        camera, wanted = self._camera, self._prepare()
        self._set_samples()
        smooth = self.software and not self._moving and self._quality != "draft" and bool(wanted)
        smooth = smooth and not self._plain and not self.unrefined  # another picture follows
        self._outline.follow(() if self._plain or (self.software and self._moving) else self.layers.values())
        size, scale = self._panes.size or self.size, self.pixel_ratio * self.render_scale
        how: dict[str, Any] = {"moving": self._moving, "software": self.software, "sky": not self._plain}
        how |= {"smooth": smooth, "lines": self._outline.active, "pace": self._pace}
        for part in slicing.picture_slices(wanted, self._pixels, size, triangles, **how):
            begun = time.perf_counter()
            self._show(part.draws)
            self._limit.keep_to(part.within)
            self._backdrop.show(part.sky)
            self._renderer.SetErase(part.first)
            lines = self._panes.lines(self.state, self.size, scale) if part.last else ()
            outlined = self._outline.drawn(self.view() if part.last else None, scale)
            smoothed, divided = self._smoothing.drawn(part.smooth), self._dividers.drawn(lines, self.size)
            with self._guard, smoothed, outlined, divided:
                self.window.Render()
            cost = sum(slicing.cost_of(draw, self._moving) for draw in part.draws)
            for draw in part.draws:
                draw.uploaded = True
            if triangles is not None and not (part.first and part.last):
                # drivers work on after the call: wait, so that whoever takes the time takes that of this slice
                self.window.WaitForCompletion()
                if part.kind:
                    self._pace.took(part.kind, time.perf_counter() - begun)
            if triangles is not None and not part.last:
                yield cost or NO_TRIANGLES
        self._limit.keep_to(None)
        self._renderer.EraseOn()
        if self._warm is not None and not self._plain:
            with self._guard:
                self._warm.draw(self.window, self._rig, self._maps.textures, self._smoothing if self.software else None)
        self.frames += 1
        self.drawn_camera = camera

    def pixels(self) -> npt.NDArray[np.uint8]:
        """The last picture, uint8 (H, W, 3), top row first."""
        return self._read()[:, :, :3].copy()

    def pick_ids(self) -> npt.NDArray[np.int32]:
        """What every pixel shows: int32 (H, W, 2), index into `layer_ids` and object row, -1 where nothing is.

        Draws once with ids in place of colours; the next `render` brings the picture back.
        """
        moving, self._moving = self._moving, False
        self._set_id_pass(True)
        try:
            with ids.plain_window(self.window):
                for _ in self._each_pane():
                    self._show(self._prepare())
                    self._limit.keep_to(None)
                    self._backdrop.show(None if self._plain else slicing.Rows(0, self.view().height))
                    self._renderer.EraseOn()
                    self.window.Render()
                rgba = self._read().astype(np.int32)
        finally:
            self._moving = moving
            self._set_id_pass(False)
        return ids.split_ids(rgba[:, :, 0] | rgba[:, :, 1] << 8 | rgba[:, :, 2] << 16, self.layers.values())

    @property
    def layer_ids(self) -> tuple[str, ...]:
        """Layers in the order of `pick_ids`."""
        return tuple(self.layers)

    # -- picking ----------------------------------------------------------------------------------------------

    def pick(self, x: float, y: float) -> Pick | None:
        """What lies under a pixel: the nearest shown face, point or line; None where there is nothing."""
        if self.origin is None or self._closed:
            return None
        size = self.screen_size or self.size
        x = picture_x(self.stereo.mode, x, size[0])
        if self.state is None:
            return raypick.pick(self.view(size), self.origin, list(self.layers.values()), x, y)
        at = panes.place_at(self.state, x, y, size, self.pixel_ratio)
        return panes.pick(at, self.view(at.size), self.origin, list(self.layers.values()))

    def world_at(self, x: float, y: float) -> tuple[float, float, float] | None:
        """World position under a pixel, None where there is nothing."""
        pick = self.pick(x, y)
        return None if pick is None else pick.position

    def sees(self, point: npt.NDArray[np.float64], view: View | None = None) -> bool:
        """True if no shown face stands between the eye (that of a view of this scene, by default the camera's) and a
        point in world coordinates."""
        if self.origin is None or self._closed:
            return False
        return not raypick.blocked(self.origin, view or self.view(), list(self.layers.values()), point)

    def view(self, size: tuple[int, int] | None = None, camera: Camera | None = None) -> View:
        """The camera (or another) in scene coordinates, as the next picture (or one of another size) shows it."""
        width, height = size or self._panes.size or self.size
        origin = self.origin if self.origin is not None else np.zeros(3)
        seen = camera or self._camera or Camera((0.0, -100.0, 60.0), (0.0, 0.0, 0.0))
        return make_view(seen, origin, width, height)

    def close(self) -> None:
        """Free everything; nothing may be drawn afterwards."""
        if self._closed:
            return
        for layer_id in tuple(self.layers):
            self.detach(layer_id)
        self._themes.close()
        self._walls.close()
        self._work.clear()
        self._closed = True
        self._make_current()
        own = self._maps, self._scenarios, self._panes, self._dividers, self._limit, self._smoothing, self._outline
        for part in (*own, self.stereo):
            part.close()
        self._renderer.RemoveAllViewProps()
        self.window.RemoveRenderer(self._renderer)
        # a closed scene may be kept by somebody, but it keeps no window
        del self.window, self._renderer, self._backdrop, self._limit, self._smoothing, self._outline
        self._warm = None

    # -- inside -----------------------------------------------------------------------------------------------

    def _look_of(self, layer_id: str) -> LayerLook | None:
        looks = self.state.layers if self.state else ()
        return next((look for look in looks if look.layer_id == layer_id), None)

    def _build(self, layer: LayerView, index: int) -> Iterator[None]:
        for draw in layer.build_steps(index):
            if self.layers.get(layer.layer_id) is not layer:
                return
            self._renderer.AddActor(draw.actor)
            yield
        lod = layer.lods.get(index)
        if lod is not None and lod.left_out:
            self._notices.append(Notice(layer.layer_id, notices.left_out(lod.left_out, layer.names[index])))

    def _read_themes(self) -> None:
        """Have the images read that the looks name."""
        for layer_id, layer in self.layers.items():
            fast = self.software and self.interactive
            self._themes.want(layer_id, layer.city, layer.missing_theme, fast=fast)

    def _read_walls(self) -> None:
        """Have the walls measured that are drawn with windows."""
        for layer_id, layer in self.layers.items():
            self._walls.want(layer_id, layer.wall_tasks())

    def _take_themes(self, wait: bool) -> None:
        """Take over images that have been read, unless they are not wanted any more."""
        for layer_id, job in self._themes.take(wait=wait):
            layer = self.layers.get(layer_id)
            if layer is not None and layer.missing_theme == job.theme:
                self._work.append(self._put_on(layer, job.theme, job.prepared))

    def _put_on(self, layer: LayerView, theme: str, prepared: PreparedTextures | None) -> Iterator[None]:
        """Upload a theme's images page by page, then draw with them."""
        if prepared is None:
            self._notices.append(Notice(layer.layer_id, notices.too_large(theme)))
            layer.set_theme(theme, None)
            return
        if prepared.failed:
            self._notices.append(Notice(layer.layer_id, notices.unreadable(prepared.failed)))
        textures = ThemeTextures(prepared)
        for _ in textures.upload_steps(self._renderer) if self.frames else ():
            yield
            if self.layers.get(layer.layer_id) is not layer or layer.missing_theme != theme:
                if not self._closed:
                    self._make_current()
                    textures.release(self.window)
                return
        for old in layer.set_theme(theme, textures):
            old.release(self.window)

    def _fall_back(self, said: str) -> bool:
        """The driver rejects a shader: do without the theme's, then without all. False if that is done already."""
        themed = any(layer.look is not None and layer.look.color_mode == "theme" for layer in self.layers.values())
        if self._plain:
            return False
        if themed and not self._spoiled:
            self._spoiled = frozenset({"theme"})
            for layer in self.layers.values():
                layer.forgo(self._spoiled)
            self._notices.append(Notice(None, notices.rejected(said, plain=False)))
            return True
        self._plain = True
        self._renderer.SetAutomaticLightCreation(True)
        self._notices.append(Notice(None, notices.rejected(said, plain=True)))
        return True

    @property
    def _quality(self) -> str:
        wanted = self.state.quality if self.state else ladder.AUTO
        return self.level if wanted == ladder.AUTO else wanted

    @property
    def _lighting(self) -> bool:
        """True if there are shadows and shade under the sky."""
        return self._quality in TEXELS

    @property
    def _shadows(self) -> bool:
        return self.state is None or self.state.light.shadows

    def _set_samples(self) -> None:
        samples = 0 if self.software or self._quality == "draft" else (8 if self._quality == "high" else 4)
        if self.window.GetMultiSamples() != samples:
            self.window.SetMultiSamples(samples)

    def _prepare(self) -> list[Drawable]:
        """Camera, clipping planes and uniforms for the next picture; what is in view."""
        view = self.stereo.seen(self.view())
        wide, scale = self.stereo.wide(view), self.pixel_ratio * self.render_scale
        draws, bounds = frame.seen_by(wide, self.layers.values(), self._plain)
        if not self._plain and self.origin is not None:
            state = self._panes.state or self.state
            more, boxes = self._scenarios.prepare(state, wide, self.layers, self.origin, scale)
            draws, bounds = [*draws, *more], np.concatenate([bounds, boxes])
        if self._moving:
            frame.mark_near(view, draws, bounds)
        self._pixels = covered_pixels(wide, bounds).tolist() if not self._plain else [0.0] * len(draws)
        frame.aim(self._renderer.GetActiveCamera(), view, bounds, self.layers.values(), self.origin)
        angle = 2.0 * view.tan_y / view.height
        own = self._maps_of(frame.casting(self.layers.values()).key) if self._panes.state else self._maps
        maps, textures = own.numbers(self._quality, self._shadows, self._moving and self.software), own.textures
        self._backdrop.set_view(self.stereo.slanted(view), angle, self._haze_metres, self._renderer.GetOrigin())
        self._backdrop.set_light(self._rig, maps, textures)
        eye = (float(view.eye[0]), float(view.eye[1]), float(view.eye[2]))
        step = self.state.contour_step if self.state else 0.0
        look = self.state.realism if self.state else "shaded", self._lighting, self.water_time
        lights = eye, angle, self._haze_metres, self._rig, maps, textures
        self._scenarios.dress(Surroundings(*lights, *look, scale))
        height = float(self.origin[2]) if self.origin is not None else 0.0
        for layer in self.layers.values():
            for material in layer.all_materials():
                material.set_viewport(view.width, view.height, self.render_scale)
                material.set_details(step, height, self.water_time)
                material.set_view(eye, angle, self._haze_metres)
                material.set_light(self._rig, maps, textures)
                if self._plain:
                    material.make_plain()
        return draws

    def _show(self, draws: Sequence[Drawable]) -> None:
        """Make exactly these visible, as drafts while the camera moves."""
        wanted = {slicing.actor_of(draw, self._moving): None for draw in draws}
        for actor in self._shown:
            if actor not in wanted:
                actor.VisibilityOff()
        for actor in wanted:
            if actor not in self._shown:
                actor.VisibilityOn()
        self._shown = wanted

    def _place_ground(self) -> None:
        radius = frame.place_ground(self._backdrop, self.layers.values() if self.origin is not None else ())
        self._haze_metres = self._haze_metres if radius is None else max(HAZE_RADII * radius, HAZE_METRES)

    def _set_id_pass(self, active: bool) -> None:
        ids.set_id_pass(self.layers, active)
        self._scenarios.hidden = active
        self._backdrop.set_id_pass(active)

    def _read(self) -> npt.NDArray[np.uint8]:
        self._make_current()
        return frame.read_rgba(self.window, self.size)

    def _make_current(self) -> None:
        if self.frames:
            self.window.MakeCurrent()


_DONE = object()
