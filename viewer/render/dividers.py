"""The line of a swipe and the gaps between panes, drawn over the finished picture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkDataObject, vtkPolyData
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer, vtkRenderWindow

from viewer.render.materials import make_program

MOST_LINES = 4
Line = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels of the window."""


class Dividers:
    """Lines of one scene; made when the first is needed.

    Args:
        window: the scene's window.
    """

    def __init__(self, window: vtkRenderWindow):
        self._window = window
        self._renderer: vtkRenderer | None = None
        self._corners = np.zeros((4 * MOST_LINES, 3), np.float32)
        self._kept: list[npt.NDArray[np.generic]] = []
        self._data = vtkPolyData()

    @contextmanager
    def drawn(self, lines: tuple[Line, ...], size: tuple[int, int]) -> Iterator[None]:
        """Within it, the window's pictures have the lines. ``size``: of the window, pixels."""
        if not lines:
            yield
            return
        renderer = self._renderer = self._renderer or self._make()
        self._place(lines[:MOST_LINES], size)
        renderer.DrawOn()
        try:
            yield
        finally:
            renderer.DrawOff()

    def close(self) -> None:
        """Free everything. The context must be current if there is one."""
        if self._renderer is not None:
            self._renderer.RemoveAllViewProps()
            self._window.RemoveRenderer(self._renderer)
        self._renderer = None
        del self._window

    def _place(self, lines: tuple[Line, ...], size: tuple[int, int]) -> None:
        self._corners[:] = 2.0  # outside of the picture
        for k, (left, top, right, bottom) in enumerate(lines):
            x = np.array([left, right]) * 2.0 / size[0] - 1.0
            y = 1.0 - np.array([top, bottom]) * 2.0 / size[1]
            a, b, c, d = (x[0], y[1]), (x[0], y[0]), (x[1], y[0]), (x[1], y[1])
            # the first two corners are one long side, the others the other
            order = (a, b, c, d) if right - left < bottom - top else (b, c, d, a)
            self._corners[4 * k : 4 * k + 4, :2] = order
        self._data.GetPoints().GetData().Modified()
        self._data.GetPoints().Modified()
        self._data.Modified()

    def _make(self) -> vtkRenderer:
        first = np.arange(MOST_LINES, dtype=np.int32)[:, None] * 4
        triangles = (first + np.array([0, 1, 2, 0, 2, 3], np.int32)).reshape(-1)
        across = np.tile(np.array([-1, -1, 1, 1], np.float32), MOST_LINES)
        self._kept += [triangles, across]
        points, cells = vtkPoints(), vtkCellArray()
        points.SetData(numpy_to_vtk(self._corners, deep=0))
        cells.SetData(3, numpy_to_vtk(triangles, deep=0))
        self._data.SetPoints(points)
        self._data.SetPolys(cells)
        array = numpy_to_vtk(across, deep=0)
        array.SetName("across")
        self._data.GetPointData().AddArray(array)
        mapper = vtkPolyDataMapper()
        mapper.SetInputData(self._data)
        mapper.ScalarVisibilityOff()
        mapper.SetVBOShiftScaleMethod(0)
        mapper.MapDataArrayToVertexAttribute("across", "across", vtkDataObject.FIELD_ASSOCIATION_POINTS, -1)
        actor = vtkActor()
        actor.SetMapper(mapper)
        actor.SetShaderProperty(make_program("divider"))
        actor.ForceOpaqueOn()
        actor.PickableOff()
        renderer = vtkRenderer()
        renderer.SetAutomaticLightCreation(False)
        renderer.GetCullers().RemoveAllItems()
        renderer.SetPreserveColorBuffer(True)
        renderer.AddActor(actor)
        renderer.DrawOff()
        self._window.AddRenderer(renderer)
        return renderer
