"""Vector layers: GeoPackage, GeoJSON, Shapefile, FlatGeobuf. One object per feature.

Only what recognises the formats is imported here; GDAL comes in with the first file.
"""

from __future__ import annotations

import re
from pathlib import Path

from loaders.api import LoadError, LoaderSpec, LoadOptions, LoadResult, Progress

GZIP = b"\x1f\x8b"
SQLITE = b"SQLite format 3\x00"
_GPKG_IDS = (b"GPKG", b"GP10", b"GP11")
_SHAPE = b"\x00\x00\x27\x0a"
_FEATURES = re.compile(rb'"type"\s*:\s*"(FeatureCollection|Feature)"')
_GEOMETRY = re.compile(
    rb'"type"\s*:\s*"(GeometryCollection|(Multi)?(Point|LineString|Polygon))"\s*,\s*"(coordinates|geometries)"'
)


def driver_of(head: bytes, path: Path) -> str | None:
    """GDAL's name of the driver that alone may read a file that begins so; None = no vector file that can be read."""
    if head.startswith(SQLITE):
        known = head[68:72] in _GPKG_IDS or path.suffix.lower() == ".gpkg"
        return "GPKG" if known else None
    if head.startswith(b"fgb\x03"):
        return "FlatGeobuf"
    if head.startswith(_SHAPE) and path.suffix.lower() == ".shp":  # an index (.shx) begins in the same way
        return "ESRI Shapefile"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text.startswith(b"{") or b'"CityObjects"' in head or b'"CityJSON' in head:
        return None
    like = _FEATURES.search(head) or _GEOMETRY.search(head) or path.suffix.lower() == ".geojson"
    return "GeoJSON" if like else None


def sniff(head: bytes, path: Path) -> int:
    """How surely the first bytes (unpacked) are a vector file of these formats; only GeoJSON may be gzipped."""
    packed = path.name.lower().endswith(".gz")
    driver = driver_of(head, path.with_suffix("") if packed else path)
    if packed and driver != "GeoJSON":
        return 0
    if driver == "GeoJSON":
        return 90 if _FEATURES.search(head) else 60
    return 95 if driver else 0


SPEC = LoaderSpec(
    name="Vector layers",
    extensions=(".gpkg", ".geojson", ".geojson.gz", ".shp", ".fgb"),
    sniff=sniff,
    load="loaders.vector:load",
    version=1,
    media_types=("application/geopackage+sqlite3", "application/geo+json", "application/flatgeobuf"),
    uses_ground=True,
)


def load(path: Path, options: LoadOptions, progress: Progress) -> LoadResult:
    """Read all layers of a file; raises `LoadError` (one line: place, reason, remedy) or `Cancelled`."""
    from loaders._vector_draw import draw
    from loaders._vector_read import read
    from loaders.registry import explain_os_error

    path = Path(path)
    try:
        with path.open("rb") as file:
            head = file.read(4096)
        if head.startswith(GZIP):
            return _load_packed(path, options, progress)
        driver = driver_of(head, path)
        if driver is None:
            raise LoadError(
                path,
                "its first bytes are those of no vector file that can be read.",
                remedy="Export it as GeoPackage.",
                kind="unknown-format",
            )
        return draw(read(path, driver, options, progress), options, progress)
    except ImportError as error:
        from loaders._gdal import not_installed

        raise not_installed(Path(path), error) from error
    except OSError as error:
        raise explain_os_error(path, error) from error
    except MemoryError as error:
        raise LoadError(
            path, "not enough memory to read this file.", remedy="Cut it into parts.", kind="out-of-memory"
        ) from error


def _load_packed(path: Path, options: LoadOptions, progress: Progress) -> LoadResult:
    """GeoJSON in gzip: unpacked within limits to a file of its own first."""
    import tempfile
    from dataclasses import replace

    from loaders.cityjson_source import read_source

    name = Path(path.stem).stem + ".geojson"
    text = read_source(path, options, progress)
    if driver_of(text[:4096], Path(name)) != "GeoJSON":
        raise LoadError(path, "only GeoJSON can be read packed.", remedy="Unpack it first.", kind="unknown-format")
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / name
        plain.write_bytes(text)
        try:
            result = load(plain, options, progress)
        except LoadError as error:
            raise LoadError(path, error.reason, place=error.place, remedy=error.remedy, kind=error.kind) from error
    return replace(result, value=replace(result.value, name=path.name))
