"""Small packages made by the tests."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from loaders import store
from loaders.api import LoadOptions, NoProgress
from loaders.scenario.prepare import load

PROVENANCE = {
    "publisher": "Town", "tool": "Simulator", "date": "2030-01-01", "inputs": [], "review": "Not reviewed",
    "ai": "None", "limitations": "A test", "licence": "CC0-1.0",
}  # fmt: skip
UNSURE = {"kind": "not_quantified", "reason": "One run only"}


class Maker:
    """Writes a package into a folder and reads it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "package"
        self.folder.mkdir()
        self.stored = folder / "stored"
        self.raw = {
            "type": "CitiverseScenario", "version": "1.0", "id": "test", "title": "Test", "crs": "EPSG:28992",
            "base": {"identifier": "town"}, "variables": [], "provenance": dict(PROVENANCE),
            "declared": {"bytes": 0, "steps": 100, "cells": 1_000_000, "triangles": 10_000}, "files": [],
        }  # fmt: skip

    def text(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def variable(self, binding: str, data: dict, **more) -> None:
        number = len(self.raw["variables"])
        told = {"id": f"v{number}", "title": "V", "binding": binding, "data": data}
        told |= {} if binding == "patch" else {"unit": "m", "uncertainty": UNSURE}
        self.raw["variables"].append(told | more)

    def seal(self) -> Path:
        """List the files and write scenario.json."""
        files = [path for path in sorted(self.folder.rglob("*")) if path.is_file() and path.name != "scenario.json"]
        self.raw["files"] = [
            {
                "path": path.relative_to(self.folder).as_posix(),
                "size": path.stat().st_size,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            }
            for path in files
        ]
        self.raw["declared"]["bytes"] = sum(item["size"] for item in self.raw["files"])
        return self.write()

    def write(self) -> Path:
        path = self.folder / "scenario.json"
        path.write_text(json.dumps(self.raw), "utf-8")
        return path

    def zip(self, name: str = "package.zip", seal: bool = True) -> Path:
        if seal:
            self.seal()
        path = self.folder.parent / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(self.folder.rglob("*")):
                if file.is_file():
                    archive.write(file, file.relative_to(self.folder).as_posix())
        return path

    def read(self, path: Path | None = None, **options):
        """The scenario as it comes back from the store, without a worker."""
        result = load(path or self.seal(), LoadOptions(**options), NoProgress())
        number = 0
        while (folder := self.stored.with_name(f"stored{number}")).exists():
            number += 1
        folder.mkdir()
        store.save(result, folder)
        return store.open_stored(folder).scenario


@pytest.fixture
def maker(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return Maker(tmp_path)


@pytest.fixture
def write_tif():
    def write(path, values, *, nodata=None, crs="EPSG:28992", corner=(1000.0, 2000.0), cell=2.0, up=False, **more):
        import rasterio
        from rasterio.transform import Affine

        values = np.asarray(values)
        bands = values[None] if values.ndim == 2 else values
        place = Affine(cell, 0, corner[0], 0, cell if up else -cell, corner[1])
        path.parent.mkdir(parents=True, exist_ok=True)
        with rasterio.open(
            path, "w", driver="GTiff", width=bands.shape[2], height=bands.shape[1], count=len(bands),
            dtype=bands.dtype, crs=crs, transform=place, nodata=nodata, **more,
        ) as out:  # fmt: skip
            out.write(bands)

    return write
