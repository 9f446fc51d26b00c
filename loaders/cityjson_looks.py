"""Semantic surfaces, materials and textures of faces, from the arrays of values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from loaders import cityjson_ragged as ragged_io
from loaders._fork import ForkPool, shared_empty
from loaders._issues import IssueLog
from loaders.api import MAX_ISSUE_OBJECTS
from loaders.city import Float64, Int32, Int64
from loaders.cityjson_cut import VALUES
from loaders.cityjson_faces import Geometries, Surfaces
from loaders.cityjson_part import Part, text_depths
from loaders.cityjson_ragged import Ragged
from loaders.cityjson_source import Source
from loaders.tiling import ThemeCorners
from loaders.triangulate import ranges, starts

_BATCH = 100_000
"""Faces or corners worked on at once."""
_WORTH = 8 << 20
"""Text of texture coordinates that is read for the load report alone, where no image is there to be drawn."""


@dataclass(slots=True, eq=False)
class Slots:
    """What values are given to: faces (or points, or lines). Geometry g has ``count[g]`` from ``first[g]`` on."""

    first: Int64
    count: Int64
    total: int


class Values:
    """The integer arrays behind ``"values"``, looked up by array number."""

    def __init__(self, part: Part, source: Source, table: Geometries):
        self.part, self.source, self.table = part, source, table
        streams = {depth: stream for (kind, depth), stream in part.arrays.streams.items() if kind == VALUES}
        order = sorted(streams)
        self.joined = ragged_io.concat([streams[depth] for depth in order], 1) if order else Ragged.empty(1)
        base = dict(zip(order, starts(np.array([streams[depth].arrays for depth in order], np.int64)), strict=False))
        arrays = part.arrays
        self.place = np.full(len(arrays.place), -1, np.int64)
        for depth in order:
            here = (arrays.kind == VALUES) & (arrays.depth == depth)
            self.place[here] = arrays.place[here] + base[depth]
        self.number_start = starts(self.joined.array_numbers)
        self.ring_start = starts(self.joined.array_rings)
        self.broken = set(self.joined.broken)

    def nested(self, array: int) -> Any:
        """The array as Python lists; it stands in the file or was kept as text."""
        return ragged_io.load_loosely(self.text(array))

    def text(self, array: int) -> bytes:
        """The array's text."""
        first, last = self.part.texts[array].tolist()
        return self.part.extra_texts[last] if first < 0 else self.source.data[first:last]

    def texts(self, arrays: Int64) -> list[bytes]:
        """The texts of some arrays."""
        where = self.part.texts[arrays]
        if len(where) and int(where[:, 0].min()) < 0:
            return [self.text(array) for array in arrays.tolist()]
        data = self.source.data
        return [data[a:b] for a, b in where.tolist()]

    def depths(self, arrays: Int64) -> Int64:
        """How many brackets each of some arrays opens with."""
        where = self.part.texts[arrays]
        out = np.zeros(len(arrays), np.int64)
        inside = where[:, 0] >= 0
        out[inside] = text_depths(self.source.data, *where[inside].T)
        for at in np.flatnonzero(~inside).tolist():
            out[at] = ragged_io.text_depth(self.text(int(arrays[at])))
        return out

    def by_slot(
        self, geometries: Int64, arrays: Int64, slots: Slots, issues: IssueLog, kind: str, what: str
    ) -> tuple[Int64, Int32, Int64]:
        """Values of one theme: (slots that get one, the value, the geometry's position in ``geometries``).

        A null stands for all slots below it. Arrays that do not fit are left out with an issue.
        """
        place = self.place[arrays]
        wanted = np.maximum(self.table.depth[geometries] - 2, 1)
        count = slots.count[geometries]
        amount = self.joined.array_numbers[place]
        fine = (self.part.arrays.depth[arrays] == wanted) & (amount == count)
        fine &= ~np.isin(place, list(self.broken)) if self.broken else True
        plain = np.flatnonzero(fine)
        slot = ranges(slots.first[geometries[plain]], count[plain])
        value = self.joined.numbers[ranges(self.number_start[place[plain]], count[plain])]
        owner = np.repeat(plain, count[plain])
        extra: list[tuple[int, int, int]] = []
        for at in np.flatnonzero(~fine & (count > 0)).tolist():
            values = self._spread(int(geometries[at]), int(arrays[at]))
            if values is None or len(values) != count[at]:
                issues.warning(
                    kind, f"{what} that do not match the boundaries were left out.", self.table.names([geometries[at]])
                )
                continue
            first = int(slots.first[geometries[at]])
            extra += [(first + number, item, at) for number, item in enumerate(values)]
        if not extra:
            return slot, value, owner
        more = np.array(extra, np.int64)
        return (
            np.concatenate([slot, more[:, 0]]),
            np.concatenate([value, more[:, 1].astype(np.int32)]),
            np.concatenate([owner, more[:, 2]]),
        )

    def _spread(self, geometry: int, array: int) -> list[int] | None:
        """One value for each surface, where nulls may stand for whole shells or solids."""
        depth = int(self.table.depth[geometry])
        return spread(self.nested(array), self.nested(int(self.table.boundaries[geometry])), max(depth - 2, 1))


def spread(values: Any, boundaries: Any, depth: int) -> list[int] | None:
    """Values of all surfaces below, -1 for null; None if the nesting differs.

    >>> spread([None, [0, None]], [[[[1]], [[2]]], [[[3]], [[4]]]], 2)
    [-1, -1, 0, -1]
    """
    if not isinstance(boundaries, list):
        return None
    if values is None:
        values = [None] * len(boundaries)
    if not isinstance(values, list) or len(values) != len(boundaries):
        return None
    if depth <= 1:
        if not all(value is None or type(value) is int for value in values):
            return None
        return [-1 if value is None else max(-2, min(value, ragged_io.MAX_INDEX)) for value in values]
    out: list[int] = []
    for value, inner in zip(values, boundaries, strict=True):
        found = spread(value, inner, depth - 1)
        if found is None:
            return None
        out += found
    return out


def semantic_rows(values: Values, table: Geometries, slots: Slots, chosen: Int64, issues: IssueLog) -> Int32 | None:
    """Row of the surface table for each slot, -1 = none; None if no geometry of ``chosen`` has semantics."""
    geometries = chosen[(table.semantics[chosen] >= 0) & (table.surfaces[chosen] > 0) & (slots.count[chosen] > 0)]
    if not len(geometries):
        return None
    out = np.full(slots.total, -1, np.int32)
    for part in _batches(geometries, slots.count):
        slot, value, owner = values.by_slot(
            part, table.semantics[part].astype(np.int64), slots, issues, "bad-semantics", "Semantics"
        )
        wrong = (value < -1) | (value >= table.surfaces[part][owner])
        if wrong.any():
            issues.warning(
                "semantics-out-of-range",
                "Surfaces that name a semantic surface which is not there have none.",
                table.names(dict.fromkeys(part[owner[wrong]].tolist())),
                int(wrong.sum()),
            )
        rows = np.where((value >= 0) & ~wrong, value + table.first_surface[part][owner], -1)
        out[slot] = rows
    return out


@dataclass(slots=True, eq=False)
class LookTables:
    """Global numbers behind the local ones of each feature.

    Attributes: material, texture: int32, global number by ``first[feature] + local``; the arrays with ``_first`` and
    ``_count`` are by feature; drawable: at least one texture's image is there; uv: float64 (N, 2), feature's own from
    ``uv_first[feature]`` on.
    """

    material: Int32
    material_first: Int64
    material_count: Int64
    texture: Int32
    texture_first: Int64
    texture_count: Int64
    drawable: bool
    uv: Float64
    uv_first: Int64
    uv_count: Int64


def theme_corners(
    values: Values,
    part: Part,
    table: Geometries,
    surfaces: Surfaces,
    tables: LookTables,
    issues: IssueLog,
    processes: int,
) -> dict[str, ThemeCorners]:
    """Material and texture of every corner, by theme.

    Where no image is there, nothing would be drawn: then long lists of texture coordinates are not even parsed.
    """
    themes: dict[str, ThemeCorners] = {}
    slots = face_slots(surfaces)
    materials = part.materials[surfaces.geometry_unit[part.materials[:, 0]] >= 0].astype(np.int64)
    corners = np.diff(surfaces.face_corner) if len(materials) else np.zeros(0, np.int64)
    for code, theme in enumerate(part.themes):
        uses = materials[materials[:, 1] == code]
        if len(uses):
            faces = _materials(values, table, slots, tables, uses[:, [0, 2, 3]], issues)
            themes.setdefault(theme, ThemeCorners()).material = np.repeat(faces, corners)
    textures = part.textures[surfaces.geometry_unit[part.textures[:, 0]] >= 0].astype(np.int64)
    if not tables.drawable and _text_bytes(part, textures[:, 2]) > _WORTH:
        issues.info(
            "textures-not-read",
            "The texture coordinates were not read, because none of the images is there.",
            table.names(np.unique(textures[: 10 * MAX_ISSUE_OBJECTS, 0])[:MAX_ISSUE_OBJECTS]),
            len(textures),
        )
        return themes
    for code, theme in enumerate(part.themes):
        found = textures[textures[:, 1] == code]
        if len(found):
            look = themes.setdefault(theme, ThemeCorners())
            look.uv, look.texture = _textures(values, table, surfaces, tables, found[:, [0, 2]], issues, processes)
    return themes


def _text_bytes(part: Part, arrays: Int64) -> int:
    """Length of the texts of some arrays, those in the file only."""
    where = part.texts[arrays]
    return int(np.where(where[:, 0] < 0, 0, where[:, 1] - where[:, 0]).sum())


def face_slots(surfaces: Surfaces) -> Slots:
    """Faces as slots, by geometry."""
    unit = surfaces.geometry_unit
    first = np.where(unit >= 0, surfaces.unit_face[unit], 0)
    count = np.where(unit >= 0, np.diff(surfaces.unit_face, append=surfaces.unit_face[-1])[unit], 0)
    return Slots(first, count, len(surfaces.face_rings))


def _materials(
    values: Values, table: Geometries, slots: Slots, tables: LookTables, uses: Int64, issues: IssueLog
) -> Int32:
    out = np.full(slots.total, -1, np.int32)
    one = uses[uses[:, 1] < 0]
    many = uses[uses[:, 1] >= 0]
    parts = [(ranges(slots.first[one[:, 0]], slots.count[one[:, 0]]), one[:, 2], one[:, 0], slots.count[one[:, 0]])]
    slot = [parts[0][0]]
    value = [np.repeat(parts[0][1], parts[0][3])]
    geometry = [np.repeat(parts[0][2], parts[0][3])]
    if len(many):
        where, local, owner = values.by_slot(many[:, 0], many[:, 1], slots, issues, "bad-material", "Materials")
        slot.append(where)
        value.append(local.astype(np.int64))
        geometry.append(many[:, 0][owner])
    at, local_value, owners = np.concatenate(slot), np.concatenate(value), np.concatenate(geometry)
    feature = table.feature[owners]
    wrong = local_value >= tables.material_count[feature]
    if wrong.any():
        issues.warning(
            "material-out-of-range", "Surfaces that name a material which is not there have none.",
            table.names(dict.fromkeys(owners[wrong].tolist())), int(wrong.sum()),
        )  # fmt: skip
    found = (local_value >= 0) & ~wrong
    out[at[found]] = tables.material[tables.material_first[feature[found]] + local_value[found]]
    return out


def _textures(
    values: Values,
    table: Geometries,
    surfaces: Surfaces,
    tables: LookTables,
    uses: Int64,
    issues: IssueLog,
    processes: int,
) -> tuple[Int32, Int32]:
    """Row of the texture vertices and texture of each corner; rings are [texture, uv, uv, ...] or [null]."""
    share = processes > 1 and len(surfaces.numbers) > 4 * _BATCH
    uv, texture = (shared_empty((len(surfaces.numbers),), np.int32, share) for _ in range(2))
    uv.fill(-1)
    texture.fill(-1)
    geometries, arrays = uses[:, 0], uses[:, 1]
    depth = values.depths(arrays)
    fine = np.flatnonzero(depth == table.depth[geometries])
    batches = []
    for kind in np.unique(depth[fine]).tolist():
        own = fine[depth[fine] == kind]
        sizes = values.part.texts[arrays[own]]
        pieces = ragged_io.pieces_of(np.maximum(sizes[:, 1] - sizes[:, 0], 64))
        batches += [own[a:b] for a, b in pieces]

    def work(task: int) -> tuple[Int64, Int64]:
        own = batches[task]
        return _texture_batch(values, table, surfaces, tables, (geometries[own], arrays[own]), (uv, texture))

    pool = ForkPool(work, len(batches), processes if share else 1)
    try:
        done = pool.finish(lambda done: None)
    finally:
        pool.close()
    slow = [np.flatnonzero(depth != table.depth[geometries])]
    slow += [own[odd] for own, (_, odd) in zip(batches, done, strict=True)]
    filled = np.diff(surfaces.unit_ring)[surfaces.geometry_unit[geometries]] > 0
    for at in (one for one in np.concatenate(slow).tolist() if filled[one]):
        _texture_slowly(values, table, surfaces, tables, (int(geometries[at]), int(arrays[at])), (uv, texture), issues)
    names = np.unique(np.concatenate([np.zeros(0, np.int64), *(bad for bad, _ in done)]))
    if len(names):
        _note_texture(issues, table.names(names))
    return uv, texture


def _batches(chosen: Int64, sizes: Int64) -> list[Int64]:
    """Cut a list of geometries into runs whose arrays stay in the processor's cache."""
    ends = np.cumsum(sizes[chosen])
    if not len(ends):
        return []
    return np.split(chosen, np.searchsorted(ends, np.arange(_BATCH, int(ends[-1]), _BATCH)))


def _texture_batch(
    values: Values,
    table: Geometries,
    surfaces: Surfaces,
    tables: LookTables,
    uses: tuple[Int64, Int64],
    out: tuple[Int32, Int32],
) -> tuple[Int64, Int64]:
    """Write texture rows and numbers of some geometries of one depth; returns those that fail, and the places in
    ``uses`` whose array has other rings than the boundaries."""
    geometries, arrays = uses
    parsed = ragged_io.parse_integers(
        values.texts(arrays), int(table.depth[geometries[0]]), ragged_io.new_parser(), nulls=True
    )
    unit = surfaces.geometry_unit[geometries]
    first_ring, first_corner = surfaces.unit_ring[unit], surfaces.unit_corner[unit]
    rings = surfaces.unit_ring[unit + 1] - first_ring
    odd = parsed.array_rings != rings
    if parsed.broken:
        odd[list(parsed.broken)] = True
    given, local = parsed.ring_len, parsed.numbers
    if odd.any():
        given = given[np.repeat(~odd, parsed.array_rings)]
        local = local[np.repeat(~odd, parsed.array_numbers)]
    good = ~odd
    geometries, unit, rings = geometries[good], unit[good], rings[good]
    first_ring, first_corner = first_ring[good], first_corner[good]
    corner = ranges(first_corner, surfaces.unit_corner[unit + 1] - first_corner)
    length = surfaces.ring_len[ranges(first_ring, rings)]
    bad = _write_textures(table.feature, tables, np.repeat(geometries, rings), (given, local), (length, corner), out)
    return bad, np.flatnonzero(odd)


def _write_textures(
    features: Int32,
    tables: LookTables,
    owner: Int64,
    values: tuple[Int32, Int32],
    corners: tuple[Int32, Int64],
    out: tuple[Int32, Int32],
) -> Int64:
    """Values (ring lengths, numbers) to the corners (ring lengths, corners) of rings that belong to ``owner``."""
    given, local = values
    length, corner = corners
    uv, texture = out
    feature = features[owner]
    begin = starts(given)[:-1]
    image = local[np.minimum(begin, max(len(local) - 1, 0))] if len(local) else np.full(len(given), -2, np.int32)
    has = (given == length + 1) & (image >= 0) & (image < tables.texture_count[feature])
    odd = ~has & ~((given == 1) & (image == -1))
    wanted = np.repeat(has, given)
    wanted[begin[given > 0]] = False
    local = local[wanted]
    if not has.all():
        corner = corner[np.repeat(has, length)]
    textured = np.repeat(np.flatnonzero(has), length[has])
    inside = (local >= 0) & (local < tables.uv_count[feature[textured]])
    images = np.full(len(feature), -1, np.int32)
    images[has] = tables.texture[tables.texture_first[feature[has]] + image[has]]
    uv[corner] = np.where(inside, local + tables.uv_first[feature[textured]], -1)
    texture[corner] = np.where(inside, images[textured], -1)
    return np.concatenate([owner[odd], owner[textured[~inside]]])


def _note_texture(issues: IssueLog, names: list[str]) -> None:
    issues.warning("bad-texture", "Texture values that do not match the boundaries were left out.", names)


def _texture_slowly(
    values: Values,
    table: Geometries,
    surfaces: Surfaces,
    tables: LookTables,
    use: tuple[int, int],
    out: tuple[Int32, Int32],
    issues: IssueLog,
) -> None:
    """A texture array with nulls above the rings, or one that does not match."""
    geometry, array = use
    found: list[Any] = []
    boundaries = values.nested(int(table.boundaries[geometry]))
    unit = int(surfaces.geometry_unit[geometry])
    first, last = int(surfaces.unit_ring[unit]), int(surfaces.unit_ring[unit + 1])
    matched = _pair_rings(values.nested(array), boundaries, int(table.depth[geometry]), found)
    if not matched or len(found) != last - first:
        _note_texture(issues, table.names([geometry]))
        return
    feature = int(table.feature[geometry])
    corner = int(starts(surfaces.ring_len[:last])[first])
    for ring, item in zip(range(first, last), found, strict=True):
        length = int(surfaces.ring_len[ring])
        good = isinstance(item, list) and len(item) == length + 1 and all(type(number) is int for number in item)
        if good and 0 <= item[0] < tables.texture_count[feature]:
            inside = [number if 0 <= number < tables.uv_count[feature] else -1 for number in item[1:]]
            base = int(tables.uv_first[feature])
            out[0][corner : corner + length] = [number + base if number >= 0 else -1 for number in inside]
            image = int(tables.texture[tables.texture_first[feature] + item[0]])
            out[1][corner : corner + length] = [image if number >= 0 else -1 for number in inside]
        corner += length


def _pair_rings(values: Any, boundaries: Any, depth: int, out: list[Any]) -> bool:
    """Collect the value that belongs to each ring; a null counts for everything below it."""
    if depth == 1:
        out.append(values)
        return True
    if not isinstance(boundaries, list):
        return False
    if values is None:
        values = [None] * len(boundaries)
    if not isinstance(values, list) or len(values) != len(boundaries):
        return False
    return all(_pair_rings(value, inner, depth - 1, out) for value, inner in zip(values, boundaries, strict=True))
