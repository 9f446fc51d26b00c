from dataclasses import replace
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import numpy as np
import pytest

from loaders.api import LoadResult
from loaders.city import CrsInfo, Strings
from loaders.scenario.model import Classes, Grid, Moves, Patch, Result, TimeAxis, Variable
from viewer.analysis.fields import ZERO_RGB, paint, scale_of
from viewer.analysis.links import links_of
from viewer.analysis.palettes import NO_DATA, class_colors
from viewer.analysis.steps import steps_of
from viewer.document.document import Document
from viewer.document.overlays import overlay_id
from viewer.document.state import Camera, LayerState
from viewer.render import resolve as resolving
from viewer.render.state import TEXEL_HATCHED, TEXEL_NO_DATA, TEXEL_NOT_MODELLED

HERE = Path(__file__).parent
kit = SimpleNamespace(**run_path(str(HERE.parent / "session" / "result_kit.py")))
boxes = SimpleNamespace(**run_path(str(HERE / "conftest.py")))
CAMERA = Camera((0, -100, 60), (0, 0, 0))
HOUR = 3600.0
RASTER = Variable("heat", (("en", "Heat"),), "raster", "Cel", "°C", range=(0.0, 30.0))


def resolve(document, camera, **more):
    return resolving.resolve(document, camera, **{"wait": True, **more})


@pytest.fixture
def document():
    document = Document()
    with document.change("Add") as edit:
        edit.state = replace(edit.state, crs="EPSG:7415")
        city = boxes.make_box_city(9, origin=(85000.0, 447000.0, 0.0))
        edit.add_city(LayerState("a", "Boxes", "/a.json"), LoadResult(city, "CityJSON", "2.0"))
    return document


def ids(*rows):
    return [f"box-{row}" for row in rows]


def depth(values, axis=None, rows=(0, 1, 2, 3), **more):
    return kit.by_id(kit.DEPTH, ids(*rows), axis or kit.STILL, values, **more)


def add(document, name, *results):
    made = kit.scenario(name, *results)
    kit.add(document, made)
    return made


def look(state, layer_id="a"):
    return next(look for look in state.layers if look.layer_id == layer_id)


def shown_rows(texels):
    return np.flatnonzero(texels[:, 3] & 15).tolist()


def test_without_scenarios_nothing_is_different(document):
    state = resolve(document, CAMERA)
    add(document, "s", depth([[0.2, 2, np.nan, 0]]))
    again = resolve(document, CAMERA)
    assert look(again) is look(state)
    assert (again.compare, again.ground, again.panes) == ("", None, ())


def test_objects_take_the_colour_of_their_class_and_states_their_bits(document):
    values = [[0.2, 2, np.nan, -np.inf, 0]]
    add(document, "s", depth(values, rows=(8, 1, 2, 3, 4)))
    kit.show(document, "s")
    plain, found = resolve(document, CAMERA), look(resolve(document, CAMERA))
    scale = scale_of(kit.DEPTH)
    assert found.color_mode == "object"
    assert [tuple(found.texels[row, :3].tolist()) for row in (8, 1, 2, 4)] == [
        scale.rgb_of(0.2),
        scale.rgb_of(2.0),
        NO_DATA,
        ZERO_RGB,
    ]
    assert found.texels[:, 3].tolist()[1:5] == [1, 1 | TEXEL_NO_DATA, 1 | TEXEL_NOT_MODELLED, 1]
    assert found.texels[0, 3] == 1
    assert look(plain).texels is found.texels


def test_what_a_result_does_not_speak_about_is_paler(document):
    base = look(resolve(document, CAMERA)).texels
    add(document, "s", depth([[0.2]], rows=(0,)))
    kit.show(document, "s")
    found = look(resolve(document, CAMERA)).texels
    assert (found[5, :3].astype(int) - 214).tolist() != (base[5, :3].astype(int) - 214).tolist()
    assert np.abs(found[5, :3].astype(int) - 214).max() < np.abs(base[5, :3].astype(int) - 214).max()


def test_ranges_wider_than_a_class_are_hatched_unless_the_view_says_no(document):
    low, high = (np.array([values], np.float32) for values in ([0.1, 0.6, 0.4, 0.2], [0.2, 0.9, 0.6, 2.0]))
    add(document, "s", depth([[0.15, 0.7, 0.45, 0.7]], low=low, high=high))
    kit.show(document, "s")
    hatched = look(resolve(document, CAMERA)).texels[:4, 3] & TEXEL_HATCHED > 0
    assert hatched.tolist() == [False, False, True, True]
    kit.show(document, "s", hatch=False)
    assert not (look(resolve(document, CAMERA)).texels[:, 3] & TEXEL_HATCHED).any()


def test_the_moment_chooses_the_step(document):
    add(document, "s", depth([[0.1] * 4, [0.7] * 4, [3] * 4], kit.hours(3)))
    kit.show(document, "s")
    scale = scale_of(kit.DEPTH)
    for moment, value in ((kit.START - 9, 0.1), (kit.START + HOUR, 0.7), (kit.START + 1.9 * HOUR, 0.7), (9e9, 3)):
        texels = look(resolve(document, CAMERA, moment=moment)).texels
        assert tuple(texels[0, :3].tolist()) == scale.rgb_of(value)


def test_a_filter_stays_in_force_under_a_scenario(document):
    add(document, "s", depth([[0.1] * 4]))
    kit.show(document, "s")
    with document.change("Hide") as edit:
        edit.layer("a", hidden_ids=frozenset(ids(1, 7)))
    assert shown_rows(look(resolve(document, CAMERA)).texels) == [0, 2, 3, 4, 5, 6, 8]


def test_a_swipe_has_both_sides_and_the_base_model_may_be_one(document):
    add(document, "s", depth([[0.1] * 4]))
    add(document, "t", depth([[3] * 4]))
    kit.show(document, "s", "t", mode="swipe", position=0.25)
    state, scale = resolve(document, CAMERA), scale_of(kit.DEPTH)
    found = look(state)
    assert (state.compare, state.position) == ("swipe", 0.25)
    assert tuple(found.texels[0, :3].tolist()) == scale.rgb_of(0.1)
    assert tuple(found.texels_b[0, :3].tolist()) == scale.rgb_of(3.0)
    base = look(resolve_base(document)).texels
    kit.show(document, "", "t", mode="blend")
    state = resolve(document, CAMERA)
    assert state.compare == "blend"
    assert np.array_equal(look(state).texels, base)


def resolve_base(document):
    view = document.state.scenario_view
    kit.show(document)
    state = resolve(document, CAMERA)
    with document.change("Back") as edit:
        edit.state = replace(edit.state, scenario_view=view)
    return state


def test_a_split_is_one_pane_for_each_with_the_same_scale(document):
    for name, value in (("s", 0.1), ("t", 3.0), ("u", 0.7)):
        add(document, name, depth([[value] * 4]))
    kit.show(document, "s", "t", "u", "", mode="split")
    state = resolve(document, CAMERA)
    assert len(state.panes) == 4
    scale = scale_of(kit.DEPTH)
    colours = [tuple(look(pane).texels[0, :3].tolist()) for pane in state.panes[:3]]
    assert colours == [scale.rgb_of(0.1), scale.rgb_of(3.0), scale.rgb_of(0.7)]
    assert all(pane.camera == CAMERA and not pane.panes for pane in state.panes)


def test_surfaces_have_colours_of_their_own(document):
    roof = Variable("solar", (), "surface", "kW.h", "kWh", classes=Classes((100.0,)))
    made = Result(
        roof,
        kit.STILL,
        np.array([[50, 500]], np.float32),
        ids=Strings.from_list(ids(0, 2)),
        surfaces=np.array([0, 5], np.int32),
    )
    add(document, "s", made)
    kit.show(document, "s", variable="solar")
    found = look(resolve(document, CAMERA))
    rows = np.flatnonzero(found.surface_texels[:, 3]).tolist()
    assert rows == [0, 17]
    scale = scale_of(roof)
    assert [tuple(found.surface_texels[row, :3].tolist()) for row in rows] == [scale.rgb_of(50), scale.rgb_of(500)]
    assert found.surface_texels.shape == (54, 4)
    kit.show(document, "s", "", variable="solar", mode="swipe")
    found = look(resolve(document, CAMERA))
    assert found.surface_texels_b.shape == (54, 4)
    assert not found.surface_texels_b.any()


def grid(rows=2, columns=3, crs="EPSG:28992"):
    return Grid((10.0, 0.0, 85000.0, 0.0, -10.0, 447020.0), rows, columns, CrsInfo(crs))


def raster(values, axis=None, variable=RASTER, **more):
    values = np.asarray(values, np.float32)
    return Result(variable, axis or kit.STILL, values, grid=grid(*values.shape[1:]), **more)


def test_a_raster_lies_on_the_ground_of_its_side(document):
    add(document, "s", raster(np.arange(6).reshape(1, 2, 3)))
    add(document, "t", raster(np.arange(6).reshape(1, 2, 3) + 1))
    kit.show(document, "s", variable="heat")
    ground = resolve(document, CAMERA).ground
    assert ground.a.values.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert (ground.b, ground.a.transform, ground.scale.low, ground.scale.high) == (None, grid().transform, 0.0, 30.0)
    assert ground.scale.ramp
    kit.show(document, "s", "t", variable="heat", mode="swipe")
    assert resolve(document, CAMERA).ground.b.values[0, 0] == 1
    kit.show(document, "", "t", variable="heat", mode="swipe")
    ground = resolve(document, CAMERA).ground
    assert (ground.a, ground.b.values[0, 0]) == (None, 1)


def test_what_has_not_changed_is_the_same_object(document):
    add(document, "s", raster(np.arange(12).reshape(2, 2, 3), kit.hours(2)))
    kit.show(document, "s", variable="heat")
    first = resolve(document, CAMERA, moment=kit.START)
    again = resolve(document, CAMERA, moment=kit.START + 60)
    later = resolve(document, CAMERA, moment=kit.START + HOUR)
    assert again.ground is first.ground
    assert again.nodes is first.nodes
    assert later.ground is not first.ground


def test_a_raster_of_another_crs_is_brought_to_the_projects(document):
    from pyproj import Transformer

    lon, lat = Transformer.from_crs("EPSG:28992", "EPSG:4326", always_xy=True).transform(85000.0, 447020.0)
    there = Grid((1e-4, 0.0, lon, 0.0, -1e-4, lat), 2, 3, CrsInfo("EPSG:4326"))
    add(document, "s", replace(raster(np.zeros((1, 2, 3))), grid=there))
    kit.show(document, "s", variable="heat")
    a, _, c, _, e, f = resolve(document, CAMERA).ground.a.transform
    assert (c, f) == pytest.approx((85000.0, 447020.0), abs=0.01)
    assert a == pytest.approx(6.9, abs=0.2)
    assert e == pytest.approx(-11.1, abs=0.2)


def test_uncertain_cells_are_marked(document):
    wet = replace(RASTER, classes=Classes((1.0,)), range=None)
    values = np.array([[[0.5, 2.0]]], np.float32)
    add(document, "s", raster(values, variable=wet, low=values - 0.2, high=values + 0.7))
    kit.show(document, "s", variable="heat")
    assert resolve(document, CAMERA).ground.a.uncertain.tolist() == [[1, 0]]
    kit.show(document, "s", variable="heat", hatch=False)
    assert resolve(document, CAMERA).ground.a.uncertain is None


def test_water_runs_between_instants(document):
    values = np.array([[[1.0, np.nan]], [[2.0, 1.0]]], np.float32)
    level = values + 3
    wet = replace(RASTER, id="water", classes=Classes((1.0,)), zero_is_none=True)
    add(document, "s", raster(values, kit.hours(2), wet, level=level))
    kit.show(document, "s", variable="water")
    water = resolve(document, CAMERA, moment=kit.START + 0.25 * HOUR).water
    assert (water.a.level[0, 0], water.a.next_level[0, 0], water.a.mix) == (4.0, 5.0, 0.25)
    assert (water.a.depth[0, 0], water.a.next_depth[0, 1]) == (1.0, 1.0)
    last = resolve(document, CAMERA, moment=kit.START + HOUR).water.a
    assert (last.level[0, 0], last.next_level, last.mix) == (5.0, None, 0.0)
    assert resolve(document, CAMERA, moment=kit.START).ground is None


def test_polygons_are_drawn_on_their_own_side_only(document):
    zones = replace(kit.DEPTH, id="zones", binding="polygon")
    overlay = boxes.make_box_city(4, origin=(85000.0, 447000.0, 0.0))
    one = Result(zones, kit.STILL, np.array([[0.1, 0.7, 3, np.nan]], np.float32), overlay=overlay)
    two = replace(one, overlay=boxes.make_box_city(4, origin=(85000.0, 447000.0, 0.0)))
    add(document, "s", one)
    add(document, "t", two)
    kit.show(document, "s", variable="zones")
    state = resolve(document, CAMERA)
    found, scale = look(state, overlay_id("s", "zones")), scale_of(zones)
    assert (found.visible, found.color_mode) == (True, "object")
    assert [tuple(rgb) for rgb in found.texels[:3, :3].tolist()] == [scale.rgb_of(v) for v in (0.1, 0.7, 3)]
    assert not look(state, overlay_id("t", "zones")).visible
    kit.show(document, "s", "t", variable="zones", mode="swipe")
    state = resolve(document, CAMERA)
    a, b = (look(state, overlay_id(name, "zones")) for name in "st")
    assert (shown_rows(a.texels), shown_rows(a.texels_b)) == ([0, 1, 2, 3], [])
    assert (shown_rows(b.texels), shown_rows(b.texels_b)) == ([], [0, 1, 2, 3])


def test_nodes_are_coloured_by_the_shader(document):
    mesh = replace(kit.DEPTH, id="mesh", binding="mesh")
    overlay = boxes.make_box_city(1, origin=(85000.0, 447000.0, 0.0))
    rows = np.zeros(24, np.float32)
    values = np.array([[1, 2, 3], [4, 5, 6]], np.float32)
    add(document, "s", Result(mesh, kit.hours(2), values, overlay=overlay, vertex_rows=rows))
    kit.show(document, "s", variable="mesh")
    state = resolve(document, CAMERA, moment=kit.START + HOUR)
    (node,) = state.nodes
    assert (node.layer_id, node.values.tolist()) == (overlay_id("s", "mesh"), [4, 5, 6])
    assert node.vertex_rows is rows
    assert look(state, overlay_id("s", "mesh")).color_mode == "object"
    assert node.scale.breaks == kit.DEPTH.classes.breaks


def test_vehicles_stand_where_they_are_at_the_moment(document):
    speed = Variable("speed", (), "trajectories", "m/s", "m/s", range=(0.0, 20.0))
    moves = Moves(
        Strings.from_list(["car"]),
        np.zeros(1, np.uint8),
        ("car",),
        np.array([0, 2]),
        np.array([kit.START, kit.START + 10.0]),
        np.array([[0.0, 0.0, 0.0], [100.0, 0.0, 0.0]]),
        np.array([10.0, 10.0], np.float32),
    )
    axis = TimeAxis("instants", moves.times)
    add(document, "s", Result(speed, axis, np.zeros((0, 0), np.float32), moves=moves))
    kit.show(document, "s", variable="speed")
    movers = resolve(document, CAMERA, moment=kit.START + 2.5).movers
    assert movers.a.positions.tolist() == [[25.0, 0.0, 0.0]]
    assert movers.a.trails is None
    assert tuple(movers.a.rgb[0]) == scale_of(speed).rgb_of(10.0)
    kit.show(document, "s", variable="speed", trails=True)
    assert resolve(document, CAMERA, moment=kit.START + 2.5).movers.a.trails.shape[0] == 1


@pytest.fixture
def harbour(document):
    change = Variable("change", (("en", "Change"),), "patch")
    new = boxes.make_box_city(3, origin=(85100.0, 447000.0, 0.0))
    patch = Patch(
        Strings.from_list(ids(1)),
        np.array([kit.START + HOUR]),
        np.array([-np.inf, kit.START + HOUR, np.inf]),
        Strings.from_list(["", "box-4", ""]),
    )
    axis = TimeAxis("instants", np.array([kit.START, kit.START + HOUR]))
    add(document, "harbour", Result(change, axis, np.zeros((0, 0), np.float32), overlay=new, patch=patch))
    return document


def test_a_change_removes_replaces_and_adds_at_its_moment(harbour):
    kit.show(harbour, "harbour", variable="")
    new = overlay_id("harbour", "change")
    before = resolve(harbour, CAMERA, moment=kit.START)
    assert shown_rows(look(before).texels) == list(range(9))
    assert shown_rows(look(before, new).texels) == [0]
    after = resolve(harbour, CAMERA, moment=kit.START + 2 * HOUR)
    assert shown_rows(look(after).texels) == [0, 2, 3, 5, 6, 7, 8]
    assert shown_rows(look(after, new).texels) == [0, 1]
    assert look(after).color_mode == "surface"
    kit.show(harbour)
    assert shown_rows(look(resolve(harbour, CAMERA)).texels) == list(range(9))


def test_what_comes_and_goes_fades(harbour):
    kit.show(harbour, "harbour", variable="")
    moment = kit.START + HOUR + 0.25 * 0.015 * HOUR
    state = resolve(harbour, CAMERA, moment=moment)
    old, new = look(state), look(state, overlay_id("harbour", "change"))
    assert (old.fading.tolist(), shown_rows(old.texels)) == ([1, 4], list(range(9)))
    assert (old.fade, new.fade) == (pytest.approx(0.75), pytest.approx(0.25))
    assert new.fading.tolist() == [1]


def test_a_swipe_with_the_base_model_shows_a_change_on_one_side(harbour):
    kit.show(harbour, "", "harbour", variable="", mode="swipe")
    state = resolve(harbour, CAMERA, moment=kit.START + HOUR)
    old, new = look(state), look(state, overlay_id("harbour", "change"))
    assert (shown_rows(old.texels), shown_rows(old.texels_b)) == (list(range(9)), [0, 2, 3, 5, 6, 7, 8])
    assert (shown_rows(new.texels), shown_rows(new.texels_b)) == ([], [0, 1])


def test_what_is_new_takes_the_colours_of_the_variable(harbour):
    add_depth = depth([[3.0]], rows=(1,))
    made = kit.scenario("both", add_depth, *harbour.scenarios["harbour"].results.values())
    kit.add(harbour, made)
    kit.show(harbour, "both")
    new = look(resolve(harbour, CAMERA, moment=kit.START + 2 * HOUR), overlay_id("both", "change"))
    assert tuple(new.texels[1, :3].tolist()) == scale_of(kit.DEPTH).rgb_of(3.0)


def test_a_difference_is_painted_and_what_only_one_has_is_outlined(harbour):
    add(harbour, "s", depth([[0.1, 0.7, 1.0, 2.0]]))
    both = kit.scenario("both", depth([[0.1, 1.7, 0.0, 2.0]]), *harbour.scenarios["harbour"].results.values())
    kit.add(harbour, both)
    kit.show(harbour, "s", "both", mode="difference")
    state = resolve(harbour, CAMERA, moment=kit.START + 2 * HOUR)
    found, new = look(state), look(state, overlay_id("both", "change"))
    assert state.compare == ""
    assert (found.removed.tolist(), found.added.tolist()) == ([1, 4], [])
    assert (new.added.tolist(), new.changed.tolist()) == ([0], [1])
    colours = [tuple(found.texels[row, :3].tolist()) for row in range(4)]
    assert colours[0] == tuple(class_colors("balance", 7)[3].tolist())  # its own tone was like that of a class
    assert colours[3] == colours[0]
    assert len(set(colours)) == 3
    red_up, blue_down = colours[1], colours[2]
    assert red_up[0] > red_up[2]
    assert blue_down[2] > blue_down[0]


def test_a_difference_that_cannot_be_is_not_painted(document):
    add(document, "s", depth([[1.0]], rows=(0,)))
    add(document, "t", depth([[1.0]], rows=(1,)))
    plain = look(resolve(document, CAMERA))
    kit.show(document, "s", "t", mode="difference")
    assert look(resolve(document, CAMERA)).texels is plain.texels


def test_the_sun_follows_the_moment(document):
    add(document, "s", depth([[0.1] * 4, [3] * 4], kit.hours(2)))
    kit.show(document, "s")
    night = resolve(document, CAMERA, moment=kit.START).light
    noon = resolve(document, CAMERA, moment=kit.START + 12 * HOUR).light
    assert night.dated
    assert night.sun[2] < 0 < noon.sun[2]
    kit.show(document, "s", sun=False)
    assert not resolve(document, CAMERA, moment=kit.START).light.dated


def test_a_window_never_waits_and_sees_the_newest_step(document):
    add(document, "s", depth([[0.1] * 4, [0.7] * 4, [3] * 4], kit.hours(3)))
    kit.show(document, "s")
    scale, steps = scale_of(kit.DEPTH), steps_of(document)
    plain = resolve(document, CAMERA, moment=kit.START, wait=False)
    assert look(plain).color_mode == "surface"
    assert steps.settle()
    assert steps.take_arrived()
    first = resolve(document, CAMERA, moment=kit.START, wait=False)
    assert tuple(look(first).texels[0, :3].tolist()) == scale.rgb_of(0.1)
    assert steps.settle()
    later = resolve(document, CAMERA, moment=kit.START + HOUR, wait=False)
    assert tuple(look(later).texels[0, :3].tolist()) == scale.rgb_of(0.7)  # prepared ahead
    assert look(resolve(document, CAMERA, moment=kit.START + HOUR, wait=False)).texels is look(later).texels


def test_what_is_prepared_stays_until_the_last_scenario_is_gone(document):
    add(document, "s", depth([[0.1] * 4]))
    kit.show(document, "s")
    first = look(resolve(document, CAMERA)).texels
    kit.show(document)
    resolve(document, CAMERA)
    kit.show(document, "s")
    assert look(resolve(document, CAMERA)).texels is first
    document.scenarios.clear()
    resolve(document, CAMERA)
    assert steps_of(document).used == 0


def test_links_go_with_their_results(document):
    add(document, "s", depth([[0.1] * 4]))
    links, city = links_of(document), document.cities["a"]
    result = document.scenarios["s"].results["depth"]
    assert links.match(result, city) is links.known_match(result, city)
    document.scenarios.clear()
    links.prune(document)
    assert links.known_match(result, city) is None


def test_a_scenario_that_is_still_loading_shows_the_base_model(document):
    add(document, "s", depth([[0.1] * 4]))
    kit.show(document, "s")
    document.scenarios.clear()
    assert look(resolve(document, CAMERA)).color_mode == "surface"


def test_the_scale_of_the_picture_is_the_one_that_paints(document):
    values = np.array([[0.1, 0.7, 3.0, 0.2]], np.float32)
    add(document, "s", depth(values))
    kit.show(document, "s", palette="magma")
    scale = scale_of(kit.DEPTH, (), "magma")
    expected = paint(values[0], kit.DEPTH, scale).rgb
    assert np.array_equal(look(resolve(document, CAMERA)).texels[:4, :3], expected)
