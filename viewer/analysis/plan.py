"""A small plan of a piece of city: what lies uppermost, seen from straight above. numpy only."""

from __future__ import annotations

import numpy as np

from loaders.city import Float64, Int64, UInt8
from viewer.analysis.collision import CollisionWorld
from viewer.analysis.soup import BUILT, GREEN, LAND, ROAD, WATER, Triangles

NOTHING, GROUND, PLANTS, STREET, WET, HOUSE = range(6)
"""What a pixel of a plan shows."""
_FINEST = 64
"""Triangles of up to so many pixels a side are drawn many at once."""
_CHUNK = 400_000
"""Pixels tested at once."""


def plan_picture(world: CollisionWorld, x: float, y: float, half: float, size: int) -> UInt8:
    """A square plan round (x, y), north up, uint8 (size, size) of the codes above.

    ``half`` is half its side in metres. Where faces lie over each other the highest is seen.
    """
    low, high = np.array([x - half, y - half, -np.inf]), np.array([x + half, y + half, np.inf])
    found = world.cut(low, high)
    out = np.full((size, size), NOTHING if world.plane is None else GROUND, np.uint8)
    if not len(found):
        return out
    corners, shade = _in_pixels(found, x - half, y + half, size / (2.0 * half)), _shades(found)
    order = np.argsort(corners[:, :, 2].mean(axis=1) + 0.05 * shade, kind="stable")
    _draw(out, corners[order], shade[order])
    return out


def _shades(found: Triangles) -> UInt8:
    """The code of each triangle."""
    shade = np.full(len(found), HOUSE, np.uint8)
    for bit, code in ((BUILT, HOUSE), (LAND, GROUND), (GREEN, PLANTS), (ROAD, STREET), (WATER, WET)):
        shade[(found.kind & bit) > 0] = code
    plain = (found.kind & (BUILT | LAND | GREEN | ROAD | WATER)) == 0
    shade[plain] = GROUND  # bridges, furniture, squares of land
    return shade


def _in_pixels(found: Triangles, left: float, upper: float, scale: float) -> Float64:
    corners = found.corners.copy()
    corners[:, :, 0] = (corners[:, :, 0] - left) * scale
    corners[:, :, 1] = (upper - corners[:, :, 1]) * scale
    return corners


def _draw(out: UInt8, corners: Float64, shade: UInt8) -> None:
    """Fill triangles one over the other, later ones over earlier ones."""
    size = out.shape[0]
    flat = corners[:, :, :2]
    first = np.clip(np.floor(flat.min(axis=1) - 0.5), 0, size).astype(np.int64)
    last = np.clip(np.ceil(flat.max(axis=1) + 0.5), 0, size).astype(np.int64)
    extent = (last - first).max(axis=1)
    number = np.arange(len(flat))
    rank = np.full((size, size), -1, np.int64)
    side = 2
    below = 0
    while side <= _FINEST:
        chosen = number[(extent > below) & (extent <= side)]
        for start in range(0, len(chosen), max(1, _CHUNK // side**2)):
            part = chosen[start : start + max(1, _CHUNK // side**2)]
            _fill(rank, flat[part], part, first[part], side)
        below, side = side, side * 2
    for one in number[extent > _FINEST].tolist():
        _fill(rank, flat[one : one + 1], np.array([one]), first[one : one + 1], int(extent[one]))
    seen = rank >= 0
    out[seen] = shade[rank[seen]]


def _fill(rank: Int64, flat: Float64, number: Int64, first: Int64, side: int) -> None:
    """Enter the numbers of triangles (n, 3, 2) into the pixels that they cover, where theirs is the highest."""
    size = rank.shape[0]
    step = np.arange(side)
    px = first[:, 0, None, None] + step[None, None, :]
    py = first[:, 1, None, None] + step[None, :, None]
    a, b, c = flat[:, 0], flat[:, 1], flat[:, 2]
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    turn = np.where(area < 0, -1.0, 1.0)[:, None, None]
    inside = (np.abs(area) > 1e-9)[:, None, None] & (px < size) & (py < size)
    for p, q in ((a, b), (b, c), (c, a)):
        dx, dy = (q - p)[:, 0, None, None], (q - p)[:, 1, None, None]
        side_of = dx * (py + 0.5 - p[:, 1, None, None]) - dy * (px + 0.5 - p[:, 0, None, None])
        inside &= side_of * turn >= -1e-9
    which, row, column = np.nonzero(inside)
    ys, xs = py[which, row, 0], px[which, 0, column]
    np.maximum.at(rank, (ys, xs), number[which])
