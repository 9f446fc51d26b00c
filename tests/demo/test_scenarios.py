"""Terrain file, vector layers and what scenarios are computed from: they agree with the town and their methods."""

from __future__ import annotations

import numpy as np
import pyogrio
import pytest
import rasterio

from viewer.demo import flood, heat, relief, terrain
from viewer.demo.files import DemoFiles
from viewer.demo.town import Town
from viewer.demo.writer import ORIGIN


def test_the_terrain_file_agrees_with_the_land(files: DemoFiles) -> None:
    with rasterio.open(files.terrain) as file:
        assert file.crs.to_epsg() == 7415 and file.units == ("metre",) and file.dtypes == ("float32",)
        assert file.profile["tiled"] and file.profile["compress"] == "deflate" and file.res == (2.0, 2.0)
        rng = np.random.default_rng(3)
        points = rng.uniform(5, terrain.SIDE - 5, (4000, 2))
        values = np.array([v[0] for v in file.sample(points + ORIGIN[:2])])
    x, y = points.T
    dry = (np.abs(terrain.off_bank(x, y)) > 16) & (np.abs(x - 965) > 75) & (np.hypot(x - 2670, (y - 1262) * 2) > 110)
    want = terrain.height(x, y) - relief.LOWER
    assert dry.sum() > 3000
    # a cell is 2 m wide, so beside its middle the slope of the hill (up to 0.15) counts
    assert np.abs(values - want)[dry & (terrain.off_bank(x, y) > 0)].max() < 0.25
    wet = terrain.off_bank(x, y) < -16
    isle = np.abs(y - terrain.axis(x)) < terrain.island_half(x) + 8
    assert (values[wet & ~isle] < terrain.WATER - 1).all()


def test_layers_hold_streets_rails_quarters_and_places(files: DemoFiles, town: Town) -> None:
    names = {name for name, _ in pyogrio.list_layers(files.layers)}
    assert names == {"streets", "rails", "quarters", "places"}
    for name in names:
        info = pyogrio.read_info(files.layers, layer=name)
        assert info["crs"] == "EPSG:7415" and info["features"] > 1 and info["geometry_type"].endswith(" Z")
    meta, _, shapes, fields = pyogrio.raw.read(files.layers, layer="places")
    assert "name" in list(meta["fields"]) and len(shapes) == len(fields[0]) > 40
    assert {"Aldhaven", "Market Square", "River Alda", "Heron Pond"} <= set(fields[0])


@pytest.fixture(scope="module")
def grids() -> dict[str, np.ndarray]:
    ground = flood.cell_heights()
    raised = flood.walled(ground)
    return {"ground": ground, "open": flood.barriers(ground), "wall": raised, "raised": flood.barriers(raised)}


def test_the_flood_grows_with_the_level_and_is_connected(grids: dict[str, np.ndarray]) -> None:
    before = np.zeros(grids["ground"].shape, np.bool_)
    for at in (0.5, 1.5, 2.4, 2.7, 3.5):
        surface, depth = flood.water(grids["ground"], grids["open"], at)
        wet = np.isfinite(surface)
        assert (wet | ~before).all(), "what was wet stays wet when the level rises"
        assert (depth[wet] > 0).all() and np.allclose(surface[wet] - grids["ground"][wet], depth[wet])
        before = wet
    low = (grids["ground"] < 2.4) & (grids["open"] > 2.4)
    assert low.sum() > 1000, "land behind the quays stays dry until they are overtopped"


def test_walls_keep_water_out(grids: dict[str, np.ndarray]) -> None:
    at = flood.level(6.5)
    free = np.isfinite(flood.water(grids["ground"], grids["open"], at)[0])
    held = np.isfinite(flood.water(grids["wall"], grids["raised"], at)[0])
    assert (free | ~held).all() and held.sum() < 0.6 * free.sum()


def test_the_tide_rises_and_falls() -> None:
    levels = [flood.level(h) for h in flood.HOURS]
    assert max(levels) > terrain.QUAY > levels[0] and levels.index(max(levels)) in (6, 7)


def test_heat_is_hotter_in_the_old_centre_than_in_the_park(town: Town) -> None:
    grid = heat.model(town)
    at = {"centre": (1870, 2110), "park": (2640, 1330), "harbour": (1180, 1100), "wood": (100, 2700)}
    day, night = ({k: float(g[int(y / 10), int(x / 10)]) for k, (x, y) in at.items()} for g in (grid.day, grid.night))
    assert day["harbour"] > day["park"] + 1.5 and day["centre"] > day["park"]
    assert night["centre"] > night["park"] + 0.5
    assert (grid.night < grid.day).all()


def test_more_trees_cool_what_is_built(town: Town) -> None:
    now, then = heat.model(town), heat.model(town, more_trees=0.2)
    assert (then.day <= now.day + 1e-9).all() and (now.day - then.day).max() > 0.2
