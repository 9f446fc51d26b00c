"""What an unknown file seems to be, told from its first bytes, for a refusal that helps."""

from __future__ import annotations

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"glTF", "a binary glTF model"),
    (b"b3dm", "a 3D Tiles tile (b3dm)"),
    (b"i3dm", "a 3D Tiles tile (i3dm)"),
    (b"pnts", "a 3D Tiles tile (pnts)"),
    (b"cmpt", "a 3D Tiles tile (cmpt)"),
    (b"fcb", "a FlatCityBuf file"),
    (b"fgb\x03", "a FlatGeobuf file"),
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x1f\x8b", "a damaged gzip archive"),
    (b"\x89PNG", "an image (PNG)"),
    (b"\xff\xd8\xff", "an image (JPEG)"),
    (b"GIF8", "an image (GIF)"),
    (b"II*\x00", "an image (TIFF)"),
    (b"MM\x00*", "an image (TIFF)"),
    (b"II+\x00", "an image (TIFF)"),
    (b"RIFF", "an image or sound (RIFF)"),
    (b"BM", "an image (BMP)"),
    (b"%PDF", "a PDF document"),
    (b"LASF", "a point cloud (LAS)"),
    (b"SQLite format 3\x00", "a SQLite database (GeoPackage, MBTiles)"),
    (b"PAR1", "a Parquet table"),
    (b"\x89HDF", "an HDF5 or NetCDF file"),
    (b"CDF", "a NetCDF file"),
    (b"ISO-10303-21", "an IFC (STEP) model"),
    (b"ply", "a PLY mesh"),
    (b"solid", "an STL mesh"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)


def describe(head: bytes) -> str:
    """What a file seems to be, with article, from its first bytes: "a zip archive", "CityGML (XML)"."""
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"<"):
        return _describe_markup(text)
    if text[:1] in (b"{", b"["):
        return _describe_json(text)
    if not head.strip(b"\x00"):
        return "a file of zeros"
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "text in UTF-16"
    odd = sum(byte < 9 or 13 < byte < 32 for byte in head)
    return "binary data" if odd > len(head) // 100 else "plain text"


def _describe_markup(text: bytes) -> str:
    lower = text.lower()
    for mark, name in (
        (b"citygml", "CityGML (XML)"),
        (b"<kml", "KML (XML)"),
        (b"<collada", "COLLADA (XML)"),
        (b"<x3d", "X3D (XML)"),
        (b"<gpx", "GPX (XML)"),
        (b"opengis.net/gml", "GML (XML)"),
        (b"<html", "a web page"),
        (b"<svg", "an image (SVG)"),
    ):
        if mark in lower:
            return name
    return "an XML file"


def _describe_json(text: bytes) -> str:
    flat = b"".join(text.split())
    for mark, name in (
        (b'"CityJSON', "CityJSON that is damaged at its start"),
        (b'"FeatureCollection"', "GeoJSON"),
        (b'"geometricError"', "a 3D Tiles tileset"),
        (b'"asset":{', "a glTF model or 3D Tiles tileset"),
        (b'"conformsTo"', "JSON-FG"),
    ):
        if mark in flat:
            return name
    return "JSON that is not CityJSON"
