"""Geometries and attributes of vector layers to a city: polygons to triangles, lines and points as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from loaders import _georef
from loaders._assemble import city_of, line_set, point_set
from loaders._drape import drape_lines, drape_triangles
from loaders._issues import IssueLog
from loaders._vector_read import LayerRead, VectorRead
from loaders.api import LoadError, LoadOptions, LoadResult, Progress
from loaders.city import Bool, CrsInfo, Float64, Int32, Int64, LodMesh
from loaders.columns import RawColumns, build
from loaders.layers import VectorData, VectorLayer
from loaders.tiling import Faces, build_tiles
from loaders.triangulate import Polygons, starts, triangulate

POLYGON_ABOVE = 0.05
LINE_ABOVE = 0.1
"""Metres above the ground: areas below lines below points, none of them in the ground."""
_FARTHEST = 1e9
"""Coordinates beyond this are no place on Earth in any CRS in metres, feet or degrees."""
_ID_COLUMNS = ("id", "gml_id", "identifier", "fid", "uuid", "globalid")
_TYPE_COLUMN = "citytype"
CITY_TYPES = frozenset(
    (
        *("Bridge", "BridgePart", "BridgeInstallation", "BridgeConstructiveElement", "BridgeRoom", "BridgeFurniture"),
        *("Building", "BuildingPart", "BuildingInstallation", "BuildingConstructiveElement", "BuildingFurniture"),
        *("BuildingStorey", "BuildingRoom", "BuildingUnit", "CityFurniture", "CityObjectGroup", "GenericCityObject"),
        *("LandUse", "OtherConstruction", "PlantCover", "SolitaryVegetationObject", "TINRelief", "WaterBody"),
        *("Road", "Railway", "Waterway", "TransportSquare", "Tunnel", "TunnelPart", "TunnelInstallation"),
        *("TunnelConstructiveElement", "TunnelHollowSpace", "TunnelFurniture"),
    )
)
"""The types of CityJSON 2.0."""


def draw(read: VectorRead, options: LoadOptions, progress: Progress) -> LoadResult:
    """The city of all layers of a file."""
    job = _Drawing(read, options, progress)
    for layer in read.layers:
        job.add(layer)
    city = job.finish()
    progress.report(1.0, "done")
    return LoadResult(city, read.format, "", job.issues.issues())


@dataclass(slots=True, eq=False)
class _Parts:
    """Single geometries of one kind with the object row of each and whether they lie on the ground."""

    shapes: npt.NDArray[np.object_]
    rows: Int64
    flat: Bool


class _Drawing:
    def __init__(self, read: VectorRead, options: LoadOptions, progress: Progress):
        self.read, self.options, self.progress = read, options, progress
        self.issues: IssueLog = read.issues
        self.ground = _georef.open_ground(options, self.issues)
        self.target: Any = None
        self.first_crs: CrsInfo | None = None
        self.first_plane: Any = None
        self.ids: list[str] = []
        self.types: list[str] = []
        self.seen: set[str] = set()
        self.columns: RawColumns = {}
        self.kinds: dict[int, list[_Parts]] = {0: [], 1: [], 3: []}
        self.layers: list[VectorLayer] = []

    def add(self, layer: LayerRead) -> None:
        """Take in one layer: names, attributes, geometries in the CRS of the picture."""
        first_row = len(self.ids)
        count = len(layer.fids)
        self._name(layer)
        where = np.arange(first_row, first_row + count, dtype=np.int64)
        for name, values in layer.attributes.items():
            known = self.columns.setdefault(name, ([], []))
            known[0].append(where)
            known[1].extend(values)
        with np.errstate(invalid="ignore"):  # coordinates that are no numbers are looked for later
            shapes = shapely.from_wkb(layer.wkb, on_invalid="ignore")
        broken = np.array([w is not None for w in layer.wkb], np.bool_) & shapely.is_missing(shapes)
        self._count("bad-geometry", "Geometries that cannot be read are left out.", broken, first_row)
        none = shapely.is_missing(shapes) & ~broken
        if none.any() and not none.all():
            self._count("no-geometry", "Features without geometry are only in the table.", none, first_row, info=True)
        elif count and none.all():
            text = "Layers without geometry are only in the table."
            self._count("no-geometry-layer", text, none, first_row, info=True)
        self._count("empty-geometry", "Empty geometries are left out.", shapely.is_empty(shapes), first_row)
        types = [name for name in dict.fromkeys(shapely.get_type_id(shapes).tolist()) if name >= 0]
        frame = self._frame(layer, shapes)
        has_z = bool(shapely.has_z(shapes).any())
        names = tuple(str(shapely.GeometryType(number).name).title().replace("_", "") for number in types)
        names = tuple(_NAMES.get(name.lower(), name) for name in names)
        self.layers.append(VectorLayer(layer.name, names, count, frame.info, has_z))
        self._explode(shapes, where, frame)

    def _name(self, layer: LayerRead) -> None:
        """Ids and types of the features of a layer."""
        lower = {name.lower(): name for name in reversed(layer.attributes)}
        column = next((lower[name] for name in _ID_COLUMNS if name in lower), None)
        given = layer.attributes[column] if column is not None else [None] * len(layer.fids)
        repeated = []
        for fid, value in zip(layer.fids, given, strict=True):
            plain = f"{layer.name}:{fid}"
            own = plain if value is None or value == "" or isinstance(value, list | dict) else str(value)[:500]
            if own in self.seen:
                repeated.append(own)
                own = plain
                while own in self.seen:
                    own += "'"
            self.seen.add(own)
            self.ids.append(own)
        if repeated:
            text = "Ids that are used already got a new name, of layer and number."
            self.issues.warning("duplicate-id", text, repeated[:50], len(repeated))
        usual = layer.name if layer.name in CITY_TYPES else f"+{layer.name[:100]}"
        kinds = layer.attributes.get(lower.get(_TYPE_COLUMN, ""), [None] * len(layer.fids))
        self.types += [kind if isinstance(kind, str) and _is_type(kind) else usual for kind in kinds]

    def _count(self, kind: str, text: str, which: Any, first_row: int, info: bool = False) -> None:
        hits = np.flatnonzero(which)
        if len(hits):
            note = self.issues.info if info else self.issues.warning
            note(kind, text, [self.ids[first_row + int(hit)] for hit in hits[:20]], len(hits))

    def _frame(self, layer: LayerRead, shapes: npt.NDArray[np.object_]) -> _georef.Frame:
        """The layer's CRS; the first layer that has one decides what the picture is drawn in."""
        frame = _georef.frame(layer.crs)
        xy = shapely.get_coordinates(shapes)
        xy = xy[np.isfinite(xy).all(axis=1)]
        if frame.horizontal is not None and frame.horizontal.is_geographic and _beyond_degrees(xy):
            text = "The coordinates are no degrees, though the file says so: their CRS is unknown."
            self.issues.warning("not-degrees", text, [layer.name])
            frame = _georef.Frame(None, None, CrsInfo(None))
        if frame.horizontal is None:
            if len(xy):
                kind = "unknown-crs" if layer.crs else "missing-crs"
                text = "A layer names no coordinate reference system: its coordinates are drawn as they are."
                self.issues.warning(kind, text, [layer.name])
            return frame
        if not len(xy):
            return frame
        if self.target is None:
            self.target = _georef.working_crs(
                frame.horizontal, xy, _georef.wanted_crs(self.ground, self.options), self.issues
            )
            self.first_crs = frame.info
            self.first_plane = frame.horizontal
        elif not frame.horizontal.equals(self.first_plane, ignore_axis_order=True):
            text = f"Layers in another CRS than the first were brought to {_georef.title(self.target)}."
            self.issues.info("mixed-crs", text, [layer.name])
        return frame

    def _explode(self, shapes: npt.NDArray[np.object_], rows: Int64, frame: _georef.Frame) -> None:
        """Collections to single points, lines and polygons, in the CRS of the picture, with finite coordinates."""
        keep = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
        shapes, rows = shapes[keep], rows[keep]
        while (many := shapely.get_type_id(shapes) >= 4).any():
            parts, owner = shapely.get_parts(shapes[many], return_index=True)
            shapes = np.concatenate([shapes[~many], parts])
            rows = np.concatenate([rows[~many], rows[many][owner]])
            filled = ~shapely.is_empty(shapes)
            shapes, rows = shapes[filled], rows[filled]
        order = np.argsort(rows, kind="stable")
        shapes, rows = shapes[order], rows[order]
        shapes, rows, flat = self._place(shapes, rows, frame)
        kind = shapely.get_type_id(shapes)
        for number, members in ((0, kind == 0), (1, (kind == 1) | (kind == 2)), (3, kind == 3)):
            if members.any():
                self.kinds[number].append(_Parts(shapes[members], rows[members], flat[members]))

    def _place(
        self, shapes: npt.NDArray[np.object_], rows: Int64, frame: _georef.Frame
    ) -> tuple[npt.NDArray[np.object_], Int64, Bool]:
        xyz, owner = shapely.get_coordinates(shapes, include_z=True, return_index=True)
        if frame.horizontal is not None and self.target is not None and len(xyz):
            xyz[:, :2] = _georef.Transform(frame.horizontal, self.target)(xyz[:, :2])
        high = shapely.has_z(shapes)
        given = xyz[high[owner], 2]
        if len(given) and not np.any(given[np.isfinite(given)]):
            self.issues.info("zero-heights", "All heights in a layer are 0: they were taken for missing.")
            high = np.zeros(len(shapes), np.bool_)
        xyz[:, 2] *= frame.height_unit
        lacking = np.bincount(owner, ~np.isfinite(xyz[:, 2]), minlength=len(shapes)) > 0
        flat: Bool = ~high | lacking
        if (high & lacking).any():
            text = "Geometries with heights at some corners only lie on the ground."
            self._name_rows("missing-heights", text, rows[high & lacking])
        xyz[flat[owner], 2] = 0.0
        odd = ~(np.abs(xyz) < _FARTHEST).all(axis=1)
        bad = np.bincount(owner, odd, minlength=len(shapes)) > 0
        if bad.any():
            self._name_rows("bad-coordinate", "Geometries with coordinates that are no place are left out.", rows[bad])
            xyz[odd] = 0.0
        with np.errstate(invalid="ignore"):
            placed = shapely.set_coordinates(shapely.force_3d(shapes), xyz)
        return placed[~bad], rows[~bad], flat[~bad]

    def _name_rows(self, kind: str, text: str, rows: Int64) -> None:
        unique = np.unique(rows)
        self.issues.warning(kind, text, [self.ids[int(row)] for row in unique[:20]], len(rows))

    def finish(self) -> Any:
        """Mesh everything and put the tables around it."""
        read = self.read
        self.progress.report(0.6, "triangulating")
        rows = len(self.ids)
        drawn = np.zeros(rows, np.bool_)
        if self.ground.raster is None and any(part.flat.any() for group in self.kinds.values() for part in group):
            text = "No terrain is open below it: what has no heights of its own is drawn at height 0."
            self.issues.info("flat", text)
        faces = self._polygons(_join(self.kinds[3]))
        tiles, area = build_tiles(faces, np.arange(len(faces.unit_row)), 1, lambda done: None)
        drawn[np.unique(faces.unit_row[np.diff(faces.unit_triangle) > 0])] = True
        self.progress.report(0.85, "draping")
        lines = self._lines(_join(self.kinds[1]), drawn)
        points = self._points(_join(self.kinds[0]), drawn)
        mesh = LodMesh("", tiles, drawn, area, points, lines)
        columns = build(self.columns, rows, self.issues)
        layers = VectorData(tuple(self.layers))
        return city_of(read.path.name, self._crs(), self.ids, self.types, columns, mesh, layers)

    def _crs(self) -> CrsInfo:
        shared = self.ground.names(self.target)
        if shared is not None:
            return shared
        if self.target is None:
            return self.layers[0].crs if self.layers else CrsInfo(None)
        if self.first_crs is not None and self.target.equals(self.first_plane, ignore_axis_order=True):
            return self.first_crs
        return CrsInfo(_georef.name_of(self.target), self.target.name)

    def _polygons(self, parts: _Parts) -> Faces:
        rings, owner = shapely.get_rings(parts.shapes, return_index=True)
        xyz, ring = shapely.get_coordinates(rings, include_z=True, return_index=True)
        last = np.append(ring[1:] != ring[:-1], True) if len(ring) else np.zeros(0, np.bool_)
        xyz, ring = xyz[~last], ring[~last]  # a ring ends where it began
        flat = parts.flat[owner[ring]] if len(ring) else np.zeros(0, np.bool_)
        heights = self._heights(xyz[flat], owner[ring][flat]) + POLYGON_ABOVE * (self.ground.raster is not None)
        xyz[flat, 2] = heights
        ring_len = np.bincount(ring, minlength=len(rings)).astype(np.int32)
        polygon_rings = np.bincount(owner, minlength=len(parts.shapes)).astype(np.int32)
        corner = np.arange(len(xyz), dtype=np.int32)
        # flat ones are cut up in the plane; a steep ground must not turn them
        plane = np.ascontiguousarray(np.column_stack([xyz[:, :2], np.where(flat, 0.0, xyz[:, 2])]).T)
        found = triangulate(Polygons(plane, corner, ring_len, polygon_rings), 1)
        self._tell_triangles(found, parts.rows)
        if len(found.triangles) > self.options.max_triangles:
            raise LoadError(
                self.read.path,
                f"it has {len(found.triangles):,} triangles, more than the {self.options.max_triangles:,} allowed.",
                remedy="Cut it into parts.",
                kind="too-large",
            )
        polygon = np.repeat(np.arange(len(parts.shapes)), found.counts)
        triangles = _upward(plane, found.triangles, parts.flat[polygon])
        corner_polygon = owner[ring]
        if self.ground.raster is not None and parts.flat.any():
            xyz, corner_polygon, triangles, polygon = drape_triangles(
                (xyz, corner_polygon, triangles, polygon),
                parts.flat,
                self._above(POLYGON_ABOVE),
                self.ground.cell,
                self.issues,
            )
        return _faces(xyz, corner_polygon, triangles, polygon, parts)

    def _tell_triangles(self, found: Any, rows: Int64) -> None:
        if len(found.degenerate):
            self._name_rows("degenerate-surface", "Polygons without area are left out.", rows[found.degenerate])
        if len(found.tangled):
            text = "Polygons that cross themselves are drawn, but not exactly."
            self._name_rows("self-crossing", text, rows[found.tangled])

    def _above(self, by: float) -> Any:
        return lambda xy: self.ground.heights(xy, self.target) + by

    def _heights(self, xyz: Float64, owner: Int64) -> Float64:
        """Heights of the ground; beyond it, the lowest known height of the same geometry, else the ground's mean."""
        heights = self.ground.heights(xyz[:, :2], self.target)
        missing = ~np.isfinite(heights)
        if missing.any():
            text = "Geometries beyond the terrain lie at the height of its nearest known part."
            self.issues.info("beyond-ground", text, count=len(np.unique(owner[missing])))
            lowest = np.full(int(owner.max()) + 1, np.inf)
            np.minimum.at(lowest, owner[~missing], heights[~missing])
            raster = self.ground.raster
            usual = 0.0
            if raster is not None and np.isfinite(raster.values[0]).any():
                usual = float(np.nanmean(raster.values[0]))
            lowest[np.isinf(lowest)] = usual
            heights[missing] = lowest[owner[missing]]
        return heights

    def _lines(self, parts: _Parts, drawn: Bool) -> Any:
        lengths = shapely.get_num_coordinates(parts.shapes)
        xyz, owner = shapely.get_coordinates(parts.shapes, include_z=True, return_index=True)
        if self.ground.raster is not None:
            xyz, owner = drape_lines(xyz, owner, parts.flat, self.ground.cell)
            lengths = np.bincount(owner, minlength=len(parts.shapes))
        flat = parts.flat[owner]
        xyz[flat, 2] = self._heights(xyz[flat], owner[flat]) + LINE_ABOVE * (self.ground.raster is not None)
        drawn[parts.rows] = True
        return line_set(xyz, parts.rows[owner].astype(np.int32), lengths)

    def _points(self, parts: _Parts, drawn: Bool) -> Any:
        xyz = shapely.get_coordinates(parts.shapes, include_z=True)
        owner = np.arange(len(xyz))
        xyz[parts.flat, 2] = self._heights(xyz[parts.flat], owner[parts.flat])
        xyz[parts.flat, 2] += LINE_ABOVE * (self.ground.raster is not None)
        drawn[parts.rows] = True
        return point_set(xyz, parts.rows.astype(np.int32))


_NAMES = {
    name.lower(): name
    for name in ("Point", "LineString", "LinearRing", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon",
                 "GeometryCollection")
}  # fmt: skip


def _beyond_degrees(xy: Float64) -> bool:
    """True if most places cannot be longitudes and latitudes."""
    return len(xy) > 0 and bool(np.median(np.abs(xy[:, 0])) > 360.0 or np.median(np.abs(xy[:, 1])) > 90.0)


def _is_type(kind: str) -> bool:
    return kind in CITY_TYPES or (kind.startswith("+") and 1 < len(kind) <= 100 and kind.isprintable())


def _join(groups: list[_Parts]) -> _Parts:
    if not groups:
        return _Parts(np.zeros(0, object), np.zeros(0, np.int64), np.zeros(0, np.bool_))
    return _Parts(
        np.concatenate([group.shapes for group in groups]),
        np.concatenate([group.rows for group in groups]),
        np.concatenate([group.flat for group in groups]),
    )


def _upward(plane: Float64, triangles: Int32, flat: Bool) -> Int32:
    """Triangles of flat polygons turned counter-clockwise as seen from above."""
    a, b, c = (plane[:2, triangles[:, corner]] for corner in range(3))
    down = (b[0] - a[0]) * (c[1] - a[1]) < (b[1] - a[1]) * (c[0] - a[0])
    turn = (down & flat)[:, None]
    return np.where(turn, triangles[:, [0, 2, 1]], triangles).astype(np.int32)


def _faces(xyz: Float64, corner_polygon: Int64, triangles: Int32, polygon: Int64, parts: _Parts) -> Faces:
    """One unit per polygon; corners and triangles are in the order of the polygons."""
    count = len(parts.shapes)
    unit_corner = starts(np.bincount(corner_polygon, minlength=count))
    unit_triangle = starts(np.bincount(polygon, minlength=count))
    return Faces(
        np.ascontiguousarray(xyz.T),
        np.arange(len(xyz), dtype=np.int32),
        triangles,
        unit_corner,
        unit_triangle,
        parts.rows.astype(np.int32),
        face_corner=unit_corner,
        face_triangle=unit_triangle,
    )
