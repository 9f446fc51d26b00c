"""Results of scenarios in a scene: what they add to the shaders of layers, and what they draw besides."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from vtkmodules.vtkRenderingCore import vtkRenderWindow

from viewer.render.culling import View
from viewer.render.fields import FieldPool
from viewer.render.ground_field import GroundCells
from viewer.render.layer import LayerView
from viewer.render.layer_extras import NO_EXTRAS, SceneExtras
from viewer.render.state import RenderState

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
    """

    def __init__(self, window: vtkRenderWindow):
        self._pool = FieldPool(window)
        self._scene = NO_EXTRAS
        self._made_from: tuple[object, ...] = ()

    def prepare(
        self, state: RenderState | None, view: View, left: int, layers: Mapping[str, LayerView], origin: Float64
    ) -> None:
        """Bring shaders and uniforms in line with a state, before a picture. ``left``: pixels of the window that lie
        left of the picture; ``origin`` (3,): the scene's zero."""
        if state is None:
            return
        made_from = (state.compare, state.ground, state.nodes, *origin.tolist())
        if not _same(made_from, self._made_from):
            self._made_from = made_from
            self._scene = SceneExtras.of(state, None if state.ground is None else GroundCells(state.ground, origin))
        for layer in layers.values():
            layer.set_extras(self._scene)
            for material in layer.all_materials():
                if layer.extras.defines(material.defines_kind):
                    layer.extras.dress(material, self._pool)
                    layer.extras.set_line(material, left + state.position * view.width, state.position)

    def close(self) -> None:
        """Free everything. The context must be current."""
        self._pool.close()


def _same(a: tuple[object, ...], b: tuple[object, ...]) -> bool:
    return len(a) == len(b) and all(x is y or x == y for x, y in zip(a, b, strict=True))
