"""Lists of geometries by their text without arrays: a city of thousands of objects has but a few different ones.

``[{"type":"Solid","boundaries":#,"semantics":{"values":#,"surfaces":#},"lod":"2"}]``, with # for every array cut out,
is parsed and walked once; what was found is then written down for all objects that have it, by array arithmetic. A
text that only few objects have, or that is odd in any way, is walked object by object as `Walker` does elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from loaders.city import Int32, Int64
from loaders.cityjson_cut import ARRAY, SURFACES, Cuts
from loaders.cityjson_walk import GEOMETRY_FIELDS, Names, Unsure, Walk, Walker, surface_attributes
from loaders.triangulate import ranges, starts

_FEWEST = 8
"""Objects with the same text that are worth the array arithmetic."""
_ROW, _LOD, _FIRST_SURFACE, _SURFACES, _FEATURE = (
    GEOMETRY_FIELDS.index(name) for name in ("row", "lod", "first_surface", "surfaces", "feature")
)
_ARRAYS = [GEOMETRY_FIELDS.index(name) for name in ("boundaries", "semantics", "first_surface")]


@dataclass(slots=True, eq=False)
class _Recipe:
    """What one text holds; arrays count from 0 in it.

    Attributes: geometries: int32 (n, 8), as `GEOMETRY_FIELDS`, with the array of semantic surfaces in place of
    the first one; materials (m, 4), textures (t, 3): geometry, theme, array (, single material).
    """

    walk: Walk
    geometries: Int32
    materials: Int32
    textures: Int32


class _TextWalker(Walker):
    """Walks one text; semantic surfaces are noted by the number of their array."""

    def _surfaces(self, row: int, surfaces: Any) -> tuple[int, int]:
        if type(surfaces) is list and surfaces:
            raise Unsure
        return self.array(surfaces, SURFACES), 0


def expand(walker: Walker, cuts: Cuts, texts: list[bytes]) -> None:
    """Walk all shells that the walker met; ``texts`` from `Cuts.shelled`. Raises `Unsure` where one is not JSON."""
    shells = np.array(walker.walk.shells, np.int64).reshape(-1, 3)
    if not len(shells):
        return
    names = Names()
    met = map(texts.__getitem__, shells[:, 0].tolist())
    codes = np.fromiter(map(names.__getitem__, met), np.int64, len(shells))  # type: ignore[arg-type]
    first, count = (column[shells[:, 0]] for column in cuts.children())
    order = np.argsort(codes, kind="stable")
    edges = np.searchsorted(codes[order], np.arange(len(names) + 1)).tolist()
    groups: list[tuple[Int64, _Recipe]] = []
    for text, low, high in zip(names, edges[:-1], edges[1:], strict=True):
        own = order[low:high]
        recipe = None
        if len(own) >= _FEWEST:
            begin = int(first[own[0]])
            recipe = _recipe(text, walker.kinds[begin : begin + int(count[own[0]])])  # type: ignore[arg-type]
        if recipe is not None:
            groups.append((own, recipe))
            continue
        for at in own.tolist():
            _walk_one(walker, text, shells[at].tolist(), int(first[at]))  # type: ignore[arg-type]
    if groups:
        fast = np.concatenate([own for own, _ in groups])
        used = np.frombuffer(walker.used, np.uint8)
        used[ranges(first[fast], count[fast])] = 1
        _write(walker.walk, cuts, groups, shells, first)


def _filled(text: bytes, first: int) -> Any:
    """The text as Python objects, with numbers from ``first`` on for its arrays."""
    pieces = text.split(ARRAY)
    filled = [pieces[0]]
    for number, piece in enumerate(pieces[1:], first):
        filled += (b"%d" % number, piece)
    try:
        return orjson.loads(b"".join(filled))
    except orjson.JSONDecodeError as error:
        raise Unsure from error


def _walk_one(walker: Walker, text: bytes, shell: list[int], first: int) -> None:
    _, row, walker.feature = shell
    walker.geometry_list(row, walker.walk.ids[row], _filled(text, first))


def _recipe(text: bytes, kinds: bytearray) -> _Recipe | None:
    """Walk a text once; None if there is anything in it that has to be done object by object."""
    value = _filled(text, 0)
    walker = _TextWalker(Cuts(b"", 0, 0, np.zeros((len(kinds), 2), np.int64), kinds))
    try:
        walker.geometry_list(0, "", value)
    except Unsure:
        return None
    walk = walker.walk
    if walk.issues.issues() or walk.instances or walk.extra or not walker.complete():
        return None
    return _Recipe(
        walk,
        np.array(walk.geometries, np.int32).reshape(-1, len(GEOMETRY_FIELDS)),
        np.array(walk.materials, np.int32).reshape(-1, 4),
        np.array(walk.textures, np.int32).reshape(-1, 3),
    )


def _write(walk: Walk, cuts: Cuts, groups: list[tuple[Int64, _Recipe]], shells: Int64, first: Int64) -> None:
    """Append the geometries of all groups, in the order of the file."""
    base = walk.geometry_count
    blocks, keys = [], []
    for own, recipe in groups:
        block = np.repeat(recipe.geometries[None], len(own), axis=0)
        block[:, :, _ROW] = shells[own, 1][:, None]
        block[:, :, _FEATURE] = shells[own, 2][:, None]
        lods = [walk.lods[name] for name in recipe.walk.lods]
        block[:, :, _LOD] = np.array(lods, np.int32)[recipe.geometries[:, _LOD]]
        for column in _ARRAYS:
            block[:, :, column] += np.where(recipe.geometries[:, column] >= 0, first[own][:, None], 0).astype(np.int32)
        blocks.append(block.reshape(-1, len(GEOMETRY_FIELDS)))
        keys.append(((own[:, None] << 32) + np.arange(len(recipe.geometries))).ravel())
    order = np.argsort(np.concatenate(keys), kind="stable")
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(base, base + len(order))
    geometries = np.concatenate(blocks)[order]
    _surfaces(walk, cuts, geometries)
    walk.blocks["geometries"] = geometries
    at = 0
    looks: dict[str, list[Int32]] = {"materials": [], "textures": []}
    for own, recipe in groups:
        size = len(recipe.geometries)
        themes = np.array([walk.themes[name] for name in recipe.walk.themes], np.int32)
        for name, rows in (("materials", recipe.materials), ("textures", recipe.textures)):
            if not len(rows):
                continue
            block = np.repeat(rows[None], len(own), axis=0)
            block[:, :, 0] = place[at + np.arange(len(own))[:, None] * size + rows[:, 0]]
            block[:, :, 1] = themes[rows[:, 1]]
            block[:, :, 2] += np.where(rows[:, 2] >= 0, first[own][:, None], 0).astype(np.int32)
            looks[name].append(block.reshape(-1, rows.shape[1]))
        at += len(own) * size
    for name, found in looks.items():
        if found:
            walk.blocks[name] = np.concatenate(found)


def _surfaces(walk: Walk, cuts: Cuts, geometries: Int32) -> None:
    """Append the semantic surfaces of geometries, and put their place and number where their array was."""
    has = np.flatnonzero(geometries[:, _FIRST_SURFACE] >= 0)
    if not len(has):
        return
    data, names = cuts.data, Names()
    where = cuts.table[geometries[has, _FIRST_SURFACE]].tolist()
    codes = np.fromiter((names[data[a:b]] for a, b in where), np.int64, len(has))  # type: ignore[index]
    types: list[int] = []
    sizes = []
    told: dict[int, list[tuple[int, dict[str, Any]]]] = {}
    for code, text in enumerate(names):
        try:
            surfaces = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise Unsure from error
        sizes.append(len(surfaces))
        for number, surface in enumerate(surfaces):
            kind = surface.get("type") if type(surface) is dict else None
            types.append(walk.surface_names[kind if type(kind) is str else ""])
            values = surface_attributes(surface) if type(surface) is dict and len(surface) > 1 else None
            if values:
                told.setdefault(code, []).append((number, values))
    size = np.array(sizes, np.int64)
    count = size[codes]
    begin = len(walk.surface_types) + starts(count)
    geometries[has, _FIRST_SURFACE] = begin[:-1]
    geometries[has, _SURFACES] = count
    walk.blocks["surface_types"] = np.array(types, np.int32)[ranges(starts(size)[codes], count)]
    walk.blocks["surface_rows"] = np.repeat(geometries[has, _ROW], count)
    if told:
        for code, row in zip(codes.tolist(), begin.tolist(), strict=False):
            for number, values in told.get(code, ()):
                walk.surface_attributes.append((row + number, values))
