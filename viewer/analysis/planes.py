"""Places from one CRS to another, for results that lie in another one than the project."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from loaders.city import Float64
from loaders.layers import same_plane


@lru_cache(maxsize=32)
def _way(source: str, goal: str) -> Any:
    """The way between two CRSs; None where there is none, or one of them is unknown."""
    from pyproj import Transformer
    from pyproj.exceptions import ProjError

    try:
        return Transformer.from_crs(source, goal, always_xy=True)
    except ProjError:
        return None


def moved(source: str | None, goal: str | None, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Float64, Float64]:
    """Places of ``source`` in ``goal``, east first; as they are where one CRS is not told or both have one plane.

    NaN for places that have none there, all of them if there is no way between the two.
    """
    xy = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if not source or not goal or same_plane(source, goal):
        return xy
    way = _way(source, goal)
    if way is None:
        return np.full_like(xy[0], np.nan), np.full_like(xy[1], np.nan)
    found = np.stack(way.transform(*xy))
    found[:, ~np.isfinite(found).all(axis=0)] = np.nan
    return found[0], found[1]
