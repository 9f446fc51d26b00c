"""How much of the sky the ground sees, from a map of heights. numpy only."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]

RADII = (4.0, 13.0, 42.0)
"""Metres over which heights are averaged: a wall's foot, a street, a neighbourhood. As in ``light.glsl``."""


BAND = 256
"""Rows or columns of a map that one step computes: 256 of 1024 texels take 3 to 5 ms."""


def smooth_steps(heights: Float32, metres: float, out: Float32) -> Iterator[None]:
    """Fill ``out`` (H, W, 4): the heights (H, W) themselves, then their means over `RADII`, in steps of a `BAND`.

    ``metres``: size of a texel. Each mean is two passes of a moving average, which is close to a bell curve.
    """
    for first in range(0, len(heights), BAND):
        out[first : first + BAND, :, 0] = heights[first : first + BAND]
        yield
    for channel, radius in enumerate(RADII, start=1):
        reach = max(1, round(0.7 * radius / metres))
        smooth = heights
        for axis in (0, 1, 0, 1):
            before, smooth = smooth, np.empty_like(heights)
            for first in range(0, heights.shape[1 - axis], BAND):
                band = (slice(None), slice(first, first + BAND)) if axis == 0 else slice(first, first + BAND)
                smooth[band] = _moving_mean(before[band], reach, axis)
                yield
        for first in range(0, len(heights), BAND):
            out[first : first + BAND, :, channel] = smooth[first : first + BAND]
            yield


def _moving_mean(values: Float32, reach: int, axis: int) -> Float32:
    """Mean over 2 reach + 1 neighbours along an axis; at the edge the last value goes on."""
    width = 2 * reach + 1
    edges = [(0, 0), (0, 0)]
    edges[axis] = (reach + 1, reach)
    sums = np.cumsum(np.pad(values, edges, mode="edge"), axis=axis, dtype=np.float64)
    count = values.shape[axis]
    high, low = (sums[width:], sums[:count]) if axis == 0 else (sums[:, width:], sums[:, :count])
    return np.asarray((high - low) / width, np.float32)
