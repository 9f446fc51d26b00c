"""Lines round what is selected, under the pointer, proposed or changed by a scenario.

A mask of it is drawn, then the edge of the mask as a crisp line.

The mask is drawn by a renderer of its own into a texture of the picture's size; it holds only the faces of those
objects. Another renderer then draws the line over the finished picture: solid where the object can be seen, thin and
dashed where something hides a selection.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
from vtkmodules.vtkCommonCore import vtkCommand
from vtkmodules.vtkRenderingCore import vtkActor, vtkRenderer, vtkRenderWindow
from vtkmodules.vtkRenderingOpenGL2 import vtkOpenGLFramebufferObject, vtkOpenGLTexture

from viewer.render.culling import View
from viewer.render.instanced import CopyDraw, CopyTable, Drawable
from viewer.render.layer import LayerView
from viewer.render.materials import make_program
from viewer.render.screen import triangle_actor

Float64 = npt.NDArray[np.float64]
Float32 = npt.NDArray[np.float32]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

PROPOSED, CHANGED, ADDED, REMOVED, HOVERED, SELECTED = range(1, 7)
"""Codes in the mask; where objects of two kinds touch, the higher one draws the line."""
MOST_OBJECTS = 300
"""More have no lines, which would merge: their colour tells them apart, and a window must not stand still for them."""
OVER_AREAS = 0.3
"""Metres that lines lie over areas and ways which are drawn higher than they lie."""
MOST_TRIANGLES = 1_500_000
"""Triangles of a mask; what has more is told by its colour only."""
_VTK_FLOAT = 10
_NO_ROWS = np.zeros(0, np.int64)


@dataclass(slots=True)
class _Mask:
    """One kind of one layer in the mask. Attributes: key: what it was made from; box: float64 (6,), scene."""

    key: tuple[object, ...]
    actor: vtkActor | None = None
    box: Float64 | None = None
    kept: Sequence[object] = field(default_factory=list)


class Outline:
    """The lines of one scene.

    Args:
        window: the scene's window.
        scene: the renderer of the picture, whose camera is used.
    """

    def __init__(self, window: vtkRenderWindow, scene: vtkRenderer):
        self._window = window
        self._masks: dict[tuple[str, int], _Mask] = {}
        self._runs: WeakKeyDictionary[Drawable, tuple[Int64, Int64]] = WeakKeyDictionary()
        self._buffer: vtkOpenGLFramebufferObject | None = None
        self._size = (0, 0)
        self.spread = 0.0
        """Pixels that objects may be off their place in the view."""
        self._texture = vtkOpenGLTexture()
        self._mask_renderer, self._line_renderer = (self._make_renderer(scene) for _ in range(2))
        self._mask_renderer.SetBackground(0.0, 0.0, 0.0)
        self._mask_renderer.AddObserver(vtkCommand.StartEvent, self._begin_mask)
        self._mask_renderer.AddObserver(vtkCommand.EndEvent, self._end_mask)
        self._line_renderer.SetPreserveColorBuffer(True)
        self._line_renderer.SetPreserveDepthBuffer(True)
        self._line_renderer.SetUseOIT(False)
        self._lines = [_Line(hidden) for hidden in (True, False)]
        for line in self._lines:
            self._line_renderer.AddActor(line.actor)
        self._bound = False

    @property
    def active(self) -> bool:
        """True if there is anything to draw a line round."""
        return any(mask.actor is not None for mask in self._masks.values())

    def follow(self, layers: Iterable[LayerView]) -> None:
        """Take over what is selected, hovered, proposed and changed now; only what differs is made anew."""
        wanted: dict[tuple[str, int], _Mask] = {}
        for layer in layers:
            for kind, rows, about in _kinds(layer):
                place = layer.layer_id, kind
                key = (id(layer), layer.shown_version, tuple(lod.index for lod in layer.shown_lods()), about)
                old = self._masks.get(place)
                wanted[place] = old if old is not None and old.key == key else self._make(layer, kind, rows, key)
        for place, mask in self._masks.items():
            if mask.actor is not None and wanted.get(place) is not mask:
                self._mask_renderer.RemoveActor(mask.actor)
        for place, mask in wanted.items():
            if mask.actor is not None and self._masks.get(place) is not mask:
                self._mask_renderer.AddActor(mask.actor)
        self._masks = wanted

    def learn_steps(self, layer: LayerView) -> Iterator[None]:
        """Find out where objects lie in a layer's actors, one at a time; `follow` finds out itself what is missing,
        which would hold up the first click."""
        for draw in tuple(layer.all_draws()):
            if draw.casts and not isinstance(draw, CopyDraw):
                self._runs_of(draw)
                yield

    @contextmanager
    def drawn(self, view: View | None, scale: float) -> Iterator[None]:
        """Within it, the window's pictures have the lines, unless there are none or ``view`` is None.

        ``scale``: pixels of the picture per point of the screen.
        """
        if view is None or not self.active:
            yield
            return
        boxes = [mask.box for mask in self._masks.values() if mask.box is not None]
        rect = screen_rect(view, boxes, 8.0 * scale + self.spread)
        chosen = any(kind == SELECTED and mask.actor is not None for (_, kind), mask in self._masks.items())
        self._lines[0].actor.SetVisibility(chosen)  # (the hidden parts of anything else are not told)
        for line in self._lines:
            line.place(rect, scale, self._part())
        self._mask_renderer.DrawOn()
        self._line_renderer.DrawOn()
        try:
            yield
        finally:
            self._mask_renderer.DrawOff()
            self._line_renderer.DrawOff()

    def _part(self) -> tuple[float, float, float, float]:
        """First and last column and row of the pane that is drawn: the mask beyond it is that of other pictures."""
        left, bottom, right, top = self._line_renderer.GetViewport()
        width, height = self._window.GetSize()
        return round(left * width), round(bottom * height), round(right * width) - 1, round(top * height) - 1

    @property
    def renderers(self) -> tuple[vtkRenderer, vtkRenderer]:
        """Those of the mask and of the lines."""
        return self._mask_renderer, self._line_renderer

    def close(self) -> None:
        """Free everything. The context must be current if there is one."""
        self._masks.clear()
        for renderer in (self._mask_renderer, self._line_renderer):
            renderer.RemoveAllObservers()
            renderer.RemoveAllViewProps()
            self._window.RemoveRenderer(renderer)
        if self._buffer is not None:
            self._buffer.ReleaseGraphicsResources(self._window)
        self._buffer = None
        del self._window, self._mask_renderer, self._line_renderer

    def _make_renderer(self, scene: vtkRenderer) -> vtkRenderer:
        renderer = vtkRenderer()
        renderer.SetAutomaticLightCreation(False)
        renderer.GetCullers().RemoveAllItems()
        renderer.SetActiveCamera(scene.GetActiveCamera())
        renderer.DrawOff()
        self._window.AddRenderer(renderer)
        return renderer

    def _make(self, layer: LayerView, kind: int, rows: Int64, key: tuple[object, ...]) -> _Mask:
        mask = _Mask(key)
        parts = list(self._faces(layer, rows)) if 0 < len(rows) <= MOST_OBJECTS else []
        if not parts or sum(len(corners) for corners in parts) > MOST_TRIANGLES:
            return mask
        corners = np.concatenate(parts)
        flat = corners.reshape(-1, 3)
        if layer.look is not None and layer.look.over > 0.0:
            flat = flat + np.array([0.0, 0.0, layer.look.over + OVER_AREAS])
        # float32 keeps its precision around the objects' own middle
        middle = np.floor((flat.min(axis=0) + flat.max(axis=0)) / 2.0)
        positions = (flat - middle).astype(np.float32)
        mask.box = np.concatenate([flat.min(axis=0), flat.max(axis=0)])
        mask.actor, mask.kept = triangle_actor(positions, np.arange(len(flat), dtype=np.int32))
        mask.actor.ForceOpaqueOn()
        program = make_program("mask")
        program.GetFragmentCustomUniforms().SetUniformi("code", kind)
        mask.actor.SetShaderProperty(program)
        mask.actor.SetPosition(*middle)
        return mask

    def _faces(self, layer: LayerView, rows: Int64) -> Iterator[Float64]:
        """Corners (T, 3, 3), scene coordinates, of the shown faces of objects."""
        shown = layer.style.shown_lod
        rows = rows[(rows >= 0) & (rows < len(shown))]
        for lod in layer.shown_lods():
            own = rows[shown[rows] == lod.index + 1]
            for draw in lod.draws if len(own) else ():
                if isinstance(draw, CopyDraw):
                    yield from _copies(draw, lod.copies, own)
                elif draw.casts:
                    corners = self._of_draw(draw, own)
                    if len(corners):
                        yield corners

    def _of_draw(self, draw: Drawable, rows: Int64) -> Float64:
        """Corners (T, 3, 3) of objects in an actor's mesh, scene coordinates. An object's vertices are neighbours."""
        mesh = draw.mesh
        which, starts = self._runs_of(draw)
        hit = np.flatnonzero(np.isin(which, rows))
        if not len(hit):
            return np.zeros((0, 3, 3))
        inside = np.zeros(len(mesh.positions) + 1, np.int8)
        np.add.at(inside, starts[hit], 1)
        np.add.at(inside, starts[hit + 1], -1)
        member = np.cumsum(inside[:-1]) > 0
        triangles = mesh.triangles[member[mesh.triangles[:, 0]]]
        return np.asarray(mesh.positions[triangles] + np.asarray(draw.actor.GetPosition()))

    def _runs_of(self, draw: Drawable) -> tuple[Int64, Int64]:
        """Object row of each run of vertices, int64 (R,), and where the runs begin and the last one ends (R + 1,)."""
        runs = self._runs.get(draw)
        if runs is None:
            tags = draw.mesh.attributes["tags"][:, 0]
            starts = np.concatenate([np.zeros(min(1, len(tags)), np.int64), np.flatnonzero(tags[1:] != tags[:-1]) + 1])
            runs = self._runs[draw] = tags[starts].astype(np.int64), np.append(starts, len(tags))
        return runs

    def _begin_mask(self, *_: object) -> None:
        """Have the mask drawn into a buffer of its own, of the picture's size."""
        width, height = (int(side) for side in self._window.GetSize())
        state = self._window.GetState()  # type: ignore[attr-defined]
        state.PushFramebufferBindings()
        if self._buffer is None or self._buffer.GetFBOIndex() == 0 or self._size != (width, height):
            if self._buffer is not None:
                self._buffer.ReleaseGraphicsResources(self._window)
            self._buffer = vtkOpenGLFramebufferObject()
            self._buffer.SetContext(self._window)
            self._buffer.PopulateFramebuffer(width, height, True, 1, _VTK_FLOAT, True, 24, 0, False)
            self._size = width, height
            self._texture.SetTextureObject(self._buffer.GetColorAttachmentAsTextureObject(0))
        self._buffer.Bind()
        self._buffer.ActivateBuffer(0)

    def _end_mask(self, *_: object) -> None:
        self._window.GetState().PopFramebufferBindings()  # type: ignore[attr-defined]
        if not self._bound:
            self._bound = True
            for line in self._lines:
                line.actor.GetProperty().SetTexture("maskTex", self._texture)


class _Line:
    """A rectangle of the picture in which the edges of the mask become lines."""

    def __init__(self, hidden: bool):
        self._program = make_program("outline")
        corners = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], np.float32)
        self.actor, self._kept = triangle_actor(corners, np.array([0, 1, 2, 0, 2, 3], np.int32))
        self.actor.SetShaderProperty(self._program)
        self.actor.ForceOpaqueOff()
        self.actor.ForceTranslucentOn()
        self._program.GetFragmentCustomUniforms().SetUniformi("hidden", int(hidden))
        self.place((-1.0, -1.0, 1.0, 1.0), 1.0, (0.0, 0.0, 1e6, 1e6))

    def place(
        self, rect: tuple[float, float, float, float], scale: float, part: tuple[float, float, float, float]
    ) -> None:
        self._program.GetVertexCustomUniforms().SetUniform4f("rect", rect)
        fragment = self._program.GetFragmentCustomUniforms()
        fragment.SetUniformf("lineScale", max(scale, 0.5))
        fragment.SetUniform4f("part", part)


def screen_rect(view: View, boxes: list[Float64], margin: float) -> tuple[float, float, float, float]:
    """Where boxes (6,), scene coordinates, appear: left, bottom, right, top in clip coordinates -1..1, widened by so
    many pixels. The whole picture where a box reaches behind the eye."""
    whole = (-1.0, -1.0, 1.0, 1.0)
    if not boxes:
        return whole
    ends = np.stack(boxes).reshape(-1, 2, 3)
    corners = np.stack(np.broadcast_arrays(*[ends[:, choice, axis] for axis, choice in enumerate(_CHOICES)]), axis=-1)
    away = corners.reshape(-1, 3) - view.eye
    ahead = away @ view.ahead
    if ahead.min() < 1e-3:
        return whole
    x = away @ view.right / (ahead * view.tan_x)
    y = away @ view.up / (ahead * view.tan_y)
    dx, dy = 2.0 * margin / view.width, 2.0 * margin / view.height
    low, high = np.clip([x.min() - dx, y.min() - dy], -1, 1), np.clip([x.max() + dx, y.max() + dy], -1, 1)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


_CHOICES = np.indices((2, 2, 2)).reshape(3, 8)
"""Which end of a box each of its corners takes, per axis."""


def _kinds(layer: LayerView) -> Iterator[tuple[int, Int64, object]]:
    """Code, rows, and what tells that the rows are still the same."""
    look = layer.look
    if look is None or not look.visible:
        return
    yield PROPOSED, look.proposed, look.proposed.tobytes()
    for code, rows in ((CHANGED, look.changed), (ADDED, look.added), (REMOVED, look.removed)):
        if len(rows):
            yield code, rows, rows.tobytes()
    yield HOVERED, np.array([layer.hover], np.int64) if layer.hover >= 0 else _NO_ROWS, layer.hover
    yield SELECTED, look.selected, look.selected.tobytes()


def _copies(draw: CopyDraw, table: CopyTable | None, rows: Int64) -> Iterator[Float64]:
    """Corners (T, 3, 3) of the copies of a template, scene coordinates."""
    tile = draw.tile
    part = slice(tile.first, tile.first + tile.count)
    chosen = np.flatnonzero(np.isin(table.rows[part], rows)) if table is not None else _NO_ROWS
    if table is None or not len(chosen):
        return
    corners = tile.template.positions[tile.template.triangles].astype(np.float64) + tile.template.origins[0]
    matrices = table.matrices[part][chosen]
    moved = matrices[:, :, 3] - tile.origin + np.asarray(draw.actor.GetPosition())
    placed = np.einsum("iab,tcb->itca", matrices[:, :, :3], corners) + moved[:, None, None, :]
    yield np.asarray(placed.reshape(-1, 3, 3))
