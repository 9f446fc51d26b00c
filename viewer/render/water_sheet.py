"""Water of a simulation as a surface: a grid lifted in the vertex shader, cut off where it is dry in the other one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from viewer.render.culling import View, in_view
from viewer.render.fields import FieldPool, put_scale
from viewer.render.lit import LitMaterial, Surroundings
from viewer.render.meshes import Draw, Mesh
from viewer.render.state import ValueScale, WaterStep

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]

MOST_CELLS = 512
"""Cells of the lifted grid across and down; the raster itself may be finer."""
MOST_CELLS_SOFTWARE = 192
SIDE = 32
"""Cells of a tile of the grid; tiles without water are not drawn."""
SAMPLES = 3
"""Cells of the raster that are looked at per cell of the grid, across and down."""
KEPT = 12
"""Steps whose grids are kept."""


class WaterSheet:
    """Water of one side.

    Args:
        most: cells of the grid across and down at most.
        side: 0 for A, 1 for B.
    """

    def __init__(self, most: int, side: int):
        self._most, self._side = most, side
        self._material = LitMaterial("sheet", **({"SIDE": 1} if side else {}))
        self._grids: dict[int, tuple[Float32, Float32, Bool]] = {}
        self._tiles: list[Draw] = []
        self._bounds: Float64 = np.zeros((0, 6))
        self._wet: Bool = np.zeros(0, np.bool_)
        self._key: tuple[object, ...] = ()
        self._step: WaterStep | None = None
        self._origin: Float64 = np.zeros(3)

    def show(self, step: WaterStep | None, origin: Float64) -> tuple[list[Draw], list[Draw]]:
        """Take over a step; None = no water. Tiles that have to be put into the scene, and those that have to go.

        Raises:
            ValueError: rasters of different sizes.
        """
        self._step, self._origin = step, origin
        if step is None:
            return [], []
        if step.depth.shape != step.level.shape or step.level.ndim != 2:
            raise ValueError(f"depths of {step.depth.shape} cells for levels of {step.level.shape}")
        rows, columns = step.level.shape
        old: list[Draw] = []
        new: list[Draw] = []
        key = (rows, columns, step.transform, *origin.tolist())
        if key != self._key:
            old, self._key = self._tiles, key
            self._grids.clear()
            self._tiles = new = list(self._make_tiles(rows, columns, origin))
        levels = [self._grid_of(level) for level in (step.level, step.next_level) if level is not None]
        self._wet = np.logical_or.reduce([wet for _, wet in levels]).ravel()
        heights = np.stack([grid for grid, _ in levels])
        low, high = float(heights.min()) - float(origin[2]), float(heights.max()) - float(origin[2])
        self._bounds = self._boxes(rows, columns, step, origin, low, high)
        return new, old

    def seen(self, view: View) -> tuple[list[Draw], Float64]:
        """Tiles with water in view, and their boxes (K, 6), scene coordinates."""
        if self._step is None:
            return [], np.zeros((0, 6))
        chosen = np.flatnonzero(self._wet & in_view(view, self._bounds))
        return [self._tiles[k] for k in chosen], self._bounds[chosen]

    def dress(
        self,
        around: Surroundings,
        pool: FieldPool,
        scale: ValueScale,
        sides: int,
        line: tuple[float, float],
    ) -> None:
        """Hand the material its textures and numbers. sides, line: as in ``shaders/sides.glsl``."""
        step, origin = self._step, self._origin
        if step is None:
            return
        next_ = step.next_depth if step.next_level is not None and step.mix > 0.0 else None
        marks = step.uncertain
        self._material.choose(around, SIDES=sides, NEXT=int(next_ is not None), MARKS=int(marks is not None))
        self._material.light(around)
        vertex = self._material.program.GetVertexCustomUniforms()
        fragment = self._material.program.GetFragmentCustomUniforms()
        a, b, c, d, e, f = step.transform
        rows, columns = step.level.shape
        down, across = self._cells(rows, columns)
        vertex.SetUniform2f("gridCells", (columns / across, rows / down))
        vertex.SetUniform3f("gridX", (a, b, c - float(origin[0])))
        vertex.SetUniform3f("gridY", (d, e, f - float(origin[1])))
        vertex.SetUniformf("levelFrom", float(origin[2]))
        vertex.SetUniformf("waterMix", step.mix if next_ is not None else 0.0)
        fragment.SetUniformf("waterMix", step.mix if next_ is not None else 0.0)
        fragment.SetUniformf("swipeX", line[0])
        fragment.SetUniformf("blendShare", line[1])
        put_scale(fragment, scale)
        grid = self._grid_of(step.level)[0]
        put = self._material.put_texture
        put("levelTex", pool.get(grid))
        put("levelTexNext", pool.get(grid if step.next_level is None else self._grid_of(step.next_level)[0]))
        put("depthTex", pool.get(step.depth))
        if next_ is not None:
            put("depthTexNext", pool.get(next_))
        if marks is not None:
            put("marksTex", pool.get(marks))

    def _cells(self, rows: int, columns: int) -> tuple[int, int]:
        """Cells of the grid, down and across."""
        return min(rows, self._most), min(columns, self._most)

    def _grid_of(self, level: Float32) -> tuple[Float32, Bool]:
        kept = self._grids.get(id(level))
        if kept is None or kept[0] is not level:
            while len(self._grids) >= KEPT:
                del self._grids[next(iter(self._grids))]
            grid, wet = level_grid(level, *self._cells(*level.shape))
            kept = self._grids[id(level)] = level, grid, wet
        return kept[1], kept[2]

    def _make_tiles(self, rows: int, columns: int, origin: Float64) -> Iterator[Draw]:
        down, across = self._cells(rows, columns)
        for top in range(0, down, SIDE):
            for left in range(0, across, SIDE):
                positions, triangles = tile_mesh(left, top, min(SIDE, across - left), min(SIDE, down - top))
                mesh = Mesh(origin, np.zeros(6), positions, triangles, {}, slice(0, len(positions)))
                yield Draw(mesh, self._material, origin)

    def _boxes(
        self, rows: int, columns: int, step: WaterStep, origin: Float64, low: float, high: float
    ) -> npt.NDArray[np.float64]:
        """Boxes of all tiles, float64 (K, 6), scene coordinates."""
        down, across = self._cells(rows, columns)
        top, left = (x.ravel() for x in np.mgrid[0:down:SIDE, 0:across:SIDE])
        a, b, c, d, e, f = step.transform
        xs, ys = [], []
        for i in (left, np.minimum(left + SIDE, across)):
            for j in (top, np.minimum(top + SIDE, down)):
                column, row = i * columns / across, j * rows / down
                xs.append(a * column + b * row + c - origin[0])
                ys.append(d * column + e * row + f - origin[1])
        x, y = np.stack(xs), np.stack(ys)
        flat = np.full(len(left), low), np.full(len(left), high)
        return np.stack([x.min(axis=0), y.min(axis=0), flat[0], x.max(axis=0), y.max(axis=0), flat[1]], axis=1)


def tile_mesh(left: int, top: int, across: int, down: int) -> tuple[Float32, npt.NDArray[np.int32]]:
    """Vertices (V, 3) (column, row, 0) and triangles (T, 3) of a rectangle of cells."""
    row, column = np.mgrid[0 : down + 1, 0 : across + 1]
    positions = np.stack([column + left, row + top, np.zeros_like(row)], axis=-1).reshape(-1, 3).astype(np.float32)
    first = (row[:-1, :-1] * (across + 1) + column[:-1, :-1]).ravel()
    corners = np.array([0, across + 1, 1, 1, across + 1, across + 2])
    return positions, (first[:, None] + corners).reshape(-1, 3).astype(np.int32)


def level_grid(level: Float32, down: int, across: int) -> tuple[Float32, Bool]:
    """Levels at the vertices of a grid, and which of its tiles have water.

    A vertex has the mean of the wet cells around it; beside the water the surface goes on at the level of the nearest
    wet vertices, so that the shore is where the depths say, and not where a triangle ends.

    Args:
        level: (rows, columns), metres, NaN where dry.
        down, across: cells of the grid.

    Returns:
        float32 (down + 1, across + 1), finite; bool (tiles down, tiles across) of `SIDE` cells.
    """
    rows, columns = level.shape
    j, i = (_samples(size, cells) for size, cells in ((rows, down), (columns, across)))
    picked = level[np.ix_(j.ravel(), i.ravel())].reshape(down, j.shape[1], across, i.shape[1])
    wet = np.isfinite(picked)
    count = wet.sum(axis=(1, 3)).astype(np.float64)
    total = np.where(wet, picked, 0.0).sum(axis=(1, 3), dtype=np.float64)
    pad = [np.pad(x, 1) for x in (total, count)]
    total, count = (x[:-1, :-1] + x[1:, :-1] + x[:-1, 1:] + x[1:, 1:] for x in pad)
    grid = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    grid = _spread(grid, 4)
    known = np.isfinite(grid)
    grid[~known] = grid[known].mean() if known.any() else 0.0
    near = np.pad(wet.any(axis=(1, 3)), 1)
    near = near[:-2, 1:-1] | near[1:-1, 1:-1] | near[2:, 1:-1] | near[1:-1, :-2] | near[1:-1, 2:]
    tiles = np.add.reduceat(np.add.reduceat(near, np.arange(0, down, SIDE), axis=0), np.arange(0, across, SIDE), axis=1)
    return grid.astype(np.float32), tiles > 0


def _samples(size: int, cells: int) -> npt.NDArray[np.int64]:
    """Which of ``size`` rows of a raster are looked at for each of ``cells``: int64 (cells, S)."""
    step = size / cells
    count = min(SAMPLES, max(1, int(np.ceil(step))))
    at = (np.arange(cells)[:, None] + (np.arange(count) + 0.5) / count) * step
    return np.asarray(np.clip(at.astype(np.int64), 0, size - 1))


def _spread(grid: Float64, times: int) -> Float64:
    """Fill NaN by the mean of the neighbours that are known, ring by ring."""
    for _ in range(times):
        known = np.isfinite(grid)
        if known.all() or not known.any():
            break
        value, count = np.pad(np.where(known, grid, 0.0), 1), np.pad(known, 1).astype(np.float64)
        total = value[:-2, 1:-1] + value[2:, 1:-1] + value[1:-1, :-2] + value[1:-1, 2:]
        around = count[:-2, 1:-1] + count[2:, 1:-1] + count[1:-1, :-2] + count[1:-1, 2:]
        fill = ~known & (around > 0)
        grid = grid.copy()
        grid[fill] = total[fill] / around[fill]
    return grid
