"""Rasters of heights, water surfaces and other values: GeoTIFF, COG and BigTIFF, ESRI ASCII grids.

Only what recognises the formats is imported here; GDAL comes in with the first file.
"""

from __future__ import annotations

import re
from pathlib import Path

from loaders.api import LoadError, LoaderSpec, LoadOptions, LoadResult, Progress

TIFF_MAGIC = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_GRID = re.compile(rb"\s*(ncols|nrows)\s+\d", re.IGNORECASE)


def driver_of(head: bytes) -> str | None:
    """GDAL's name of the driver that alone may read a file that begins so; None = no raster that can be read."""
    if head.startswith(TIFF_MAGIC):
        return "GTiff"
    return "AAIGrid" if _GRID.match(head) else None


def sniff(head: bytes, path: Path) -> int:
    """How surely the first bytes are a raster of these formats."""
    if path.name.lower().endswith(".gz"):
        return 0
    return {"GTiff": 90, "AAIGrid": 90}.get(driver_of(head) or "", 0)


SPEC = LoaderSpec(
    name="Raster",
    extensions=(".tif", ".tiff", ".asc"),
    sniff=sniff,
    load="loaders.raster:load",
    version=2,
    media_types=("image/tiff; application=geotiff",),
    uses_ground=True,
)


def load(path: Path, options: LoadOptions, progress: Progress) -> LoadResult:
    """Read a raster and mesh it; raises `LoadError` (one line: place, reason, remedy) or `Cancelled`."""
    from loaders._raster_draw import draw
    from loaders._raster_read import read
    from loaders.registry import explain_os_error

    try:
        with Path(path).open("rb") as file:
            driver = driver_of(file.read(64))
        if driver is None:
            raise LoadError(
                path,
                "its first bytes are those of no raster that can be read.",
                remedy="Export it as GeoTIFF.",
                kind="unknown-format",
            )
        opened = read(Path(path), driver, options, progress)
        return draw(opened, options, progress)
    except ImportError as error:
        from loaders._gdal import not_installed

        raise not_installed(Path(path), error) from error
    except OSError as error:
        raise explain_os_error(Path(path), error) from error
    except MemoryError as error:
        raise LoadError(
            path, "not enough memory to read this raster.", remedy="Cut it into parts.", kind="out-of-memory"
        ) from error
