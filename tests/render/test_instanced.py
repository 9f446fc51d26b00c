"""Copies of templates drawn by the GPU look, hide and are picked like the same copies made into tiles."""

from dataclasses import replace

import numpy as np
import pytest

from loaders.city import Appearance, Instances, TileSet
from viewer.render import layer as layers
from viewer.render.instanced import COPIES_PER_TILE, FEWEST_COPIES, CopyTable, splits

COPIES = 64


def copied_city(box_city, *, template=None, mirror=False):
    """64 boxes of all sizes and turns on a grid of 10 m, each an object of its own."""
    city = box_city(COPIES, side=2.0, height=4.0, origin=(85_000.0, 446_000.0, 3.0))
    rng = np.random.default_rng(5)
    matrices = np.tile(np.eye(4), (COPIES, 1, 1))
    turn, size = rng.uniform(0, 6, COPIES), rng.uniform(0.5, 3.0, (COPIES, 3))
    c, s = np.cos(turn), np.sin(turn)
    turned = np.array([[c, -s, 0 * c], [s, c, 0 * c], [0 * c, 0 * c, 1 + 0 * c]]).transpose(2, 0, 1)
    matrices[:, :3, :3] = turned * size[:, None, :]
    matrices[:, 0, 1] += 0.2  # sheared as well: any matrix must do
    if mirror:
        matrices[::2, :3, 0] *= -1
    matrices[:, 0, 3] = 85_000.0 + np.arange(COPIES) % 8 * 10
    matrices[:, 1, 3] = 446_000.0 + np.arange(COPIES) // 8 * 10
    matrices[:, 2, 3] = 3.0
    template = template or box_city(1, side=2.0, height=4.0).lods["1"].tiles
    mesh = city.lods["1"]
    group = Instances(template, matrices, np.arange(COPIES, dtype=np.int32))
    bbox = np.array([85_000.0, 446_000.0, 3.0, 85_080.0, 446_080.0, 15.0])
    return replace(city, bbox=bbox, lods={"1": replace(mesh, tiles=nothing(mesh.tiles), instances=(group,))})


def nothing(tiles):
    none = np.zeros(1, np.int64)
    return TileSet(tiles.origins[:0], tiles.bounds[:0], none, none, tiles.positions[:0], tiles.tags[:0],
                   tiles.triangles[:0], tiles.triangle_surface[:0])  # fmt: skip


def both_ways(view, city, look, state, monkeypatch):
    """Ids and colours of the same picture: as copies, and as tiles."""
    made = []
    for as_tiles in (False, True):
        with monkeypatch.context() as patch:
            if as_tiles:
                patch.setattr(layers, "splits", lambda groups: ((), groups))
            view.scene.attach("boxes", city)
        view.scene.apply(state(city, look))
        view.scene.render()
        assert not view.scene.take_notices()
        kinds = {type(draw).__name__ for draw in view.scene.layers["boxes"].all_draws()}
        assert kinds == ({"Draw"} if as_tiles else {"CopyDraw"})
        picked = [view.scene.pick(x, y) for y in range(8, 240, 29) for x in range(8, 320, 31)]
        made.append((view.scene.pick_ids(), view.scene.pixels(), [p and (p.row, p.surface_code) for p in picked]))
        view.scene.detach("boxes")
    return made


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("mode", ["surface", "object", "theme"])
def test_copies_look_and_are_picked_like_tiles(view, box_city, look, state, monkeypatch, mode, mirror):
    city = copied_city(box_city, mirror=mirror)
    wanted = look(city, mode=mode, rgb=(180, 90, 40), hidden=[9], selected=[20])
    copies, tiles = both_ways(view, city, wanted, state, monkeypatch)
    assert np.array_equal(copies[0], tiles[0])
    assert len(np.unique(copies[0][..., 1])) > 40 and not (copies[0][..., 1] == 9).any()
    assert copies[2] == tiles[2] and any(copies[2])
    assert np.abs(copies[1].astype(int) - tiles[1]).mean() < 0.5


def test_a_hovered_copy_lights_up(view, box_city, look, state):
    city = copied_city(box_city)
    view.scene.attach("boxes", city)
    view.scene.apply(state(city, look(city)))
    row = int(np.bincount(view.scene.pick_ids()[..., 1].ravel() + 1)[1:].argmax())
    own = view.scene.pick_ids()[..., 1] == row
    view.scene.render()
    before = view.scene.pixels()[own].mean()
    view.scene.set_hover("boxes", row)
    view.scene.render()
    assert view.scene.pixels()[own].mean() > before + 3


def test_drafts_of_copies_have_fewer_triangles(box_city, view, look, state):
    city = copied_city(box_city)
    view.scene.attach("boxes", city)
    draw = next(view.scene.layers["boxes"].all_draws())
    draw.make_draft(0.5)
    assert 0 < draw.draft_count < draw.triangle_count
    assert draw.draft in draw.actors()


def test_few_copies_and_textured_templates_become_tiles(box_city):
    (group,) = copied_city(box_city).lods["1"].instances
    few = replace(group, matrices=group.matrices[: FEWEST_COPIES - 1], object_rows=group.object_rows[:-1])
    dressed = replace(group, template=replace(group.template, appearances={"photo": Appearance()}))
    assert splits((group, few, dressed)) == ((group,), (few, dressed))


def test_copies_are_grouped_by_place(box_city):
    (group,) = copied_city(box_city).lods["1"].instances
    count = 4 * COPIES_PER_TILE
    matrices = np.tile(np.eye(4), (count, 1, 1))
    rng = np.random.default_rng(1)
    matrices[:, :2, 3] = rng.uniform((85_000.0, 446_000.0), (89_000.0, 450_000.0), (count, 2))
    rows = rng.permutation(count).astype(np.int32)
    whole = replace(group, matrices=matrices, object_rows=rows)
    table = CopyTable((whole,))
    assert sum(tile.count for tile in table.tiles if tile.code == 1) == count
    for tile in table.tiles:
        places = table.matrices[tile.first : tile.first + tile.count, :, 3]
        assert (places >= tile.bounds[:3] - 1e-9).all() and (places <= tile.bounds[3:] + 1e-9).all()
        assert np.ptp(places[:, :2], axis=0).max() < 2100
    order = np.argsort(table.rows)
    assert np.array_equal(table.matrices[order], matrices[np.argsort(rows), :3])
    row, low, high = table.heights()
    assert np.array_equal(row, table.rows)
    assert np.allclose(low, 0.0) and np.allclose(high, 4.0)
