"""One part of a CityJSON text (a whole document, or a run of CityJSONSeq lines) to flat arrays.

Parts are independent of each other, so they can be made by several processes; `merge` puts them together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from loaders import cityjson_ragged as ragged_io
from loaders import columns as attribute_columns
from loaders._issues import IssueLog
from loaders.city import Float64, Int32, Int64, UInt8
from loaders.cityjson_cut import BOUNDARIES, VALUES, Cuts
from loaders.cityjson_ragged import Ragged, Text
from loaders.cityjson_walk import GEOMETRY_FIELDS, InstanceRecord, Walk
from loaders.columns import RawColumns

StreamKey = tuple[int, int]
"""(kind of key, bracket depth)."""
Job = tuple[int, int, list[int]]
"""(kind of key, bracket depth, numbers of the arrays to parse together)."""


@dataclass(slots=True, eq=False)
class Arrays:
    """All integer arrays of a part, one `Ragged` for each kind and depth.

    Array ``n`` is at ``place[n]`` of the stream of its kind with ``depth[n]`` brackets (place -1 = not integers).
    """

    streams: dict[StreamKey, Ragged]
    kind: UInt8
    depth: Int32
    place: Int32

    @classmethod
    def empty(cls) -> Arrays:
        """No arrays."""
        return cls({}, np.zeros(0, np.uint8), np.zeros(0, np.int32), np.zeros(0, np.int32))


@dataclass(slots=True, eq=False)
class Part:
    """What a run of text holds. Rows, arrays, vertices and surfaces count from 0 within the part."""

    ids: list[str]
    type_names: list[str]
    types: Int32
    columns: RawColumns
    parents: list[tuple[int, list[Any]]]
    children: list[tuple[int, list[Any]]]
    lods: list[str]
    geometries: Int32
    """(G, 8), see `GEOMETRY_FIELDS`."""
    themes: list[str]
    materials: Int32
    """(M, 4): geometry, theme, array of values or -1, single material or -1."""
    textures: Int32
    """(T, 3): geometry, theme, array of values."""
    instances: list[InstanceRecord]
    templates: list[int]
    surface_names: list[str]
    surface_types: Int32
    surface_rows: Int32
    surface_columns: RawColumns
    texts: Int64
    """(N, 2): where each array stands in the file, for those that need a second look; (-1, n) = ``extra_texts[n]``."""
    extra_texts: list[bytes]
    arrays: Arrays = field(default_factory=Arrays.empty)
    vertices: Float64 = field(default_factory=lambda: np.zeros((0, 3)))
    """(V, 3) as written, before ``transform``."""
    feature_vertices: Int64 = field(default_factory=lambda: np.zeros(1, np.int64))
    """(F + 1,) first vertex of each feature; one feature in a plain document."""
    appearances: list[tuple[int, dict[str, Any], Float64]] = field(default_factory=list)
    """(feature, appearance without its vertices, texture vertices (N, 2))"""
    issues: IssueLog = field(default_factory=IssueLog)


def integer_jobs(cuts: Cuts, skip: Int64) -> list[Job]:
    """Arrays to parse together: (kind, depth, array numbers), about a megabyte of text each; those of ``skip`` wait."""
    kinds = np.frombuffer(cuts.kinds, np.uint8)
    wanted = (kinds == BOUNDARIES) | (kinds == VALUES)
    wanted[skip[skip < len(kinds)]] = False
    chosen = np.flatnonzero(wanted)
    if not len(chosen):
        return []
    first, last = cuts.table[chosen].T
    depths = text_depths(cuts.data, first, last)
    stream = kinds[chosen].astype(np.int64) * 1024 + depths
    jobs = []
    for code in np.unique(stream).tolist():
        here = np.flatnonzero(stream == code)
        numbers = chosen[here].tolist()
        pieces = ragged_io.pieces_of(last[here] - first[here])
        jobs += [(code // 1024, code % 1024, numbers[a:b]) for a, b in pieces]
    return jobs


_HEAD = 7
"""Brackets counted for all arrays at once: no geometry has more than five."""


def text_depths(data: bytes, first: Int64, last: Int64) -> Int64:
    """Opening brackets of the arrays at ``data[first:last]``; with blanks between them, or many, they are counted
    one by one."""
    text = np.frombuffer(data, np.uint8)
    head = np.take(text, first[:, None] + np.arange(_HEAD), mode="clip")
    depth: Int64 = np.argmin(head == 91, axis=1)
    after = head[np.arange(len(head)), depth]
    for at in np.flatnonzero((depth == 0) | (after <= 32)).tolist():
        depth[at] = ragged_io.text_depth(data[int(first[at]) : int(last[at])])
    return depth


def parse_job(cuts: Cuts, job: Job, parser: Any) -> Ragged:
    """Do one of the `integer_jobs`."""
    kind, depth, numbers = job
    view = memoryview(cuts.data)
    texts: list[Text] = [view[a:b] for a, b in cuts.table[numbers].tolist()]
    return ragged_io.parse_integers(texts, depth, parser, nulls=kind == VALUES)


def gather_arrays(
    jobs: Sequence[Job], done: Sequence[Ragged], walk: Walk, kinds_cut: bytes | bytearray, skip: Int64
) -> Arrays:
    """Join the parsed pieces by stream and add the arrays that were still in the skeleton, but for those to skip."""
    waiting = set(skip[skip >= len(kinds_cut)].tolist())
    parser = ragged_io.new_parser()
    cut = len(kinds_cut)
    more = []
    for number, (kind, text) in enumerate(walk.extra, cut):
        if kind in (BOUNDARIES, VALUES) and number not in waiting:
            more.append((kind, ragged_io.text_depth(text), [number]))
    made = [
        ragged_io.parse_integers([walk.extra[job[2][0] - cut][1]], job[1], parser, job[0] == VALUES) for job in more
    ]
    total = cut + len(walk.extra)
    depths, places = np.zeros(total, np.int32), np.full(total, -1, np.int32)
    pieces: dict[StreamKey, list[Ragged]] = {}
    sizes: dict[StreamKey, int] = {}
    for (kind, depth, numbers), piece in zip([*jobs, *more], [*done, *made], strict=True):
        key = (kind, depth)
        first = sizes.get(key, 0)
        pieces.setdefault(key, []).append(piece)
        depths[numbers] = depth
        places[numbers] = np.arange(first, first + len(numbers))
        sizes[key] = first + len(numbers)
    streams = {key: ragged_io.concat(found, key[1]) for key, found in pieces.items()}
    kinds = np.frombuffer(bytes(kinds_cut) + bytes([kind for kind, _ in walk.extra]), np.uint8)
    return Arrays(streams, kinds, depths, places)


def make_part(walk: Walk, cuts: Cuts) -> Part:
    """Turn the lists of a walk into arrays and columns; the caller adds ``arrays`` and vertices."""
    return Part(
        ids=walk.ids,
        type_names=list(walk.type_names),
        types=np.fromiter(walk.types, np.int32, len(walk.types)),
        columns=attribute_columns.collect(walk.attributes),
        parents=walk.parents,
        children=walk.children,
        lods=list(walk.lods),
        geometries=walk.integers("geometries").reshape(-1, len(GEOMETRY_FIELDS)),
        themes=list(walk.themes),
        materials=walk.integers("materials").reshape(-1, 4),
        textures=walk.integers("textures").reshape(-1, 3),
        instances=walk.instances,
        templates=walk.templates,
        surface_names=list(walk.surface_names),
        surface_types=walk.integers("surface_types"),
        surface_rows=walk.integers("surface_rows"),
        surface_columns=attribute_columns.collect(walk.surface_attributes),
        texts=_texts(cuts, len(walk.extra)),
        extra_texts=[text for _, text in walk.extra],
        issues=walk.issues,
    )


def _texts(cuts: Cuts, extra: int) -> Int64:
    if not extra:
        return cuts.table
    return np.concatenate([cuts.table, np.stack([np.full(extra, -1), np.arange(extra)], axis=1)])


def parse_vertex_lists(texts: Sequence[Text], parser: Any, width: int = 3) -> tuple[Float64, Int64]:
    """Vertex lists of features to (V, width) and the number of rows of each."""
    rows, counts = [], []
    filled = [len(text) > 4 or b"".join(bytes(text).split()) != b"[]" for text in texts]
    full = [text for text, has in zip(texts, filled, strict=True) if has]
    for first, last in ragged_io.pieces_of(np.array([len(text) for text in full], np.int64)):
        piece, number = ragged_io.parse_rows(full[first:last], width, parser)
        rows.append(piece)
        counts.append(number)
    out = np.zeros(len(texts), np.int64)
    if counts:
        out[np.array(filled, np.bool_)] = np.concatenate(counts)
    return (np.asfortranarray(np.concatenate(rows)) if rows else np.zeros((0, width))), out


def merge(parts: Sequence[Part]) -> Part:
    """Put parts together in order; a single part is returned as it is."""
    if len(parts) == 1:
        return parts[0]
    out = parts[0]
    first = {"rows": len(out.ids), "geometries": len(out.geometries), "arrays": len(out.texts)}
    first |= {"surfaces": len(out.surface_types), "features": len(out.feature_vertices) - 1}
    first["vertices"] = len(out.vertices)
    first["extra"] = len(out.extra_texts)
    types, lods, themes = _Codes(out.type_names), _Codes(out.lods), _Codes(out.themes)
    surface_names = _Codes(out.surface_names)
    moved: list[dict[str, Any]] = [_unmoved(out)]
    for part in parts[1:]:
        moved.append(_move(part, first, types, lods, themes, surface_names))
        out.ids += part.ids
        attribute_columns.merge(out.columns, part.columns, first["rows"])
        attribute_columns.merge(out.surface_columns, part.surface_columns, first["surfaces"])
        out.extra_texts += part.extra_texts
        out.issues.merge(part.issues)
        for name in ("parents", "children", "instances", "appearances"):
            getattr(out, name).extend(moved[-1][name])
        first["rows"] += len(part.ids)
        first["geometries"] += len(part.geometries)
        first["arrays"] += len(part.texts)
        first["surfaces"] += len(part.surface_types)
        first["features"] += len(part.feature_vertices) - 1
        first["vertices"] += len(part.vertices)
        first["extra"] += len(part.extra_texts)
    out.type_names, out.lods, out.surface_names = list(types), list(lods), list(surface_names)
    out.themes = list(themes)
    for name in _JOINED:
        pieces = [one.pop(name) for one in moved]
        filled = [piece for piece in pieces if len(piece)] or pieces[:1]
        setattr(out, name, filled[0] if len(filled) == 1 else np.concatenate(filled))
    out.feature_vertices = np.concatenate(
        [moved[0]["feature_vertices"], *(m["feature_vertices"][1:] for m in moved[1:])]
    )
    out.arrays = _merge_arrays([part.arrays for part in parts])
    return out


_JOINED = ("types", "geometries", "surface_types", "surface_rows", "vertices", "materials", "textures", "texts")


class _Codes(dict[str, int]):
    def __init__(self, names: Iterable[str]):
        super().__init__((name, code) for code, name in enumerate(names))

    def remap(self, names: Sequence[str]) -> Int32:
        """Codes of a part's names among those of all parts."""
        return np.array([self.setdefault(name, len(self)) for name in names], np.int32)


def _unmoved(part: Part) -> dict[str, Any]:
    return {name: getattr(part, name) for name in (*_JOINED, "feature_vertices")}


def _move(
    part: Part, first: dict[str, int], types: _Codes, lods: _Codes, themes: _Codes, surfaces: _Codes
) -> dict[str, Any]:
    """A later part's numbers, counted from the start of the file."""
    table = part.geometries.copy()
    column = {name: table[:, at] for at, name in enumerate(GEOMETRY_FIELDS)}
    column["row"][column["row"] >= 0] += first["rows"]
    column["lod"][:] = lods.remap(part.lods)[column["lod"]] if len(table) else 0
    for name in ("boundaries", "semantics"):
        column[name][column[name] >= 0] += first["arrays"]
    column["first_surface"][column["first_surface"] >= 0] += first["surfaces"]
    column["feature"] += first["features"]
    arrays, rows = first["arrays"], first["rows"]
    theme_codes = themes.remap(part.themes)
    for name in ("materials", "textures"):
        looks = getattr(part, name)
        looks[:, 0] += first["geometries"]
        looks[:, 1] = theme_codes[looks[:, 1]] if len(looks) else 0
        looks[looks[:, 2] >= 0, 2] += arrays
    if part.extra_texts:
        part.texts[part.texts[:, 0] < 0, 1] += first["extra"]
    for instance in part.instances:
        instance.row += rows
        instance.boundaries += arrays
        instance.feature += first["features"]
    type_codes, surface_codes = types.remap(part.type_names), surfaces.remap(part.surface_names)
    return {
        "types": type_codes[part.types] if len(part.types) else part.types,
        "geometries": table,
        "surface_types": surface_codes[part.surface_types] if len(part.surface_types) else part.surface_types,
        "surface_rows": part.surface_rows + np.int32(rows),
        "vertices": part.vertices,
        "feature_vertices": part.feature_vertices + first["vertices"],
        "parents": [(row + rows, names) for row, names in part.parents],
        "children": [(row + rows, names) for row, names in part.children],
        "materials": part.materials,
        "textures": part.textures,
        "texts": part.texts,
        "instances": part.instances,
        "appearances": [(feature + first["features"], a, uv) for feature, a, uv in part.appearances],
    }


def _merge_arrays(arrays: Sequence[Arrays]) -> Arrays:
    keys = dict.fromkeys(key for one in arrays for key in one.streams)
    streams = {key: ragged_io.concat([a.streams[key] for a in arrays if key in a.streams], key[1]) for key in keys}
    columns = {key: number for number, key in enumerate(keys)}
    column = np.zeros((8, 1024), np.int64)
    sizes = np.zeros((len(arrays) + 1, len(keys) + 1), np.int32)
    for (kind, depth), number in columns.items():
        column[kind, depth] = number
    for number, one in enumerate(arrays):
        for key, stream in one.streams.items():
            sizes[number + 1, columns[key]] = stream.arrays
    base = np.cumsum(sizes, axis=0, dtype=np.int32)
    places = [
        np.where(one.place >= 0, one.place + base[number, column[one.kind, one.depth]], -1)
        for number, one in enumerate(arrays)
    ]
    return Arrays(
        streams,
        np.concatenate([one.kind for one in arrays]),
        np.concatenate([one.depth for one in arrays]),
        np.concatenate(places).astype(np.int32),
    )
