"""The triangles of shown objects round a place, cut out of cities on demand: what walking and small maps look at.

A city's triangles are looked through in blocks of 48, whose boxes are made tile by tile (about 2 ms per 50,000
triangles, half a byte per triangle kept). Nothing else is stored: `Shapes.cut` gathers what lies in a box.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from loaders.city import SURFACE_CODE_OTHER, Bool, CityData, Float32, Float64, Instances, LodMesh, TileSet, UInt8
from viewer.analysis.derived import MAX_DEPTH, derived

BLOCK = 48
"""Triangles per box. Triangles of an object follow each other, so 48 of them lie close together."""
SOLID, WATER, BUILT, LAND, GREEN, ROAD = 1, 2, 4, 8, 16, 32
"""What a triangle is, as bits: stops a walker; water surface; part of a building; terrain; plants; road or square.
Plants that are not solid (plant cover) can be walked on and through."""
Doors = Literal["rooms", "all", "closed"]
"""Which surfaces of type Door let one pass: those of buildings whose inside is modelled, all, none. Windows never do;
where the model has a hole, one passes in any case."""

_OPEN_DOORS = 64
"""Bit of an object: its doors let one pass. Triangles never have it."""
_WATER_CODE, _OPEN_CODES, _DOOR_CODE = 12, (4, 14, 18), 8
_INSIDE_SURFACES = ("InteriorWallSurface", "FloorSurface", "CeilingSurface")
_ROAD_TYPES = ("Road", "Railway", "TransportSquare", "Square", "Track", "Waterway")


@dataclass(frozen=True, slots=True, eq=False)
class Triangles:
    """Loose triangles. corners float64 (T, 3, 3), world metres; kind uint8 (T,), the bits above."""

    corners: Float64
    kind: UInt8

    def __len__(self) -> int:
        return len(self.kind)


class Shapes:
    """The shown triangles of one city.

    Args:
        city: the loaded data.
        shown: uint8 (N,): 0 = hidden, k + 1 = shown in the k-th LoD (`viewer.analysis.shown.shown_objects`).
        doors: which doors let one pass.
    """

    def __init__(self, city: CityData, shown: UInt8, doors: Doors = "rooms"):
        kinds = _kinds_of_rows(city)
        kinds[_open_doors(city, doors)] |= _OPEN_DOORS
        boxes_kept = _BOXES.setdefault(city, {})
        self.has_land = bool((kinds[shown > 0] & LAND).any())
        self._parts: list[_TileIndex | _CopyIndex] = []
        for index, mesh in enumerate(city.lods.values()):
            own = shown == index + 1
            if own.any():
                own_kinds = np.where(own, kinds, 0).astype(np.uint8)
                self._parts += _parts_of(mesh, own_kinds, boxes_kept.setdefault(index, {}))
        boxes = [part.bounds for part in self._parts if len(part.bounds)]
        self.bounds: Float64 = np.concatenate(boxes) if boxes else np.zeros((0, 6))
        """float64 (K, 6): boxes of tiles and of copies, world."""

    def prepare(self) -> Iterator[None]:
        """Make all boxes of blocks in steps of a few milliseconds; `cut` makes those that are missing itself."""
        for part in self._parts:
            yield from part.prepare()

    def cut(self, low: Float64, high: Float64) -> Triangles:
        """Triangles whose box meets the box from ``low`` to ``high``, float64 (3,) each."""
        found = [part.cut(low, high) for part in self._parts]
        corners = np.concatenate([np.zeros((0, 3, 3)), *(c for c, _ in found)])
        kind = np.concatenate([np.zeros(0, np.uint8), *(k for _, k in found)])
        keep = kind > 0
        if len(corners):
            keep &= (corners.min(axis=1) <= high).all(axis=1) & (corners.max(axis=1) >= low).all(axis=1)
        return Triangles(corners[keep], kind[keep])


Boxes = dict[int, tuple[Float32, Float32]]
"""Tile -> lowest and highest corners of its blocks' boxes, float32 (B, 3) each, metres from the tile's origin."""
_BOXES: WeakKeyDictionary[CityData, dict[int, Boxes]] = WeakKeyDictionary()
"""By LoD: boxes are the same whatever is shown, so that a filter does not make them anew."""


class _TileIndex:
    """Blocks of the tiles of one LoD."""

    def __init__(self, tiles: TileSet, kinds: UInt8, codes: UInt8, boxes: Boxes):
        self._tiles, self._kinds, self._codes = tiles, kinds, codes
        # plain views: slices of memory-mapped arrays cost ten times as much
        self._positions, self._index, self._tags = map(np.asarray, (tiles.positions, tiles.triangles, tiles.tags))
        self._boxes = boxes
        self.bounds = np.asarray(tiles.bounds)

    def prepare(self) -> Iterator[None]:
        for tile in range(self._tiles.tile_count):
            self._boxes_of(tile)
            yield

    def cut(self, low: Float64, high: Float64) -> tuple[Float64, UInt8]:
        bounds = self.bounds
        near = (bounds[:, :3] <= high).all(axis=1) & (bounds[:, 3:] >= low).all(axis=1)
        found = [self._in_tile(int(tile), low, high) for tile in np.flatnonzero(near)]
        corners = np.concatenate([np.zeros((0, 3, 3)), *(c for c, _ in found)])
        return corners, np.concatenate([np.zeros(0, np.uint8), *(k for _, k in found)])

    def _in_tile(self, tile: int, low: Float64, high: Float64) -> tuple[Float64, UInt8]:
        tiles, origin = self._tiles, np.asarray(self._tiles.origins[tile])
        box_low, box_high = self._boxes_of(tile)
        reach_low = (low - origin - 1e-3).astype(np.float32)
        reach_high = (high - origin + 1e-3).astype(np.float32)
        blocks = np.flatnonzero((box_low <= reach_high).all(axis=1) & (box_high >= reach_low).all(axis=1))
        first, last = int(tiles.triangle_start[tile]), int(tiles.triangle_start[tile + 1])
        chosen = (blocks[:, None] * BLOCK + np.arange(BLOCK)).ravel()
        chosen = chosen[chosen < last - first] + first
        if not len(chosen):
            return np.zeros((0, 3, 3)), np.zeros(0, np.uint8)
        index = self._index[chosen] + int(tiles.vertex_start[tile])
        corners = self._positions[index]
        a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
        near = (np.minimum(np.minimum(a, b), c) <= reach_high).all(axis=1)
        near &= (np.maximum(np.maximum(a, b), c) >= reach_low).all(axis=1)
        tags = self._tags[index[near, 0]]
        kind = self._kinds[tags[:, 0].astype(np.int64)]
        kind = np.where(kind > 0, _with_code(kind, self._codes[tags[:, 1].astype(np.int64)]), 0)
        return corners[near].astype(np.float64) + origin, kind.astype(np.uint8)

    def _boxes_of(self, tile: int) -> tuple[Float32, Float32]:
        boxes = self._boxes.get(tile)
        if boxes is None:
            boxes = self._boxes[tile] = self._make_boxes(tile)
        return boxes

    def _make_boxes(self, tile: int) -> tuple[Float32, Float32]:
        tiles = self._tiles
        first, last = int(tiles.triangle_start[tile]), int(tiles.triangle_start[tile + 1])
        if first == last:
            return np.zeros((0, 3), np.float32), np.zeros((0, 3), np.float32)
        vertices = self._positions[int(tiles.vertex_start[tile]) : int(tiles.vertex_start[tile + 1])]
        corners = vertices[self._index[first:last].ravel()]
        starts = np.arange(0, len(corners), 3 * BLOCK)
        return np.minimum.reduceat(corners, starts, axis=0), np.maximum.reduceat(corners, starts, axis=0)


class _CopyIndex:
    """Copies of one template."""

    def __init__(self, copies: Instances, kinds: UInt8, codes: UInt8):
        template = copies.template
        own = kinds[copies.object_rows]
        self._matrices, self._kinds = copies.matrices[own > 0], own[own > 0]
        index = template.triangles.astype(np.int64)
        self._corners = template.positions[index].astype(np.float64) + template.origins[0]
        self._codes = codes[template.tags[index[:, 0], 1].astype(np.int64)]
        self.bounds = _copy_boxes(self._corners.reshape(-1, 3), self._matrices)

    def prepare(self) -> Iterator[None]:
        return iter(())

    def cut(self, low: Float64, high: Float64) -> tuple[Float64, UInt8]:
        bounds = self.bounds
        near = np.flatnonzero((bounds[:, :3] <= high).all(axis=1) & (bounds[:, 3:] >= low).all(axis=1))
        matrices = self._matrices[near]
        corners = np.einsum("nij,tkj->ntki", matrices[:, :3, :3], self._corners) + matrices[:, None, None, :3, 3]
        kind = _with_code(self._kinds[near][:, None], self._codes[None])
        return corners.reshape(-1, 3, 3), kind.reshape(-1).astype(np.uint8)


def _parts_of(mesh: LodMesh, kinds: UInt8, boxes: Boxes) -> list[_TileIndex | _CopyIndex]:
    codes = _kinds_of_codes()
    parts: list[_TileIndex | _CopyIndex] = []
    if mesh.tiles.tile_count:
        parts.append(_TileIndex(mesh.tiles, kinds, codes, boxes))
    for copies in mesh.instances:
        if len(copies.matrices) and copies.template.triangle_count:
            parts.append(_CopyIndex(copies, kinds, codes))
    return parts


def _kinds_of_rows(city: CityData) -> UInt8:
    """uint8 (N,): the bits of each object by its type."""
    by_type = np.array([_kind_of(name) for name in city.objects.type_names] or [SOLID], np.uint8)
    return np.asarray(by_type[np.clip(city.objects.type_codes, 0, len(by_type) - 1)], np.uint8)


def _kind_of(name: str) -> int:
    name = name.lstrip("+")
    if name.startswith("WaterBody"):
        return WATER
    if name == "PlantCover":
        return GREEN
    if name.startswith("Building"):
        return SOLID | BUILT
    if name in _ROAD_TYPES:
        return SOLID | ROAD
    return {"TINRelief": SOLID | LAND, "SolitaryVegetationObject": SOLID | GREEN}.get(name, SOLID)


def _kinds_of_codes() -> UInt8:
    """uint8 (32,) by surface code: 0 = as the object, WATER = water, `_OPEN_DOORS` = a door, 255 = nothing is there."""
    table = np.zeros(SURFACE_CODE_OTHER + 1, np.uint8)
    table[_WATER_CODE] = WATER
    table[list(_OPEN_CODES)] = 255
    table[_DOOR_CODE] = _OPEN_DOORS
    return table


def _with_code(kind: npt.NDArray[np.uint8], code: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The bits of triangles from those of their object and of their surface."""
    nothing = (code == 255) | ((code & kind & _OPEN_DOORS) > 0)
    own = np.where((code > 0) & (code != _OPEN_DOORS), code, kind & ~np.uint8(_OPEN_DOORS))
    return np.where(nothing, 0, own).astype(np.uint8)


def _open_doors(city: CityData, doors: Doors) -> Bool:
    """bool (N,): objects whose doors let one pass; with "rooms" those of a building with rooms, storeys or surfaces of
    the inside anywhere in it."""
    if doors != "rooms":
        return np.full(len(city.objects), doors == "all")
    names, inside = city.objects.type_names, np.zeros(len(city.objects), np.bool_)
    rooms = [k for k, name in enumerate(names) if name.lstrip("+").startswith(("BuildingRoom", "BuildingStorey"))]
    inside |= np.isin(city.objects.type_codes, rooms)
    surfaces = city.surfaces
    within = [k for k, name in enumerate(surfaces.type_names) if name in _INSIDE_SURFACES]
    inside[surfaces.object_rows[np.isin(surfaces.type_codes, within)]] = True
    return _whole_buildings(city, inside) if inside.any() else inside


def _whole_buildings(city: CityData, chosen: Bool) -> Bool:
    """bool (N,): all objects of the buildings (bridges, tunnels) of which some are chosen."""
    base = derived(city)
    top = np.flatnonzero(chosen)
    for _ in range(MAX_DEPTH):
        above = base.first_parent[top]
        if (above < 0).all():
            break
        top = np.where(above >= 0, above, top)
    mask = chosen.copy()
    mask[top] = True
    return base.with_descendants(mask)


def _copy_boxes(points: Float64, matrices: Float64) -> Float64:
    """float64 (I, 6): boxes of the copies of a template's points (P, 3)."""
    if not len(matrices) or not len(points):
        return np.zeros((0, 6))
    low, high = points.min(axis=0), points.max(axis=0)
    middle, half = (low + high) / 2, (high - low) / 2
    centre = np.einsum("nij,j->ni", matrices[:, :3, :3], middle) + matrices[:, :3, 3]
    reach = np.einsum("nij,j->ni", np.abs(matrices[:, :3, :3]), half)
    return np.concatenate([centre - reach, centre + reach], axis=1)
