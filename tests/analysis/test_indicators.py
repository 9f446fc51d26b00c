from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import numpy as np
import pytest
import shapely

from loaders.city import Column
from loaders.scenario.model import Result
from viewer.analysis.areas import object_area
from viewer.analysis.bounds import object_boxes
from viewer.analysis.exposure import exposure, highest, spread_to_parents
from viewer.analysis.indicators import (
    amount_title,
    beyond,
    buildings_of,
    family_of,
    footprints,
    indicators_of,
    is_people,
)
from viewer.analysis.series import cell_of, maxima, series_of_place, series_of_row

maker = SimpleNamespace(**run_path(str(Path(__file__).with_name("result_maker.py"))))
RD, axis, by_id, raster, variable = maker.RD, maker.axis, maker.by_id, maker.raster, maker.variable


def column(name, values):
    values = np.asarray(values, np.float64)
    return Column(name, "number", values, ~np.isnan(values))


@pytest.fixture
def city(small_city):
    made = small_city([(f"b{k}", "Building", [], {}, ["1"]) for k in range(6)] + [("t", "Road", [], {}, ["1"])])
    made.objects.columns["residents_0_17"] = column("residents_0_17", [10, 20, 30, 40, 50, np.nan, 999])
    made.objects.columns["residents_65_plus"] = column("residents_65_plus", [1, 2, 30, 4, 5, 60, 999])
    made.objects.columns["dwellings"] = column("dwellings", [1, 2, 3, 4, 5, 6, 999])
    made.objects.columns["height"] = column("height", np.arange(7.0))
    return made


def test_what_can_be_added_up_is_found_by_its_name(city):
    found = {i.id: i for i in indicators_of(city)}
    assert set(found) == {"objects", "footprint", "residents", "residents_0_17", "residents_65_plus", "dwellings"}
    assert found["residents"].title == "Residents" and amount_title("residents_65_plus") == "Residents 65 and over"
    assert amount_title("residents_0_17") == "Residents 0\u201317"
    assert buildings_of(city).tolist() == [True] * 6 + [False]


def test_beyond_is_worse_than_the_threshold():
    values = np.array([0.1, 0.5, 0.6, np.nan], np.float32)
    assert beyond(values, 0.5, "low").tolist() == [False, True, True, False]
    assert beyond(values, 0.5, "high").tolist() == [True, True, False, False]
    assert beyond(values, 0.5, "none").tolist() == [False, True, True, False]


def test_costs_are_added_up_too(city):
    city.objects.columns["rebuilding_cost"] = column("rebuilding_cost", [5, 6, 7, 8, 9, 10, 999])
    city.objects.columns["acosta"] = column("acosta", np.ones(7))
    found = {i.id for i in indicators_of(city)}
    assert "rebuilding_cost" in found and "acosta" not in found
    assert not is_people("rebuilding_cost") and not is_people("dwellings") and is_people("jobs")
    assert family_of("residents_0_17") == "residents" and family_of("residents") == ""


def test_the_highest_of_several_counts():
    values = np.array([1, 5, np.nan, 3, -np.inf], np.float32)
    assert np.array_equal(
        highest(values, np.array([0, 0, 1, -1, 2]), 3), np.array([5, np.nan, np.nan], np.float32), equal_nan=True
    )


def test_footprints_are_what_lies_on_the_ground(city):
    box = object_boxes(city)[0]
    assert footprints(city)[0] == pytest.approx((box[3] - box[0]) * (box[4] - box[1]), rel=1e-5)
    assert footprints(city)[0] <= object_area(city, 0)


def test_rasters_are_looked_up_under_the_houses(city):
    boxes = object_boxes(city)
    x, y = boxes[:, 0].min() - 50, boxes[:, 4].max() + 50
    rng = np.random.default_rng(4)
    values = rng.uniform(0, 5, (60, 200)).astype(np.float32)
    values[rng.uniform(size=values.shape) < 0.2] = np.nan
    found = exposure(raster(values, x, y, 4.0), 0, city).values
    for row, box in enumerate(boxes):
        grown = shapely.box(box[0] - 2, box[1] - 2, box[3] + 2, box[4] + 2)
        cells = [
            values[j, i]
            for j in range(60)
            for i in range(200)
            if grown.intersects(shapely.box(x + 4 * i, y - 4 * j - 4, x + 4 * i + 4, y - 4 * j))
        ]
        known = [v for v in cells if np.isfinite(v)]
        assert found[row] in known and found[row] >= np.quantile(known, 0.5)


def test_by_object_and_by_receiver(city):
    rows = np.array([3, 0, -1])
    assert exposure(by_id(["b3", "b0", "x"], [1, 2, 3]), 0, city, rows).values[[0, 3]].tolist() == [2, 1]
    points = Result(variable("points"), axis(), np.array([[50, 60, 70.0]], np.float32))
    assert exposure(points, 0, city, np.array([1, 1, 0])).values[[0, 1]].tolist() == [70, 60]
    assert exposure(Result(variable("links"), axis(), np.ones((1, 1), np.float32)), 0, city) is None


def test_parts_speak_for_their_building(small_city):
    city = small_city(
        [
            ("h", "Building", [], {}, []),
            ("p", "BuildingPart", ["h"], {}, ["1"]),
            ("q", "BuildingPart", ["h"], {}, ["1"]),
        ]
    )
    nan = np.nan
    assert spread_to_parents(city, np.array([nan, 2, 5], np.float32)).tolist() == [5, 2, 5]
    assert spread_to_parents(city, np.array([1, 2, 5], np.float32)).tolist() == [1, 2, 5]


def test_a_series_runs_over_all_steps():
    result = by_id("pq", [[1, 2], [3, np.nan], [5, -np.inf]])
    assert series_of_row(result, 0).values.tolist() == [1, 3, 5]
    assert np.isnan(series_of_row(result, 1).values[1:]).all()
    assert np.array_equal(maxima(result), [2, 3, 5])


def test_a_series_at_a_place_is_that_of_its_cell():
    values = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    result = raster(values, 100.0, 200.0, 10.0)
    assert cell_of(result.grid, 100.1, 199.9) == (0, 0) and cell_of(result.grid, 139.9, 170.1) == (2, 3)
    assert cell_of(result.grid, 140.1, 180) is None and result.grid.crs == RD
    assert series_of_place(result, 121.0, 185.0).values.tolist() == values[:, 1, 2].tolist()
    assert series_of_place(result, 0.0, 0.0) is None
