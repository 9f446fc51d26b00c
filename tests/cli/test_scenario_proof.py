"""Results of real simulations, imported, opened with their base data, drawn and picked: the numbers told are those of
the source files, read here by other means (rasterio, netCDF4, csv, re), at the very place that was hit."""

from __future__ import annotations

import csv
import gzip
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pyproj
import pytest
import rasterio
from PIL import Image

from loaders.scenario.importers.run import run_import

TOLD = {"publisher": "Somebody", "licence": "CC0-1.0", "base": "town"}
FLOOD = "scenario/merewether_flood"
HEAT = "scenario/bilbao_heat"
NOISE = "scenario/noise/noisemodelling-jdbc/src/test/resources/org/noise_planet/noisemodelling/jdbc/lden_geom.geojson"
MATSIM = "scenario/matsim"
EVENTS = f"{MATSIM}/test/input/org/matsim/project/RunMatsimTest/test/output_events.xml.gz"
SIZE = 161


def above(x: float, y: float, z: float, height: float = 120.0, size: int = SIZE) -> tuple[str, ...]:
    """Options for a square picture with a place in its middle, seen from above."""
    camera = f"{x:.4f},{y - 0.01:.4f},{z + height:.3f},{x:.4f},{y:.4f},{z:.3f}"
    return ("--size", f"{size}x{size}", "--no-labels", "--camera", camera)


@pytest.fixture
def package(tmp_path: Path) -> Callable[..., Path]:
    """Import files as a package of that id."""

    def make(name: str, paths: list[Path], **answers: str) -> Path:
        told = TOLD | {"title": name} | {key.replace("_", "."): text for key, text in answers.items()}
        return run_import(tuple(paths), tmp_path / name, told).path

    return make


@pytest.fixture
def picked(citiverse: Callable) -> Callable[..., tuple[list[dict[str, Any]], tuple[float, float]]]:
    """What ``pick`` tells of scenarios at a place, and the place that was hit."""

    def pick(paths: list[Path], x: float, y: float, z: float, *words: str) -> Any:
        middle = f"{SIZE // 2},{SIZE // 2}"
        answer = citiverse("pick", *paths, "--at", middle, "--json", *above(x, y, z), *words)
        assert answer.code == 0, answer.err
        found = answer.json
        assert found["id"] is not None, "nothing was hit"
        assert abs(found["position"][0] - x) < 1.5 and abs(found["position"][1] - y) < 1.5
        return found["scenario"], tuple(found["position"][:2])

    return pick


def cell(path: Path, x: float, y: float) -> float:
    with rasterio.open(path) as file:
        row, column = file.index(x, y)
        return float(file.read(1, masked=True).filled(np.nan)[row, column])


def told(values: list[dict[str, Any]], scenario: str) -> float | None:
    (found,) = [value for value in values if value["scenario"] == scenario]
    return found["value"]


# --- flood: Merewether, Newcastle, 2007 ------------------------------------------------------------------------------


@pytest.fixture
def flood(data_file: Callable) -> dict[str, Any]:
    """Terrain, houses, and places with the depths that the modellers published for them."""
    terrain, houses = data_file(f"{FLOOD}/dem_1m.tif"), data_file(f"{FLOOD}/houses.geojson")
    with data_file(f"{FLOOD}/published_vs_simulated_levels.csv").open() as file:
        points = [(float(r["x"]), float(r["y"]), float(r["simulated_depth"])) for r in csv.DictReader(file)]
    depths = sorted(terrain.parent.joinpath("depth").glob("*.tif"))
    return {"base": [terrain, houses], "terrain": terrain, "points": points, "depths": depths}


def test_depths_of_rasters_are_those_of_the_files_and_the_modellers(package, picked, flood):
    series = package("series", flood["depths"], unit_depth="m", start="2007-06-08T00:00")
    for x, y, published in flood["points"][::2]:
        words = ("--scenario", "series", "--time", "2007-06-08T00:10")
        values, place = picked([*flood["base"], series], x, y, cell(flood["terrain"], x, y), *words)
        source = cell(flood["depths"][10], *place)
        assert told(values, "series") == (None if np.isnan(source) else pytest.approx(source, abs=1e-5))
        assert values[0]["unit"] == "m" and "00:10" in values[0]["step"]
        assert source == pytest.approx(published, abs=0.06)


def test_depths_of_a_netcdf_grid_and_of_the_mesh_it_was_made_from(package, picked, flood, data_file):
    grid_file, mesh_file = data_file(f"{FLOOD}/merewether_depth.nc"), data_file(f"{FLOOD}/merewether_flood.sww.nc")
    grid = package("grid", [grid_file])
    mesh = package("mesh", [mesh_file], start="2007-06-08T06:00", crs="EPSG:32756")
    x, y, published = flood["points"][2]
    z = cell(flood["terrain"], x, y)
    words = ("--time", "2007-06-08T06:05")
    values, place = picked([*flood["base"], grid], x, y, z, "--scenario", "grid", *words)
    with netCDF4.Dataset(grid_file) as file:
        row, column = (int(np.abs(file[name][:] - at).argmin()) for name, at in (("y", place[1]), ("x", place[0])))
        assert told(values, "grid") == pytest.approx(float(file["depth"][10, row, column]), abs=1e-4)
    values, place = picked([*flood["base"], mesh], x, y, z, "--scenario", "mesh", *words)
    with netCDF4.Dataset(mesh_file) as file:
        face = face_at(file, *place)
        source = float(file["stage_c"][10, face]) - float(file["elevation_c"][face])
    assert told(values, "mesh") == pytest.approx(source, abs=1e-4) == pytest.approx(published, abs=0.3)


def face_at(file: netCDF4.Dataset, x: float, y: float) -> int:
    """The triangle of an SWW file that holds a place: it lies left of all three sides."""
    nodes = np.column_stack([file["x"][:] + file.xllcorner, file["y"][:] + file.yllcorner]).astype(np.float64)
    corners = nodes[file["volumes"][:]]
    side = np.roll(corners, -1, axis=1) - corners
    away = np.array([x, y]) - corners
    left = side[..., 0] * away[..., 1] - side[..., 1] * away[..., 0]
    (found,) = np.flatnonzero((left > 0).all(axis=1) | (left < 0).all(axis=1))
    return int(found)


def test_the_highest_depth_less_that_of_a_moment_is_what_numpy_says(package, picked, flood, data_file, tmp_path):
    highest = tmp_path / "depth.tif"
    shutil.copyfile(data_file(f"{FLOOD}/max_depth_cog.tif"), highest)
    paths = [package("series", flood["depths"], unit_depth="m", start="2007-06-08T00:00")]
    paths.append(package("highest", [highest], unit_depth="m"))
    x, y, _ = flood["points"][2]
    words = ("--compare", "series,highest", "--compare-mode", "difference", "--time", "2007-06-08T00:05")
    values, place = picked([*flood["base"], *paths], x, y, cell(flood["terrain"], x, y), *words)
    source = np.float32(cell(highest, *place)) - np.float32(cell(flood["depths"][5], *place))
    assert source > 0.01 and values[0]["value"] == pytest.approx(float(source), abs=1e-5)


def test_water_is_drawn_in_the_streets_and_nowhere_else(package, citiverse, flood):
    series = package("series", flood["depths"], unit_depth="m", start="2007-06-08T00:00")
    with rasterio.open(flood["depths"][10]) as file:
        depth, box = file.read(1, masked=True).filled(np.nan), file.bounds
    x, y, reach, size = (box.left + box.right) / 2, (box.bottom + box.top) / 2, 160.0, 480
    height = reach / 2 / np.tan(np.radians(20.0))
    words = ("--scenario", "series", "--time", "2007-06-08T00:10", "--no-legend", "--no-shadows", "--realism", "plain")
    view = above(x, y, 22.0, height, size)
    assert citiverse("render", *flood["base"], series, "-o", "flood.png", *view, *words).code == 0
    image = np.asarray(Image.open("flood.png").convert("RGB"), np.int16)
    blue = image[..., 2] - image[..., 0] > 25
    offset = (np.arange(size) + 0.5 - size / 2) * reach / size
    rows, columns = (box.top - (y - offset)).astype(int), (x + offset - box.left).astype(int)
    wet = depth[np.ix_(rows, columns)] > 0.3
    known = wet | np.isnan(depth[np.ix_(rows, columns)])
    seen = np.ones_like(wet)
    seen[size * 3 // 4 :, : size * 2 // 5] = False  # what the picture says of its origin
    wet, known = wet & seen, known & seen
    assert wet.sum() > 20_000
    assert blue[wet].mean() > 0.7 and blue[known & ~wet].mean() < 0.06


# --- heat: Bilbao, 1 July 2021 ---------------------------------------------------------------------------------------


def test_heat_is_that_of_the_netcdf_file(package, picked, data_file):
    source, terrain = data_file(f"{HEAT}/bilbao_tmrt_24h.nc"), data_file(f"{HEAT}/input/DEM.tif")
    made = package("heat", [source])
    with netCDF4.Dataset(source) as file:
        xs, ys, values = file["x"][:], file["y"][:], file["tmrt"][13]
    for row, column in ((300, 300), (120, 420)):
        x, y = float(xs[column]), float(ys[row])
        words = ("--scenario", "heat", "--time", "2021-07-01T13:00")
        found, _ = picked([terrain, made], x, y, cell(terrain, x, y), *words)
        assert told(found, "heat") == pytest.approx(float(values[row, column]), abs=1e-3)
        assert found[0]["unit"] == "°C" and "13:00" in found[0]["step"]


def test_the_afternoon_less_noon_is_what_numpy_says(package, picked, data_file):
    terrain = data_file(f"{HEAT}/input/DEM.tif")
    hours = [data_file(f"{HEAT}/tmrt/tmrt_20210701_{hour}00.tif") for hour in (12, 18)]
    paths = [package(name, [path]) for name, path in zip(("noon", "evening"), hours, strict=True)]
    with rasterio.open(hours[0]) as file:
        x, y = file.xy(250, 310)
    words = ("--compare", "noon,evening", "--compare-mode", "difference")
    values, place = picked([terrain, *paths], x, y, cell(terrain, x, y), *words)
    source = cell(hours[1], *place) - cell(hours[0], *place)
    assert abs(source) > 1.0 and values[0]["value"] == pytest.approx(source, abs=1e-3)


# --- ways, receivers, links ------------------------------------------------------------------------------------------


def test_a_vehicle_is_where_the_traffic_model_says_and_as_fast(package, picked, data_file):
    sample = data_file("scenario/tum_traffic/input/sumo_fcd_sample.csv")
    made = package("rush", [sample], start="2023-06-26T12:00")
    with sample.open() as file:
        rows = [row for row in csv.DictReader(file) if float(row["timestep"]) == 300.0]
    to_plane = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:32632", always_xy=True)
    x, y = to_plane.transform([float(r["x"]) for r in rows], [float(r["y"]) for r in rows])
    places = np.column_stack([x, y])
    apart = np.linalg.norm(places[:, None] - places[None], axis=2) + np.eye(len(rows)) * 1e9
    lone = [k for k in np.argsort(-apart.min(axis=1)) if float(rows[k]["speed"]) > 1.0][:2]
    for k in lone:
        words = ("--scenario", "rush", "--time", "2023-06-26T12:05")
        values, _ = picked([made], *places[k], 0.0, *words)
        assert values[0]["place"] == rows[k]["id"]
        assert values[0]["value"] == pytest.approx(float(rows[k]["speed"]), abs=1e-4)


def test_a_receiver_has_the_level_of_its_file(package, picked, data_file):
    path = data_file(NOISE)
    made = package("noise", [path])
    for feature in json.loads(path.read_text("utf-8"))["features"][::370]:
        x, y, z = feature["geometry"]["coordinates"]
        values, _ = picked([made], x, y, z, "--scenario", "noise/laeq")
        assert values[0]["value"] == pytest.approx(feature["properties"]["laeq"], abs=1e-4)
        assert values[0]["place"] == str(feature["properties"]["idreceiver"])


def test_vehicles_on_a_link_are_counted_as_in_the_events(package, picked, data_file):
    network, events = data_file(f"{MATSIM}/scenarios/equil/network.xml"), data_file(EVENTS)
    made = package("day", [network, events], crs="EPSG:31468", start="2026-01-01T00:00", sample="1")
    text = network.read_text("utf-8")
    nodes = {m[1]: (float(m[2]), float(m[3])) for m in re.finditer(r'<node id="(\w+)" x="(\S+)" y="(\S+)"', text)}
    ends = re.search(r'<link id="6" from="(\w+)" to="(\w+)"', text)
    assert ends is not None
    a, b = nodes[ends[1]], nodes[ends[2]]
    with gzip.open(events, "rt") as file:
        lines = [line for line in file if 'type="entered link"' in line or 'type="vehicle enters traffic"' in line]
    times = [float(re.search(r'time="([\d.]+)"', line)[1]) for line in lines if ' link="6"' in line]  # type: ignore[index]
    count = sum(6 * 3600 <= when < 7 * 3600 for when in times)
    words = ("--scenario", "day/vehicles", "--time", "2026-01-01T06:30")
    middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
    values, _ = picked([made], *middle, 0.0, *words)
    assert count > 0 and values[0]["value"] == count and values[0]["place"] == "6"
