"""Areas and ways of scenarios hide the model's land that rises over them, not what stands on it."""

from dataclasses import replace

import numpy as np
import pytest

from viewer.document.state import Camera

LAND, TOWER, AREA = "land", "tower", "area"
OVER = 0.75


@pytest.fixture
def place(view, box_city, look, state, cameras):
    """A view of a slab of land with a tower on it, and of an area 0.4 m below the land; makes a state."""
    cities = {
        LAND: box_city(1, side=120.0, height=0.4),
        TOWER: box_city(1, origin=(55.0, 55.0, 0.4), side=10.0, height=30.0),
        AREA: box_city(1, origin=(5.0, 5.0, -0.1), side=110.0, height=0.1),
    }
    for name, city in cities.items():
        view.scene.attach(name, city)

    def made(over, pitch):
        looks = [look(city, name, mode="object", rgb=(40, 90, 200)) for name, city in cities.items()]
        looks[2] = replace(looks[2], over=over)
        return state(cities[LAND], *looks, camera=cameras[0](cities[LAND], 1.2, pitch))

    return view, made


def seen(view, made):
    view.scene.apply(made)
    view.scene.render()
    names = np.array([*view.scene.layer_ids, ""])
    return names[view.scene.pick_ids()[:, :, 0]]


@pytest.mark.parametrize("pitch", [80.0, 35.0, 12.0])
def test_an_area_below_the_land_is_seen_on_it_and_towers_stay(place, pitch):
    view, made = place
    without, with_ = seen(view, made(0.0, pitch)), seen(view, made(OVER, pitch))
    assert not (without == AREA).any()
    assert (with_ == AREA).sum() > 0.6 * (without == LAND).sum()
    tower = without == TOWER
    assert tower.sum() > 50
    assert (with_[tower] == TOWER).mean() > 0.93
    assert not (with_[~tower] == TOWER).any()


def test_what_is_picked_is_what_is_drawn(place):
    view, made = place
    shown = seen(view, made(OVER, 35.0))
    view.scene.render()
    rows, columns = np.mgrid[8:240:9, 8:320:9].reshape(2, -1)
    for y, x in zip(rows.tolist(), columns.tolist(), strict=True):
        around = shown[y - 1 : y + 2, x - 1 : x + 2]
        if (around == around[0, 0]).all():
            hit = view.scene.pick(x + 0.5, y + 0.5)
            assert ("" if hit is None else hit.layer_id) == shown[y, x]
            if shown[y, x] == AREA:
                assert hit.position[2] == pytest.approx(0.0, abs=1e-3)


def test_a_walker_sees_no_way_through_a_house(view, box_city, look, state):
    house = box_city(1, side=10.0, height=12.0)
    way = box_city(1, origin=(3.0, 12.0, 0.0), side=4.0, height=0.05)
    view.scene.attach(TOWER, house)
    view.scene.attach(AREA, way)
    looks = look(house, TOWER), replace(look(way, AREA, mode="object"), over=OVER)
    camera = Camera((5.0, -11.0, 1.7), (5.0, 5.0, 1.0))
    assert not (seen(view, state(house, *looks, camera=camera)) == AREA).any()
    beside = Camera((-15.0, 14.0, 8.0), (5.0, 14.0, 0.0))
    assert (seen(view, state(house, *looks, camera=beside)) == AREA).any()


def test_lines_round_a_chosen_area_are_seen(place):
    view, made = place
    state = made(OVER, 35.0)
    view.scene.apply(state)
    before = view.image()
    chosen = [replace(one, selected=np.array([0])) if one.layer_id == AREA else one for one in state.layers]
    view.scene.apply(replace(state, layers=tuple(chosen)))
    changed = np.abs(view.image().astype(int) - before).max(axis=2) > 40
    assert changed.sum() > 200


def test_it_is_compiled_only_where_it_is_asked_for(place):
    view, made = place
    view.scene.apply(made(OVER, 35.0))
    defined = {name: dict(layer.extras.defines("faces")) for name, layer in view.scene.layers.items()}
    assert defined == {LAND: {}, TOWER: {}, AREA: {"OVER": 1}}
    view.scene.apply(made(0.0, 35.0))
    assert not view.scene.layers[AREA].extras.defines("faces")
