"""`RasterData` to a city: heights as a terrain, water as a surface, other values as classes of flat cells."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from loaders import _georef
from loaders._assemble import Piece, city_of, tile_set
from loaders._issues import IssueLog
from loaders._raster_read import OpenedRaster
from loaders.api import LoadOptions, LoadResult, Progress
from loaders.city import SURFACE_CODES, Bool, Column, CrsInfo, Float64, Int32, Int64, LodMesh
from loaders.columns import make_column
from loaders.layers import RasterData
from loaders.relief import MAX_TRIANGLES, TOLERANCE, network, up

MAX_CLASSES = 12
ABOVE_GROUND = 0.5
"""Metres by which cells of values lie above the ground: more than a drawn terrain misses its heights by."""
_MAX_DRAWN_CELLS = 500_000
_TILE_CELLS = 128


def draw(opened: OpenedRaster, options: LoadOptions, progress: Progress) -> LoadResult:
    """The city of a raster that was read."""
    job = _Drawing(opened, options, progress)
    city = job.values() if opened.raster.kind == "values" else job.relief()
    progress.report(1.0, "done")
    return LoadResult(city, opened.format, "", job.issues.issues())


@dataclass(slots=True)
class _Object:
    name: str
    attributes: dict[str, Any]


class _Drawing:
    def __init__(self, opened: OpenedRaster, options: LoadOptions, progress: Progress):
        self.opened, self.options, self.progress = opened, options, progress
        self.raster: RasterData = opened.raster
        self.issues: IssueLog = opened.issues
        self.frame = _georef.frame(opened.wkt)
        self.ground = _georef.Ground(None)
        if self.raster.kind == "values":
            self.ground = _georef.open_ground(options, self.issues)
        self.target = None
        if self.frame.horizontal is not None:
            outline = self._places(*_outline(self.raster.shape))
            wanted = _georef.wanted_crs(self.ground, options)
            self.target = _georef.working_crs(self.frame.horizontal, outline, wanted, self.issues)
        elif opened.wkt:
            self.issues.warning("unknown-crs", "The coordinate reference system was not understood.")

    def _places(self, columns: Float64, rows: Float64) -> Float64:
        """Places (N, 2) in the raster's CRS of positions counted in cells from the outer corner of the first one."""
        a, b, c, d, e, f = self.raster.transform
        return np.stack([a * columns + b * rows + c, d * columns + e * rows + f], axis=1)

    def _world(self, columns: Float64, rows: Float64) -> Float64:
        """The same in the CRS of the picture; NaN where it has no such place."""
        places = self._places(columns, rows)
        if self.target is None or self.frame.horizontal is None:
            return places
        return _georef.Transform(self.frame.horizontal, self.target)(places)

    def _crs(self) -> CrsInfo:
        shared = self.ground.names(self.target)
        if shared is not None:
            return shared
        if self.target is None or self.frame.horizontal is None:
            return self.frame.info
        if self.target.equals(self.frame.horizontal, ignore_axis_order=True):
            return self.frame.info
        return CrsInfo(_georef.name_of(self.target), self.target.name)

    def relief(self) -> Any:
        """One object: the land or the water."""
        raster = self.raster
        heights = raster.values[0]
        water = raster.kind == "water"
        self._explain_holes(heights)
        most = min(MAX_TRIANGLES, self.options.max_triangles)
        net = network(heights, TOLERANCE, most, lambda done: self.progress.report(0.5 + 0.3 * done, "meshing"))
        if net.tolerance > TOLERANCE:
            self.issues.info(
                "coarse-relief",
                f"The relief is drawn to {net.tolerance:.2f} m instead of {TOLERANCE} m, so that it stays near "
                f"{most:,} triangles.",
            )
        rows, columns = net.vertices.T.astype(np.float64)
        corners = np.column_stack([self._world(columns + 0.5, rows + 0.5), np.zeros(len(rows))])
        corners[:, 2] = heights[net.vertices[:, 0], net.vertices[:, 1]]
        pieces = self._tiles(corners, np.zeros(len(corners), np.int32), net.triangles, net.tile_start)
        self.progress.report(0.9, "tiling")
        low, high = raster.bands[0].low, raster.bands[0].high
        attributes: dict[str, Any] = {} if math.isnan(low) else {"height_min": low, "height_max": high}
        attributes |= {"vertical_tolerance": net.tolerance, "cells": int(heights.size)}
        if raster.vertical:
            attributes["vertical_crs"] = raster.vertical
        attributes |= _times(self.opened.tags)
        one = _Object(raster.name or "raster", attributes)
        code = SURFACE_CODES["WaterSurface"] if water else 0
        return self._city([one], "WaterBody" if water else "TINRelief", pieces, code)

    def _explain_holes(self, heights: Any) -> None:
        rows, columns = heights.shape
        known = np.isfinite(heights)
        if not known.any():
            self.issues.error("all-nodata", "Every cell of the raster is marked as having no value.")
        elif rows < 2 or columns < 2:
            text = f"A relief needs at least 2 x 2 heights, the raster has {columns:,} x {rows:,}."
            self.issues.error("too-small", text)
        elif not known.all() and self.raster.kind == "elevation":
            missing = int(known.size - np.count_nonzero(known))
            self.issues.info("holes", "Cells without a height are left out of the terrain.", count=missing)

    def _tiles(self, corners: Float64, rows: Int32, triangles: Int32, tile_start: Int64) -> list[Piece]:
        """Cut into tiles; triangles with a corner that has no place are left out."""
        known: Bool = np.isfinite(corners.sum(axis=1))  # NaN and infinity stay what they are
        if not known.all():
            self.issues.warning(
                "no-place-there",
                "Parts of the raster have no place in the plane that it is drawn in.",
                count=int(len(known) - np.count_nonzero(known)),
            )
        pieces = []
        for first, last in zip(tile_start[:-1].tolist(), tile_start[1:].tolist(), strict=True):
            part = triangles[first:last]
            part = part[known[part].all(axis=1)]
            if not len(part):
                continue
            used, index = np.unique(part, return_inverse=True)
            own = corners[used]
            pieces.append(Piece(own, rows[used], up(own, index.reshape(-1, 3)).astype(np.int32)))
        return pieces

    def _city(self, objects: list[_Object], kind: str, pieces: list[Piece], code: int) -> Any:
        mesh = None
        drawn = np.zeros(len(objects), np.bool_)
        if pieces:
            tiles, area = tile_set(pieces, code)
            for piece in pieces:
                drawn[np.unique(piece.rows)] = True
            mesh = LodMesh("", tiles, drawn, area)
        columns: dict[str, Column] = {}
        for name in dict.fromkeys(name for one in objects for name in one.attributes):
            rows = [row for row, one in enumerate(objects) if name in one.attributes]
            values = [objects[row].attributes[name] for row in rows]
            column = make_column(name, np.array(rows, np.int64), values, len(objects))
            if column is not None:
                columns[name] = column
        ids = [one.name for one in objects]
        return city_of(self.opened.path.name, self._crs(), ids, [kind] * len(ids), columns, mesh, self.raster)

    def values(self) -> Any:
        """One object for each class of values: its cells, flat on the ground."""
        grid, cell = _coarser(np.asarray(self.raster.values[0], np.float64), _MAX_DRAWN_CELLS)
        if cell > 1:
            text = f"Blocks of {cell} x {cell} cells are drawn as one, by their mean."
            self.issues.info("coarse-cells", text)
        self._explain_values(grid)
        breaks = class_breaks(grid)
        classes = np.full(grid.shape, -1, np.int64)
        known = np.isfinite(grid)
        classes[known] = np.clip(np.searchsorted(breaks, grid[known], side="right") - 1, 0, max(len(breaks) - 2, 0))
        band = self.raster.bands[0]
        unit = band.unit or _unit_in(band.description)
        used = np.unique(classes[known])
        row_of = np.full(MAX_CLASSES + 1, -1, np.int64)
        row_of[used] = np.arange(len(used))
        objects = []
        for number in used.tolist():
            members = grid[classes == number]
            span = f"{breaks[number]:g} to {breaks[number + 1]:g}"
            attributes = {
                "value_min": float(members.min()),
                "value_max": float(members.max()),
                "value_mean": float(members.mean()),
                "class": span,
                "cells": int(members.size),
                "quantity": band.description or self.raster.name,
                **({"unit": unit} if unit else {}),
                **_times(self.opened.tags),
            }
            objects.append(_Object(f"{self.raster.name} {span}{' ' + unit if unit else ''}", attributes))
        if objects:
            text = ", ".join(f"{value:g}" for value in breaks)
            self.issues.info(
                "classes", f"The values were put into classes with limits at {text}{' ' * bool(unit)}{unit}."
            )
        pieces = self._cells(row_of[classes], known, cell)
        return self._city(objects, "TINRelief", pieces, 0)

    def _explain_values(self, grid: Any) -> None:
        if not np.isfinite(grid).any():
            self.issues.error("all-nodata", "Every cell of the raster is marked as having no value.")
        elif self.ground.raster is None:
            self.issues.info("flat", "No terrain is open below it: the values are drawn at height 0.")

    def _cells(self, row_of_cell: Int64, known: Any, cell: int) -> list[Piece]:
        """Two triangles a cell, corners shared inside one class; tiles are blocks of cells."""
        rows, columns = row_of_cell.shape
        down, right = np.indices((rows + 1, columns + 1)).reshape(2, -1).astype(np.float64) * cell
        down, right = np.minimum(down, self.raster.shape[0]), np.minimum(right, self.raster.shape[1])
        world = self._world(right, down)
        self.progress.report(0.7, "draping")
        height = self.ground.heights(world, self.target) + ABOVE_GROUND * (self.ground.raster is not None)
        off = np.isfinite(world).all(axis=1) & ~np.isfinite(height)
        if off.any():
            self.issues.info("beyond-ground", "Cells beyond the terrain are left out.", count=int(off.sum()))
        corners = np.column_stack([world, height])
        width = columns + 1
        pieces: list[Piece] = []
        for top in range(0, rows, _TILE_CELLS):
            for left in range(0, columns, _TILE_CELLS):
                part = np.s_[top : top + _TILE_CELLS, left : left + _TILE_CELLS]
                r, c = np.nonzero(known[part])
                first = (r + top) * width + c + left
                quad = np.stack([first, first + 1, first + width, first + 1, first + width + 1, first + width], axis=1)
                owner = np.repeat(row_of_cell[part][r, c], 6)
                key = owner * len(corners) + quad.reshape(-1)  # corners belong to one class each
                shared, index = np.unique(key, return_inverse=True)
                triangles = index.reshape(-1, 3).astype(np.int32)
                start = np.array([0, len(triangles)], np.int64)
                rows_of = (shared // len(corners)).astype(np.int32)
                if len(triangles):
                    pieces += self._tiles_quietly(corners[shared % len(corners)], rows_of, triangles, start)
        return pieces

    def _tiles_quietly(self, corners: Float64, rows: Int32, triangles: Int32, start: Int64) -> list[Piece]:
        known: Bool = np.isfinite(corners.sum(axis=1))  # NaN and infinity stay what they are
        keep = triangles[known[triangles].all(axis=1)]
        return self._tiles(np.where(known[:, None], corners, 0.0), rows, keep, np.array([0, len(keep)], np.int64))


def _outline(shape: tuple[int, int]) -> tuple[Float64, Float64]:
    """Columns and rows of some places along the border and inside."""
    rows, columns = np.meshgrid(np.linspace(0, shape[0], 9), np.linspace(0, shape[1], 9), indexing="ij")
    return columns.reshape(-1), rows.reshape(-1)


def _coarser(grid: Float64, most: int) -> tuple[Float64, int]:
    """Means of blocks of cells, so that at most ``most`` remain, and the side of a block."""
    factor = max(1, math.ceil(math.sqrt(grid.size / most)))
    if factor == 1:
        return grid, 1
    rows, columns = (-(-size // factor) for size in grid.shape)
    padded = np.full((rows * factor, columns * factor), np.nan)
    padded[: grid.shape[0], : grid.shape[1]] = grid
    blocks = padded.reshape(rows, factor, columns, factor)
    known = np.isfinite(blocks)
    count = known.sum(axis=(1, 3))
    total = np.where(known, blocks, 0.0).sum(axis=(1, 3))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan), factor


def class_breaks(values: Float64) -> Float64:
    """Limits of at most `MAX_CLASSES` classes: round numbers at equal distances over the middle 98 % of the values.

    The outermost limits are the lowest and the highest value where these lie outside.
    """
    known = values[np.isfinite(values)]
    if not len(known):
        return np.zeros(0)
    low, high = (float(v) for v in (known.min(), known.max()))
    distinct = np.unique(known[: 1 << 20] if known.size > 1 << 20 else known)
    if low == high or (len(distinct) <= 2 and known.size <= 1 << 20):
        return np.array([low, high]) if low == high else np.array([low, 0.5 * (low + high), high])
    inner_low, inner_high = np.percentile(known, [1, 99])
    if inner_high <= inner_low:
        inner_low, inner_high = low, high
    raw = (inner_high - inner_low) / (MAX_CLASSES - 2)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1.0, 2.0, 2.5, 5.0, 10.0) if power * m >= raw * 0.999)
    first, last = math.floor(inner_low / step), math.ceil(inner_high / step)
    limits = np.arange(first, last + 1) * step
    limits = limits[(limits > low) & (limits < high)]
    return np.concatenate([[low], limits, [high]])


def _unit_in(text: str) -> str:
    """The unit in "water depth [m] at t=60s"."""
    found = re.search(r"\[([^\[\]]{1,20})\]", text)
    return found.group(1) if found else ""


def _times(tags: dict[str, str]) -> dict[str, str]:
    found = {key.upper(): value.strip()[:100] for key, value in tags.items()}
    return {"time": found["TIME"]} if found.get("TIME") else {}
