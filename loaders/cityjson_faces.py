"""Boundaries of all surface geometries as one run of faces, checked and triangulated."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from loaders import cityjson_ragged as ragged_io
from loaders._issues import IssueLog
from loaders.api import LoadError
from loaders.city import Bool, Float64, Int32, Int64
from loaders.cityjson_cut import BOUNDARIES
from loaders.cityjson_header import Transform
from loaders.cityjson_part import Part
from loaders.cityjson_ragged import Ragged
from loaders.cityjson_walk import GEOMETRY_FIELDS
from loaders.tiling import Faces, used_corners
from loaders.triangulate import Polygons, starts, triangulate

MAX_COORDINATE = 1e9
"""Coordinates beyond this (a million kilometres) are taken for damage."""


@dataclass(slots=True, eq=False)
class Geometries:
    """Columns of `Part.geometries` by name, and the vertices that each geometry may use.

    Attributes: row, lod, depth, boundaries, semantics, first_surface, surfaces, feature: int32 (G,);
    first_vertex, vertex_count: int64 (G,), of the feature or of the templates; labels: what to call a row in issues.
    """

    row: Int32
    lod: Int32
    depth: Int32
    boundaries: Int32
    semantics: Int32
    first_surface: Int32
    surfaces: Int32
    feature: Int32
    first_vertex: Int64
    vertex_count: Int64
    ids: list[str]

    def names(self, geometries: Iterable[int]) -> list[str]:
        """Ids of the objects of some geometries, for the load report."""
        rows = (int(self.row[geometry]) for geometry in geometries)
        return [self.ids[row] if row >= 0 else "geometry template" for row in rows]


def geometry_table(part: Part, templates: int) -> Geometries:
    """The geometries with their vertex ranges; template vertices follow those of the objects."""
    columns = {name: np.ascontiguousarray(part.geometries[:, at]) for at, name in enumerate(GEOMETRY_FIELDS)}
    row, feature = columns["row"], columns["feature"]
    own = row < 0
    first = part.feature_vertices[:-1]
    count = np.diff(part.feature_vertices)
    if not len(first):
        first = count = np.zeros(1, np.int64)
    return Geometries(
        **columns,
        first_vertex=np.where(own, len(part.vertices), first[feature]),
        vertex_count=np.where(own, templates, count[feature]),
        ids=part.ids,
    )


def world_vertices(vertices: Float64, transform: Transform, templates: Float64) -> Float64:
    """World coordinates by axis, float64 (3, V + T): ``transform`` applied to all but the template vertices.

    Where ``vertices`` (V, 3) are kept by axis and nothing is to be added, they are changed in place.
    """
    count = len(vertices)
    in_place = not len(templates) and vertices.flags.f_contiguous and vertices.flags.writeable
    out = vertices.T if in_place else np.empty((3, count + len(templates)))
    for axis in range(3):
        with np.errstate(over="ignore", invalid="ignore"):
            np.multiply(vertices[:, axis], transform.scale[axis], out=out[axis, :count])
            out[axis, :count] += transform.translate[axis]
        out[axis, count:] = templates[:, axis]
    return out


def usable_vertices(vertices: Float64) -> Bool | None:
    """True for vertices with three coordinates of sane size; None if all are."""
    fine = np.ones(vertices.shape[1], np.bool_)
    if not vertices.size:
        return None
    for axis in vertices:
        low, high = float(axis.min()), float(axis.max())
        if not (low >= -MAX_COORDINATE and high <= MAX_COORDINATE):
            fine &= np.abs(axis) <= MAX_COORDINATE
    return None if fine.all() else fine


@dataclass(slots=True, eq=False)
class Surfaces:
    """All faces of depth 3 to 5 before triangulation; unit = array of boundaries.

    Attributes: numbers int32 (C,) vertex of each corner; ring_len int32 (R,); face_rings int32 (F,); unit_corner,
    unit_ring, unit_face int64 (U + 1,); unit_geometry int32 (U,), -1 = used by no geometry;
    geometry_unit int32 (G,), -1 = no faces; broken: units with faces that were unreadable (they have no corners).
    """

    numbers: Int32
    ring_len: Int32
    face_rings: Int32
    unit_corner: Int64
    unit_ring: Int64
    unit_face: Int64
    unit_geometry: Int32
    geometry_unit: Int32
    broken: tuple[int, ...] = ()

    _face_corner: Int64 | None = None

    @property
    def face_corner(self) -> Int64:
        """First corner of each face and the end: (F + 1,)."""
        if self._face_corner is None:
            single = len(self.face_rings) == len(self.ring_len)
            ring = starts(self.ring_len)
            self._face_corner = ring if single else ring[starts(self.face_rings)]
        return self._face_corner


def check_nesting(part: Part, table: Geometries, issues: IssueLog) -> Int32:
    """Place of each geometry's boundaries in the stream of its depth, -1 where they cannot be used."""
    arrays = part.arrays
    known = table.boundaries
    place = arrays.place[known].copy() if len(known) else np.zeros(0, np.int32)
    wrong = (arrays.depth[known] != table.depth) if len(known) else np.zeros(0, np.bool_)
    empty = np.zeros(len(known), np.bool_)
    for (kind, depth), stream in arrays.streams.items():
        if kind != BOUNDARIES or not stream.broken:
            continue
        reasons = stream.broken
        here = np.flatnonzero((arrays.depth[known] == depth) & np.isin(place, list(reasons)))
        for geometry in here.tolist():
            reason = reasons[int(place[geometry])]
            if reason == "empty":
                empty[geometry] = True
            elif not wrong[geometry]:
                issues.error(
                    "bad-boundaries",
                    "Surfaces whose boundaries are not lists of integers of the right depth were skipped.",
                    table.names([geometry]),
                )  # fmt: skip
    wrong &= ~empty
    if wrong.any():
        issues.error(
            "wrong-nesting", "Geometries whose boundaries are nested otherwise than their type says were skipped.",
            table.names(np.flatnonzero(wrong)),
        )  # fmt: skip
    if empty.any():
        issues.warning("empty-geometry", "Geometries without any boundaries.", table.names(np.flatnonzero(empty)))
    place[wrong | empty] = -1
    return place


def gather_surfaces(part: Part, table: Geometries, place: Int32) -> Surfaces:
    """Put the streams of surfaces, solids and multi-solids behind each other."""
    streams = [part.arrays.streams.get((BOUNDARIES, depth), Ragged.empty(depth)) for depth in (3, 4, 5)]
    joined = ragged_io.concat([stream for stream in streams if stream.arrays], 3)
    first = starts(np.array([stream.arrays for stream in streams]))
    unit = np.full(len(place), -1, np.int32)
    faces = (table.depth >= 3) & (place >= 0)
    unit[faces] = place[faces] + first[table.depth[faces] - 3]
    owner = np.full(joined.arrays, -1, np.int32)
    owner[unit[faces]] = np.flatnonzero(faces)
    return Surfaces(
        joined.numbers,
        joined.ring_len,
        joined.group_rings,
        starts(joined.array_numbers),
        starts(joined.array_rings),
        starts(joined.array_groups),
        owner,
        unit,
        tuple(joined.broken),
    )


def resolve_vertices(surfaces: Surfaces, table: Geometries, usable: Bool | None, issues: IssueLog) -> Bool | None:
    """Make vertex numbers count over the whole file; returns faces to leave out (bad numbers), None if none."""
    owner = surfaces.unit_geometry
    used = owner >= 0
    first = np.where(used, table.first_vertex[owner], 0) if len(owner) and len(table.row) else np.zeros(len(owner))
    count = np.where(used, table.vertex_count[owner], 0) if len(owner) and len(table.row) else np.zeros(len(owner))
    numbers, begin = surfaces.numbers, surfaces.unit_corner
    filled = np.flatnonzero(np.diff(begin))
    drop: list[Int64] = []
    unused = np.repeat(~used, np.diff(surfaces.unit_face)) if not used.all() else None
    if len(filled):
        high = np.maximum.reduceat(numbers, begin[filled])
        low = np.minimum.reduceat(numbers, begin[filled])
        for unit in filled[(low < 0) | (high >= count[filled])].tolist():
            own = slice(int(begin[unit]), int(begin[unit + 1]))
            if owner[unit] < 0:
                numbers[own] = 0
                continue
            bad = (numbers[own] < 0) | (numbers[own] >= count[unit])
            drop.append(np.flatnonzero(bad) + begin[unit])
            numbers[own][bad] = 0
    if first.any():
        _shift(numbers, begin, first.astype(np.int32))
    out = np.concatenate(drop) if drop else np.zeros(0, np.int64)
    faces = _report(
        surfaces,
        table,
        out,
        issues,
        "vertex-out-of-range",
        "Surfaces that use vertices which are not in the file were skipped.",
    )
    if usable is not None:
        lost = np.flatnonzero(~usable[np.minimum(numbers, len(usable) - 1)])
        lost = lost[~np.isin(lost, out)]
        text = "Surfaces with coordinates that are not numbers of sane size were skipped."
        faces = np.union1d(faces, _report(surfaces, table, lost, issues, "bad-coordinate", text))
    if not len(faces):
        return unused
    mask = np.zeros(len(surfaces.face_rings), np.bool_) if unused is None else unused
    mask[faces] = True
    return mask


def _shift(numbers: Int32, begin: Int64, by: Int32) -> None:
    """Add ``by`` (U,) to the numbers of each unit, in pieces that stay in the processor's cache: memory as large as
    ``numbers`` would have to be cleared first."""
    counts = np.diff(begin)
    for first, last in ragged_io.pieces_of(counts, 1 << 17):
        numbers[begin[first] : begin[last]] += np.repeat(by[first:last], counts[first:last])


def _report(surfaces: Surfaces, table: Geometries, corners: Int64, issues: IssueLog, kind: str, text: str) -> Int64:
    """Faces that hold the corners; notes an issue for them."""
    if not len(corners):
        return corners
    faces = np.unique(np.searchsorted(surfaces.face_corner, corners, side="right") - 1)
    note_faces(surfaces, table, faces, issues, kind, text)
    return faces


def note_faces(surfaces: Surfaces, table: Geometries, faces: Int64, issues: IssueLog, kind: str, text: str) -> None:
    """An issue about faces: their number, and the ids of (some of) their objects."""
    units = np.searchsorted(surfaces.unit_face, faces, side="right") - 1
    owners = surfaces.unit_geometry[units]
    owners = owners[owners >= 0]
    if len(owners):
        issues.warning(kind, text, table.names(dict.fromkeys(owners.tolist())), len(owners))


@dataclass(slots=True, eq=False)
class Mesh:
    """Triangles of all faces: ``faces`` (without looks), and the triangles of each face as int32 (F,)."""

    faces: Faces
    counts: Int32 | None
    """None = one triangle each."""


def triangulate_all(
    surfaces: Surfaces,
    table: Geometries,
    vertices: Float64,
    drop: Bool | None,
    processes: int,
    issues: IssueLog,
    report: Callable[[float], None],
) -> Mesh:
    """Triangles for all faces but those to leave out; corners keep their numbers."""
    rows = np.full(len(surfaces.unit_geometry), -1, np.int32)
    used = surfaces.unit_geometry >= 0
    rows[used] = table.row[surfaces.unit_geometry[used]]
    if len(surfaces.numbers) > np.iinfo(np.int32).max:
        raise LoadError("", "more corners than can be drawn from one file.", kind="too-many-triangles")
    if drop is None and _all_triangles(surfaces):
        faces = Faces(vertices, surfaces.numbers, None, surfaces.unit_corner, surfaces.unit_corner // 3, rows)
        return Mesh(faces, None)
    polygons = Polygons(vertices, surfaces.numbers, surfaces.ring_len, surfaces.face_rings, drop)
    done = triangulate(polygons, processes, report)
    counts = done.counts
    degenerate = done.degenerate
    if surfaces.broken:
        units = np.searchsorted(surfaces.unit_face, degenerate, side="right") - 1
        told = np.isin(units, surfaces.broken) & (np.diff(surfaces.face_corner)[degenerate] == 0)
        degenerate = degenerate[~told]
    for faces_at, kind, text in (
        (
            degenerate,
            "degenerate-surface",
            "Surfaces with fewer than three different points, or without area, were skipped.",
        ),
        (done.tangled, "tangled-surface", "Surfaces that cross themselves are drawn as well as can be."),
    ):
        if len(faces_at):
            note_faces(surfaces, table, faces_at, issues, kind, text)
    face_triangle = starts(counts)
    faces = Faces(
        vertices,
        surfaces.numbers,
        done.triangles,
        surfaces.unit_corner,
        face_triangle[surfaces.unit_face],
        rows,
        face_corner=surfaces.face_corner,
        face_triangle=face_triangle,
    )
    return Mesh(faces, counts)


def _all_triangles(surfaces: Surfaces) -> bool:
    """True if every face is one ring of three different vertices."""
    ring_len = surfaces.ring_len
    if len(ring_len) != len(surfaces.face_rings) or not ragged_io.all_equal(ring_len, 3):
        return False
    a, b, c = (surfaces.numbers[corner::3] for corner in range(3))
    return not bool(np.any((a == b) | (b == c) | (c == a)))


def drop_unused(mesh: Mesh, drop: Bool | None) -> Faces:
    """Without the corners of faces left out for bad vertices; those of faces without area do no harm."""
    if mesh.counts is None or drop is None:
        return mesh.faces
    return used_corners(mesh.faces, ~drop)
