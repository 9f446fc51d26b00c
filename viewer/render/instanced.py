"""Copies of geometry templates drawn by the GPU: the template is stored once, a copy is four texels.

VTK's glyph mapper draws them; of its own data it only passes on the number of the copy (as a colour). The copy's whole
matrix and its object row come from a texture, so any matrix works and copies are styled, hidden, highlighted, picked
and shadowed like everything else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkRenderingCore import vtkActor, vtkGlyph3DMapper, vtkTexture

from loaders.city import Instances, TileSet
from viewer.render.materials import CityMaterial
from viewer.render.meshes import Draw, Mesh
from viewer.render.picking import Hit, box_entry, triangle_distances
from viewer.render.state import STYLE_WIDTH
from viewer.render.style_texture import make_texture, rows_of_texels

Float64 = npt.NDArray[np.float64]
Float32 = npt.NDArray[np.float32]

FEWEST_COPIES = 24
"""Templates with fewer copies become ordinary tiles: another actor would cost more than it saves."""
COPIES_PER_TILE = 200
"""Few, so that most of a wood behind the viewer is left out; each tile costs about 30 us a frame where it is seen."""
MAX_COPIES = 1 << 22
"""Most copies in one LoD: the height of a texture that drivers take, four texels each."""
_TEXELS = 4


@dataclass(frozen=True, slots=True, eq=False)
class CopyTile:
    """Copies of one template that lie near each other.

    Attributes: template: its faces of one surface code; code: that code; origin float64 (3,), world; bounds float64
    (6,), world; first, count: its copies in the LoD's `CopyTable`.
    """

    template: TileSet
    code: int
    origin: Float64
    bounds: Float64
    first: int
    count: int


class CopyTable:
    """The copies of one LoD: matrices and object rows, on the GPU as one RGBA32F texture.

    Args:
        groups: those to be drawn as copies (`splits`).

    Attributes: tiles; matrices float64 (I, 3, 4) template -> world; rows int32 (I,), both in the tiles' order.
    """

    def __init__(self, groups: tuple[Instances, ...]):
        matrices: list[Float64] = [np.zeros((0, 3, 4))]
        rows: list[npt.NDArray[np.int32]] = [np.zeros(0, np.int32)]
        local: list[Float32] = [np.zeros((0, 3, 4), np.float32)]
        self.tiles: list[CopyTile] = []
        total = 0
        for group in groups:
            order, firsts = _near_each_other(group.matrices[:, :2, 3])
            for first, last in zip(firsts, [*firsts[1:], len(order)], strict=True):
                chosen = group.matrices[order[first:last], :3, :]
                origin = np.floor(chosen[:, :, 3].mean(axis=0))
                moved = chosen.copy()
                moved[:, :, 3] -= origin
                local.append(moved.astype(np.float32))
                bounds = _bounds(group.template, chosen)
                for code, part in _parts(group.template):
                    self.tiles.append(CopyTile(part, code, origin, bounds, total + first, last - first))
            matrices.append(group.matrices[order, :3, :])
            rows.append(group.object_rows[order])
            total += len(order)
        self.matrices, self.rows = np.concatenate(matrices), np.concatenate(rows)
        self._pixels = self._pack(np.concatenate(local))
        self.texture: vtkTexture = make_texture(self._pixels, STYLE_WIDTH, len(self._pixels) // STYLE_WIDTH)

    def _pack(self, local: Float32) -> Float32:
        texels = np.zeros((len(local), _TEXELS, 4), np.float32)
        texels[:, :3] = local
        texels[:, 3, 0] = self.rows
        flat = texels.reshape(-1, 4)
        height = rows_of_texels(len(flat))
        pixels = np.zeros((height * STYLE_WIDTH, 4), np.float32)
        pixels[: len(flat)] = flat
        return pixels

    def heights(self) -> tuple[npt.NDArray[np.int32], Float64, Float64]:
        """Object row, lowest and highest z (world) of every copy: int32 (I,), float64 (I,), float64 (I,)."""
        low, high = np.full(len(self.rows), np.inf), np.full(len(self.rows), -np.inf)
        for tile in self.tiles:
            part = slice(tile.first, tile.first + tile.count)
            middle, reach = _boxes(tile.template, self.matrices[part, 2:])
            low[part] = np.minimum(low[part], (middle - reach)[:, 0])
            high[part] = np.maximum(high[part], (middle + reach)[:, 0])
        return self.rows, low, high


def splits(groups: tuple[Instances, ...]) -> tuple[tuple[Instances, ...], tuple[Instances, ...]]:
    """Which groups are drawn as copies, and which become ordinary tiles: few copies, or a template with textures."""
    copied: list[Instances] = []
    total = 0
    for group in groups:
        count = len(group.matrices)
        fits = total + count <= MAX_COPIES and count >= FEWEST_COPIES
        if fits and group.template.triangle_count and not group.template.appearances:
            copied.append(group)
            total += count
    return tuple(copied), tuple(group for group in groups if group not in copied)


class CopyDraw:
    """The copies of a `CopyTile` as a VTK actor; to the scene it is like a `viewer.render.meshes.Draw`.

    Attributes: actor; draft: an actor whose template has only its largest triangles, or None; uploaded: True once it
    has been in a picture.
    """

    def __init__(self, tile: CopyTile, material: CityMaterial, scene_origin: Float64):
        self.tile = tile
        template = tile.template
        self.mesh = Mesh(
            tile.origin, tile.bounds, template.positions, template.triangles, {}, slice(0, len(template.positions))
        )
        self.triangle_count = template.triangle_count * tile.count
        self.uploaded = False
        self.near = False
        self.draft: vtkActor | None = None
        self.draft_count = 0
        self._material = material
        self._position = tile.origin - scene_origin
        self._kept: list[object] = []
        self._numbers = self._make_numbers()
        self.actor = self._make_actor(template.triangles)

    @property
    def casts(self) -> bool:
        """True: copies have faces, which cast shadows."""
        return True

    def make_caster(self) -> vtkActor:
        """An actor for maps of depth."""
        actor = self._make_actor(self.tile.template.triangles)
        program, surface = self._material.caster()
        actor.SetShaderProperty(program)
        actor.SetProperty(surface)
        return actor

    def actors(self) -> tuple[vtkActor, ...]:
        """Everything that has to be in the renderer."""
        return (self.actor,) if self.draft is None else (self.actor, self.draft)

    def make_draft(self, fraction: float) -> vtkActor:
        """An actor with the template's largest triangles only, for pictures that must come fast."""
        template = self.tile.template
        keep = max(1, int(template.triangle_count * fraction))
        corners = template.positions[template.triangles]
        area2 = (np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) ** 2).sum(axis=1)
        largest = np.sort(np.argsort(area2)[len(area2) - keep :])
        self.draft, self.draft_count = self._make_actor(template.triangles[largest]), keep * self.tile.count
        return self.draft

    def bind(self, name: str, values: Float32 | None) -> None:
        """Copies have no vertex arrays of their own."""

    def _make_numbers(self) -> vtkPolyData:
        """One point per copy, whose colour is the copy's number. The place comes from the texture."""
        numbers = np.arange(self.tile.first, self.tile.first + self.tile.count, dtype="<u4")
        rgba = numbers.view(np.uint8).reshape(-1, 4).copy()
        rgba[:, 3] = 255
        zeros = np.zeros((self.tile.count, 3), np.float32)
        points, data = vtkPoints(), vtkPolyData()
        points.SetData(numpy_to_vtk(zeros, deep=0))
        data.SetPoints(points)
        data.GetPointData().SetScalars(numpy_to_vtk(rgba, deep=0))
        self._kept += [rgba, zeros]
        return data

    def _make_actor(self, triangles: npt.NDArray[np.int32]) -> vtkActor:
        positions = np.ascontiguousarray(self.tile.template.positions + self.tile.template.origins[0], np.float32)
        connectivity = np.ascontiguousarray(triangles).reshape(-1)
        self._kept += [positions, connectivity]
        points, cells, source = vtkPoints(), vtkCellArray(), vtkPolyData()
        points.SetData(numpy_to_vtk(positions, deep=0))
        cells.SetData(3, numpy_to_vtk(connectivity, deep=0))
        source.SetPoints(points)
        source.SetPolys(cells)
        mapper = vtkGlyph3DMapper()
        mapper.SetInputData(self._numbers)
        mapper.SetSourceData(source)
        mapper.ScalingOff()
        mapper.OrientOff()
        mapper.SetScalarModeToUsePointData()
        mapper.SetColorModeToDirectScalars()
        mapper.StaticOn()
        actor = vtkActor()
        actor.SetMapper(mapper)
        actor.SetPosition(*self._position)
        actor.SetProperty(self._material.surface)
        actor.SetShaderProperty(self._material.program)
        actor.ForceOpaqueOn()
        actor.PickableOff()
        actor.VisibilityOff()
        return actor


Drawable = Draw | CopyDraw
"""What a layer puts into the scene."""


class CopyRays:
    """Finds the first shown face along a ray through the copies of a `CopyTable`: boxes of tiles, then of copies, then
    the ray in the template's own coordinates."""

    def __init__(self, table: CopyTable, tile: CopyTile):
        self._table, self._tile = table, tile
        self._boxes: tuple[Float64, Float64] | None = None

    def first_hit(
        self, start: Float64, direction: Float64, shown: npt.NDArray[np.bool_], limit: float = np.inf
    ) -> Hit | None:
        """The nearest hit before ``limit`` metres on an object whose ``shown`` (N,) is True. World coordinates."""
        tile = self._tile
        bounds = tile.bounds[None]
        if not box_entry(bounds[:, :3] - 1e-3, bounds[:, 3:] + 1e-3, start, direction)[0] < limit:
            return None
        if self._boxes is None:
            corners = _box_corners(tile.template, self._matrices())
            self._boxes = corners.min(axis=1) - 1e-3, corners.max(axis=1) + 1e-3
        rows = self._table.rows[tile.first : tile.first + tile.count]
        entry = np.where(shown[rows], box_entry(*self._boxes, start, direction), np.inf)
        best: Hit | None = None
        for k in np.argsort(entry, kind="stable"):
            nearest = limit if best is None else best.distance
            if entry[k] >= nearest:
                break
            best = self._hit_copy(int(k), int(rows[k]), start, direction, nearest) or best
        return best

    def _matrices(self) -> Float64:
        return self._table.matrices[self._tile.first : self._tile.first + self._tile.count]

    def _hit_copy(self, k: int, row: int, start: Float64, direction: Float64, limit: float) -> Hit | None:
        matrix = self._matrices()[k]
        template = self._tile.template
        corners = template.positions[template.triangles].astype(np.float64) + template.origins[0]
        placed = corners @ matrix[:, :3].T + (matrix[:, 3] - start)
        distance = triangle_distances(placed, direction)
        nearest = int(np.argmin(distance))
        if not distance[nearest] < limit:
            return None
        return Hit(float(distance[nearest]), nearest, row, self._tile.code)


def _parts(template: TileSet) -> list[tuple[int, TileSet]]:
    """The template by surface code."""
    codes = template.tags[template.triangles[:, 0], 1].astype(np.int64)
    kinds = sorted(set(codes.tolist()))
    if len(kinds) == 1:
        return [(kinds[0], template)]
    return [(code, _only(template, codes == code)) for code in kinds]


def _only(template: TileSet, keep: npt.NDArray[np.bool_]) -> TileSet:
    used, corners = np.unique(template.triangles[keep].ravel(), return_inverse=True)
    surface = template.triangle_surface
    return TileSet(
        template.origins,
        template.bounds,
        np.array([0, len(used)], np.int64),
        np.array([0, int(keep.sum())], np.int64),
        template.positions[used],
        template.tags[used],
        corners.reshape(-1, 3).astype(np.int32),
        None if surface is None else surface[keep],
    )


def _box_corners(template: TileSet, matrices: Float64) -> Float64:
    """World corners of each copy's box, float64 (I, 8, 3)."""
    points = template.positions.astype(np.float64) + template.origins[0]
    ends = np.stack([points.min(axis=0), points.max(axis=0)])
    corners = np.stack(np.meshgrid(*ends.T, indexing="ij"), axis=-1).reshape(8, 3)
    return np.asarray(np.einsum("iab,vb->iva", matrices[:, :, :3], corners) + matrices[:, None, :, 3])


def _bounds(template: TileSet, matrices: Float64) -> Float64:
    middle, reach = _boxes(template, matrices)
    return np.concatenate([(middle - reach).min(axis=0), (middle + reach).max(axis=0)])


def _boxes(template: TileSet, matrices: Float64) -> tuple[Float64, Float64]:
    """Middles and half widths of each copy's box along the axes of some rows of its matrix: float64 (I, A) for
    matrices (I, A, 4). The farthest corner is |M| h from the middle."""
    points = template.positions.astype(np.float64) + template.origins[0]
    low, high = points.min(axis=0), points.max(axis=0)
    turn = matrices[:, :, :3]
    return turn @ ((low + high) / 2.0) + matrices[:, :, 3], np.abs(turn) @ ((high - low) / 2.0)


def _near_each_other(places: Float64) -> tuple[npt.NDArray[np.int64], list[int]]:
    """An order in which neighbours lie near each other, and where its tiles begin: strips of square cells."""
    count = len(places)
    cells = max(1, round(float(np.sqrt(count / COPIES_PER_TILE))))
    low = places.min(axis=0)
    span = np.maximum(places.max(axis=0) - low, 1e-9)
    cell = np.minimum((places - low) / span * cells, cells - 1.0).astype(np.int64)
    number = cell[:, 0] * cells + cell[:, 1]
    order = np.argsort(number, kind="stable")
    firsts = np.flatnonzero(np.diff(number[order], prepend=-1))
    return order.astype(np.int64), firsts.tolist()
