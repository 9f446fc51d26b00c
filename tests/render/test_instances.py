import numpy as np
import pytest

from loaders.city import Appearance, Instances
from viewer.render.instances import expand_instances
from viewer.render.state import RenderState


def template(box_city):
    """A box of 2 x 2 x 4 m whose foot is the reference point."""
    return box_city(1, side=2.0, height=4.0).lods["1"].tiles


def matrices(*moves, scale=1.0, turn=0.0, mirror=False):
    made = np.tile(np.eye(4), (len(moves), 1, 1))
    c, s = np.cos(turn), np.sin(turn)
    made[:, :3, :3] = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) * scale
    if mirror:
        made[:, :3, 0] *= -1
    made[:, :3, 3] = moves
    return made


def world(tiles):
    return tiles.positions.astype(float) + np.repeat(tiles.origins, np.diff(tiles.vertex_start), axis=0)


def test_copies_lie_where_their_matrices_say(box_city):
    moves = [(1e7 + 10.25, -1e7, 3.0), (1e7 + 500.5, -1e7 + 40, 4.0)]
    group = Instances(template(box_city), matrices(*moves, scale=2.0, turn=np.pi / 2), np.array([4, 2], np.int32))
    (tiles,), left_out = expand_instances((group,))
    assert left_out == 0
    for row, move in ((4, moves[0]), (2, moves[1])):
        own = world(tiles)[tiles.tags[:, 0] == row]
        assert own.min(axis=0) == pytest.approx(np.add(move, (-4, 0, 0)), abs=1e-3)
        assert own.max(axis=0) == pytest.approx(np.add(move, (0, 4, 8)), abs=1e-3)
    assert tiles.bounds[:, :3].min(axis=0) == pytest.approx(world(tiles).min(axis=0), abs=1e-3)


def test_mirrored_copies_keep_the_outside_outside(box_city):
    for mirror in (False, True):
        group = Instances(template(box_city), matrices((0, 0, 0), mirror=mirror), np.zeros(1, np.int32))
        (tiles,), _ = expand_instances((group,))
        corners = world(tiles)[tiles.triangles]
        volume = np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() / 6
        assert volume == pytest.approx(16.0, rel=1e-5)


def test_the_limit_leaves_out_whole_copies_and_counts_them(box_city):
    group = Instances(template(box_city), matrices(*[(i, 0, 0) for i in range(10)]), np.arange(10, dtype=np.int32))
    (tiles,), left_out = expand_instances((group,), limit=12 * 7 + 5)
    assert left_out == 3 and tiles.triangle_count == 12 * 7


def test_textures_and_surfaces_are_repeated(box_city):
    from dataclasses import replace

    plain = template(box_city)
    uvt = np.arange(24 * 3, dtype=np.float32).reshape(24, 3)
    dressed = replace(plain, appearances={"photo": Appearance(None, uvt)})
    group = Instances(dressed, matrices((0, 0, 0), (5, 0, 0)), np.array([0, 1], np.int32))
    (tiles,), _ = expand_instances((group,))
    assert np.array_equal(tiles.appearances["photo"].uvt, np.tile(uvt, (2, 1)))
    assert np.array_equal(tiles.triangle_surface, np.tile(plain.triangle_surface, 2))


def test_copies_are_drawn_and_picked_as_their_objects(view, box_city, look, cameras):
    from dataclasses import replace

    city = box_city(9)
    mesh = city.lods["1"]
    group = Instances(template(box_city), matrices((15, 15, 30), (35, 35, 30)), np.array([7, 8], np.int32))
    city = replace(city, lods={"1": replace(mesh, instances=(group,))})
    view.scene.attach("boxes", city)
    view.scene.apply(RenderState(cameras[1](city), (look(city),)))
    ids = view.scene.pick_ids()
    for spot, row in (((16, 16, 34), 7), ((36, 36, 34), 8)):
        pixels, _ = view.scene.view().project((np.array(spot) - view.scene.origin)[None])
        x, y = np.round(pixels[0]).astype(int)
        assert ids[y, x, 1] == row
        pick = view.scene.pick(x, y)
        assert pick.row == row and pick.position[2] == pytest.approx(34.0, abs=1e-3)


def test_copies_beyond_the_limit_are_told(view, box_city, look, cameras, monkeypatch):
    from dataclasses import replace

    monkeypatch.setattr("viewer.render.layer.expand_instances", lambda groups: expand_instances(groups, limit=12))
    city = box_city(9)
    group = Instances(template(box_city), matrices((15, 15, 30), (35, 35, 30)), np.array([7, 8], np.int32))
    city = replace(city, lods={"1": replace(city.lods["1"], instances=(group,))})
    view.scene.attach("boxes", city)
    assert view.scene.left_out == {"boxes": 1}
    (notice,) = view.scene.take_notices()
    assert notice.layer_id == "boxes"
    assert notice.text.startswith("1 copy of a geometry template is not drawn in LoD 1")
