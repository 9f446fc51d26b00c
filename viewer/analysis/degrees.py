"""Does a coordinate reference system measure in degrees?"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache


def is_geographic(crs: str | None, box: Sequence[float] | None = None) -> bool:
    """True if the CRS measures in degrees. Unknown ones are taken as metric.

    ``box`` (minx miny minz maxx maxy maxz) is where the data lies: beyond 360 and 90 it cannot be in degrees.
    """
    if crs is None or (box is not None and not _could_be_degrees(box)):
        return False
    return _measures_in_degrees(crs)


def _could_be_degrees(box: Sequence[float]) -> bool:
    return max(abs(box[0]), abs(box[3])) <= 360 and max(abs(box[1]), abs(box[4])) <= 90


@lru_cache(maxsize=16)
def _measures_in_degrees(crs: str) -> bool:
    import pyproj  # takes a while to import, and most cities are metric

    try:
        return bool(pyproj.CRS.from_user_input(crs).is_geographic)
    except pyproj.exceptions.CRSError:
        return False
