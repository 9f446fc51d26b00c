"""How much of the sky the ground sees, from a map of heights. numpy only."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]

RADII = (4.0, 13.0, 42.0)
"""Metres over which heights are averaged: a wall's foot, a street, a neighbourhood. As in ``light.glsl``."""


def smooth_steps(heights: Float32, metres: float, out: Float32) -> Iterator[None]:
    """Fill ``out`` (H, W, 4): the heights (H, W) themselves, then their means over `RADII`, a few ms at a time.

    ``metres``: size of a texel. Each mean is two passes of a moving average, which is close to a bell curve.
    """
    out[..., 0] = heights
    for channel, radius in enumerate(RADII, start=1):
        reach = max(1, round(0.7 * radius / metres))
        smooth = heights
        for axis in (0, 1, 0, 1):
            smooth = _moving_mean(smooth, reach, axis)
            yield
        out[..., channel] = smooth
        yield


def _moving_mean(values: Float32, reach: int, axis: int) -> Float32:
    """Mean over 2 reach + 1 neighbours along an axis; at the edge the last value goes on."""
    width = 2 * reach + 1
    edges = [(0, 0), (0, 0)]
    edges[axis] = (reach + 1, reach)
    sums = np.cumsum(np.pad(values, edges, mode="edge"), axis=axis, dtype=np.float64)
    count = values.shape[axis]
    high = np.take(sums, range(width, width + count), axis=axis)
    low = np.take(sums, range(count), axis=axis)
    return np.asarray((high - low) / width, np.float32)
