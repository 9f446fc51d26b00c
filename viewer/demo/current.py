"""Scenario: how fast the river of the demo town flows through a tide, on a mesh of triangles that follows its banks.

Method: the discharge through every cross section follows the rise and fall of the level upstream of it (continuity),
and spreads over the section with the 2/3 power of the depth (Manning's formula for equal slope and roughness).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from viewer.demo import terrain

Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]

ACROSS, STEP = 14, 20.0
"""Cells across the river; metres along it."""
HOURS = tuple(np.arange(0.0, 12.6, 0.5).tolist())
RISE = 0.9
"""Half the difference between high and low tide, metres."""
BASE_FLOW = 65.0
"""What the river brings from inland, m3/s."""
STORAGE = 2.4e6
"""Water surface upstream of the town that fills and empties with the tide, m2."""


@dataclass(frozen=True, slots=True, eq=False)
class Current:
    """Nodes float64 (P, 3) town coordinates on the water, triangles int32 (F, 3), speed float64 (T, P) in m/s."""

    nodes: Float64
    triangles: Int32
    speed: Float64


def current() -> Current:
    """The mesh and the speeds at `HOURS`."""
    x = np.arange(0.0, terrain.SIDE + 1.0, STEP)
    share = np.linspace(-1.0, 1.0, ACROSS + 1)
    half = np.maximum(terrain.half_width(x) - terrain.bank_slope(x) * 0.5, 5.0)
    gx = np.repeat(x[:, None], len(share), axis=1)
    gy = terrain.axis(x)[:, None] + half[:, None] * share
    nodes = np.column_stack([gx.ravel(), gy.ravel(), np.full(gx.size, terrain.WATER + 0.12)])
    at = np.arange(gx.size).reshape(gx.shape)
    quads = np.stack([at[:-1, :-1], at[1:, :-1], at[1:, 1:], at[:-1, 1:]], axis=-1).reshape(-1, 4)
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    isle = np.abs(nodes[:, 1] - terrain.axis(nodes[:, 0])) < terrain.island_half(nodes[:, 0]) - 2.0
    triangles = triangles[~isle[triangles].all(axis=1)]
    speed = np.stack([_speeds(x, share, half, isle.reshape(gx.shape), hour) for hour in HOURS])
    return Current(nodes, triangles.astype(np.int32), np.round(speed, 3))


def _speeds(x: Float64, share: Float64, half: Float64, isle: npt.NDArray[np.bool_], hour: float) -> Float64:
    """Speed at all nodes of one moment, float64 (P,)."""
    turn = 2 * np.pi * hour / 12.42
    level = terrain.WATER + RISE * np.sin(turn)
    rise = RISE * np.cos(turn) * 2 * np.pi / (12.42 * 3600)
    depth = np.maximum(level - terrain.BED, 0.3) * np.maximum(1.0 - 0.82 * np.abs(share) ** 3, 0.05)
    depth = np.where(isle, 0.05, np.repeat(depth[None], len(x), axis=0))
    width = 2 * half / (len(share) - 1)
    flow = np.abs(BASE_FLOW - rise * (STORAGE + 2 * half * (terrain.SIDE - x)))
    carried = (depth ** (5 / 3)).sum(axis=1) * width
    return np.asarray((flow / carried)[:, None] * depth ** (2 / 3), np.float64).ravel()
