"""Inputs of the scenario benchmarks, made by code: a town with ids, results over time, rasters, traffic."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.houses import make_town
from loaders.city import CityData, CrsInfo, Strings
from loaders.scenario.model import Classes, Grid, Manifest, Moves, Result, Scenario, TimeAxis, Variable

FOLDER = Path(__file__).resolve().parent / "inputs"
START = 1782000000.0
HOUR = 3600.0
CELL = 2.0
CORNER = 85_000.0, 447_000.0
DEPTH = Variable(
    "depth", (("en", "Depth"),), "object", "m", "m", classes=Classes((0.2, 0.5, 1.0, 2.0)), palette="water"
)
HEAT = Variable("heat", (("en", "Heat"),), "raster", "Cel", "°C", range=(10.0, 45.0), palette="heat")
SPEED = Variable("movers", (("en", "Vehicles"),), "trajectories", "m/s", "m/s", range=(0.0, 20.0))


def town(count: int) -> CityData:
    """The made town, with ids "h0", "h1", ..."""
    city = make_town(count)
    return replace(city, objects=replace(city.objects, ids=names(count)))


def names(count: int) -> Strings:
    """Ids of the houses."""
    return Strings.from_list([f"h{k}" for k in range(count)])


def hours(steps: int) -> TimeAxis:
    """One step an hour."""
    return TimeAxis("instants", START + HOUR * np.arange(steps))


def depths(count: int, steps: int, seed: int, ids: Strings) -> Result:
    """A depth at every house and step, in a file that is mapped into memory."""
    path = FOLDER / f"depth-{count}x{steps}-{seed}.f32"
    if not path.is_file() or path.stat().st_size != 4 * count * steps:
        path.parent.mkdir(parents=True, exist_ok=True)
        random = np.random.default_rng(seed)
        base = random.gamma(1.0, 0.8, count).astype(np.float32)
        with path.open("wb") as file:
            for step in range(steps):
                (base * np.float32(1.0 + np.sin((step + seed) / 7.0))).tofile(file)
    values = np.memmap(path, np.float32, "r", shape=(steps, count))
    return Result(DEPTH, hours(steps), values, ids=ids)


def one_raster(side: int, step: int, seed: int = 0) -> np.ndarray:
    """float32 (side, side): a slow wave and noise in blocks of 8 x 8, a tenth of a degree apart."""
    random = np.random.default_rng(1000 * seed + step)
    x = np.linspace(0.0, 6.0, side, dtype=np.float32)
    wave = 8.0 * np.sin(x[:, None] + step / 8.0) * np.cos(x[None, :])
    noise = random.normal(0.0, 1.0, (-(-side // 8), -(-side // 8))).repeat(8, 0).repeat(8, 1)[:side, :side]
    return np.round(27.0 + wave + noise, 1).astype(np.float32)


def grid(side: int) -> Grid:
    """Where the rasters lie."""
    return Grid((CELL, 0.0, CORNER[0], 0.0, -CELL, CORNER[1] + CELL * side), side, side, CrsInfo("EPSG:28992"))


def raster_package(side: int, steps: int) -> Path:
    """A package of one GeoTIFF per step, made by the importer as a user would. A minute for 4096 x 4096 x 48, once."""
    from loaders.scenario.importers.run import run_import

    goal = FOLDER / f"heat-{side}x{steps}"
    if not (goal / "scenario.json").is_file():
        import rasterio
        from rasterio.transform import Affine

        source = FOLDER / f"heat-{side}x{steps}-files"
        source.mkdir(parents=True, exist_ok=True)
        place: dict[str, Any] = {"crs": "EPSG:28992", "transform": Affine(*grid(side).transform), "nodata": -9999.0}
        form: dict[str, Any] = {"tiled": True, "blockxsize": 512, "blockysize": 512, "compress": "deflate", "zlevel": 1}
        paths = [source / f"heat_{60 * k:05d}min.tif" for k in range(steps)]
        for step, path in enumerate(paths):
            with rasterio.open(path, "w", "GTiff", side, side, 1, dtype="float32", **place, **form) as file:
                file.write(one_raster(side, step), 1)
        told = {"title": "Heat", "publisher": "Nobody", "licence": "CC0-1.0", "base": "none"}
        run_import(tuple(paths), goal, told | {"unit.heat": "Cel", "start": "2026-06-21T00:00"})
        for path in paths:
            path.unlink()
        source.rmdir()
    return goal / "scenario.json"


def traffic(count: int, samples: int = 20) -> Result:
    """Vehicles that go round, a sample every ten seconds."""
    random = np.random.default_rng(3)
    middle = np.column_stack([random.uniform(0, 5000.0, (count, 2)) + CORNER, np.zeros(count)])
    radius, turn = random.uniform(30.0, 300.0, count), random.uniform(0.0, 6.28, count)
    when = START + 10.0 * np.arange(samples)
    angle = turn[:, None] + 10.0 * np.arange(samples) * (12.0 / radius)[:, None]
    round_ = np.stack([np.cos(angle), np.sin(angle), np.zeros_like(angle)], axis=2) * radius[:, None, None]
    moves = Moves(
        names(count),
        (np.arange(count) % 4).astype(np.uint8),
        ("car", "van", "bus", "bicycle"),
        np.arange(count + 1, dtype=np.int64) * samples,
        np.tile(when, count),
        (middle[:, None, :] + round_).reshape(-1, 3),
        random.uniform(0.0, 20.0, count * samples).astype(np.float32),
    )
    return Result(SPEED, TimeAxis("instants", when), np.zeros((samples, 0), np.float32), moves=moves)


def scenario(name: str, *results: Result) -> Scenario:
    """A scenario of results."""
    manifest = Manifest(name, (("en", name),), CrsInfo("EPSG:28992"), tuple(result.variable for result in results))
    return Scenario(manifest, {result.variable.id: result for result in results})
