"""Ways on foot lead round everything, through gates and over bridges; where there is none, it is said soon."""

import math
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import numpy as np
import pytest

from viewer.analysis.collision import Body
from viewer.analysis.ways import SPACING_M, find_way

towns = SimpleNamespace(**run_path(str(Path(__file__).parents[1] / "session" / "walk_town.py")))
ADULT, WHEELCHAIR = Body(), Body(eye=1.2, height=1.35, radius=0.38, step=0.03, slope=12.0, fall=0.1)


def way(town, start, goal, body=ADULT):
    """The way in local coordinates, or None, and the number of slices."""
    steps, slices = find_way(town.world(), body, town.at(*start), town.at(*goal)), 0
    while True:
        try:
            next(steps)
            slices += 1
        except StopIteration as stop:
            found = stop.value
            return (None if found is None else found - town.origin), slices


def length(path):
    return float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum())


def flat(*boxes, size=40.0):
    town = towns.Town()
    town.terrain(-size, -size, size, size, lambda x, y: 0.0)
    for box in boxes:
        town.box(*box, -1, 8)
    return town


def check(town, path, start, goal, body=ADULT):
    """Ends, spacing, and clearance as VTK measures it."""
    assert path[0] == pytest.approx(start, abs=1e-6) and path[-1][:2] == pytest.approx(goal[:2], abs=1e-6)
    assert np.linalg.norm(np.diff(path[:, :2], axis=0), axis=1).max() <= 1.5 * SPACING_M
    solid = [t for t, (row, _) in zip(town.triangles, town.tags, strict=True) if town.types[row] in ("Building",)]
    nearest = distances_of(solid)
    for x, y, z in path[1:-1].tolist():
        for height in (body.shin, 0.5 * (body.shin + body.height), body.height):
            assert nearest((x, y, z + height)) >= body.radius - 1e-3


def distances_of(triangles):
    from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray
    from vtkmodules.vtkCommonCore import mutable, vtkPoints
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData, vtkStaticCellLocator

    corners = np.array(triangles, float).reshape(-1, 3)
    points, cells = vtkPoints(), vtkCellArray()
    points.SetData(numpy_to_vtk(corners, deep=True))
    ends = numpy_to_vtkIdTypeArray(np.arange(0, len(corners) + 1, 3), deep=True)
    cells.SetData(ends, numpy_to_vtkIdTypeArray(np.arange(len(corners)), deep=True))
    mesh, locator = vtkPolyData(), vtkStaticCellLocator()
    mesh.SetPoints(points)
    mesh.SetPolys(cells)
    locator.SetDataSet(mesh)
    locator.BuildLocator()

    def nearest(point, keep=mesh):
        at, cell, part, square = [0.0] * 3, mutable(0), mutable(0), mutable(0.0)
        locator.FindClosestPoint(point, at, cell, part, square)
        return math.sqrt(square)

    return nearest


def test_the_way_round_a_house_keeps_off_its_walls_and_has_round_corners():
    town = flat((-10, -10, 10, 10))
    path, _ = way(town, (-20, 0, 0), (20, 1, 0))
    check(town, path, (-20, 0, 0), (20, 1, 0))
    assert 44 < length(path) < 54
    step = np.diff(path[:, :2], axis=0)
    turns = np.abs(np.diff(np.unwrap(np.arctan2(step[:, 1], step[:, 0]))))
    assert np.degrees(turns.max()) < 12.0
    middle = path[np.abs(path[:, 0]) < 5]
    assert np.abs(middle[:, 1]).min() > 10.7  # with room that is there


def test_the_way_out_of_a_labyrinth():
    walls = [(-20, y, 20, y + 0.5) for y in (-15, -5, 5, 15)] + [(-20, -15, -19.5, 15.5), (19.5, -15, 20, 15.5)]
    town = flat()
    for k, (x0, y0, x1, y1) in enumerate(walls):
        gap = {1: (16, 18), 2: (-18, -16), 3: (16, 18)}.get(k)
        for a, b in ((x0, gap[0]), (gap[1], x1)) if gap else ((x0, x1),):
            town.box(a, y0, b, y1, -1, 3)
    path, _ = way(town, (0, -10, 0), (0, 25, 0))
    check(town, path, (0, -10, 0), (0, 25, 0))
    assert length(path) > 95


def test_a_gate_is_gone_through_and_a_narrow_one_is_not():
    for wide, opens in ((2.0, True), (1.2, True), (0.5, False)):
        town = flat((-40, -1, -wide / 2, 1), (wide / 2, -1, 40, 1))
        town.box(-wide / 2, -1, wide / 2, 1, 2.4, 8)
        path, _ = way(town, (-5, -10, 0), (5, 10, 0))
        assert (path is not None) is opens
        if opens:
            check(town, path, (-5, -10, 0), (5, 10, 0))
            assert length(path) < 26


def test_water_is_crossed_on_the_bridge_and_passed_under_it():
    town = towns.quarter(3)
    path, _ = way(town, (36.5, 30, 0), (60, 50, town.world().floor(*town.at(60, 50, 1), ADULT).z))
    over = path[(path[:, 0] > 41) & (path[:, 0] < 55)]
    assert len(over) and (np.abs(over[:, 1] - 40) < 1.75).all() and over[:, 2] == pytest.approx(0.2, abs=1e-6)
    low = towns.Town()
    low.terrain(-40, -40, 40, 40, lambda x, y: 0.0)
    low.add("Bridge", [[(-20, -2, 3), (20, -2, 3), (20, 2, 3), (-20, 2, 3)]])
    path, _ = way(low, (0, -10, 0), (0, 10, 0))
    assert path[:, 2] == pytest.approx(0.0, abs=1e-6) and length(path) == pytest.approx(20.0, abs=0.1)


def test_a_wheelchair_takes_the_ramp_where_others_take_the_step():
    town = towns.Town()
    town.add("Road", [[(-30, -30, 0), (0, -30, 0), (0, 30, 0), (-30, 30, 0)]], "TrafficArea")
    town.add("Road", [[(0, -30, 0.15), (30, -30, 0.15), (30, 30, 0.15), (0, 30, 0.15)]], "TrafficArea")
    town.add("Road", [[(0, -30, 0), (0, 18, 0), (0, 18, 0.15), (0, -30, 0.15)]])
    town.add("Road", [[(-1, 18, 0), (0, 18, 0.15), (0, 24, 0.15), (-1, 24, 0)]], "TrafficArea")
    walker, _ = way(town, (-10, 0, 0), (10, 0, 0.15))
    chair, _ = way(town, (-10, 0, 0), (10, 0, 0.15), WHEELCHAIR)
    assert length(walker) < 20.5 and length(chair) > 35
    assert np.abs(np.diff(chair[:, 2])).max() < 0.06


def test_a_closed_yard_is_told_soon_and_a_far_goal_at_once():
    boxes = (-8, -8, 8, -4), (-8, 4, 8, 8), (-8, -4, -4, 4), (4, -4, 8, 4)
    town = flat(*boxes)
    path, slices = way(town, (-20, 0, 0), (0, 0, 0))
    assert path is None and slices < 80
    path, slices = way(town, (-20, 0, 0), (900, 0, 0))
    assert path is None and slices == 0


def test_somebody_shut_in_gets_no_way_and_the_search_ends():
    boxes = (-8, -8, 8, -4), (-8, 4, 8, 8), (-8, -4, -4, 4), (4, -4, 8, 4)
    path, slices = way(flat(*boxes), (0, 0, 0), (-20, 0, 0))
    assert path is None and slices < 400


def test_the_same_way_every_time():
    town = flat((-10, -10, 10, 10), (-15, 14, 3, 20))
    first, second = (way(town, (-20, 0, 0), (18, 12, 0))[0] for _ in range(2))
    assert (first == second).all()


def test_a_start_beside_a_wall_and_a_goal_in_a_corner():
    town = flat((-10, -10, 10, 10), (10, 8, 20, 10))
    path, _ = way(town, (-10.31, 0, 0), (10.31, 7.69, 0))
    assert path is not None
    check(town, path, (-10.31, 0, 0), (10.31, 7.69, 0))
