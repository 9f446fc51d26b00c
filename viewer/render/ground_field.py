"""A raster on the ground: looked up by x and y in the fragment shader, so that no geometry is made for it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from viewer.document.state import Vec3
from viewer.render.fields import FieldPool, put_scale
from viewer.render.materials import CityMaterial
from viewer.render.state import FieldGrid, GroundLook

Float64 = npt.NDArray[np.float64]
Transform = tuple[float, float, float, float, float, float]


class GroundCells:
    """A `GroundLook` for materials.

    Args:
        look: what is drawn.
        origin: float64 (3,), the scene's zero in world coordinates.
    """

    def __init__(self, look: GroundLook, origin: Float64):
        self.look = look
        self._cells = [None if side is None else cells_of(side.transform, origin) for side in (look.a, look.b)]

    def defines(self, two: bool) -> tuple[tuple[str, int], ...]:
        """What shaders have to be compiled with. ``two``: two sides are compared."""
        sides = (self.look.a, self.look.b if two else None)
        present = sum(1 << k for k, side in enumerate(sides) if side is not None and self._cells[k] is not None)
        marked = sum(1 << k for k, side in enumerate(sides) if side is not None and side.uncertain is not None)
        if not present:
            return ()
        made = [("GROUND_FIELD", present)]
        if self.look.smooth:
            made.append(("GROUND_SMOOTH", 1))
        if marked & present:
            made.append(("GROUND_MARKS", marked & present))
        return tuple(made)

    def dress(self, material: CityMaterial, pool: FieldPool) -> None:
        """Hand a material the raster and its colours."""
        fragment = material.program.GetFragmentCustomUniforms()
        put_scale(fragment, self.look.scale)
        for side, cells, suffix in zip((self.look.a, self.look.b), self._cells, ("", "B"), strict=True):
            if side is None or cells is None:
                continue
            material.put_texture("groundTex" + suffix, pool.get(_checked(side)))
            if side.uncertain is not None:
                material.put_texture("groundMarks" + suffix, pool.get(side.uncertain))
            fragment.SetUniform3f("groundAcross" + suffix, cells[0])
            fragment.SetUniform3f("groundDown" + suffix, cells[1])


def cells_of(transform: Transform, origin: Float64) -> tuple[Vec3, Vec3] | None:
    """Factors of x, y and 1 (scene coordinates) that give the column and the row of a place, counted from the first
    cell's outer corner; None where the transform turns an area into a line."""
    a, b, c, d, e, f = transform
    det = a * e - b * d
    if not np.isfinite(det) or det == 0.0:
        return None
    inverse = np.array([[e, -b], [-d, a]]) / det
    shift = inverse @ (np.asarray(origin[:2]) - np.array([c, f]))
    (p, q), (r, s) = inverse.tolist()
    return (p, q, float(shift[0])), (r, s, float(shift[1]))


def _checked(side: FieldGrid) -> npt.NDArray[np.float32]:
    if side.uncertain is not None and side.uncertain.shape != side.values.shape:
        raise ValueError(f"marks of {side.uncertain.shape} cells for a raster of {side.values.shape}")
    return side.values
