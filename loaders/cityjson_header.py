"""What a CityJSON document says about itself: type, version, transform, CRS, metadata, extensions."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loaders._issues import IssueLog
from loaders.api import LoadError
from loaders.city import CrsInfo

VERSIONS = ("1.0", "1.1", "2.0")
_ROOT_KEYS = frozenset(
    {
        "type",
        "version",
        "id",
        "transform",
        "CityObjects",
        "vertices",
        "metadata",
        "appearance",
        "geometry-templates",
        "extensions",
    }
)
_EPSG = re.compile(r"EPSG[:/]+[^/:]*[:/](\d{1,9})|EPSG:(\d{1,9})", re.IGNORECASE)
_CRS84 = re.compile(r"(?:OGC|CRS)[:/]+[^/:]*[:/]?(CRS84h?|84)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Transform:
    """World coordinate = scale x number in the file + translate."""

    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    translate: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Header:
    """The checked root of a document."""

    version: str
    transform: Transform
    crs: CrsInfo
    metadata: dict[str, Any]
    extensions: tuple[str, ...]


def read_header(root: dict[str, Any], path: Path, issues: IssueLog) -> Header:
    """Check the root members; raises `LoadError` for what is not CityJSON of a known version."""
    kind = root.get("type")
    if kind == "CityJSONFeature":
        issues.warning(
            "missing-header",
            "A feature without the metadata line of its sequence: its scale, place and version are unknown.",
        )
        root = {**root, "version": "2.0", "transform": {"scale": [1, 1, 1], "translate": [0, 0, 0]}}
    elif kind != "CityJSON":
        said = "has no type" if kind is None else f"has the type {str(kind)[:40]!r}"
        raise LoadError(
            path, f"this JSON is not CityJSON: it {said}.", place="type", remedy='It needs "type": "CityJSON".',
            kind="not-cityjson",
        )  # fmt: skip
    version = _version(root.get("version"), path, issues)
    metadata = root.get("metadata")
    if not isinstance(metadata, dict):
        if metadata is not None:
            issues.warning("bad-metadata", "Metadata that are not a JSON object were skipped.")
        metadata = {}
    extra = {key: value for key, value in root.items() if key not in _ROOT_KEYS}
    if extra:
        issues.info("extra-root-property", "Root members outside the standard are kept with the metadata.", extra)
    extensions = root.get("extensions")
    names = tuple(map(str, extensions)) if isinstance(extensions, dict) else ()
    if names:
        issues.info(
            "extension", "Extensions are drawn and kept; their schemas are not fetched, nothing is checked.", names
        )
    transform = _transform(root, version, path, issues)
    return Header(version, transform, _crs(root, metadata, issues), {**metadata, **extra}, names)


def _version(value: Any, path: Path, issues: IssueLog) -> str:
    if value is None:
        issues.warning("missing-version", "The file names no version: read as CityJSON 2.0.")
        return "2.0"
    text = f"{value:.1f}" if isinstance(value, int | float) else str(value)
    for known in VERSIONS:
        if text == known or text.startswith(known + "."):
            return known
    raise LoadError(
        path,
        f"CityJSON version {text[:20]!r} is not supported (1.0, 1.1 and 2.0 are).",
        place="version",
        remedy="Upgrade the file with cjio: cjio in.json upgrade save out.json.",
        kind="unsupported-version",
    )


def _transform(root: dict[str, Any], version: str, path: Path, issues: IssueLog) -> Transform:
    value = root.get("transform")
    if value is None:
        if version != "1.0":
            issues.warning("missing-transform", "The file has no transform: its vertices are read as coordinates.")
        return Transform()
    if not isinstance(value, dict):
        raise _bad_transform(path, "transform")
    scale, translate = (_three(value.get(key), path, f"transform.{key}") for key in ("scale", "translate"))
    if 0.0 in scale:
        issues.error("degenerate-transform", "The transform has a scale of 0: all geometry is flattened.")
    return Transform(scale, translate)


def _three(value: Any, path: Path, place: str) -> tuple[float, float, float]:
    if not isinstance(value, list) or len(value) != 3 or not all(type(item) in (int, float) for item in value):
        raise _bad_transform(path, place)
    try:
        x, y, z = (float(item) for item in value)
    except OverflowError:
        raise _bad_transform(path, place) from None
    if not all(map(math.isfinite, (x, y, z))):
        raise _bad_transform(path, place)
    return x, y, z


def _bad_transform(path: Path, place: str) -> LoadError:
    return LoadError(
        path, "not three finite numbers.", place=place, remedy="Export the file again.", kind="bad-transform"
    )


def _crs(root: dict[str, Any], metadata: dict[str, Any], issues: IssueLog) -> CrsInfo:
    value = metadata.get("referenceSystem")
    if value is None:
        old = metadata.get("crs", root.get("crs"))
        value = old.get("epsg") if isinstance(old, dict) else old
    if value is None or value == "":
        issues.warning("missing-crs", "The file names no coordinate reference system: its place on Earth is unknown.")
        return CrsInfo(None)
    text = str(value)
    name = crs_name(text)
    if name is None:
        issues.warning("unknown-crs", f"The coordinate reference system {text[:80]!r} was not understood.")
    return CrsInfo(name, text)


def crs_name(text: str) -> str | None:
    """The authority and code behind a URN, URL, compound of them, ``EPSG:7415`` or ``7415``; None if unknown.

    >>> crs_name("urn:ogc:def:crs,crs:EPSG::28992,crs:EPSG::5709")
    'EPSG:28992+5709'
    """
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) < 10 and int(text):
        return f"EPSG:{int(text)}"
    codes = [first or second for first, second in _EPSG.findall(text)]
    if codes:
        return "EPSG:" + "+".join(str(int(code)) for code in codes[:2])
    known = _CRS84.search(text)
    if known:
        return "OGC:CRS84h" if known.group(1).lower().endswith("h") else "OGC:CRS84"
    return None
