"""numpy arrays as VTK actors, without copies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonCore import vtkDataArray, vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkDataObject, vtkPolyData
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkProperty
from vtkmodules.vtkRenderingOpenGL2 import vtkOpenGLShaderProperty

from loaders.city import TileSet

MAX_DRAWS = 256
"""Most actors of one LoD: each visible actor costs about 20 us of the main thread per frame."""


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """What one actor draws: float32 offsets from a float64 world origin.

    Attributes: origin float64 (3,); bounds float64 (6,) minx miny minz maxx maxy maxz, world;
    positions float32 (V, 3); triangles int32 (T, 3); attributes name -> float32 (V,) or (V, C);
    vertices: where the vertices lie in the tile set (slice), for arrays that are bound later.
    """

    origin: npt.NDArray[np.float64]
    bounds: npt.NDArray[np.float64]
    positions: npt.NDArray[np.float32]
    triangles: npt.NDArray[np.int32]
    attributes: dict[str, npt.NDArray[np.float32]]
    vertices: slice


def tile_meshes(tiles: TileSet, limit: int = MAX_DRAWS) -> Iterator[Mesh]:
    """The tiles as meshes, one each; neighbours in the list are merged (copied) where there are more than ``limit``."""
    count = tiles.tile_count
    size = max(1, -(-count // limit))
    for first in range(0, count, size):
        mesh = _one_tile(tiles, first) if size == 1 else _merge(tiles, first, min(count, first + size))
        if len(mesh.triangles):
            yield mesh


def _one_tile(tiles: TileSet, k: int) -> Mesh:
    vertices = slice(int(tiles.vertex_start[k]), int(tiles.vertex_start[k + 1]))
    triangles = tiles.triangles[int(tiles.triangle_start[k]) : int(tiles.triangle_start[k + 1])]
    attributes = {"tags": tiles.tags[vertices]}
    return Mesh(tiles.origins[k], tiles.bounds[k], tiles.positions[vertices], triangles, attributes, vertices)


def _merge(tiles: TileSet, first: int, last: int) -> Mesh:
    """Tiles first..last-1 as one mesh around the middle of their origins (a few km: float32 keeps 0.3 mm)."""
    origin = tiles.origins[first:last].mean(axis=0)
    start = tiles.vertex_start
    vertices = slice(int(start[first]), int(start[last]))
    counts = np.diff(start[first : last + 1])
    shift = (tiles.origins[first:last] - origin).astype(np.float64)
    positions = (tiles.positions[vertices] + np.repeat(shift, counts, axis=0)).astype(np.float32)
    faces = np.diff(tiles.triangle_start[first : last + 1])
    offset = np.repeat((start[first:last] - start[first]).astype(np.int32), faces)
    triangles = tiles.triangles[int(tiles.triangle_start[first]) : int(tiles.triangle_start[last])] + offset[:, None]
    low, high = tiles.bounds[first:last, :3].min(axis=0), tiles.bounds[first:last, 3:].max(axis=0)
    attributes = {"tags": tiles.tags[vertices]}
    return Mesh(origin, np.concatenate([low, high]), positions, triangles, attributes, vertices)


class Material(Protocol):
    """What a `Draw` has to know of its material."""

    kind: str
    program: vtkOpenGLShaderProperty
    surface: vtkProperty

    def caster(self) -> tuple[vtkOpenGLShaderProperty, vtkProperty]:
        """Program and property for maps of depth."""


class Draw:
    """A `Mesh` as a VTK actor, and perhaps a draft of it. Keeps the arrays alive that VTK reads.

    Attributes: actor; draft: an actor over the same vertices with only the largest triangles, or None;
    uploaded: True once it has been in a picture; near: drawn in full even while the camera moves.
    """

    def __init__(self, mesh: Mesh, material: Material, scene_origin: npt.NDArray[np.float64]):
        self.mesh = mesh
        self.uploaded = False
        self.near = False
        self.draft: vtkActor | None = None
        self.draft_count = 0
        self.triangle_count = len(mesh.triangles)
        self._material = material
        self._position = mesh.origin - scene_origin
        self._points = vtkPoints()
        self._points.SetData(numpy_to_vtk(mesh.positions, deep=0))
        self._bound: dict[str, tuple[npt.NDArray[np.float32], vtkDataArray]] = {}
        self._kept: list[npt.NDArray[np.int32]] = []
        self._parts: list[tuple[vtkPolyData, vtkPolyDataMapper]] = []
        self.actor = self._make_actor(mesh.triangles)
        for name, values in mesh.attributes.items():
            self.bind(name, values)

    @property
    def data(self) -> vtkPolyData:
        """What the actor draws."""
        return self._parts[0][0]

    def make_draft(self, fraction: float) -> vtkActor:
        """An actor with the largest triangles only, for pictures that must come fast. The vertices are shared."""
        triangles = self.mesh.triangles
        keep = max(1, int(len(triangles) * fraction))
        corners = self.mesh.positions[triangles]
        area2 = (np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) ** 2).sum(axis=1)
        largest = np.sort(np.argpartition(area2, len(area2) - keep)[len(area2) - keep :])
        self.draft, self.draft_count = self._make_actor(triangles[largest]), keep
        data, mapper = self._parts[-1]
        for name, (_, array) in self._bound.items():
            _map(data, mapper, name, array)
        return self.draft

    @property
    def casts(self) -> bool:
        """True if it casts shadows: faces do, points and lines do not."""
        return self._material.kind == "faces"

    def make_caster(self) -> vtkActor:
        """An actor for maps of depth. The vertices are shared."""
        actor = self._make_actor(self.mesh.triangles)
        data, mapper = self._parts.pop()
        _map(data, mapper, "tags", self._bound["tags"][1])
        program, surface = self._material.caster()
        actor.SetShaderProperty(program)
        actor.SetProperty(surface)
        return actor

    def actors(self) -> tuple[vtkActor, ...]:
        """Everything that has to be in the renderer."""
        return (self.actor,) if self.draft is None else (self.actor, self.draft)

    def bind(self, name: str, values: npt.NDArray[np.float32] | None) -> None:
        """Give the vertex shader an attribute: float32 (V,) or (V, C); None takes it away."""
        old = self._bound.pop(name, None)
        if old is None and values is None:
            return
        self.uploaded = False
        for data, mapper in self._parts:
            mapper.RemoveVertexAttributeMapping(name)
            data.GetPointData().RemoveArray(name)
            data.Modified()
        if values is not None:
            array = numpy_to_vtk(values, deep=0)
            array.SetName(name)
            self._bound[name] = values, array
            for data, mapper in self._parts:
                _map(data, mapper, name, array)

    def _make_actor(self, triangles: npt.NDArray[np.int32]) -> vtkActor:
        connectivity = np.ascontiguousarray(triangles).reshape(-1)
        cells = vtkCellArray()
        cells.SetData(3, numpy_to_vtk(connectivity, deep=0))
        data = vtkPolyData()
        data.SetPoints(self._points)
        data.SetPolys(cells)
        mapper = vtkPolyDataMapper()
        mapper.SetInputData(data)
        mapper.ScalarVisibilityOff()
        mapper.SetVBOShiftScaleMethod(0)
        mapper.StaticOn()
        self._kept.append(connectivity)
        self._parts.append((data, mapper))
        actor = vtkActor()
        actor.SetMapper(mapper)
        actor.SetPosition(*self._position)
        actor.SetProperty(self._material.surface)
        actor.SetShaderProperty(self._material.program)
        actor.ForceOpaqueOn()
        actor.PickableOff()
        actor.VisibilityOff()
        return actor


def _map(data: vtkPolyData, mapper: vtkPolyDataMapper, name: str, array: vtkDataArray) -> None:
    data.GetPointData().AddArray(array)
    mapper.MapDataArrayToVertexAttribute(name, name, vtkDataObject.FIELD_ASSOCIATION_POINTS, -1)
    data.Modified()
