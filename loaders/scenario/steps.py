"""Arrays step by step, and what is made of several of them: a value with the range that it lies in."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import Protocol

import numpy as np

from loaders.city import Float32
from loaders.scenario.context import Context
from loaders.scenario.model import NOT_MODELLED, TimeAxis, Variable
from loaders.scenario.sink import Sink
from loaders.scenario.sources import DataSpec, Part


class Steps(Protocol):
    """An array that is read one step at a time."""

    def step(self, number: int) -> Float32:
        """The values of a step, cleaned; float32 of the source's shape."""


class Source(Protocol):
    """Where the arrays of a variable come from; ``shape`` is that of one step."""

    shape: tuple[int, ...]

    def part(self, part: Part) -> Steps:
        """One array."""

    def default(self) -> Part | None:
        """What the value is where the manifest does not say."""

    def members(self) -> Sequence[Steps]:
        """Members of an ensemble that a column or dimension counts; empty if none does."""


def fill(
    ctx: Context, variable: Variable, axis: TimeAxis, source: Source
) -> tuple[Float32, Float32 | None, Float32 | None]:
    """Values and the ends of their range, float32 (T, *shape); the ends are None where nothing is quantified.

    Members: the ends are quantiles over the members that leave (1 - level) / 2 out on each side; without a value of its
    own the value is the median. In water (with a level), members that are dry where others are wet count as 0 deep.
    Standard deviation: value -/+ z sd with z of the normal distribution for ``level``.
    """
    data, told = variable.data, variable.uncertainty
    members = [source.part(part) for part in data.members] or list(source.members())
    quantiles = [(share, source.part(part)) for share, part in data.quantiles]
    low = source.part(data.low) if data.low is not None else quantiles[0][1] if quantiles else None
    high = source.part(data.high) if data.high is not None else quantiles[-1][1] if quantiles else None
    spread = source.part(data.sd) if data.sd is not None else None
    value = _value(source, variable, members, quantiles)
    count = len(axis)
    ctx.budget.take(count, int(np.prod(source.shape, dtype=np.int64)), f"variable {variable.id}")
    shape = (count, *source.shape)
    ranged = bool(members) or (low is not None and high is not None) or spread is not None
    sinks = [Sink(shape)] + ([Sink(shape), Sink(shape)] if ranged else [])
    z = NormalDist().inv_cdf(0.5 + told.level / 2)
    for number in range(count):
        ctx.step(number / count)
        middle = value.step(number) if value is not None else None
        if members:
            ends, median = _spread([member.step(number) for member in members], told.level, data.level is not None)
            middle = median if middle is None else middle
        elif spread is not None and middle is not None:
            width = np.where(middle == NOT_MODELLED, 0.0, z * np.abs(spread.step(number))).astype(np.float32)
            ends = (middle - width, middle + width)
        elif low is not None and high is not None:
            ends = (low.step(number), high.step(number))
        assert middle is not None
        for sink, part in zip(sinks, (middle, *ends) if ranged else (middle,), strict=True):
            sink.write(np.asarray(part, np.float32))
    done = [sink.finish() for sink in sinks]
    return (done[0], done[1], done[2]) if ranged else (done[0], None, None)


def _value(
    source: Source, variable: Variable, members: list[Steps], quantiles: list[tuple[float, Steps]]
) -> Steps | None:
    """The array of the values; None = the median of the members."""
    counted = bool(variable.data.member) and bool(members)
    if variable.data.value is not None and not counted:
        return source.part(variable.data.value)
    if quantiles:
        return min(quantiles, key=lambda pair: abs(pair[0] - 0.5))[1]
    part = None if members else source.default()
    return source.part(part) if part is not None else None


def _spread(members: list[Float32], level: float, water: bool = False) -> tuple[tuple[Float32, Float32], Float32]:
    """Quantiles over members that have a value, linear between them, and the median; not modelled where one is not."""
    stack = np.stack(members)
    outside = (stack == NOT_MODELLED).any(axis=0)
    stack[:, outside] = np.nan
    if water:
        gaps = np.isnan(stack)
        stack[gaps & ~gaps.all(axis=0)] = 0.0
    stack.sort(axis=0)  # NaN comes last
    known = np.isfinite(stack).sum(axis=0)
    found = [_quantile(stack, known, share) for share in ((1 - level) / 2, 0.5, (1 + level) / 2)]
    for array in found:
        array[outside] = NOT_MODELLED
    return (found[0], found[2]), found[1]


def _quantile(stack: Float32, known: np.ndarray[tuple[int, ...], np.dtype[np.int64]], share: float) -> Float32:
    place = share * np.maximum(known - 1, 0)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(known - 1, 0))
    first = np.take_along_axis(stack, below[None], axis=0)[0]
    second = np.take_along_axis(stack, above[None], axis=0)[0]
    found: Float32 = (first + (second - first) * (place - below)).astype(np.float32)
    return found


def named_parts(data: DataSpec) -> list[Part]:
    """The arrays that make up the values, the first of them first."""
    parts = [data.value, *data.members, *(part for _, part in data.quantiles)]
    return [part for part in parts if part is not None]
