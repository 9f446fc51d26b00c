"""Results of scenarios in a scene: what they add to the shaders of layers, and what they draw besides."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow

from viewer.render.culling import View
from viewer.render.fields import FieldPool
from viewer.render.ground_field import GroundCells
from viewer.render.layer import LayerView
from viewer.render.layer_extras import NO_EXTRAS, SIDES, SceneExtras
from viewer.render.lit import Surroundings
from viewer.render.meshes import Draw
from viewer.render.movers import Movers
from viewer.render.state import RenderState, WaterLook
from viewer.render.water_sheet import MOST_CELLS, MOST_CELLS_SOFTWARE, WaterSheet

Float64 = npt.NDArray[np.float64]


def differ(old: RenderState | None, new: RenderState) -> bool:
    """True if results are drawn otherwise than before."""
    if old is None:
        return True
    same = (old.compare, old.nodes) == (new.compare, new.nodes) and (not new.compare or old.position == new.position)
    return not (same and old.ground is new.ground and old.water is new.water and old.movers is new.movers)


class ScenarioView:
    """What a scene has for scenarios; nothing is made before it is needed.

    Args:
        window: the scene's window.
        renderer: that of the picture.
        software: True if OpenGL runs on the processor.
    """

    def __init__(self, window: vtkRenderWindow, renderer: vtkRenderer, software: bool):
        self._pool = FieldPool(window)
        self._renderer, self._software = renderer, software
        self._sheets: list[WaterSheet] = []
        self._water: WaterLook | None = None
        self._water_from: tuple[object, ...] = ()
        self._movers: list[Movers] = []
        self._size = 1, 1
        self._line, self._sides = (0.0, 0.5), 0
        self.hidden = False
        """True while ids are drawn: water and vehicles have none, and hide nothing."""
        self._scene = NO_EXTRAS
        self._made_from: tuple[object, ...] = ()

    def prepare(
        self,
        state: RenderState | None,
        view: View,
        layers: Mapping[str, LayerView],
        origin: Float64,
        scale: float,
    ) -> tuple[list[Draw], Float64]:
        """Bring everything in line with a state, before a picture.

        Args:
            origin: (3,), the scene's zero in world coordinates.
            scale: pixels of the picture per point of the screen.

        Returns:
            What is drawn besides layers and lies in view, and its boxes (K, 6), scene coordinates.
        """
        if state is None:
            return [], np.zeros((0, 6))
        self._line = state.position * view.width, state.position
        self._sides = SIDES[state.compare]
        made_from = (state.compare, state.ground, state.nodes, *origin.tolist())
        if not _same(made_from, self._made_from):
            self._made_from = made_from
            self._scene = SceneExtras.of(state, None if state.ground is None else GroundCells(state.ground, origin))
        for layer in layers.values():
            layer.set_extras(self._scene)
            for material in layer.all_materials():
                if layer.extras.defines(material.defines_kind):
                    layer.extras.dress(material, self._pool)
                    layer.extras.set_line(material, *self._line)
        self._follow_water(state, origin)
        if self.hidden:
            return [], np.zeros((0, 6))
        found = [sheet.seen(view) for sheet in self._sheets]
        draws = [draw for part, _ in found for draw in part]
        self._size = view.width, view.height
        moving, box = self._follow_movers(state, view, origin, scale)
        return draws + moving, np.concatenate([np.zeros((0, 6)), *(boxes for _, boxes in found), box])

    def dress(self, around: Surroundings) -> None:
        """Hand camera, light and colours to what `prepare` gave."""
        if self._water is not None:
            for sheet in self._sheets:
                sheet.dress(around, self._pool, self._water.scale, self._sides, self._line)
        for movers in self._movers:
            movers.dress(around, self._sides, self._line, self._size)

    def _follow_water(self, state: RenderState, origin: Float64) -> None:
        wanted = (state.water, bool(state.compare), *origin.tolist())
        if _same(wanted, self._water_from):
            return
        self._water, self._water_from = state.water, wanted
        if state.water is None and not self._sheets:
            return
        if not self._sheets:
            most = MOST_CELLS_SOFTWARE if self._software else MOST_CELLS
            self._sheets = [WaterSheet(most, side) for side in (0, 1)]
        look = state.water
        steps = (None, None) if look is None else (look.a, look.b if state.compare else None)
        for sheet, step in zip(self._sheets, steps, strict=True):
            new, old = sheet.show(step, origin)
            for draw in new:
                self._renderer.AddActor(draw.actor)
            for draw in old:
                self._renderer.RemoveActor(draw.actor)

    def _follow_movers(
        self, state: RenderState, view: View, origin: Float64, scale: float
    ) -> tuple[list[Draw], Float64]:
        """What is drawn of vehicles and people, and a box around each draw, (K, 6), scene coordinates."""
        look = state.movers
        sets = (None, None) if look is None else (look.a, look.b if state.compare else None)
        if look is not None and not self._movers:
            self._movers = [Movers(self._software, side) for side in (0, 1)]
        draws: list[Draw] = []
        boxes = [np.zeros((0, 6))]
        for movers, side in zip(self._movers, sets, strict=False):
            if side is None or not len(side.positions):
                continue
            shown, new = movers.place(side, view, origin, scale)
            for draw in new:
                self._renderer.AddActor(draw.actor)
            places = side.positions - origin
            box = np.concatenate([places.min(axis=0) - 20.0, places.max(axis=0) + 20.0])
            draws += shown
            boxes.append(np.tile(box, (len(shown), 1)))
        return draws, np.concatenate(boxes)

    def close(self) -> None:
        """Free everything. The context must be current."""
        self._sheets.clear()
        self._movers.clear()
        self._pool.close()
        del self._renderer


def _same(a: tuple[object, ...], b: tuple[object, ...]) -> bool:
    return len(a) == len(b) and all(x is y or x == y for x, y in zip(a, b, strict=True))
