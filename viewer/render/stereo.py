"""Stereo: the scene drawn for two eyes, and both pictures put into one.

The eyes look in parallel through frusta that are cut off so that what lies at the distance looked at is in the same
place for both (off-axis projection: Kooima, "Generalized Perspective Projection", 2009). How far the eyes are apart
follows from that distance: what is nearest and what is endless are at most `LIMIT` of the picture's width apart in
the two pictures. Red-cyan pictures take their red from the luminance of the left eye ("half colour": Sanders and
McAllister, "Producing anaglyphs from synthetic images", 2003; weights of Rec. ITU-R BT.601).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import numpy.typing as npt
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer, vtkRenderWindow

from viewer.document.state import Camera
from viewer.render import raypick
from viewer.render.culling import View
from viewer.render.materials import make_program
from viewer.render.outline import Outline
from viewer.render.pane_places import pane_rects
from viewer.render.picture_texture import PictureTexture

if TYPE_CHECKING:
    from viewer.render.scene import SceneView

StereoMode = Literal["off", "anaglyph", "side-by-side", "side-by-side-full"]
MODES: tuple[StereoMode, ...] = get_args(StereoMode)
"""anaglyph: red and cyan glasses; side-by-side: each eye's picture squeezed into a half, as projectors and televisions
expect; side-by-side-full: the middle of each eye's picture in a half, not squeezed."""
LIMIT = 0.02
"""Most that a point's two pictures are apart, as a share of the picture's width."""
NEAREST_M, FARTHEST_M = 0.5, 20_000.0
"""Distances that are looked at."""
CALM = 0.25
"""While the camera moves, so much of the change of the distance looked at is followed in each picture."""
_GRID = tuple((x, y) for y in (0.30, 0.62, 0.90) for x in (0.2, 0.5, 0.8))
"""Where distances are measured, shares of the picture from the top left."""
_CODES = {"anaglyph": 0, "side-by-side": 1, "side-by-side-full": 2}
Image8 = npt.NDArray[np.uint8]


class Stereo:
    """The two eyes of one scene.

    Attributes: mode: one of `MODES`; may be changed between pictures.

    Args:
        window: the scene's window.
        scene: the renderer of the picture.
        outline: the lines round what is selected.
    """

    def __init__(self, window: vtkRenderWindow, scene: vtkRenderer, outline: Outline):
        self.mode: StereoMode = "off"
        self._window, self._scene, self._outline = window, scene, outline
        self._side = 0
        self._apart = self._shift = 0.0
        self._measured: tuple[float, float] | None = None
        self._joint: _Joint | None = None

    def steps(
        self, scene: SceneView, camera: Camera | None, moving: bool, draw: Callable[[], Iterator[int]]
    ) -> Iterator[int]:
        """Draw a picture of a camera: by ``draw`` as it is, or for both eyes. ``moving``: the camera does not rest."""
        if self.mode == "off":
            self._measured = None
            yield from draw()
            return
        frames, view = scene.frames, scene.view(_part_size(scene))
        self._aim(scene, view, camera, moving)
        joint = self._joint = self._joint or _Joint(self._window)
        try:
            for side in (-1, 1):
                self._side = side
                self._outline.spread = LIMIT * view.width
                self._scene.GetActiveCamera().SetWindowCenter(-side * self._shift, 0.0)
                yield from draw()
                joint.take(side)
        finally:
            self._side = 0
            self._outline.spread = 0.0
            self._scene.GetActiveCamera().SetWindowCenter(0.0, 0.0)
        joint.draw(_CODES[self.mode])
        scene.frames, scene.drawn_camera = frames + 1, camera

    def close(self) -> None:
        """Free everything. The context must be current if there is one."""
        if self._joint is not None:
            self._joint.close()
        self._joint = None
        del self._window, self._scene, self._outline

    # --- the eye that is drawn for now ---------------------------------------------------------------------------

    def seen(self, view: View) -> View:
        """The view of the eye that is drawn for; the same view where none is."""
        return replace(view, eye=view.eye + view.right * (0.5 * self._side * self._apart)) if self._side else view

    def wide(self, view: View) -> View:
        """A view that holds what the cut-off frustum shows."""
        return replace(view, tan_x=view.tan_x * (1.0 + abs(self._shift))) if self._side else view

    def slanted(self, view: View) -> View:
        """A view whose rays through pixels are those of the cut-off frustum."""
        if not self._side:
            return view
        return replace(view, ahead=view.ahead - view.right * (self._side * self._shift * view.tan_x))

    def _aim(self, scene: SceneView, view: View, camera: Camera | None, moving: bool) -> None:
        """Choose the eyes' distance from each other and where both look."""
        focus, nearest = _inverse_distances(scene, view, camera)
        if moving and self._measured is not None:
            before = self._measured
            focus, nearest = (a + CALM * (b - a) for a, b in zip(before, (focus, nearest), strict=True))
        self._measured = focus, nearest
        self._apart = 2.0 * view.tan_x * LIMIT / max(nearest - focus, focus)
        self._shift = 0.5 * self._apart * focus / view.tan_x


def _part_size(scene: SceneView) -> tuple[int, int]:
    """Width and height of a pane in pixels; of the picture where it has none."""
    count = 0 if scene.state is None else len(scene.state.panes)
    if not count:
        return scene.size
    rect = pane_rects(count, *scene.size, scene.pixel_ratio * scene.render_scale)[0]
    return rect.width, rect.height


def _inverse_distances(scene: SceneView, view: View, camera: Camera | None) -> tuple[float, float]:
    """What is looked at and what is nearest, as 1 / metres along the view; the sky is endless."""
    found = []
    for x, y in _GRID if scene.origin is not None else ():
        assert scene.origin is not None
        hit = raypick.pick(view, scene.origin, list(scene.layers.values()), x * view.width, y * view.height)
        if hit is not None:
            depth = float((np.array(hit.position) - scene.origin - view.eye) @ view.ahead)
            found.append(1.0 / min(max(depth, NEAREST_M), FARTHEST_M))
    if not found:
        away = 100.0 if camera is None else float(np.linalg.norm(np.subtract(camera.target, camera.position)))
        found = [1.0 / min(max(away, NEAREST_M), FARTHEST_M)]
    return float(np.mean(found)), max(found)


class _Joint:
    """Both eyes' pictures as textures, and the renderer that makes one of them."""

    def __init__(self, window: vtkRenderWindow):
        self._window = window
        self._textures = {-1: PictureTexture(window), 1: PictureTexture(window)}
        self._corners = np.array([[-1, -1, 0], [3, -1, 0], [-1, 3, 0]], np.float32)
        self._triangle = np.arange(3, dtype=np.int32)
        points, cells, data = vtkPoints(), vtkCellArray(), vtkPolyData()
        points.SetData(numpy_to_vtk(self._corners, deep=0))
        cells.SetData(3, numpy_to_vtk(self._triangle, deep=0))
        data.SetPoints(points)
        data.SetPolys(cells)
        mapper = vtkPolyDataMapper()
        mapper.SetInputData(data)
        mapper.SetVBOShiftScaleMethod(0)
        self._program = make_program("stereo")
        self._actor = vtkActor()
        self._actor.SetMapper(mapper)
        self._actor.SetShaderProperty(self._program)
        self._actor.ForceOpaqueOn()
        self._actor.PickableOff()
        self._renderer = vtkRenderer()
        self._renderer.SetAutomaticLightCreation(False)
        self._renderer.GetCullers().RemoveAllItems()
        self._renderer.AddActor(self._actor)
        self._renderer.DrawOff()
        window.AddRenderer(self._renderer)

    def take(self, side: int) -> None:
        """Copy the picture that was just drawn."""
        width, height = self._window.GetSize()
        self._textures[side].take(0, 0, int(width), int(height))

    def draw(self, code: int) -> None:
        """Make the window's picture of both."""
        uniforms, surface = self._program.GetFragmentCustomUniforms(), self._actor.GetProperty()
        uniforms.SetUniformi("mode", code)
        for name, side in (("leftTex", -1), ("rightTex", 1)):
            if surface.GetTexture(name) is not self._textures[side].texture:
                surface.SetTexture(name, self._textures[side].texture)
        others = [r for r in self._window.GetRenderers() if r.GetDraw()]  # type: ignore[attr-defined]
        for renderer in others:
            renderer.DrawOff()
        self._renderer.DrawOn()
        try:
            self._window.Render()
        finally:
            self._renderer.DrawOff()
            for renderer in others:
                renderer.DrawOn()

    def close(self) -> None:
        """Leave the window."""
        for taken in self._textures.values():
            taken.release()
        self._renderer.RemoveAllViewProps()
        self._window.RemoveRenderer(self._renderer)
        del self._window, self._renderer


# --- where things are on the screen --------------------------------------------------------------------------------


def picture_x(mode: StereoMode, x: float, width: int) -> float:
    """The pixel of one eye's picture that is seen at a pixel of the whole picture; both count from the left."""
    half = width // 2
    if mode == "side-by-side":
        return 2.0 * (x if x < half else x - half) + 0.5
    if mode == "side-by-side-full":
        return (x if x < half else x - half) + (width - half) // 2
    return x


def places(mode: StereoMode, width: float) -> tuple[tuple[float, float, float, float], ...]:
    """Where one eye's picture appears: clip from, clip to, shift and scale of x for each, pixels of the whole."""
    half = width // 2
    if mode == "side-by-side":
        return (0.0, half, 0.0, 0.5), (half, width, half, 0.5)
    if mode == "side-by-side-full":
        cut = (width - half) // 2
        return (0.0, half, -cut, 1.0), (half, width, half - cut, 1.0)
    return ((0.0, width, 0.0, 1.0),)


def overlaid(image: Image8, paint: Callable[[Image8], Image8], mode: StereoMode) -> Image8:
    """A copy of a picture, uint8 (H, W, 3), with what ``paint`` puts on it for both eyes, as far away as what is
    looked at."""
    if mode not in ("side-by-side", "side-by-side-full"):
        return paint(image)
    black, white = np.zeros_like(image), np.full_like(image, 255)
    colour = paint(black).astype(np.float32)
    through = paint(white).astype(np.float32) - colour
    width = image.shape[1]
    half = width // 2
    layers = []
    for layer in (colour, through):
        if mode == "side-by-side":
            squeezed = layer[:, : 2 * half].reshape(len(layer), half, 2, 3).mean(axis=2)
            layers.append(np.concatenate([squeezed, squeezed, layer[:, 2 * half :]], axis=1))
        else:
            cut = (width - half) // 2
            layers.append(np.concatenate([layer[:, cut : cut + half], layer[:, cut : cut + width - half]], axis=1))
    out = layers[0] + image * (layers[1] / 255.0)
    return np.asarray(np.clip(np.rint(out), 0, 255), np.uint8)
