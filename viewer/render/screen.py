"""Rectangles over the picture, or over some of its rows, for what is computed pixel by pixel."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper
from vtkmodules.vtkRenderingOpenGL2 import vtkOpenGLShaderProperty

from viewer.render.slicing import Rows


def screen_actor(corners: npt.NDArray[np.float32] | None = None) -> tuple[vtkActor, list[npt.NDArray[np.generic]]]:
    """A rectangle for programs whose vertex shader has ``rows.glsl``, and the arrays that it reads.

    ``corners``: float32 (4, 3), by default those of the whole picture.
    """
    corners = np.array([[-1, 0, 0], [1, 0, 0], [1, 1, 0], [-1, 1, 0]], np.float32) if corners is None else corners
    return triangle_actor(corners, np.array([0, 1, 2, 0, 2, 3], np.int32))


def triangle_actor(
    corners: npt.NDArray[np.float32], triangles: npt.NDArray[np.int32]
) -> tuple[vtkActor, list[npt.NDArray[np.generic]]]:
    """An actor over triangles int32 (3 T,) of corners float32 (V, 3), and the arrays that it reads without a copy."""
    points, cells, data = vtkPoints(), vtkCellArray(), vtkPolyData()
    points.SetData(numpy_to_vtk(corners, deep=0))
    cells.SetData(3, numpy_to_vtk(triangles, deep=0))
    data.SetPoints(points)
    data.SetPolys(cells)
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(data)
    mapper.ScalarVisibilityOff()
    mapper.SetVBOShiftScaleMethod(0)
    mapper.StaticOn()
    actor = vtkActor()
    actor.SetMapper(mapper)
    actor.PickableOff()
    return actor, [corners, triangles]


def put_rows(program: vtkOpenGLShaderProperty, rows: Rows, height: int) -> None:
    """Have a program draw these rows of a picture of so many."""
    ends = 2.0 * rows.start / height - 1.0, 2.0 * rows.end / height - 1.0
    program.GetVertexCustomUniforms().SetUniform2f("rows", ends)
