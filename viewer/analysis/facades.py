"""Values at receivers before facades, spread over the walls that they stand at.

The walls of a building that has receivers are cut into small triangles a little in front of them. Every corner takes
the mean of the nearest receivers of its building that stand before that wall, weighted by the inverse square of the
distance (D. Shepard, "A two-dimensional interpolation function for irregularly-spaced data", 1968). Where none is
near, the wall keeps its own look: nothing is invented.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loaders._assemble import Piece, city_of, tile_set
from loaders.city import CityData, Float32, Float64, Int32, Int64, LodMesh
from loaders.layers import VectorData
from loaders.scenario.model import NOT_MODELLED
from viewer.analysis.derived import derived

CELL = 2.5
"""Longest side of the pieces of a wall, metres."""
IN_FRONT = 0.06
"""Metres in front of the wall."""
NEAREST = 4
FARTHEST = 12.0
"""A receiver farther from a place on the wall than this (metres) says nothing about it."""
BEFORE = 5.0
"""A receiver stands at most so far in front of the wall that it belongs to, metres."""
STEEP = 0.35
"""A face whose normal leans less than this from the horizontal (its z) is a wall."""
MOST_PIECES = 48
"""A side is cut into at most so many pieces."""
_TILE = 30_000


@dataclass(frozen=True, slots=True, eq=False)
class FacadeGrid:
    """Walls with values.

    Attributes:
        city: one object per building (ids of the base model).
        vertex_rows: float32 (V,), node of each vertex of the city's only LoD.
        receivers: int32 (K, NEAREST), receivers of every node; weights: float32 (K, NEAREST), their sum is 1, or 0
            where no receiver is near.
    """

    city: CityData
    vertex_rows: Float32
    receivers: Int32
    weights: Float32

    def node_values(self, values: Float32) -> Float32:
        """Values float32 (N,) of the receivers as those of the nodes, float32 (K,); NaN where none is near,
        `NOT_MODELLED` where none of those near was modelled.

        Receivers without a value are left out of the mean.
        """
        found = values[self.receivers]
        outside = ((found == NOT_MODELLED) | (self.weights <= 0)).all(axis=1) & (self.weights > 0).any(axis=1)
        return np.where(outside, NOT_MODELLED, self._mean(found, self._used(values)))

    def node_ranges(self, values: Float32, low: Float32, high: Float32) -> Float32:
        """Ends of the ranges of the receivers, float32 (N,) each, as those of the nodes, float32 (K, 2): the means of
        the ends, which is the widest range that the mean can have. NaN where a receiver that counts has none.
        """
        used = self._used(values)
        ends = [self._mean(np.where(np.isfinite(part), part, np.float32(np.nan))[self.receivers], used)
                for part in (low, high)]  # fmt: skip
        found = np.stack(ends, axis=1)
        found[~np.isfinite(found).all(axis=1)] = np.nan
        return found

    def _used(self, values: Float32) -> Float32:
        """Weights (K, NEAREST) of the receivers that have a value."""
        return np.where(np.isfinite(values[self.receivers]), self.weights, np.float32(0.0))

    @staticmethod
    def _mean(found: Float32, weights: Float32) -> Float32:
        """Weighted means of (K, NEAREST) numbers, float32 (K,); NaN where nothing has weight."""
        total = weights.sum(axis=1)
        mean = (np.where(weights > 0, found, np.float32(0.0)) * weights).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(total > 0, mean / total, np.nan).astype(np.float32)


def facade_grid(city: CityData, rows: Int64, places: Float64, normals: Float32 | None = None) -> FacadeGrid | None:
    """The walls of the buildings that have receivers; None if there are none.

    ``rows`` int64 (N,): the object that each receiver belongs to, -1 = none. ``places`` float64 (N, 3) in the CRS of
    the city. ``normals`` float32 (N, 3): outwards from the receiver's wall, 0 = unknown; a wall that looks elsewhere
    does not take its value.
    """
    owner = _whole_buildings(city)
    of_receiver = np.where(rows >= 0, owner[np.maximum(rows, 0)], -1)
    buildings = np.unique(of_receiver[of_receiver >= 0])
    if not len(buildings):
        return None
    corners, wall_owner = _walls(city, owner, buildings)
    if not len(corners):
        return None
    nodes, node_normals, node_owner, triangles = _cut_up(corners, wall_owner)
    receivers, weights = _weigh(nodes, node_normals, node_owner, of_receiver, places, normals)
    ids = [city.objects.ids[int(row)] for row in buildings]
    number = np.searchsorted(buildings, node_owner).astype(np.int32)
    pieces, vertex_rows = _pieces(nodes + IN_FRONT * node_normals, number, triangles)
    tiles, area = tile_set(pieces, code=2)
    mesh = LodMesh("", tiles, np.ones(len(ids), np.bool_), area)
    made = city_of("Facades", city.crs, ids, ["+Facade"] * len(ids), {}, mesh, VectorData(()))
    return FacadeGrid(made, vertex_rows, receivers, weights)


def _whole_buildings(city: CityData) -> Int64:
    """The object at the top of each object's family, int64 (N,)."""
    parent = derived(city).first_parent
    top = np.arange(len(parent), dtype=np.int64)
    for _ in range(8):
        up = parent[top]
        top = np.where(up >= 0, up, top)
    return top


def _walls(city: CityData, owner: Int64, buildings: Int64) -> tuple[Float64, Int64]:
    """Steep triangles float64 (T, 3, 3) of these buildings in their finest level of detail, and their building (T,)."""
    finest = np.full(len(owner), -1)
    for number, mesh in enumerate(city.lods.values()):
        finest[mesh.drawn] = number
    wanted = np.isin(owner, buildings)
    found, owners = [np.zeros((0, 3, 3))], [np.zeros(0, np.int64)]
    for number, mesh in enumerate(city.lods.values()):
        tiles = mesh.tiles
        use = wanted & (finest == number)
        for tile in range(tiles.tile_count):
            first = int(tiles.vertex_start[tile])
            part = tiles.triangles[int(tiles.triangle_start[tile]) : int(tiles.triangle_start[tile + 1])]
            row = tiles.tags[first + part[:, 0].astype(np.int64), 0].astype(np.int64)
            keep = use[row]
            if not keep.any():
                continue
            corners = tiles.positions[first + part[keep].astype(np.int64)].astype(np.float64) + tiles.origins[tile]
            normal = _unit(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))
            steep = (np.abs(normal[:, 2]) < STEEP) & (np.abs(normal).sum(axis=1) > 0)
            found.append(corners[steep])
            owners.append(owner[row[keep]][steep])
    return np.concatenate(found), np.concatenate(owners)


def _unit(vectors: Float64) -> Float64:
    size = np.linalg.norm(vectors, axis=1)[:, None]
    return np.where(size > 1e-12, vectors / np.maximum(size, 1e-12), 0.0)


def _cut_up(corners: Float64, owner: Int64) -> tuple[Float64, Float64, Int64, Int64]:
    """Triangles cut into equal ones with sides of at most about `CELL`: nodes, their normals, their building, and
    triangles int64 (., 3) of nodes."""
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
    pieces = np.clip(np.ceil(sides / CELL), 1, MOST_PIECES).astype(np.int64)
    normal = _unit(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))
    nodes, normals, owners, triangles = [], [], [], []
    first = 0
    for count in np.unique(pieces).tolist():
        which = np.flatnonzero(pieces == count)
        shares, small = _grid_of(count)
        nodes.append((shares @ corners[which]).reshape(-1, 3))
        normals.append(np.repeat(normal[which], len(shares), axis=0))
        owners.append(np.repeat(owner[which], len(shares)))
        start = first + len(shares) * np.arange(len(which))
        triangles.append((start[:, None, None] + small[None]).reshape(-1, 3))
        first += len(shares) * len(which)
    return np.concatenate(nodes), np.concatenate(normals), np.concatenate(owners), np.concatenate(triangles)


def _grid_of(count: int) -> tuple[Float64, Int64]:
    """Barycentric shares (n, 3) of the points of a triangle with ``count`` pieces a side, and its small triangles."""
    places = [(i, j) for i in range(count + 1) for j in range(count + 1 - i)]
    number = {place: k for k, place in enumerate(places)}
    shares = np.array([((count - i - j), i, j) for i, j in places], np.float64) / count
    small = [(number[i, j], number[i + 1, j], number[i, j + 1]) for i in range(count) for j in range(count - i)]
    small += [
        (number[i + 1, j], number[i + 1, j + 1], number[i, j + 1]) for i in range(count) for j in range(count - i - 1)
    ]
    return shares, np.array(small, np.int64)


def _weigh(
    nodes: Float64, normals: Float64, owner: Int64, of_receiver: Int64, places: Float64, facing: Float32 | None
) -> tuple[Int32, Float32]:
    """The nearest receivers of every node that stand before its wall, and their weights."""
    receivers = np.zeros((len(nodes), NEAREST), np.int32)
    weights = np.zeros((len(nodes), NEAREST), np.float32)
    by_node, by_receiver = np.argsort(owner, kind="stable"), np.argsort(of_receiver, kind="stable")
    sorted_node, sorted_receiver = owner[by_node], of_receiver[by_receiver]
    for building in np.unique(owner).tolist():
        a = by_node[np.searchsorted(sorted_node, building) : np.searchsorted(sorted_node, building, side="right")]
        lo = np.searchsorted(sorted_receiver, building)
        b = by_receiver[lo : np.searchsorted(sorted_receiver, building, side="right")]
        for start in range(0, len(a), 4096):
            _weigh_some(a[start : start + 4096], b, nodes, normals, places, facing, receivers, weights)
    return receivers, weights


def _weigh_some(
    a: Int64, b: Int64, nodes: Float64, normals: Float64, places: Float64, facing: Float32 | None,
    receivers: Int32, weights: Float32,
) -> None:  # fmt: skip
    apart = places[b][None] - nodes[a][:, None]
    distance = np.sqrt((apart * apart).sum(axis=2))
    ahead = (apart * normals[a][:, None]).sum(axis=2)
    no = (ahead < -0.3) | (ahead > BEFORE) | (distance > FARTHEST)
    if facing is not None:
        own = facing[b].astype(np.float64)
        no |= ((own @ normals[a].T).T < 0.5) & (np.abs(own).sum(axis=1) > 0)[None]
    distance = np.where(no, np.inf, distance)
    count = min(NEAREST, len(b))
    near = (
        np.argpartition(distance, count - 1, axis=1)[:, :count]
        if count < len(b)
        else np.tile(np.arange(len(b)), (len(a), 1))
    )
    far = np.take_along_axis(distance, near, axis=1)
    weight = np.where(np.isfinite(far), 1.0 / np.maximum(far, 0.1) ** 2, 0.0)
    total = weight.sum(axis=1, keepdims=True)
    receivers[a[:, None], np.arange(count)] = b[near]
    weights[a[:, None], np.arange(count)] = weight / np.where(total > 0, total, 1.0)


def _pieces(nodes: Float64, number: Int32, triangles: Int64) -> tuple[list[Piece], Float32]:
    """Tiles of about `_TILE` triangles, and the node of each of their vertices."""
    pieces, rows = [], []
    order = np.argsort(number[triangles[:, 0]], kind="stable")
    for start in range(0, len(order), _TILE):
        used, inverse = np.unique(triangles[order[start : start + _TILE]], return_inverse=True)
        pieces.append(Piece(nodes[used], number[used], inverse.reshape(-1, 3).astype(np.int32)))
        rows.append(used.astype(np.float32))
    return pieces, np.concatenate(rows)
