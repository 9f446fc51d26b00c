"""What the makers of the demo's scenario packages share: common members of the manifest, and how data are written."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from viewer.demo.town import GENERATOR_VERSION, Town
from viewer.demo.writer import ORIGIN

Json = dict[str, Any]
Float64 = npt.NDArray[np.float64]
ZONE = "Europe/Amsterdam"
NOT_AI = "No AI took part: plain formulas, written down in the program."


class Site:
    """The town that results are computed for, and its file."""

    def __init__(self, town: Town, city: Path) -> None:
        self.town = town
        self.city = city

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the town's file."""
        return sha256(self.city.read_bytes()).hexdigest()


@dataclass(frozen=True, slots=True)
class Draft:
    """A package to be written: ``write(folder)`` writes its data and returns its manifest without hashes."""

    id: str
    title: str
    write: Callable[[Path], Json]


def manifest(
    site: Site,
    ident: str,
    title: Json,
    summary: str,
    variables: list[Json],
    limitations: str,
    *,
    baseline: str | None = None,
    tables: list[Json] | None = None,
    views: list[Json] | None = None,
    parameters: Json | None = None,
) -> Json:
    """The manifest of a package of the demo."""
    raw: Json = {
        "type": "CitiverseScenario",
        "version": "1.0",
        "id": ident,
        "title": title,
        "summary": {"en": summary},
        "fictional": True,
        "crs": "EPSG:7415",
        "vertical_datum": "EPSG:5709",
        "base": {
            "identifier": f"citiverse-demo-town-{GENERATOR_VERSION}",
            "file": site.city.name,
            "sha256": site.digest,
            "accuracy_note": {
                "en": "The town is invented: its heights are exact, and there is no place to be wrong of."
            },
        },
        "variables": variables,
        "provenance": {
            "publisher": "Citiverse Viewer (fictional example)",
            "tool": "Citiverse Viewer, generator of the demo town",
            "tool_version": str(GENERATOR_VERSION),
            "date": "2026-01-01",
            "inputs": [{"title": "Demo town", "file": site.city.name, "sha256": site.digest, "licence": "CC0-1.0"}],
            "parameters": parameters or {},
            "review": {"en": "Reviewed by nobody: an example."},
            "ai": {"en": NOT_AI},
            "limitations": {"en": limitations},
            "licence": "CC0-1.0",
        },
    }
    if baseline is not None:
        raw["baseline"] = baseline
    if tables:
        raw["disaggregations"] = tables
    if views:
        raw["views"] = views
    return raw


def classes(breaks: Sequence[float], labels: Sequence[str], source: str) -> Json:
    """Class breaks with their meaning."""
    return {"breaks": list(breaks), "labels": [{"en": label} for label in labels], "source": source}


def write_table(path: Path, columns: dict[str, Sequence[Any]]) -> None:
    """A CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def write_features(path: Path, features: list[Json]) -> None:
    """A GeoJSON file in the town's CRS, which it names in the form of GeoJSON 2008 (and as ``data.crs`` says)."""
    named = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::28992"}}
    path.write_bytes(orjson.dumps({"type": "FeatureCollection", "crs": named, "features": features}))


def world(points: Float64) -> Float64:
    """Town coordinates (N, 2 or 3) as world coordinates, whole centimetres."""
    return np.asarray(np.round(points + np.array(ORIGIN[: points.shape[1]]), 2), np.float64)
