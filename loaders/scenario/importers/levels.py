"""One level of results that have several above each other: asked for, and found by its height."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from loaders.city import Float64, Int64
from loaders.scenario.importers.kit import Draft, Question

_ABOVE = re.compile(r"ground\s*\+\s*(\d+(?:\.\d+)?)\s*m?", re.IGNORECASE)
_AT = re.compile(r"(-?\d+(?:\.\d+)?)\s*m?", re.IGNORECASE)
_LISTED = 14
"""So many levels are told in a question before it tells only some of them."""


@dataclass(frozen=True, slots=True)
class Level:
    """What was asked for: ``height`` of the level in the unit of its coordinate, or (``above``) over the ground."""

    height: float
    above: bool = False


def ask_level(
    draft: Draft, key: str, what: str, heights: Float64, unit: str = "m", ground: bool = False
) -> Level | None:
    """The level to show, None while the question is open. One level alone needs no question.

    Args:
        key: of the question ("level"). what: name of the vertical dimension.
        heights: float64 (K,), its levels. unit: theirs, "" for plain numbers.
        ground: True if "ground+2" is an answer too.
    """
    if len(heights) == 1:
        return Level(float(heights[0]))
    given = draft.answers.get(key, "").strip()
    above, at = _ABOVE.fullmatch(given), _AT.fullmatch(given)
    if above and ground:
        return Level(float(above[1]), above=True)
    if at and _near(heights, float(at[1])):
        return Level(float(at[1]))
    wrong = f" {given!r} is none of them." if given else ""
    also = " Or its height above the ground, such as ground+2." if ground else ""
    told = f"Which level of {what!r}? There are {listed(heights, unit)}.{wrong}{also}"
    draft.raise_question(Question(key, told, (), f"{heights[min(1, len(heights) - 1)]:g}"))
    return None


def listed(heights: Float64, unit: str) -> str:
    """Levels for people: all, or where there are many the first and the last ones."""
    texts = [f"{height:g}" for height in heights]
    if len(texts) > _LISTED:
        texts = [*texts[: _LISTED - 3], "...", *texts[-2:]]
    return f"{', '.join(texts)} {unit}".rstrip()


def _near(heights: Float64, height: float) -> bool:
    """True if a height lies between the levels, or no farther from the outermost than that is from its neighbour."""
    order = np.sort(heights)
    return bool(order[0] - (order[1] - order[0]) <= height <= order[-1] + (order[-1] - order[-2]))


def nearest(heights: Float64, height: float) -> int:
    """Number of the level nearest to a height."""
    return int(np.abs(heights - height).argmin())


def above_ground(heights: Float64, ground: Float64, height: float) -> Int64:
    """Number of the level for each column int64 (rows, columns): of the levels over the ground the one nearest to
    ``height`` metres above it; -1 where there is no ground or no level so high.

    ``heights`` float64 (K,), growing; ``ground`` float64 (rows, columns) on the same zero.
    """
    wanted = ground + height
    after = np.searchsorted(heights, wanted)
    last = len(heights) - 1
    high, low = np.minimum(after, last), np.maximum(after - 1, 0)
    out = np.where(np.abs(heights[low] - wanted) <= np.abs(heights[high] - wanted), low, high)
    first = np.searchsorted(heights, ground, side="right")
    out = np.maximum(out, first)
    top = heights[-1] + (heights[-1] - heights[-2] if last else 0.0)
    out[~np.isfinite(ground) | (out > last) | (wanted > top)] = -1
    return out.astype(np.int64)
