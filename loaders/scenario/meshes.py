"""Geometry that comes with results, from plain arrays: meshes with values on faces or nodes, ribbons along links,
marks at receivers. Each becomes a `CityData` whose tags say which row of the values a vertex has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from loaders._assemble import Piece, city_of, tile_set
from loaders.city import CityData, CrsInfo, Float32, Float64, Int32, Int64, LodMesh
from loaders.layers import VectorData
from loaders.tiling import morton

TILE = 30_000
"""Triangles of a tile."""
RIBBON_ABOVE = 0.25
"""Ribbons lie so high above the ground (metres): over streets and what is painted on them."""
STEP = 8.0
"""Metres between the points at which a ribbon follows the ground."""
MITRE = 2.0
"""A ribbon's corner is at most so many half widths away from its line."""
MARK = 0.6
"""Half the size of a receiver's mark, metres."""

Heights = Callable[[Float64], Float64]
"""Heights of the ground at float64 (N, 2), NaN where unknown."""


def triangles_of(faces: npt.NDArray[np.integer]) -> tuple[Int32, Int64]:
    """Faces int (F, K), -1 or less where a face has fewer corners, as fans of triangles int32 (T, 3), and the face of
    each int64 (T,)."""
    parts, owners = [], []
    number = np.arange(len(faces), dtype=np.int64)
    for k in range(1, faces.shape[1] - 1):
        there = faces[:, k + 1] >= 0
        parts.append(np.stack([faces[there, 0], faces[there, k], faces[there, k + 1]], axis=1))
        owners.append(number[there])
    if not parts:
        return np.zeros((0, 3), np.int32), np.zeros(0, np.int64)
    owner = np.concatenate(owners)
    order = np.argsort(owner, kind="stable")
    return np.concatenate(parts)[order].astype(np.int32), owner[order]


def face_city(name: str, crs: CrsInfo, nodes: Float64, faces: npt.NDArray[np.integer], kind: str = "+Cell") -> CityData:
    """One object per face: object row = face. ``nodes`` float64 (P, 3) world; ``faces`` as for `triangles_of`.

    Corners are not shared, so that every face has its own colour. Raises ValueError for a face with a node that there
    is none of.
    """
    triangles, owner = _checked(nodes, faces)
    flat = nodes[triangles]
    pieces = [
        Piece(
            flat[part].reshape(-1, 3),
            np.repeat(owner[part], 3).astype(np.int32),
            np.arange(3 * len(part), dtype=np.int32).reshape(-1, 3),
        )
        for part in _tiles(flat.mean(axis=1))
    ]
    return _city(name, crs, [str(number) for number in range(len(faces))], kind, pieces)


def node_city(
    name: str, crs: CrsInfo, nodes: Float64, faces: npt.NDArray[np.integer], kind: str = "+Mesh"
) -> tuple[CityData, Float32]:
    """One object for the whole mesh, and the node of each of its vertices, float32 (V,): colours run between nodes.

    As `face_city` otherwise. float32 tells 16.7 million nodes apart; ValueError for more.
    """
    if len(nodes) > 1 << 24:
        raise ValueError(f"{len(nodes):,} nodes in one mesh; at most {1 << 24:,} can be drawn")
    triangles, _ = _checked(nodes, faces)
    pieces, rows = [], [np.zeros(0, np.float32)]
    for part in _tiles(nodes[triangles].mean(axis=1)):
        used, inverse = np.unique(triangles[part], return_inverse=True)
        pieces.append(Piece(nodes[used], np.zeros(len(used), np.int32), inverse.reshape(-1, 3).astype(np.int32)))
        rows.append(used.astype(np.float32))
    return _city(name, crs, [name], kind, pieces), np.concatenate(rows)


def ribbon_city(
    name: str,
    crs: CrsInfo,
    ids: list[str],
    lines: list[Float64],
    widths: Float64,
    heights: Heights | None = None,
    kind: str = "+Link",
) -> CityData:
    """One flat band per link: object row = link. ``lines``: float64 (k, 2 or 3) world each, without heights (or NaN)
    they lie on the ground; ``widths`` float64 (N,), metres."""
    pieces: list[Piece] = []
    corners: list[Float64] = []
    rows: list[Int32] = []
    triangles: list[Int32] = []
    count = first = 0
    order = _along([line[:, :2].mean(axis=0) if len(line) else np.zeros(2) for line in lines])
    for row in order:
        band = _ribbon(lines[row], float(widths[row]) / 2.0, heights)
        if band is None:
            continue
        place = 2 * np.arange(len(band) // 2 - 1, dtype=np.int32)[:, None]
        quads = np.concatenate([place + np.array([0, 1, 2]), place + np.array([1, 3, 2])]).astype(np.int32)
        corners.append(band)
        rows.append(np.full(len(band), row, np.int32))
        triangles.append(quads + first)
        first += len(band)
        count += len(quads)
        if count >= TILE:
            pieces.append(Piece(np.concatenate(corners), np.concatenate(rows), np.concatenate(triangles)))
            corners, rows, triangles, count, first = [], [], [], 0, 0
    if corners:
        pieces.append(Piece(np.concatenate(corners), np.concatenate(rows), np.concatenate(triangles)))
    return _city(name, crs, ids, kind, pieces)


def mark_city(
    name: str, crs: CrsInfo, ids: list[str], places: Float64, size: float = MARK, kind: str = "+Receiver"
) -> CityData:
    """A small octahedron at each place float64 (N, 3), metres: object row = place."""
    tip = size * np.array([(1, 0, 0), (0, 1, 0), (-1, 0, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)], np.float64)
    upper = [(k, (k + 1) % 4, 4) for k in range(4)]
    lower = [((k + 1) % 4, k, 5) for k in range(4)]
    shape = np.array([*upper, *lower], np.int32)
    flat = tip[shape.reshape(-1)]
    pieces = []
    for part in _tiles(places, TILE // len(shape)):
        corners = (places[part][:, None, :] + flat[None]).reshape(-1, 3)
        rows = np.repeat(part, len(flat)).astype(np.int32)
        pieces.append(Piece(corners, rows, np.arange(len(corners), dtype=np.int32).reshape(-1, 3)))
    return _city(name, crs, ids, kind, pieces)


def _checked(nodes: Float64, faces: npt.NDArray[np.integer]) -> tuple[Int32, Int64]:
    if faces.size and int(faces.max()) >= len(nodes):
        raise ValueError(f"a face names node {int(faces.max())}, and there are {len(nodes)}")
    if faces.ndim != 2 or faces.shape[1] < 3 or (len(faces) and int(faces[:, :3].min()) < 0):
        raise ValueError("a face has fewer than three nodes")
    return triangles_of(faces)


def _tiles(middles: Float64, size: int = TILE) -> Iterator[Int64]:
    """Rows that lie near each other, ``size`` at a time."""
    order = np.argsort(morton(middles[:, 0], middles[:, 1]), kind="stable")
    for start in range(0, len(order), size):
        yield order[start : start + size]


def _along(middles: list[npt.NDArray[np.float64]]) -> list[int]:
    if not middles:
        return []
    at = np.array(middles)
    return [int(k) for k in np.argsort(morton(at[:, 0], at[:, 1]), kind="stable")]


def _city(name: str, crs: CrsInfo, ids: list[str], kind: str, pieces: list[Piece]) -> CityData:
    tiles, area = tile_set(pieces)
    drawn = np.zeros(len(ids), np.bool_)
    drawn[np.unique(tiles.tags[:, 0].astype(np.int64))] = True
    mesh = LodMesh("", tiles, drawn, area) if len(tiles.triangles) else None
    return city_of(name, crs, ids, [kind] * len(ids), {}, mesh, VectorData(()))


def _ribbon(line: Float64, half: float, heights: Heights | None) -> Float64 | None:
    """Left and right points in turn, float64 (2 k, 3); None for a line without length."""
    line = _fine(line)
    if len(line) < 2:
        return None
    flat = line[:, :2]
    along = np.diff(flat, axis=0)
    along /= np.hypot(along[:, 0], along[:, 1])[:, None]
    side = np.stack([-along[:, 1], along[:, 0]], axis=1)
    before, after = np.concatenate([side[:1], side]), np.concatenate([side, side[-1:]])
    mean = before + after
    size = np.hypot(mean[:, 0], mean[:, 1])[:, None]
    mean = np.where(size > 1e-6, mean / np.maximum(size, 1e-6), before)
    reach = np.minimum(1.0 / np.maximum((mean * before).sum(axis=1), 1e-6), MITRE)[:, None]
    out = np.empty((2 * len(line), 3))
    out[0::2, :2] = flat + half * reach * mean
    out[1::2, :2] = flat - half * reach * mean
    out[0::2, 2] = out[1::2, 2] = np.nan if line.shape[1] < 3 else line[:, 2]
    lacking = np.isnan(out[:, 2])
    if lacking.any():
        ground = np.full(len(out), np.nan) if heights is None else heights(out[:, :2])
        known = ground[np.isfinite(ground)]
        ground[~np.isfinite(ground)] = known.mean() if len(known) else 0.0
        out[lacking, 2] = ground[lacking]
    out[:, 2] += RIBBON_ABOVE
    return out


def _fine(line: Float64) -> Float64:
    """The line without repeated points, with points at least every `STEP` metres."""
    line = np.asarray(line, np.float64)
    if not len(line) or not np.isfinite(line[:, :2]).all():
        return line[:0]
    length = np.hypot(*np.diff(line[:, :2], axis=0).T)
    keep = np.append(True, length > 1e-6)
    line, length = line[keep], length[keep[1:]]
    if len(line) < 2:
        return line
    pieces = np.maximum(1, np.ceil(length / STEP)).astype(np.int64)
    start = np.repeat(np.arange(len(pieces)), pieces)
    first = np.repeat(np.cumsum(pieces) - pieces, pieces)
    share = (np.arange(len(start)) - first) / pieces[start]
    points = line[start] + share[:, None] * (line[start + 1] - line[start])
    return np.concatenate([points, line[-1:]])
