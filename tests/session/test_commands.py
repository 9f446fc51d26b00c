import inspect
from pathlib import Path
from types import SimpleNamespace
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from viewer.document.state import Camera, Selection, Style
from viewer.session import navigation
from viewer.session.commands import COMMANDS, CommandError, check_arguments, commands_markdown
from viewer.session.registry import CommandSpec, command, convert

PROMISED = set(
    """file.open file.open_project file.save file.save_as file.new demo.open app.quit edit.undo edit.redo
layer.set_visible layer.set_lod layer.remove layer.rename layer.zoom_to layer.set_type_visible layer.show_report
style.color_by style.set_palette style.set_range style.reset filter.set selection.set selection.toggle selection.clear
selection.hide selection.isolate selection.zoom_to visibility.show_all view.home view.back view.forward view.top
view.zoom_to_all view.orbit view.pan view.zoom view.set_camera viewpoint.add viewpoint.go viewpoint.remove
viewpoint.rename legend.set_visible quality.set light.set_time light.set_shadows realism.set contours.set""".split()  # noqa: SIM905
)


def of_the_session():
    """The commands that need no window; a window adds its own, some under the same keys."""
    return [spec for spec in COMMANDS.values() if spec.function.__module__.startswith("viewer.session.")]


def test_every_promised_command_is_there():
    assert COMMANDS.keys() >= PROMISED


@pytest.mark.parametrize("spec", COMMANDS.values(), ids=lambda spec: spec.name)
def test_every_command_is_complete(spec):
    assert spec.name.islower() and spec.name.count(".") == 1
    assert spec.title and spec.title[0].isupper() and not spec.title.endswith(".")
    assert spec.doc.split("\n")[0].endswith(".")
    assert next(iter(inspect.signature(spec.function).parameters)) == "session"
    if spec.shortcut is not None:
        assert not any(parameter.required for parameter in spec.parameters), "a key cannot give arguments"


def test_no_two_commands_share_a_key():
    keys = [spec.shortcut for spec in of_the_session() if spec.shortcut]
    assert len(set(keys)) == len(keys)


def test_the_documentation_names_every_command():
    text = commands_markdown()
    assert all(f"| `{name}` |" in text for name in COMMANDS)
    assert "`camera`: a camera" in text and "one of auto, draft, normal, high" in text
    columns = {line.replace("\\|", "").count("|") for line in text.splitlines()}
    assert columns == {6}


def test_a_second_command_of_one_name_or_without_help_is_refused():
    with pytest.raises(ValueError, match="already"):
        command("edit.undo", title="Again")(lambda session: None)
    with pytest.raises(ValueError, match="help"):
        command("never.there", title="Silent")(lambda session: None)
    assert "never.there" not in COMMANDS


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("layer.set_visibel", {}, "Did you mean 'layer.set_visible'"),
        ("layer.set_visible", {"layer_id": "a"}, "'visible' is missing"),
        ("layer.set_visible", {"layer_id": "a", "visible": 1}, "'visible' must be true or false, not 1"),
        ("layer.set_visible", {"layer_id": "a", "visible": True, "x": 1}, "unknown argument 'x'"),
        ("layer.set_visible", {"layer_id": "zz", "visible": True}, "no layer 'zz'. Layers: a"),
        ("view.zoom", {"steps": float("nan")}, "'steps' must be a finite number"),
        ("view.zoom", {"steps": 10**400}, "'steps' must be a finite number"),
        ("view.zoom", {"steps": True}, "'steps' must be a finite number"),
        ("view.zoom", {"steps": 1, "anchor": [1, 2]}, "'anchor' must be 3 values (a finite number each) or nothing"),
        ("light.set_time", {"time": "yesterday"}, "is no date and time"),
        ("contours.set", {"step": -1}, "step of 0 to"),
        ("quality.set", {"quality": "best"}, "'quality' must be one of auto, draft, normal, high, not 'best'"),
        ("file.open", {"paths": "a.json"}, "'paths' must be a list (a text each)"),
        ("view.set_camera", {"camera": {"position": [0, 0, 0]}}, "'camera'"),
        ("view.set_camera", {"camera": 5}, "'camera' must be a camera"),
        ("file.open_project", {"path": "a\0b"}, "'path' must be a path"),
    ],
)
def test_wrong_use_is_told_in_one_line(town, name, arguments, said):
    with pytest.raises(CommandError) as caught:
        town.run(name, **arguments)
    assert said in str(caught.value) and "\n" not in str(caught.value)
    assert town.act(name, **arguments) is None
    assert town.messages[-1].text == str(caught.value)


def test_conversions():
    assert convert(3, float) == 3.0 and isinstance(convert(3, float), float)
    assert convert([1, 2], tuple[float, ...]) == (1.0, 2.0)
    assert convert("x", Path) == Path("x")
    assert convert(None, str | None) is None
    assert convert({"position": [0, 0, 1], "target": [0, 0, 0]}, Camera) == Camera((0, 0, 1), (0, 0, 0))
    assert convert("a", Literal["a", "b"]) == "a"
    import numpy as np

    assert type(convert(np.int64(4), int)) is int
    assert convert(np.array([1, 2]), tuple[int, ...]) == (1, 2)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(COMMANDS)), st.data())
def test_any_arguments_are_taken_or_refused(name, data):
    spec: CommandSpec = COMMANDS[name]
    given_values = {p.name: data.draw(values) for p in spec.parameters if data.draw(st.booleans())}
    try:
        checked = check_arguments(spec, given_values)
    except CommandError as error:
        assert str(error).startswith(name)
    else:
        assert checked.keys() == given_values.keys()


def test_commands_are_grey_where_they_make_no_sense(session):
    grey = {name for name in COMMANDS if not session.enabled(name)}
    assert {"view.home", "edit.undo", "selection.clear", "layer.remove", "app.quit", "view.back"} <= grey
    assert {"file.open", "file.new", "demo.open", "view.orbit", "quality.set"}.isdisjoint(grey)
    with pytest.raises(CommandError, match="Undo: not possible now"):
        session.run("edit.undo")


def test_commands_of_the_window_need_one(town):
    asked = []
    town.ui_requested.connect(lambda name, arguments: asked.append((name, arguments)))
    town.run("app.quit")
    town.run("layer.show_report", layer_id="a")
    assert asked == [("app.quit", {}), ("layer.show_report", {"layer_id": "a"})]


# --- every undoable command makes one step that undo takes back --------------------------------------------------

UNDOABLE = {
    "layer.set_visible": {"layer_id": "a", "visible": False},
    "layer.set_lod": {"layer_id": "a", "lod": "1"},
    "layer.remove": {"layer_id": "a"},
    "layer.rename": {"layer_id": "a", "name": "New"},
    "layer.set_type_visible": {"layer_id": "a", "type": "Road", "visible": False},
    "style.color_by": {"layer_id": "a", "attribute": "height"},
    "style.set_palette": {"layer_id": "a", "palette": "magma"},
    "style.set_range": {"layer_id": "a", "low": 1, "high": 2},
    "style.set_theme": {"layer_id": "a"},
    "style.reset": {"layer_id": "a"},
    "filter.set": {"layer_id": "a", "expression": "height > 20"},
    "selection.set": {"layer_id": "a", "ids": ["road"]},
    "selection.toggle": {"layer_id": "a", "ids": ["road"]},
    "selection.find": {"text": "road"},
    "selection.clear": {},
    "selection.hide": {},
    "selection.isolate": {},
    "visibility.show_all": {},
    "viewpoint.add": {"name": "There"},
    "viewpoint.remove": {"name": "Here"},
    "viewpoint.rename": {"name": "Here", "new_name": "There"},
    "viewpoint.keep": {"name": "Here", "light": True},
    "viewpoint.set_text": {"name": "Here", "text": "A note"},
    "tour.add": {"viewpoints": ["Here"]},
    "legend.set_visible": {"visible": False},
    "quality.set": {"quality": "high"},
    "light.set_time": {"time": "2026-06-21T15:00+02:00"},
    "light.set_shadows": {"visible": False},
    "realism.set": {"realism": "plain"},
    "contours.set": {"step": 5},
    "project.set_title": {"title": "Plan"},
    "labels.set_visible": {"visible": False},
    "layer.set_label": {"layer_id": "a", "attribute": "height"},
    "layer.set_labels_only": {"layer_id": "a", "on": True},
    "caption.set": {"text": "Fictional  town"},
}
TOURS = {spec.name for spec in COMMANDS.values() if spec.undo and spec.name.startswith(("path.", "tour."))}
ELSEWHERE = {"file.open", "demo.open", "layer.relink", "selection.pick", "viewpoint.go", "viewpoint.go_number"} | {
    "viewpoint.update",
    "viewpoint.move",
    "viewpoint.import_geopose",
    *(TOURS - {"tour.add"}),
    *(spec.name for spec in COMMANDS.values() if spec.undo and spec.name.startswith(("scenario.", "indicators."))),
}
"""Tested in places of their own (`test_tours.py`, `test_scenarios.py`, `test_numbers.py`)."""


def test_the_table_of_undoable_commands_is_whole():
    assert UNDOABLE.keys() | ELSEWHERE == {spec.name for spec in of_the_session() if spec.undo}


@pytest.mark.parametrize("name", UNDOABLE)
def test_undo_takes_it_back(town, name):
    town.run("viewpoint.add", name="Here")
    town.run("style.color_by", layer_id="a", attribute="@type")
    town.run("layer.set_visible", layer_id="a", visible=True)
    town.run("selection.set", layer_id="a", ids=["house"])
    town.run("layer.set_type_visible", layer_id="a", type="BuildingPart", visible=False)
    before, steps = town.document.state, len(town.document.undo_labels)
    town.run(name, **UNDOABLE[name])
    after = town.document.state
    assert after != before and len(town.document.undo_labels) == steps + 1
    town.run("edit.undo")
    assert town.document.state == before
    town.run("edit.redo")
    assert town.document.state == after


def test_commands_without_undo_leave_the_document(town, viewport):
    town.run("viewpoint.add", name="Here")
    town.run("selection.set", layer_id="a", ids=["house"])
    town.viewport = viewport
    before = town.document.state
    for name, arguments in {
        "view.home": {},
        "view.top": {},
        "view.zoom_to_all": {},
        "view.orbit": {"dx": 3, "dy": 4},
        "view.pan": {"dx": 3, "dy": 4},
        "view.zoom": {"steps": 2},
        "view.back": {},
        "view.forward": {},
        "layer.zoom_to": {"layer_id": "a"},
        "selection.zoom_to": {},
    }.items():
        assert not COMMANDS[name].undo
        town.run(name, **arguments)
    assert town.document.state is before


# --- what single commands do -------------------------------------------------------------------------------------


def layer(session):
    return session.document.state.layer("a")


def test_selecting_by_rows_and_ids(town):
    town.run("selection.set", layer_id="a", rows=[1, 0], surface_row=7)
    assert town.document.state.selection == Selection("a", ("part", "house"), 7)
    town.run("selection.toggle", layer_id="a", ids=["road"])
    assert town.document.state.selection.ids == ("part", "house", "road")
    town.run("selection.toggle", layer_id="a", rows=[0])
    assert town.document.state.selection.ids == ("part", "road")
    for bad in ({"rows": [99]}, {"rows": [-1]}, {"ids": ["nobody"]}, {}, {"ids": [], "rows": []}):
        with pytest.raises(CommandError):
            town.run("selection.set", layer_id="a", **bad)
    town.run("selection.set", layer_id="a", ids=[])
    assert town.document.state.selection == Selection()


def test_a_click_selects_what_was_hit(town, viewport):
    town.viewport = viewport
    viewport.hit = SimpleNamespace(layer_id="a", row=1, surface_row=5, position=(0.0, 0.0, 0.0))
    town.run("selection.pick", x=10, y=20)
    assert town.document.state.selection == Selection("a", ("part",), 5)
    viewport.hit = SimpleNamespace(layer_id="a", row=2, surface_row=-1, position=(0.0, 0.0, 0.0))
    town.run("selection.pick", x=10, y=20, toggle=True)
    assert town.document.state.selection.ids == ("part", "road")
    viewport.hit = None
    town.run("selection.pick", x=0, y=0, toggle=True)
    assert len(town.document.state.selection.ids) == 2
    town.run("selection.pick", x=0, y=0)
    assert town.document.state.selection == Selection()


def test_hide_isolate_and_show_all(town, family):
    from loaders.api import LoadResult
    from viewer.document.state import LayerState

    with town.document.change("Add") as edit:
        edit.add_city(LayerState("b", "B", "/b"), LoadResult(family, "CityJSON", "2.0"))
    town.run("selection.set", layer_id="a", ids=["house"])
    town.run("selection.hide")
    assert layer(town).hidden_ids == {"house"} and town.document.state.selection == Selection()
    town.run("selection.set", layer_id="a", ids=["road"])
    town.run("selection.isolate")
    assert layer(town).only_ids == {"road"} and not town.document.state.layer("b").visible
    town.run("filter.set", layer_id="a", expression="height > 3")
    town.run("visibility.show_all")
    assert all(
        x.visible and not x.hidden_ids and x.only_ids is None and not x.filter for x in town.document.state.layers
    )
    assert not town.enabled("visibility.show_all")


def test_hiding_and_showing_a_type(town):
    town.run("layer.set_type_visible", layer_id="a", type="Road", visible=False)
    town.run("layer.set_type_visible", layer_id="a", type="Building", visible=False)
    town.run("layer.set_type_visible", layer_id="a", type="Road", visible=True)
    assert layer(town).hidden_types == {"Building"}
    with pytest.raises(CommandError, match=r"has no 'Roads'. It has: Building, BuildingPart, Road"):
        town.run("layer.set_type_visible", layer_id="a", type="Roads", visible=True)


def test_colouring(town):
    town.run("style.color_by", layer_id="a", attribute="height")
    town.run("style.set_palette", layer_id="a", palette="cividis-reversed")
    town.run("style.set_range", layer_id="a", low=0, high=50)
    assert layer(town).style == Style("height", "cividis-reversed", (0.0, 50.0))
    town.run("style.set_range", layer_id="a")
    town.run("style.color_by", layer_id="a", attribute="function")
    assert layer(town).style == Style("function"), "another attribute starts with its own colours and range"
    with pytest.raises(CommandError, match=r"no attribute 'hieght'. Did you mean 'height'"):
        town.run("style.color_by", layer_id="a", attribute="hieght")
    with pytest.raises(CommandError, match=r"no palette 'rainbow'. Palettes: viridis"):
        town.run("style.set_palette", layer_id="a", palette="rainbow")
    with pytest.raises(CommandError, match="both ends"):
        town.run("style.set_range", layer_id="a", low=3)
    with pytest.raises(CommandError, match="no theme 'winter'"):
        town.run("style.set_theme", layer_id="a", theme="winter")


def test_dragging_a_range_is_one_step(town):
    steps = len(town.document.undo_labels)
    for n in range(10):
        town.run("style.set_range", layer_id="a", low=0, high=10 + n)
    assert len(town.document.undo_labels) == steps + 1


def test_filters_are_checked(town):
    town.run("filter.set", layer_id="a", expression="  height > 20 ")
    assert layer(town).filter == "height > 20"
    with pytest.raises(CommandError, match=r"Filter: expected .* \(at character 9\)"):
        town.run("filter.set", layer_id="a", expression="height >")
    with pytest.raises(CommandError, match="Did you mean 'height'"):
        town.run("filter.set", layer_id="a", expression="heigth > 3")
    assert layer(town).filter == "height > 20"
    town.run("filter.set", layer_id="a", expression=" ")
    assert layer(town).filter is None


def test_a_lod_must_be_there(town):
    with pytest.raises(CommandError, match=r"no LoD '3'. It has: highest, 1, 2"):
        town.run("layer.set_lod", layer_id="a", lod="3")


def test_removing_and_bringing_back_a_layer(town):
    town.run("selection.set", layer_id="a", ids=["house"])
    town.run("layer.remove", layer_id="a")
    assert town.document.state.layers == () and town.document.state.selection == Selection()
    town.run("edit.undo")
    assert town.document.state.selection.ids == ("house",) and "a" in town.document.cities


def test_viewpoints(town):
    assert town.run("viewpoint.add") == "View 1"
    assert town.run("viewpoint.add") == "View 2"
    here = town.camera
    town.run("view.zoom", steps=3)
    town.run("viewpoint.rename", name="View 1", new_name=" Start ")
    town.run("viewpoint.go", name="Start")
    assert town.camera == here
    for bad in ("", "  ", "Start"):
        with pytest.raises(CommandError):
            town.run("viewpoint.add", name=bad)
    with pytest.raises(CommandError, match="Viewpoints: Start, View 2"):
        town.run("viewpoint.go", name="nowhere")
    town.run("viewpoint.remove", name="Start")
    assert [v.name for v in town.document.state.viewpoints] == ["View 2"]


def test_names_may_not_be_empty(town):
    for name, arguments in [("layer.rename", {"layer_id": "a", "name": " "}), ("project.set_title", {"title": ""})]:
        with pytest.raises(CommandError, match="needs a"):
            town.run(name, **arguments)


# --- camera -----------------------------------------------------------------------------------------------------


def test_views_are_remembered_when_the_camera_rests(town, clock):
    first = town.camera
    for _ in range(5):
        town.run("view.orbit", dx=20, dy=0)
        clock.now += 0.1
        town.poll()
    second = town.camera
    clock.now += 2
    town.poll()
    town.run("view.zoom", steps=2)
    third = town.camera
    town.run("view.back")
    assert town.camera == second
    town.run("view.back")
    assert town.camera == first and not town.enabled("view.back")
    town.run("view.forward")
    town.run("view.forward")
    assert town.camera == third and not town.enabled("view.forward")
    town.run("view.back")
    town.run("view.home")
    assert not town.enabled("view.forward"), "a new view ends the way forward"


def test_the_camera_signal_and_its_silence(town):
    seen = []
    town.camera_changed.connect(seen.append)
    town.run("view.orbit", dx=0, dy=0)
    assert seen == []
    town.run("view.orbit", dx=10, dy=0)
    assert seen == [town.camera]


def test_dragging_a_point_over_the_view(town, viewport):
    town.viewport = viewport
    anchor = (85005.0, 447005.0, 0.0)
    x, y = navigation.project(town.camera, anchor, (800, 600))
    town.run("view.pan", dx=40, dy=-25, anchor=anchor)
    assert navigation.project(town.camera, anchor, (800, 600)) == pytest.approx((x + 40, y - 25))


def test_speeds_are_settings(town):
    start = town.camera
    town.run("view.orbit", dx=10, dy=0)
    slow = navigation.angles(town.camera)[0] - navigation.angles(start)[0]
    town.run("view.set_camera", camera=start)
    town.settings.set("orbit_speed", 3.0)
    town.run("view.orbit", dx=10, dy=0)
    assert navigation.angles(town.camera)[0] - navigation.angles(start)[0] == pytest.approx(3 * slow)


def test_zooming_to_the_selection(town):
    town.run("selection.set", layer_id="a", ids=["road"])
    town.run("selection.zoom_to")
    assert town.camera.target == pytest.approx((85045, 447005, 2.5), abs=5)
    town.run("selection.set", layer_id="a", ids=["idea"])
    with pytest.raises(CommandError, match="no geometry"):
        town.run("selection.zoom_to")


def test_a_broken_camera_never_arrives(town):
    town.run("view.set_camera", camera=Camera((0.0, 0.0, 5.0), (0.0, 0.0, 5.0), fov_deg=900.0))
    assert navigation.is_valid(town.camera)


def test_hover_is_told_once_and_ends_with_its_object(town):
    seen = []
    town.hover_changed.connect(seen.append)
    town.set_hover("a", 2)
    town.set_hover("a", 2)
    town.run("layer.remove", layer_id="a")
    assert [h and (h.layer_id, h.row) for h in seen] == [("a", 2), None] and town.hover is None


def test_find_selects_the_best_match_and_goes_there(town):
    session = town
    layer, city = next(iter(session.document.cities.items()))
    name = city.objects.ids[1]
    before = session.camera
    session.run("selection.find", text=name[:-1].upper() + name[-1])
    assert session.document.state.selection.layer_id == layer
    assert name[:-1].lower() in session.document.state.selection.ids[0].lower()
    assert session.camera != before
    with pytest.raises(CommandError, match="no object whose id contains 'nowhere to be found'"):
        session.run("selection.find", text="nowhere to be found")


def test_labels_and_caption(town):
    town.run("layer.set_label", layer_id="a", attribute="function")
    assert layer(town).label_by == "function"
    town.run("layer.set_label", layer_id="a", attribute="")
    assert layer(town).label_by == ""
    town.run("layer.set_label", layer_id="a")
    assert layer(town).label_by is None
    with pytest.raises(CommandError, match="Did you mean 'height'"):
        town.run("layer.set_label", layer_id="a", attribute="heigth")
    town.run("caption.set", text=" Fictional\n town ")
    assert town.document.state.caption == "Fictional town"
    with pytest.raises(CommandError, match="too long"):
        town.run("caption.set", text="x" * 201)
