from dataclasses import replace

import numpy as np
import pytest

from loaders.city import Instances
from viewer.analysis.areas import object_area, surface_area
from viewer.analysis.degrees import is_geographic


@pytest.fixture
def city(small_city):
    return small_city([("a", "Building", [], {}, ["1", "2"]), ("b", "Building", [], {}, ["1"]), ("n", "B", [], {}, [])])


def expected(city, lod, row):
    tiles = city.lods[lod].tiles
    total = 0.0
    for k in range(tiles.tile_count):
        part = slice(int(tiles.triangle_start[k]), int(tiles.triangle_start[k + 1]))
        for corners in tiles.triangles[part]:
            rows = corners + tiles.vertex_start[k]
            if tiles.tags[rows[0], 0] == row:
                a, b, c = tiles.positions[rows].astype(float)
                total += 0.5 * float(np.linalg.norm(np.cross(b - a, c - a)))
    return total


def test_of_an_object_in_its_finest_level(city):
    assert object_area(city, 0) == pytest.approx(expected(city, "2", 0)) and object_area(city, 0) > 100
    assert object_area(city, 1) == pytest.approx(expected(city, "1", 1))
    assert object_area(city, 2) is None


def test_of_a_surface(city):
    tiles = city.lods["2"].tiles
    surfaces = np.arange(tiles.triangle_count, dtype=np.int32)
    mesh = replace(city.lods["2"], tiles=replace(tiles, triangle_surface=surfaces))
    marked = replace(city, lods={**city.lods, "2": mesh})
    parts = [surface_area(marked, int(row)) for row in surfaces]
    assert sum(parts) == pytest.approx(expected(city, "2", 0))
    assert surface_area(marked, -1) is None and surface_area(marked, 10_000) is None
    assert surface_area(city, 0) is None or city.lods["1"].tiles.triangle_surface is not None


def test_instances_are_measured_as_they_stand(city):
    template = city.lods["2"].tiles
    twice = np.diag([2.0, 2.0, 2.0, 1.0])
    twice[:3, 3] = 1000
    instances = Instances(template, np.array([twice]), np.array([2], np.int32))
    mesh = replace(city.lods["2"], drawn=np.array([True, False, True]), instances=(instances,))
    placed = replace(city, lods={"2": mesh})
    assert object_area(placed, 2) == pytest.approx(4 * expected(city, "2", 0))


@pytest.mark.parametrize(
    ("crs", "box", "degrees"),
    [
        ("EPSG:4326", None, True),
        ("EPSG:4979", (4.3, 52.0, 0, 4.4, 52.1, 50), True),
        ("EPSG:4326", (85000, 446000, 0, 85100, 446100, 30), False),
        ("EPSG:7415", (4.0, 52.0, 0, 5.0, 53.0, 9), False),
        ("no such thing", None, False),
        (None, None, False),
    ],
)
def test_degrees(crs, box, degrees):
    assert is_geographic(crs, box) is degrees
