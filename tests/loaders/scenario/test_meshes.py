import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.city import CrsInfo
from loaders.scenario.meshes import RIBBON_ABOVE, face_city, mark_city, node_city, ribbon_city, triangles_of
from loaders.scenario.moves import KINDS, kind_of, moves_from_samples

RD = CrsInfo("EPSG:28992")


def grid(columns, rows, step=10.0):
    x, y = np.meshgrid(np.arange(columns + 1) * step, np.arange(rows + 1) * step)
    nodes = np.stack([x.ravel() + 1e5, y.ravel() + 4e5, np.sin(x.ravel())], axis=1)
    at = np.arange((columns + 1) * (rows + 1)).reshape(rows + 1, columns + 1)
    quads = np.stack([at[:-1, :-1], at[:-1, 1:], at[1:, 1:], at[1:, :-1]], axis=-1).reshape(-1, 4)
    return nodes, quads


def world(city):
    tiles = next(iter(city.lods.values())).tiles
    tile = np.repeat(np.arange(tiles.tile_count), np.diff(tiles.triangle_start))
    corners = tiles.triangles.astype(np.int64) + tiles.vertex_start[tile][:, None]
    return tiles.positions[corners].astype(np.float64) + tiles.origins[tile][:, None], tiles.tags[corners, 0], corners


def test_faces_of_any_number_of_corners_become_fans():
    triangles, owner = triangles_of(np.array([[0, 1, 2, -1, -1], [0, 1, 2, 3, 4], [4, 5, 6, 7, -1]]))
    assert owner.tolist() == [0, 1, 1, 1, 2, 2]
    assert triangles.tolist() == [[0, 1, 2], [0, 1, 2], [0, 2, 3], [0, 3, 4], [4, 5, 6], [4, 6, 7]]


def test_every_face_is_an_object_where_it_was():
    nodes, quads = grid(230, 90)
    city = face_city("mesh", RD, nodes, quads)
    assert len(city.objects) == len(quads) and city.lods[""].drawn.all()
    corners, rows, _ = world(city)
    assert (rows == rows[:, :1]).all() and city.lods[""].tiles.tile_count > 1
    middles = np.zeros((len(quads), 3))
    np.add.at(middles, rows[:, 0].astype(int), corners.mean(axis=1) / 2.0)
    assert np.abs(middles[:, :2] - nodes[quads].mean(axis=1)[:, :2]).max() < 0.01
    assert city.lods[""].area_m2 == pytest.approx(trimesh.Trimesh(nodes, triangles_of(quads)[0]).area, rel=1e-3)


def test_nodes_keep_their_number():
    nodes, quads = grid(150, 150)
    city, rows = node_city("mesh", RD, nodes, quads)
    tiles = city.lods[""].tiles
    tile = np.searchsorted(tiles.vertex_start, np.arange(len(tiles.positions)), side="right") - 1
    places = tiles.positions + tiles.origins[tile]
    assert np.abs(places - nodes[rows.astype(int)]).max() < 0.002
    assert set(rows.astype(int).tolist()) == set(range(len(nodes)))


@pytest.mark.parametrize("faces", [[[0, 1, 9]], [[0, 1, -1]], [[0, 1]]])
def test_meshes_that_make_no_sense_are_refused(faces):
    with pytest.raises(ValueError, match="node"):
        face_city("mesh", RD, np.zeros((3, 3)), np.array(faces))


points = st.lists(st.tuples(st.floats(-500, 500), st.floats(-500, 500)), min_size=0, max_size=8)


@settings(max_examples=60)
@given(points, st.floats(0.5, 20))
def test_a_ribbon_covers_its_line_and_stays_near_it(line, width):
    line = np.array(line, np.float64).reshape(-1, 2)
    city = ribbon_city("links", RD, ["a"], [line], np.array([width]), lambda xy: 0.01 * xy[:, 0])
    length = np.hypot(*np.diff(line, axis=0).T).sum() if len(line) > 1 else 0.0
    if length < 1e-5:
        assert not city.lods
        return
    if not city.lods:
        return
    corners, _, _ = world(city)
    flat = corners.reshape(-1, 3)
    import shapely

    with np.errstate(all="ignore"):  # (GEOS divides by the length of a step of 1e-274 m)
        away = shapely.distance(shapely.LineString(line), shapely.points(flat[:, :2]))
    assert away.max() <= width + 0.01
    assert np.abs(flat[:, 2] - (0.01 * flat[:, 0] + RIBBON_ABOVE)).max() < 0.01
    assert np.isfinite(flat).all()


def test_a_straight_ribbon_is_as_wide_as_asked():
    city = ribbon_city("l", RD, ["a", "b"], [np.array([(0.0, 0), (100, 0)]), np.array([(0.0, 50, 7), (0, 90, 9)])],
                       np.array([6.0, 2.0]))  # fmt: skip
    corners, rows, _ = world(city)
    first, second = corners[rows[:, 0] == 0], corners[rows[:, 0] == 1]
    assert np.ptp(first[..., 1]) == pytest.approx(6.0, abs=0.01) and np.ptp(first[..., 0]) == pytest.approx(
        100, abs=0.01
    )
    assert second[..., 2].min() == pytest.approx(7 + RIBBON_ABOVE, abs=0.01)


def test_marks_stand_at_their_places():
    places = np.random.default_rng(1).uniform(0, 1000, (700, 3))
    city = mark_city("receivers", RD, [str(k) for k in range(700)], places, size=0.5)
    corners, rows, _ = world(city)
    assert np.abs(corners.mean(axis=1) - places[rows[:, 0].astype(int)]).max() < 0.51
    assert len(corners) == 8 * 700


@pytest.mark.parametrize(
    ("word", "kind"),
    [("passenger/sedan", "car"), ("", "car"), ("veh_passenger", "car"), ("Linienbus", "bus"), ("tram", "tram"),
     ("HGV", "truck"), ("bicycle", "bicycle"), ("pedestrian", "person")],
)  # fmt: skip
def test_kinds_are_understood(word, kind):
    assert kind_of(word) == kind and kind in KINDS


samples = st.lists(st.tuples(st.sampled_from("abc"), st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), max_size=30)


@given(samples)
def test_ways_are_sorted_and_complete(rows):
    ids = [row[0] for row in rows]
    times = np.array([row[1] for row in rows])
    places = np.array([(row[2], 0, 0) for row in rows], np.float64).reshape(-1, 3)
    moves = moves_from_samples(ids, times, places)
    assert moves.ids.to_list() == list(dict.fromkeys(ids))
    for number, name in enumerate(moves.ids):
        own = slice(moves.start[number], moves.start[number + 1])
        want = sorted({row[1] for row in rows if row[0] == name})
        assert moves.times[own].tolist() == want
        first = {t: next(row[2] for row in rows if row[:2] == (name, t)) for t in want}
        assert moves.positions[own, 0].tolist() == list(first.values())


def test_samples_that_are_no_numbers_are_left_out():
    moves = moves_from_samples(
        ["a"] * 3, np.array([0, np.nan, 2.0]), np.array([(0, 0, 0), (1, 1, 1), (np.inf, 0, 0.0)])
    )
    assert moves.times.tolist() == [0.0]
