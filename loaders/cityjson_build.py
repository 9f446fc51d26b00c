"""`Content` of a CityJSON file to `CityData`: LoDs with tiles, points, lines and instances of templates."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from loaders import cityjson_faces as faces_io
from loaders import cityjson_looks as looks
from loaders._issues import IssueLog
from loaders.api import LoadError, LoadOptions, Progress
from loaders.city import Bool, CityData, Float64, Instances, Int32, Int64, LineSet, LodMesh, PointSet, TileSet, UInt8
from loaders.cityjson_appearance import Appearances
from loaders.cityjson_cut import BOUNDARIES
from loaders.cityjson_faces import Geometries
from loaders.cityjson_header import Header
from loaders.cityjson_looks import Slots, Values
from loaders.cityjson_part import Part
from loaders.cityjson_ragged import Ragged
from loaders.cityjson_read import Content
from loaders.cityjson_source import Source
from loaders.cityjson_tables import surface_codes
from loaders.cityjson_walk import InstanceRecord
from loaders.tiling import Faces, build_tiles
from loaders.triangulate import ranges, starts


def lod_order(lod: str) -> tuple[float, ...]:
    """Sorting key from coarse to fine: "" first, then by number ("1.2" < "2"), unknown words last.

    >>> sorted(["2.2", "", "0", "x", "1.3", "10"], key=lod_order)
    ['', '0', '1.3', '2.2', '10', 'x']
    """
    if not lod:
        return (-1.0,)
    try:
        numbers = tuple(float(part) for part in lod.split("."))
    except ValueError:
        return (math.inf,)
    return numbers if all(map(math.isfinite, numbers)) else (math.inf,)


@dataclass(slots=True, eq=False)
class _Scene:
    """What all LoDs are cut from."""

    part: Part
    table: Geometries
    vertices: Float64
    place: Int32
    faces: Faces
    unit: Int32
    """Unit of each geometry, -1 = none."""
    loose_codes: dict[int, Int32]
    """Surface code of every point (1) and line (2) of the streams of these depths."""
    usable: Bool | None
    issues: IssueLog
    processes: int


def build_city(
    content: Content,
    header: Header,
    path: Path,
    source: Source,
    options: LoadOptions,
    progress: Progress,
    issues: IssueLog,
) -> CityData:
    """Everything after parsing; raises `LoadError` beyond the limits, `Cancelled`."""
    part = content.part
    objects = content.objects
    appearances = Appearances(part, path.parent, issues)
    progress.report(0.5, "checking")
    scene = _scene(content, header, source, appearances, options, progress, issues)
    _note_instances(scene)
    lods = {}
    codes = sorted(range(len(part.lods)), key=lambda code: (lod_order(part.lods[code]), part.lods[code]))
    budget = _Budget(path, options.max_triangles)
    for step, code in enumerate(codes):
        low = 0.7 + 0.3 * step / len(codes)
        width = 0.3 / len(codes)
        mesh = _lod(scene, code, len(objects), budget, partial(_report, progress, low, width))
        if mesh is not None:
            lods[part.lods[code]] = mesh
    return CityData(
        name=_name(path),
        crs=header.crs,
        bbox=_bbox(list(lods.values())),
        objects=objects,
        surfaces=content.surfaces,
        lods=lods,
        textures=tuple(appearances.textures),
        materials=tuple(appearances.materials),
        default_theme=_default_theme(appearances.default_theme, lods),
        metadata=header.metadata,
        extensions=header.extensions,
    )


def _name(path: Path) -> str:
    name = path.name
    for ending in (".gz", ".json", ".jsonl", ".city"):
        name = name.removesuffix(ending)
    return name or path.name


def _default_theme(named: str | None, lods: dict[str, LodMesh]) -> str | None:
    themes = {theme for mesh in lods.values() for theme in mesh.tiles.appearances}
    themes |= {theme for mesh in lods.values() for one in mesh.instances for theme in one.template.appearances}
    if named in themes:
        return named
    return min(themes) if themes else None


def _report(progress: Progress, low: float, width: float, done: float) -> None:
    progress.report(low + width * done, "sorting into tiles")


class _Budget:
    """Counts triangles and refuses the file when there are too many."""

    def __init__(self, path: Path, limit: int):
        self.path, self.limit, self.used = path, limit, 0

    def take(self, triangles: int) -> None:
        """Add triangles; raises `LoadError` beyond the limit."""
        self.used += triangles
        if self.used > self.limit:
            reason = f"more than {self.limit:,} triangles, copies of templates included."
            raise LoadError(self.path, reason, remedy="Cut it into parts.", kind="too-many-triangles")


def _scene(
    content: Content,
    header: Header,
    source: Source,
    appearances: Appearances,
    options: LoadOptions,
    progress: Progress,
    issues: IssueLog,
) -> _Scene:
    part = content.part
    table = faces_io.geometry_table(part, len(content.template_vertices))
    vertices = faces_io.world_vertices(part.vertices, header.transform, content.template_vertices)
    usable = faces_io.usable_vertices(vertices)
    place = faces_io.check_nesting(part, table, issues)
    found = faces_io.gather_surfaces(part, table, place)
    values = Values(part, source, table)
    themes = looks.theme_corners(values, part, table, found, appearances.tables(), issues, options.processes)
    slots = looks.face_slots(found)
    face_surface = looks.semantic_rows(values, table, slots, np.arange(len(table.row)), issues)
    drop = faces_io.resolve_vertices(found, table, usable, issues)
    progress.report(0.55, "triangulating")
    mesh = faces_io.triangulate_all(
        found, table, vertices, drop, options.processes, issues,
        lambda done: progress.report(0.55 + 0.14 * done, "triangulating"),
    )  # fmt: skip
    faces = mesh.faces
    codes = surface_codes(part)
    if face_surface is not None:
        corners, triangles = (np.diff(found.face_corner), mesh.counts) if mesh.counts is not None else (3, None)
        faces.corner_code = np.repeat(codes[face_surface], corners)
        faces.triangle_surface = face_surface if triangles is None else np.repeat(face_surface, triangles)
    faces.themes = themes
    uv = appearances.tables().uv
    faces.uv_table = np.ascontiguousarray(np.vstack([uv, np.zeros((1, 2))]).T, np.float32)
    unit = found.geometry_unit
    faces = faces_io.drop_unused(mesh, drop)
    loose = {depth: _loose_codes(values, table, place, codes, depth, issues) for depth in (1, 2)}
    source.release()
    part.vertices = part.vertices[:0].copy()
    part.arrays.streams = {key: found for key, found in part.arrays.streams.items() if key[0] == BOUNDARIES}
    for depth in (3, 4, 5):
        part.arrays.streams.pop((BOUNDARIES, depth), None)
    return _Scene(part, table, vertices, place, faces, unit, loose, usable, issues, options.processes)


def _lod(scene: _Scene, code: int, rows: int, budget: _Budget, report: Callable[[float], None]) -> LodMesh | None:
    table = scene.table
    own = np.flatnonzero((table.lod == code) & (table.row >= 0))
    uses = _uses(scene, code)
    drawn = np.zeros(rows, np.bool_)
    units: Int64 = scene.unit[own].astype(np.int64)
    units = units[units >= 0]
    faces = scene.faces
    if faces.triangle_surface is not None and not bool(np.any(table.semantics[own] >= 0)):
        faces = replace(faces, triangle_surface=None)
    budget.take(int((faces.unit_triangle[units + 1] - faces.unit_triangle[units]).sum()))
    tiles, area = build_tiles(faces, units, scene.processes, report)
    _only_used(tiles)
    solid = units[faces.unit_triangle[units + 1] > faces.unit_triangle[units]]
    drawn[faces.unit_row[solid]] = True
    instances, more, spread = _instances(scene, uses, budget)
    for one in instances:
        drawn[one.object_rows] = True
    points, lines = _points(scene, own, spread), _lines(scene, own, spread)
    for loose in (points, lines):
        if loose is not None:
            drawn[loose.tags[:, 0].astype(np.int64)] = True
    if not drawn.any():
        return None
    return LodMesh(scene.part.lods[code], tiles, drawn, area + more, points, lines, tuple(instances))


def _only_used(tiles: TileSet) -> None:
    """Take out the themes that no vertex of these tiles has."""
    for name in list(tiles.appearances):
        look = tiles.appearances[name]
        has = look.material is not None and bool((look.material >= 0).any())
        has = has or (look.uvt is not None and bool((look.uvt[:, 2] >= 0).any()))
        if not has:
            del tiles.appearances[name]


@dataclass(slots=True, eq=False)
class _Spread:
    """Points or lines of a template, copied to where it is used."""

    geometry: int
    matrices: Float64
    rows: Int32


def _uses(scene: _Scene, code: int) -> dict[int, list[InstanceRecord]]:
    """Uses of the templates of one LoD, by template geometry."""
    out: dict[int, list[InstanceRecord]] = {}
    for record in scene.part.instances:
        known = 0 <= record.template < len(scene.part.templates)
        geometry = scene.part.templates[record.template] if known else -1
        if geometry >= 0 and scene.table.lod[geometry] == code:
            out.setdefault(geometry, []).append(record)
    return out


def _note_instances(scene: _Scene) -> None:
    """Tell about uses of templates that are not there."""
    templates = scene.part.templates
    for record in scene.part.instances:
        if not (0 <= record.template < len(templates) and templates[record.template] >= 0):
            name = scene.part.ids[record.row]
            scene.issues.error("missing-template", "Uses of a template that is not there were skipped.", [name])


def _instances(
    scene: _Scene, uses: dict[int, list[InstanceRecord]], budget: _Budget
) -> tuple[list[Instances], float, list[_Spread]]:
    out: list[Instances] = []
    spread: list[_Spread] = []
    total = 0.0
    for geometry, records in uses.items():
        matrices, rows = _matrices(scene, geometry, records)
        if not len(rows):
            continue
        unit = int(scene.unit[geometry])
        faces = scene.faces
        if scene.table.depth[geometry] < 3:
            spread.append(_Spread(geometry, matrices, rows))
        elif unit >= 0 and faces.unit_triangle[unit + 1] > faces.unit_triangle[unit]:
            owned = replace(faces, unit_row=np.zeros(len(faces.unit_row), np.int32))
            tiles, _ = build_tiles(owned, np.array([unit], np.int64), 1, _silent, local=True)
            _only_used(tiles)
            budget.take(tiles.triangle_count * len(rows))
            out.append(Instances(tiles, matrices, rows))
            total += _instance_area(tiles, matrices)
    return out, total, spread


def _silent(fraction: float) -> None:
    """Report nothing."""


def _matrices(scene: _Scene, geometry: int, records: list[InstanceRecord]) -> tuple[Float64, Int32]:
    """Template -> world: the matrix of each use, then a shift to its reference point."""
    stream = scene.part.arrays.streams.get((BOUNDARIES, 1), Ragged.empty(1))
    begin = starts(stream.array_numbers)
    place = scene.part.arrays.place[[record.boundaries for record in records]]
    depth = scene.part.arrays.depth[[record.boundaries for record in records]]
    fine = (depth == 1) & (place >= 0)
    place = np.where(fine, place, 0)
    fine &= (stream.array_numbers[place] == 1) if stream.arrays else False
    number = stream.numbers[begin[place] * fine] if len(stream.numbers) else np.zeros(len(place), np.int32)
    feature = np.array([record.feature for record in records])
    first = scene.part.feature_vertices[feature]
    fine &= (number >= 0) & (number < scene.part.feature_vertices[feature + 1] - first)
    point = scene.vertices[:, np.where(fine, number + first, 0)].T if scene.vertices.size else np.zeros((len(place), 3))
    with np.errstate(over="ignore", invalid="ignore"):
        matrices = np.array([_floats(record.matrix) for record in records]).reshape(-1, 4, 4)
        matrices[:, :3, 3] += point
        corners = _template_box(scene, geometry)
        reach = np.abs(matrices[:, :3] @ corners).max(axis=(1, 2)) if corners.shape[1] else np.zeros(len(matrices))
    sane = np.isfinite(matrices).all(axis=(1, 2)) & (reach <= faces_io.MAX_COORDINATE)
    sane &= np.isfinite(point).all(axis=1)
    rows = np.array([record.row for record in records], np.int32)
    for bad, kind, text in (
        (~fine, "bad-instance", "Template uses without a template, point or 4 x 4 matrix were skipped."),
        (fine & ~sane, "instance-out-of-range", "Template uses that reach beyond sane coordinates were skipped."),
    ):
        if bad.any():
            scene.issues.error(kind, text, [scene.part.ids[row] for row in rows[bad].tolist()])
    keep = fine & sane
    return np.ascontiguousarray(matrices[keep]), rows[keep]


def _floats(numbers: list[float]) -> list[float]:
    try:
        return [float(number) for number in numbers]
    except OverflowError:
        return [math.nan] * len(numbers)


def _template_box(scene: _Scene, geometry: int) -> Float64:
    """Corners of the template's box as columns (4, 8) with a 1 below."""
    first, count = int(scene.table.first_vertex[geometry]), int(scene.table.vertex_count[geometry])
    own = scene.vertices[:, first : first + count]
    own = own[:, np.isfinite(own).all(axis=0)]
    if not own.shape[1]:
        return np.zeros((4, 0))
    low, high = own.min(axis=1), own.max(axis=1)
    box = np.array([[(low, high)[(corner >> axis) & 1][axis] for corner in range(8)] for axis in range(3)])
    return np.vstack([box, np.ones(8)])


def _instance_area(tiles: TileSet, matrices: Float64) -> float:
    """Area of all copies: the template's area vectors turned by each matrix (cofactors), in pieces."""
    points = tiles.positions.astype(np.float64)[tiles.triangles]
    normal = 0.5 * np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0])
    turns, copies = np.unique(matrices[:, :3, :3].reshape(-1, 9), axis=0, return_counts=True)
    total = 0.0
    for turn, number in zip(turns.reshape(-1, 3, 3), copies.tolist(), strict=True):
        cofactor = np.stack([np.cross(turn[1], turn[2]), np.cross(turn[2], turn[0]), np.cross(turn[0], turn[1])])
        total += number * float(np.linalg.norm(normal @ cofactor.T, axis=1).sum())
    return total


def _loose(scene: _Scene, own: Int64, spread: list[_Spread], depth: int) -> tuple[Float64, Int64, Int32, Int32] | None:
    """Points of all point or line geometries: world (P, 3), lengths of the runs (rings), row and code by run."""
    stream = scene.part.arrays.streams.get((BOUNDARIES, depth), Ragged.empty(depth))
    number_start, ring_start = starts(stream.array_numbers), starts(stream.array_rings)
    table, place = scene.table, scene.place
    codes = scene.loose_codes[depth]

    def runs(geometries: Int64) -> tuple[Int64, Int64, Int64, Int64]:
        at = place[geometries]
        ring = ranges(ring_start[at], stream.array_rings[at])
        vertex = stream.numbers[ranges(number_start[at], stream.array_numbers[at])].astype(np.int64)
        of_number = np.repeat(geometries, stream.array_numbers[at])
        bad = (vertex < 0) | (vertex >= table.vertex_count[of_number])
        vertex = np.where(bad, 0, vertex) + table.first_vertex[of_number]
        if len(scene.vertices[0]):
            bad |= False if scene.usable is None else ~scene.usable[np.minimum(vertex, len(scene.usable) - 1)]
        vertex[bad] = -1
        return vertex, stream.ring_len[ring].astype(np.int64), np.repeat(geometries, stream.array_rings[at]), ring

    mine = own[(table.depth[own] == depth) & (place[own] >= 0)]
    vertex, length, owner, ring = runs(mine)
    world = [scene.vertices[:, vertex].T if scene.vertices.size else np.zeros((len(vertex), 3))]
    valid, lengths, rows = [vertex >= 0], [length], [table.row[owner]]
    code = [codes[ring] if depth == 2 else codes[ranges(number_start[place[mine]], stream.array_numbers[place[mine]])]]
    for one in spread:
        if table.depth[one.geometry] != depth or place[one.geometry] < 0:
            continue
        vertex, length, _, ring = runs(np.array([one.geometry]))
        local = np.vstack([scene.vertices[:, vertex], np.ones(len(vertex))])
        copies = len(one.rows)
        world.append((one.matrices[:, :3] @ local).transpose(0, 2, 1).reshape(-1, 3))
        valid.append(np.tile(vertex >= 0, copies))
        lengths.append(np.tile(length, copies))
        rows.append(np.repeat(one.rows, len(length)))
        code.append(np.zeros(copies * len(length if depth == 2 else vertex), np.int32))
    all_valid, all_lengths = np.concatenate(valid), np.concatenate(lengths)
    if not all_valid.all():
        names = [
            scene.part.ids[int(row)] for row in np.unique(np.repeat(np.concatenate(rows), all_lengths)[~all_valid])
        ]
        scene.issues.warning("bad-point", "Points that use missing or unusable vertices were skipped.", names)
        run = np.repeat(np.arange(len(all_lengths)), all_lengths)
        all_lengths = np.bincount(run[all_valid], minlength=len(all_lengths))
    points = np.concatenate(world)[all_valid]
    if not len(points):
        return None
    all_codes = np.concatenate(code)
    return points, all_lengths, np.concatenate(rows), all_codes[all_valid] if depth == 1 else all_codes


def _loose_codes(values: Values, table: Geometries, place: Int32, codes: UInt8, depth: int, issues: IssueLog) -> Int32:
    """Surface code of each point (depth 1) or line (depth 2) of the stream, from its semantics."""
    stream = values.part.arrays.streams.get((BOUNDARIES, depth), Ragged.empty(depth))
    counts = stream.array_numbers if depth == 1 else stream.array_rings
    chosen = np.flatnonzero((table.depth == depth) & (place >= 0))
    first = np.zeros(len(table.row), np.int64)
    count = np.zeros(len(table.row), np.int64)
    first[chosen] = starts(counts)[place[chosen]]
    count[chosen] = counts[place[chosen]]
    total = int(counts.sum())
    rows = looks.semantic_rows(values, table, Slots(first, count, total), chosen, issues)
    return np.zeros(total, np.int32) if rows is None else codes[rows].astype(np.int32)


def _points(scene: _Scene, own: Int64, spread: list[_Spread]) -> PointSet | None:
    if (BOUNDARIES, 1) not in scene.part.arrays.streams or not np.any(scene.table.depth == 1):
        return None
    found = _loose(scene, own, spread, 1)
    if found is None:
        return None
    points, lengths, rows, codes = found
    origin, positions = _local(points)
    return PointSet(origin, positions, _tags(np.repeat(rows, lengths), codes))


def _lines(scene: _Scene, own: Int64, spread: list[_Spread]) -> LineSet | None:
    if not np.any(scene.table.depth == 2):
        return None
    found = _loose(scene, own, spread, 2)
    if found is None:
        return None
    points, lengths, rows, codes = found
    origin, positions = _local(points)
    keep = lengths > 0
    return LineSet(origin, positions, _tags(np.repeat(rows, lengths), np.repeat(codes, lengths)), starts(lengths[keep]))


def _local(points: Float64) -> tuple[Float64, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    origin = np.rint(0.5 * (points.min(axis=0) + points.max(axis=0)))
    return origin, np.ascontiguousarray((points - origin).astype(np.float32))


def _tags(rows: Int32, codes: Int32) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.ascontiguousarray(np.stack([rows, codes], axis=1).astype(np.float32))


def _bbox(lods: list[LodMesh]) -> Float64 | None:
    """Box around everything drawn, world coordinates; None if nothing is."""
    boxes: list[Float64] = []
    for mesh in lods:
        boxes += list(mesh.tiles.bounds)
        for loose in (mesh.points, mesh.lines):
            if loose is not None:
                world = loose.positions.astype(np.float64) + loose.origin
                boxes.append(np.concatenate([world.min(axis=0), world.max(axis=0)]))
        for one in mesh.instances:
            low, high = one.template.bounds[0, :3], one.template.bounds[0, 3:]
            box = np.array([[(low, high)[(c >> axis) & 1][axis] for c in range(8)] for axis in range(3)])
            world = one.matrices[:, :3] @ np.vstack([box, np.ones(8)])
            boxes.append(np.concatenate([world.min(axis=(0, 2)), world.max(axis=(0, 2))]))
    if not boxes:
        return None
    table = np.array(boxes)
    return np.concatenate([table[:, :3].min(axis=0), table[:, 3:].max(axis=0)])
