"""The demo's scenario packages: each can be read, is about this town, and says what its method gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import rasterio

from loaders.api import LoadOptions, NoProgress
from loaders.scenario.model import Result, Scenario, text_in
from loaders.scenario.prepare import load
from viewer.demo import packages, packages_flood, solar, terrain
from viewer.demo.current import HOURS, current
from viewer.demo.files import DemoFiles
from viewer.demo.flood import barriers, cell_heights, level, water
from viewer.demo.noise import lden, levels, receivers
from viewer.demo.package_kit import Site
from viewer.demo.scenarios import INDEX, scenario_states, scenario_viewpoints
from viewer.demo.town import Town
from viewer.demo.traffic import assign, streets_of
from viewer.demo.writer import ORIGIN

Read = Callable[[str], Scenario]
MADE = {"storm-tide-walls", "new-dock", "hot-day-trees", "rush-car-free", "tide-current", "roofs"}
"""One of each kind: the others differ only in a number."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, town: Town, files: DemoFiles) -> Path:
    folder = tmp_path_factory.mktemp("packages")
    site = Site(town, files.city)
    names = set()
    for make in packages.MAKERS:
        for draft in make(site):
            names.add(draft.id)
            if draft.id in MADE:
                packages._write(folder, draft)
    assert names > MADE and len(names) == 9
    return folder


@pytest.fixture(scope="module")
def read(folder: Path) -> Read:
    kept: dict[str, Scenario] = {}

    def get(name: str) -> Scenario:
        if name not in kept:
            found = load(folder / name / "scenario.json", LoadOptions(crs="EPSG:7415"), NoProgress()).scenario
            assert found is not None
            kept[name] = found
        return kept[name]

    return get


@pytest.fixture(scope="module")
def ids(town: Town) -> set[str]:
    return {built.ident for built in town.built}


def test_all_nine_bindings_occur(read: Read) -> None:
    found = {result.variable.binding for name in MADE for result in read(name).results.values()}
    wanted = {"object", "surface", "polygon", "raster", "mesh", "points", "links", "trajectories", "patch"}
    assert found == wanted


@pytest.mark.parametrize("name", sorted(MADE))
def test_packages_say_what_people_ask(read: Read, name: str) -> None:
    scenario = read(name)
    manifest, told = scenario.manifest, scenario.manifest.provenance
    assert manifest.fictional and manifest.digest and len({language for language, _ in manifest.title}) == 6
    assert told.publisher and told.tool and told.licence and text_in(told.ai) and text_in(told.limitations)
    assert manifest.base[0].sha256 == told.inputs[0].sha256
    for result in scenario.results.values():
        kind = result.variable.uncertainty
        assert result.low is not None or result.variable.binding == "patch" or text_in(kind.reason)


def test_depths_are_those_of_the_method(read: Read, folder: Path) -> None:
    result = read("storm-tide-walls").results["depth"]
    heights = packages_flood.walled(cell_heights())
    surface, depth = water(heights, barriers(heights), level(6))
    assert np.allclose(result.values[6], np.nan_to_num(depth[::-1]), atol=1e-5)
    assert result.level is not None and np.allclose(result.level[6], surface[::-1], atol=1e-5, equal_nan=True)
    assert result.low is not None and result.high is not None
    assert (result.low[6] <= result.values[6]).all() and (result.values[6] <= result.high[6]).all()
    with rasterio.open(folder / "storm-tide-walls" / "data" / "depth-4.tif") as file:
        assert (file.read(7) >= result.high[6] - 1e-4).all()


def test_depths_at_houses_are_found_there(read: Read, town: Town) -> None:
    scenario = read("storm-tide-walls")
    grid, houses = scenario.results["depth"], scenario.results["depth-at-buildings"]
    assert houses.ids is not None and houses.ids.to_list() == [built.ident for built in town.built]
    rng = np.random.default_rng(2)
    for row in rng.choice(len(town.built), 300, replace=False).tolist():
        at = town.built[row].house.bodies[0].ring[0]
        cell = grid.values[6][499 - min(int(at.imag / 8), 499), min(int(at.real / 8), 499)]
        assert houses.values[6, row] >= cell - 0.011


def test_the_table_adds_up_where_it_tells(read: Read) -> None:
    table = read("storm-tide-walls").manifest.disaggregations[0]
    cells = {(row.zone, row.group): row.value for row in table.rows}
    hidden = [key for key, value in cells.items() if value is None]
    assert all(value is None or value == 0 or value >= table.suppress_below for value in cells.values())
    for zone in table.zones:
        parts = [cells[zone, group] for group in ("Under 18", "18 to 64", "65 and over")]
        total = cells[zone, "All ages"]
        if total is not None and None not in parts:
            assert sum(parts) == total  # type: ignore[arg-type]
        assert total is None or parts.count(None) != 1, "one hidden cell could be computed from the others"
    assert hidden, "a town of small quarters has cells that are too small to tell"


def test_the_harbour_goes_and_comes(read: Read, ids: set[str]) -> None:
    result = read("new-dock").results["buildings"]
    assert result.patch is not None and result.overlay is not None
    assert len(result.patch.removed) > 10 and set(result.patch.removed) <= ids
    assert len(result.overlay.objects) > 40 and not ids & set(result.overlay.objects.ids)


def test_flows_are_where_the_streets_are(read: Read, town: Town) -> None:
    scenario = read("rush-car-free")
    streets = streets_of(town)
    flows = assign(town, streets, frozenset({"quay"}))
    cars = scenario.results["cars"]
    assert np.allclose(cars.values[0], flows.cars, atol=0.06)
    closed = np.array([kind == "quay" for kind in streets.classes])
    assert closed.any() and (cars.values[0][closed] == 0).all() and cars.values[0].max() > 1000
    free = assign(town, streets)
    assert free.cars[closed].sum() > 0 and abs(free.cars.sum() - flows.cars.sum()) < 0.2 * free.cars.sum()


def test_vehicles_keep_to_the_time_and_the_town(read: Read) -> None:
    moves = read("rush-car-free").results["movers"].moves
    assert moves is not None and len(moves.ids) > 5000
    assert set(np.unique(moves.kinds).tolist()) >= {0, 2, 4, 5}, "cars, trams, bicycles, people"
    inside = moves.positions[:, :2] - np.array(ORIGIN[:2])
    assert (inside > -5).all() and (inside < terrain.SIDE + 5).all()
    assert np.ptp(moves.times) == pytest.approx(20 * 60, abs=1.0)
    owner = np.repeat(np.arange(len(moves.ids)), np.diff(moves.start))
    same = np.diff(owner) == 0
    apart = np.linalg.norm(np.diff(moves.positions[:, :2], axis=0), axis=1)[same]
    assert (apart < 0.05 + 20.0 * (np.diff(moves.times)[same] + 0.1)).all(), "nobody jumps (times are whole tenths)"


def test_noise_follows_the_flows(read: Read, town: Town, ids: set[str]) -> None:
    result: Result = read("rush-car-free").results["road-noise"]
    streets, places = streets_of(town), receivers(town)
    found = levels(town, streets, assign(town, streets, frozenset({"quay"})), places)
    assert np.allclose(result.values, np.stack(list(found.values())), atol=0.06)
    assert np.allclose(found["den"], lden(found["day"], found["evening"], found["night"]), atol=0.2)
    assert result.owners is not None and set(result.owners) <= ids
    assert result.low is not None and np.allclose(result.values - result.low, 1.645 * 2.5, atol=0.02)
    assert (result.values[0] >= result.values[2] - 0.11).all(), "days are louder than nights"


def test_lden_is_that_of_the_directive() -> None:
    assert lden(*(np.full(1, v) for v in (60.0, 60.0, 60.0)))[0] == pytest.approx(66.395, abs=0.01)
    assert lden(*(np.full(1, v) for v in (65.0, 60.0, 55.0)))[0] == pytest.approx(65.0, abs=0.01)


def test_roofs_to_the_south_get_most() -> None:
    slopes = np.array([0.0, 35, 35, 35, 35])
    flat, south, east, west, north = solar.yearly(slopes, np.array([0.0, 180, 90, 270, 0]))
    assert south > flat > north and east == pytest.approx(west, rel=0.02) and 900 < flat < 1150
    assert south / flat == pytest.approx(1.14, abs=0.06)


def test_every_roof_of_the_file_has_its_sun(read: Read, ids: set[str]) -> None:
    result = read("roofs").results["sun"]
    assert result.ids is not None and result.surfaces is not None and len(result.ids) > 5000
    assert {name.rsplit("-", 1)[0] for name in list(result.ids)[:50]}
    assert np.nanmin(result.values) > 350 and np.nanmax(result.values) < 1400


def test_the_river_turns_with_the_tide(read: Read, folder: Path) -> None:
    found = current()
    result = read("tide-current").results["speed"]
    assert np.allclose(result.values, found.speed, atol=1e-3) and len(result.time) == len(HOURS)
    with netCDF4.Dataset(folder / "tide-current" / "data" / "current.nc") as file:
        assert file["mesh"].cf_role == "mesh_topology" and file["faces"].shape == found.triangles.shape
    middle = np.median(found.speed, axis=1)
    assert middle.min() < 0.2 * middle.max(), "slack water comes twice a tide"


def test_viewpoints_show_what_the_packages_hold(read: Read) -> None:
    like = {"storm-tide": "storm-tide-walls", "hot-day": "hot-day-trees", "rush": "rush-car-free"}
    for viewpoint in scenario_viewpoints():
        view = viewpoint.scenario_view
        assert view is not None and view.shown
        for name in view.shown:
            held = read(like.get(name, name)).results
            only_changes = all(result.patch is not None for result in held.values())
            assert view.variable in held or (only_changes and not view.variable), (viewpoint.name, view.variable)


def test_packages_are_there_or_not(tmp_path: Path, folder: Path) -> None:
    assert scenario_states(tmp_path) is None
    (folder / INDEX).write_text('[{"id": "new-dock", "name": "New Dock"}]')
    (state,) = scenario_states(folder) or ()
    assert (state.id, state.name) == ("new-dock", "New Dock")
    assert Path(state.path) == folder / "new-dock" / "scenario.json"
    (folder / INDEX).write_text('[{"id": "gone", "name": "Gone"}]')
    assert scenario_states(folder) is None
