"""The ground: one partition without gaps or overlaps, on the land, with walls wherever its height steps."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import shapely
from shapely.geometry import Point, Polygon

from viewer.demo import terrain
from viewer.demo.bridges import crossings, outline, strips
from viewer.demo.ground import LOW_KINDS, FaceSet, Ground, faces, heights, walls
from viewer.demo.lots import KERB
from viewer.demo.surfaces import outer_waters
from viewer.demo.town import Town

NATURAL = ("water", "pond", "bank")


@pytest.fixture(scope="module")
def face_set(ground: Ground) -> FaceSet:
    return faces(ground)


def test_the_partition_covers_the_square_without_gaps_or_overlaps(ground: Ground) -> None:
    total = shapely.area(ground.polygons).sum()
    assert total == pytest.approx(terrain.SIDE**2, abs=1e-3)
    assert shapely.coverage_is_valid(ground.polygons), "neighbours share all points, and none overlap"
    assert shapely.union_all(ground.polygons, grid_size=0.001).area == pytest.approx(terrain.SIDE**2, abs=0.01)


def test_points_are_whole_millimetres(ground: Ground) -> None:
    points = shapely.get_coordinates(ground.polygons) * 1000
    assert np.abs(points - np.rint(points)).max() < 1e-5


def test_faces_are_plane_face_up_and_cover_the_partition(ground: Ground, face_set: FaceSet) -> None:
    start = np.cumsum(face_set.counts) - face_set.counts
    outer = np.flatnonzero(np.diff(face_set.polygon, prepend=-1))
    inner = np.setdiff1d(np.arange(len(face_set.counts)), outer)
    x, y = face_set.points.T
    ring = np.repeat(np.arange(len(face_set.counts)), face_set.counts)
    after = np.arange(len(x)) + 1
    ends = start + face_set.counts - 1
    after[ends] = start
    areas = np.bincount(ring, x * y[after] - x[after] * y) / 2
    assert (areas[outer] > 0).all() and (areas[inner] < 0).all()
    assert areas.sum() == pytest.approx(terrain.SIDE**2, abs=0.1)
    for k in outer[:: max(1, len(outer) // 600)]:
        points = np.column_stack([face_set.points, face_set.z])[start[k] : start[k] + face_set.counts[k]]
        middle = points - points.mean(axis=0)
        assert np.linalg.svd(middle, full_matrices=False)[1][-1] / np.sqrt(len(points)) < 0.01


def test_shared_points_of_one_level_have_one_height(ground: Ground, face_set: FaceSet) -> None:
    """Faces that step by a kerb apart, every plan point has one height for land, one for carriageways."""
    kinds = np.array(ground.kinds)[face_set.source]
    face = np.repeat(face_set.polygon, face_set.counts)
    natural = np.isin(kinds, NATURAL)[face]
    level = np.where(np.isin(kinds, LOW_KINDS)[face], 0, 1)[~natural]
    keys = np.column_stack([np.rint(face_set.points[~natural] * 1000), level]).astype(np.int64)
    order = np.lexsort(keys.T)
    same = (keys[order][1:] == keys[order][:-1]).all(axis=1)
    z = face_set.z[~natural][order]
    assert same.sum() > 50_000 and np.abs(np.diff(z)[same]).max() == 0
    land = terrain.land(*face_set.points[~natural].T) + np.where(level == 1, KERB, 0.0)
    assert np.abs(face_set.z[~natural] - land).max() < 0.001


def test_every_step_has_a_wall(ground: Ground) -> None:
    found = Counter(wall.kind for wall in walls(ground))
    assert found["kerb"] > 5_000 and found["quay"] > 200 and found["rim"] > 4 * 30
    for wall in walls(ground):
        z = np.array([p[2] for p in wall.ring])
        at = np.array([p[:2] for p in wall.ring])
        ends = [np.ptp(z[(at == end).all(axis=1)]) for end in np.unique(at, axis=0)]
        assert len(ends) == 2 and max(ends) > 0
        if wall.kind == "kerb" and wall.under not in NATURAL:
            assert max(ends) < KERB + 0.0021, wall.under


def test_water_lies_level_below_the_quays(ground: Ground) -> None:
    kinds = np.array(ground.kinds)
    for polygon in ground.polygons[kinds == "water"]:
        x, y = shapely.get_coordinates(polygon).T
        assert (heights("water", x, y) == terrain.WATER).all()
    for polygon in ground.polygons[kinds == "promenade"]:
        x, y = shapely.get_coordinates(polygon).T
        assert heights("promenade", x, y) == pytest.approx(np.full(len(x), terrain.QUAY + KERB), abs=0.02)


def test_the_river_goes_on_beyond_the_square() -> None:
    for _, ring in outer_waters():
        shape = Polygon(ring)
        assert shape.is_valid and shape.area > 20_000 and {p[2] for p in ring} == {terrain.WATER}
        assert not shape.buffer(-0.01).intersects(shapely.box(0, 0, terrain.SIDE, terrain.SIDE))


def test_bridges_lead_from_street_to_street_above_the_water(ground: Ground) -> None:
    roads = shapely.union_all(ground.polygons[np.isin(ground.kinds, LOW_KINDS)], grid_size=0.001)
    water = shapely.union_all(ground.polygons[np.array(ground.kinds) == "water"], grid_size=0.001)
    for crossing in crossings():
        deck = Polygon([(p.real, p.imag) for p in outline(crossing)])
        assert deck.difference(water).area < 1.0, "the deck reaches from shore to shore and no further"
        for end in (0, 1):
            middle = (crossing.west[end] + crossing.east[end]) / 2
            assert roads.distance(Point(middle.real, middle.imag)) < 0.05, crossing.name
        for kind, parts in strips(crossing):
            z = [p[2] for ring, _ in parts for p in ring]
            lift = KERB if kind == "pavement" else 0.0
            assert min(z) == pytest.approx(terrain.QUAY + (0.0 if kind == "pavement" else lift), abs=0.001)
            assert max(z) > terrain.QUAY + 0.8


def test_terrain_is_what_the_land_is(town: Town) -> None:
    hill = terrain.height(terrain.HILL[0], terrain.HILL[1])
    assert 40 < hill < 75
    assert terrain.height(1950.0, float(terrain.axis(1950.0))) < -3 < terrain.WATER
    for lot in town.plan.lots[::9]:
        for p in lot.ring:
            assert lot.ground(p) == pytest.approx(float(terrain.land(p.real, p.imag)) + KERB, abs=0.012)
