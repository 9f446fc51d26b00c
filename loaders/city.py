"""`CityData`: a city as a few large meshes and one table.

Everything is a numpy array (or small metadata), so that a loaded city can be stored as ``.npy`` files,
memory-mapped by another process and handed to the GPU without a copy. Nothing here is ever changed after
loading; all arrays are C-contiguous and read-only for users.

Coordinates: world coordinates are float64 in the CRS of the file. Meshes are cut into *tiles*, each with a
float64 origin and float32 offsets from it, so no world coordinate is ever stored in float32.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from loaders.layers import RasterData, VectorData

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Int16 = npt.NDArray[np.int16]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
UInt8 = npt.NDArray[np.uint8]
Bool = npt.NDArray[np.bool_]

SURFACE_CODES: dict[str, int] = {
    "": 0,
    "RoofSurface": 1,
    "WallSurface": 2,
    "GroundSurface": 3,
    "ClosureSurface": 4,
    "OuterCeilingSurface": 5,
    "OuterFloorSurface": 6,
    "Window": 7,
    "Door": 8,
    "InteriorWallSurface": 9,
    "CeilingSurface": 10,
    "FloorSurface": 11,
    "WaterSurface": 12,
    "WaterGroundSurface": 13,
    "WaterClosureSurface": 14,
    "TrafficArea": 15,
    "AuxiliaryTrafficArea": 16,
    "TransportationMarking": 17,
    "TransportationHole": 18,
}
"""Semantic surface types of CityJSON 2.0 and the small number a vertex carries; 0 = none or unknown.
Extension surfaces (``+Type``) carry 31: known by name in the `SurfaceTable`, drawn like 0."""
SURFACE_CODE_OTHER = 31


@dataclass(frozen=True, slots=True, eq=False)
class Strings:
    """A column of text as UTF-8 bytes: string ``i`` is ``data[offsets[i]:offsets[i + 1]]``.

    Attributes: data uint8 (B,), offsets int64 (N + 1,).
    """

    data: UInt8
    offsets: Int64

    @classmethod
    def from_list(cls, texts: Sequence[str]) -> Strings:
        """Pack a list of str; lone surrogates become U+FFFD."""
        blobs = [text.encode("utf-8", "replace") for text in texts]
        offsets = np.zeros(len(blobs) + 1, np.int64)
        np.cumsum([len(blob) for blob in blobs], out=offsets[1:])
        return cls(np.frombuffer(b"".join(blobs), np.uint8), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> str:
        if index < 0:
            index += len(self)
        return bytes(self.data[self.offsets[index] : self.offsets[index + 1]]).decode("utf-8", "replace")

    def __iter__(self) -> Iterator[str]:
        return iter(self.to_list())

    def to_list(self) -> list[str]:
        """All strings at once (faster than indexing one by one)."""
        blob = bytes(self.data)
        ends = self.offsets.tolist()
        return [blob[a:b].decode("utf-8", "replace") for a, b in pairwise(ends)]


ColumnKind = Literal["string", "integer", "number", "boolean", "json"]


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One attribute over all rows.

    ``string`` and ``json`` (lists, objects, mixed types, as JSON text): ``values`` is int32 codes into
    ``categories``, -1 = missing. ``integer`` int64, ``number`` float64, ``boolean`` bool: ``values`` with
    ``present`` (bool) telling which rows have the attribute at all (JSON ``null`` counts as missing).
    """

    name: str
    kind: ColumnKind
    values: npt.NDArray[Any]
    present: Bool
    categories: Strings | None = None

    @property
    def count(self) -> int:
        """Rows that have a value."""
        return int(np.count_nonzero(self.present))

    def get(self, row: int) -> Any:
        """The value of one row as Python (str, int, float, bool, list, dict) or None where missing."""
        if not self.present[row]:
            return None
        value = self.values[row]
        if self.categories is None:
            return value.item()
        text = self.categories[int(value)]
        return json.loads(text) if self.kind == "json" else text

    def is_numeric(self) -> bool:
        """True if a colour ramp over the values makes sense."""
        return self.kind in ("integer", "number")

    def as_float(self) -> Float64:
        """Values as float64 (N,), NaN where missing; only for numeric and boolean columns."""
        out = np.asarray(self.values, np.float64).copy()
        out[~self.present] = np.nan
        return out


@dataclass(frozen=True, slots=True, eq=False)
class ObjectTable:
    """One row per city object, in file order.

    Attributes: ids (N); type_codes int16 (N,) into type_names; parent_start int64 (N + 1,) and parent_rows
    int32: the parents of row i are ``parent_rows[parent_start[i]:parent_start[i + 1]]``; columns by name.
    """

    ids: Strings
    type_codes: Int16
    type_names: tuple[str, ...]
    parent_start: Int64
    parent_rows: Int32
    columns: dict[str, Column] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    def type_of(self, row: int) -> str:
        """CityJSON type of a row, e.g. ``BuildingPart`` or ``+NoiseBuilding``."""
        return self.type_names[int(self.type_codes[row])]

    def parents_of(self, row: int) -> list[int]:
        """Rows of the parents."""
        return [int(r) for r in self.parent_rows[self.parent_start[row] : self.parent_start[row + 1]]]

    def children_of(self, row: int) -> list[int]:
        """Rows of the children, in file order."""
        hits = np.flatnonzero(self.parent_rows == row)
        return [int(r) for r in np.searchsorted(self.parent_start, hits, side="right") - 1]

    def attributes_of(self, row: int) -> dict[str, Any]:
        """Name -> value of the attributes that the row has."""
        pairs = ((name, column.get(row)) for name, column in self.columns.items())
        return {name: value for name, value in pairs if value is not None}


@dataclass(frozen=True, slots=True, eq=False)
class SurfaceTable:
    """One row per semantic surface object (a roof surface with its attributes, say).

    Attributes: type_codes int16 (S,) into type_names, object_rows int32 (S,), columns by name.
    """

    type_codes: Int16
    type_names: tuple[str, ...]
    object_rows: Int32
    columns: dict[str, Column] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.type_codes)

    def type_of(self, row: int) -> str:
        """Semantic surface type, e.g. ``RoofSurface``."""
        return self.type_names[int(self.type_codes[row])]

    def attributes_of(self, row: int) -> dict[str, Any]:
        """Name -> value of the attributes that the surface has."""
        pairs = ((name, column.get(row)) for name, column in self.columns.items())
        return {name: value for name, value in pairs if value is not None}


@dataclass(frozen=True, slots=True, eq=False)
class Appearance:
    """One theme's look over the vertices of a `TileSet` (vertices are never shared between faces).

    material float32 (V,): index into `CityData.materials`, -1 = none. uvt float32 (V, 3): texture u, v
    (CityJSON convention, v upwards) and index into `CityData.textures` (-1 = none). None = theme has none.
    """

    material: Float32 | None = None
    uvt: Float32 | None = None


@dataclass(frozen=True, slots=True, eq=False)
class TileSet:
    """The triangles of one LoD, cut into spatial tiles of 10,000 to 50,000 triangles where possible.

    Tile k owns vertices ``vertex_start[k]:vertex_start[k + 1]`` and triangles
    ``triangle_start[k]:triangle_start[k + 1]``; slices of the arrays go to the GPU as they are.
    An object's triangles lie in one tile unless it alone exceeds a tile. Corners are shared only inside one face
    (polygon; a terrain is one), so normals are flat and every vertex belongs to one object and one surface. Winding is
    counter-clockwise seen from outside, as in the file.

    Attributes:
        origins: float64 (K, 3), world coordinates of each tile's zero.
        bounds: float64 (K, 6), minx miny minz maxx maxy maxz of each tile, world coordinates.
        vertex_start, triangle_start: int64 (K + 1,).
        positions: float32 (V, 3), metres from the tile's origin.
        tags: float32 (V, 2): object row, surface code (`SURFACE_CODES`). float32 is exact to 16.7 M rows.
        triangles: int32 (T, 3), vertex indices counted from the tile's first vertex.
        triangle_surface: int32 (T,), row of `SurfaceTable` or -1; None where the LoD has no semantics.
        appearances: theme name -> `Appearance`.
    """

    origins: Float64
    bounds: Float64
    vertex_start: Int64
    triangle_start: Int64
    positions: Float32
    tags: Float32
    triangles: Int32
    triangle_surface: Int32 | None = None
    appearances: dict[str, Appearance] = field(default_factory=dict)

    @property
    def tile_count(self) -> int:
        """K."""
        return len(self.origins)

    @property
    def triangle_count(self) -> int:
        """T."""
        return len(self.triangles)


@dataclass(frozen=True, slots=True, eq=False)
class PointSet:
    """MultiPoint geometry: origin float64 (3,), positions float32 (P, 3), tags float32 (P, 2) as in `TileSet`."""

    origin: Float64
    positions: Float32
    tags: Float32


@dataclass(frozen=True, slots=True, eq=False)
class LineSet:
    """MultiLineString geometry: polyline i is ``positions[start[i]:start[i + 1]]``.

    Attributes: origin float64 (3,), positions float32 (P, 3), tags float32 (P, 2), start int64 (L + 1,).
    """

    origin: Float64
    positions: Float32
    tags: Float32
    start: Int64


@dataclass(frozen=True, slots=True, eq=False)
class Instances:
    """Copies of one geometry template: the GPU draws ``template`` once per row of ``matrices``.

    Attributes: template: a `TileSet` with one tile, origin 0, whose tags' object row is 0 (ignored);
    matrices float64 (I, 4, 4), template -> world, row-major (column vectors); object_rows int32 (I,).
    """

    template: TileSet
    matrices: Float64
    object_rows: Int32


@dataclass(frozen=True, slots=True, eq=False)
class LodMesh:
    """All geometry of one level of detail.

    ``drawn`` bool (N,) tells which objects have geometry here; ``area_m2`` is the area of all triangles,
    instances included, computed in float64; ``triangle_count`` likewise includes instances.
    """

    lod: str
    tiles: TileSet
    drawn: Bool
    area_m2: float
    points: PointSet | None = None
    lines: LineSet | None = None
    instances: tuple[Instances, ...] = ()

    @property
    def triangle_count(self) -> int:
        """Triangles drawn, every instance counted."""
        return self.tiles.triangle_count + sum(i.template.triangle_count * len(i.matrices) for i in self.instances)


@dataclass(frozen=True, slots=True)
class Material:
    """A CityJSON (X3D) material; colours are sRGB 0..1."""

    name: str
    diffuse: tuple[float, float, float] | None = None
    emissive: tuple[float, float, float] | None = None
    transparency: float = 0.0


@dataclass(frozen=True, slots=True)
class Texture:
    """A texture image; ``path`` is absolute, inside the file's folder and exists, or None with a load issue."""

    image: str
    """What the file says."""
    path: str | None
    wrap: Literal["wrap", "mirror", "clamp", "border", "none"] = "wrap"
    border_color: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class CrsInfo:
    """The coordinate reference system: ``name`` as "EPSG:7415" (None = unknown), ``text`` as the file wrote it."""

    name: str | None
    text: str | None = None


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class CityData:
    """A loaded city model. ``bbox`` float64 (6,) is that of the geometry itself, all LoDs, in the file's CRS;
    None when nothing can be drawn. ``lods`` is ordered from coarse to fine ("" = geometry without a LoD first)."""

    name: str
    crs: CrsInfo
    bbox: Float64 | None
    objects: ObjectTable
    surfaces: SurfaceTable
    lods: dict[str, LodMesh]
    textures: tuple[Texture, ...] = ()
    materials: tuple[Material, ...] = ()
    default_theme: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    extensions: tuple[str, ...] = ()
    source: RasterData | VectorData | None = None
    """What a raster or vector file held; None for a city model."""

    @property
    def drawable(self) -> int:
        """Number of objects with geometry in any LoD."""
        seen = np.zeros(len(self.objects), np.bool_)
        for mesh in self.lods.values():
            seen |= mesh.drawn
        return int(np.count_nonzero(seen))
