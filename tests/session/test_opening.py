import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from loaders.api import Issue, LoadError, Severity
from loaders.empty import NOTHING_TO_DRAW
from viewer.analysis.bounds import known_box, outline_of
from viewer.document.project import save_project
from viewer.document.state import Camera, DocumentState, LayerState, Style
from viewer.jobs import Job, Lane
from viewer.session import navigation
from viewer.session.commands import CommandError


@pytest.fixture
def file(tmp_path):
    def make(name="a.city.json"):
        path = tmp_path / name
        path.write_text('{"type": "CityJSON"}')
        return path

    return make


def texts(session):
    return [message.text for message in session.messages]


def test_a_file_becomes_a_layer_when_it_is_ready(session, loads, file, family):
    path = file()
    (job,) = session.run("file.open", paths=[str(path)])
    assert job in {status.id for status in session.jobs.active} and session.document.state.layers == ()
    loads[0].succeed(replace(family, name="Town"), issues=3)
    session.poll()
    (layer,) = session.document.state.layers
    assert (layer.name, layer.path) == ("Town", str(path)) and layer.id in session.document.cities
    assert session.document.state.crs == "EPSG:7415"
    assert session.document.undo_labels == ("Add Town",)
    (message,) = session.messages
    assert message.text == "Town: 4 objects. 3 things to know: open the load report."
    assert message.severity is Severity.WARNING
    assert [(a.command, a.arguments) for a in message.actions] == [("layer.show_report", {"layer_id": layer.id})]
    assert session.camera == navigation.default_view(outline_of(family), session.aspect)
    assert session.settings.recent == (str(path),)


def test_a_failure_leaves_everything_and_is_told(town, loads, file):
    before, camera = town.document.state, town.camera
    town.run("file.open", paths=[str(file("bad.city.json")), str(file("good.city.json"))])
    loads[0].fail()
    town.poll()
    assert town.document.state is before and town.camera is camera
    assert texts(town) == ["bad.city.json: it is broken. Repair it."]
    assert town.messages[0].severity is Severity.ERROR
    loads[1].succeed(town.document.cities["a"])
    town.poll()
    assert len(town.document.state.layers) == 2, "one file's failure does not stop the others"
    assert town.camera is camera, "a later layer does not move the view"


@pytest.mark.parametrize("path", ["http://example.org/a.json", "ftp://x", "/nowhere/at/all.json"])
def test_what_is_no_local_file_is_refused(session, path):
    assert session.run("file.open", paths=[path]) == () or session.wait(60)
    assert session.messages[-1].severity is Severity.ERROR and session.document.state.layers == ()


def test_a_folder_opens_what_is_in_it(session, loads, file, tmp_path):
    file("one.city.json"), file("two.city.json")
    (tmp_path / "notes.txt").write_text("no")
    assert len(session.run("file.open", paths=[str(tmp_path)])) == 2
    assert {load.path.name for load in loads} == {"one.city.json", "two.city.json"}
    empty = tmp_path / "empty"
    empty.mkdir()
    assert session.run("file.open", paths=[str(empty)]) == ()
    assert "empty" in texts(session)[-1]


def test_the_same_file_again_is_shown_not_doubled(session, loads, file, family, tmp_path):
    path = file()
    session.run("file.open", paths=[str(path)])
    assert session.run("file.open", paths=[str(tmp_path / "x" / ".." / path.name)]) == ()
    assert "being opened already" in texts(session)[-1]
    loads[0].succeed(family)
    session.poll()
    session.run("view.zoom", steps=5)
    assert session.run("file.open", paths=[str(path)]) == ()
    assert "is open already" in texts(session)[-1] and len(session.document.state.layers) == 1
    assert session.camera.target == pytest.approx(navigation.default_view(outline_of(family), session.aspect).target)


def test_a_large_city_is_measured_before_its_window_asks(monkeypatch, session, loads, file, family):
    monkeypatch.setattr("viewer.session.opening.LARGE", 1)
    session.viewport = SimpleNamespace(size_px=(400, 300))
    measured = []
    monkeypatch.setattr("viewer.analysis.bounds.measure_outline", measured.append)
    monkeypatch.setattr("viewer.analysis.bounds.measure_boxes", measured.append)
    session.run("file.open", paths=[str(file("a.city.json"))])
    loads[0].succeed(family)
    assert session.wait(60.0)
    assert session.document.cities and known_box(family, 0) is not None
    session.home()
    assert measured == []  # on this thread


def test_mixed_crs_is_said(session, loads, file, family):
    session.run("file.open", paths=[str(file("a.city.json"))])
    loads[0].succeed(family)
    session.poll()
    session.run("file.open", paths=[str(file("b.city.json"))])
    loads[1].succeed(replace(family, name="Linz", crs=replace(family.crs, name="EPSG:31258")))
    session.poll()
    message = session.messages[-1]
    assert message.severity is Severity.WARNING and "EPSG:31258" in message.text and "EPSG:7415" in message.text
    assert "convert the file to EPSG:7415 (with cjio: “crs_reproject 7415”)" in message.detail
    assert session.document.state.crs == "EPSG:7415" and len(session.document.state.layers) == 2


def test_unknown_crs_is_no_mixture(session, loads, file, family):
    for n, name in enumerate(["a.city.json", "b.city.json"]):
        session.run("file.open", paths=[str(file(name))])
        loads[n].succeed(family if n == 0 else replace(family, crs=replace(family.crs, name=None)))
        session.poll()
    assert not any("coordinates" in text for text in texts(session))


def test_the_view_goes_to_the_first_layer_that_can_be_seen(session, loads, file, family, small_city):
    session.run("file.open", paths=[str(file("empty.city.json"))])
    loads[0].succeed(small_city([]))
    session.poll()
    session.run("file.open", paths=[str(file("town.city.json"))])
    loads[1].succeed(family)
    session.poll()
    assert session.camera == navigation.default_view(outline_of(family), session.aspect)


def test_cancelling_a_load(session, loads, file):
    (job,) = session.run("file.open", paths=[str(file())])
    session.jobs.cancel(job)
    assert texts(session) == ["Opening a.city.json was cancelled."]
    session.poll()
    assert session.document.state.layers == ()
    assert len(session.run("file.open", paths=[str(file())])) == 1, "it can be opened again"


def test_a_load_that_ends_after_file_new_is_dropped(session, loads, file, family):
    session.run("file.open", paths=[str(file())])
    loads[0].succeed(family)
    session.run("file.new")
    session.poll()
    assert session.document.state.layers == () and session.messages == []


def test_settings_reach_the_loader(session, loads, file):
    session.settings.set("load_processes", 2)
    session.settings.set("cache_gib", 0)
    session.run("file.open", paths=[str(file())])
    assert loads[0].options.processes == 2 and loads[0].cache is None
    session.settings.set("cache_gib", 1.5)
    assert session.cache().max_bytes == int(1.5 * 2**30)


# --- projects ------------------------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path, file):
    path = tmp_path / "town.citiverse"
    layers = (
        LayerState("x", "Old centre", str(file("old.city.json")), style=Style("height")),
        LayerState("y", "Gone", str(tmp_path / "gone.city.json")),
    )
    camera = Camera((85000.0, 446900.0, 80.0), (85000.0, 447000.0, 0.0))
    save_project(DocumentState("Plan", "EPSG:7415", layers), path, camera=camera)
    return path


def test_opening_a_project(town, loads, project, family):
    town.run("file.open", paths=[str(project)])
    state = town.document.state
    assert (state.title, [layer.name for layer in state.layers]) == ("Plan", ["Old centre", "Gone"])
    assert town.document.path == project and not town.document.dirty and not town.document.can_undo
    assert town.camera.position == (85000.0, 446900.0, 80.0)
    assert "Gone" in texts(town)[-1] and town.messages[-1].severity is Severity.WARNING
    assert [load.path.name for load in loads] == ["old.city.json"]
    loads[0].succeed(family)
    town.poll()
    assert town.document.cities.keys() == {"x"} and not town.document.dirty and not town.document.can_undo
    assert town.camera.position == (85000.0, 446900.0, 80.0)
    assert town.settings.recent[0] == str(project)


def test_a_project_without_camera_shows_everything_when_loaded(session, loads, project, family):
    raw = json.loads(project.read_text())
    del raw["camera"]
    project.write_text(json.dumps(raw))
    session.run("file.open_project", path=str(project))
    loads[0].succeed(family)
    session.poll()
    assert session.camera == navigation.default_view(outline_of(family), session.aspect)


def test_a_broken_project_leaves_everything(town, project):
    project.write_bytes(b"{")
    before = town.document.state
    with pytest.raises(LoadError):
        town.run("file.open_project", path=str(project))
    town.run("file.open", paths=[str(project)])
    assert town.document.state is before and town.messages[-1].severity is Severity.ERROR


def test_a_layer_of_a_project_that_fails_stays_and_can_be_found_again(session, loads, project, file, family):
    session.run("file.open_project", path=str(project))
    loads[0].fail()
    session.poll()
    assert [layer.id for layer in session.document.state.layers] == ["x", "y"]
    with pytest.raises(CommandError, match="There is no file"):
        session.run("layer.relink", layer_id="y", path="/nowhere.json")
    found = file("found.city.json")
    session.run("layer.relink", layer_id="y", path=str(found))
    loads[1].succeed(family)
    session.poll()
    assert session.document.cities.keys() == {"y"} and session.document.state.layer("y").path == str(found)
    assert session.document.undo_label == "Find Gone"


def test_a_layer_removed_while_it_loads(session, loads, project, family):
    session.run("file.open_project", path=str(project))
    session.run("layer.remove", layer_id="x")
    loads[0].succeed(family)
    session.poll()
    assert session.document.cities.keys() == {"x"}, "undo can bring it back"
    session.run("edit.undo")
    assert session.document.state.layer("x").name == "Old centre"


def test_saving(town, tmp_path):
    with pytest.raises(CommandError, match="Save as"):
        town.run("file.save")
    path = town.run("file.save_as", path=str(tmp_path / "plan"))
    assert path == tmp_path / "plan.citiverse" and town.document.path == path and not town.document.dirty
    town.run("legend.set_visible", visible=False)
    assert town.document.dirty
    town.run("file.save")
    assert not town.document.dirty and json.loads(path.read_text())["show_legend"] is False
    assert json.loads(path.read_text())["camera"]["position"] == list(town.camera.position)
    assert town.settings.recent[0] == str(path)


def test_a_save_that_fails_is_told(town, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match="cannot be saved"):
        town.run("file.save_as", path=str(tmp_path / "file" / "plan.citiverse"))
    assert town.document.dirty and town.document.path is None


def test_unknown_members_survive_opening_and_saving(session, loads, project):
    raw = json.loads(project.read_text())
    raw["tour"] = [1, 2]
    project.write_text(json.dumps(raw))
    session.run("file.open_project", path=str(project))
    session.run("file.save")
    assert json.loads(project.read_text())["tour"] == [1, 2]
    session.run("file.new")
    session.run("file.save_as", path=str(project))
    assert "tour" not in json.loads(project.read_text())


def test_a_new_project_has_the_users_quality(town):
    town.settings.set("quality", "high")
    town.run("file.new")
    assert town.document.state == DocumentState(quality="high") and not town.document.dirty
    assert not town.enabled("view.back")


def test_the_demo_opens_as_a_project_of_its_own(session, loads, monkeypatch, family, file):
    from viewer.session import file_commands

    state = DocumentState("Demo", None, (LayerState("d", "Demo", str(file("demo.city.json"))),))
    monkeypatch.setattr(file_commands, "demo_state", lambda: state)
    monkeypatch.setattr(file_commands, "demo_missing", lambda: None)
    session.run("demo.open")
    assert session.jobs.wait(10, until=lambda: bool(loads))
    loads[0].succeed(family)
    session.poll()
    assert session.document.state == state and not session.document.dirty and "d" in session.document.cities


def test_the_demo_is_added_to_open_layers(town, loads, monkeypatch, family, file):
    from viewer.session import file_commands

    state = DocumentState("Demo", None, (LayerState("d", "Demo", str(file("demo.city.json"))),))
    monkeypatch.setattr(file_commands, "demo_state", lambda: state)
    monkeypatch.setattr(file_commands, "demo_missing", lambda: None)
    town.run("demo.open")
    assert town.jobs.wait(10, until=lambda: bool(loads))
    loads[0].succeed(family)
    town.poll()
    assert len(town.document.state.layers) == 2 and town.document.state.title == "Untitled"


def test_the_demos_scenarios_are_computed_while_one_looks_at_the_town(session, loads, monkeypatch, family, tmp_path):
    from viewer.demo import files
    from viewer.demo.scenarios import INDEX
    from viewer.session import file_commands

    place = files.files_in(tmp_path / "town")
    place.scenarios.mkdir(parents=True)
    place.city.write_text("{}")
    state = DocumentState("Demo", None, (LayerState("d", "Demo", str(place.city)),))
    monkeypatch.setattr(file_commands, "demo_state", lambda: state)
    monkeypatch.setattr(file_commands, "demo_missing", lambda: None)
    monkeypatch.setattr(files, "demo_folder", lambda: tmp_path / "town")

    class Computed(Job):
        lane = Lane.QUICK

        def __init__(self, folder, on_done, on_error, title):
            super().__init__(title, "demo")
            self.folder, self.on_done = folder, on_done

        def start(self, threads):
            pass

        def cancel(self):
            pass

        def poll(self):
            return bool(session.document.cities)

        def deliver(self):
            (place.scenarios / "tide").mkdir()
            (place.scenarios / "tide" / "scenario.json").write_text("{}")
            (place.scenarios / INDEX).write_text('[{"id": "tide", "name": "Storm tide"}]')
            self.on_done()

    monkeypatch.setattr(file_commands, "DemoJob", Computed)
    session.run("demo.open")
    assert session.jobs.wait(10, until=lambda: bool(loads))
    loads[0].succeed(family)
    assert session.jobs.wait(10, until=lambda: len(loads) > 1)
    now = session.document.state
    assert [item.id for item in now.scenarios] == ["tide"] and now.tours[-1].name == "What may come"
    assert {step.viewpoint for step in now.tours[-1].steps} <= {view.name for view in now.viewpoints}
    assert loads[1].path == place.scenarios / "tide" / "scenario.json" and "1 scenario" in texts(session)[-1]
    session.run("edit.undo")
    assert not session.document.state.scenarios and session.document.state.layers


def test_a_demo_that_cannot_be_made_is_told(session, monkeypatch):
    from viewer.session import file_commands

    def full():
        raise OSError("disk full")

    monkeypatch.setattr(file_commands, "demo_state", full)
    monkeypatch.setattr(file_commands, "demo_missing", lambda: None)
    session.run("demo.open")
    assert session.wait(60)
    assert "disk full" in texts(session)[-1]


def test_a_real_file_through_the_real_worker(session, tmp_path):
    path = tmp_path / "cube.city.json"
    ring = [[[0, 1, 2, 3]]]
    path.write_text(
        json.dumps(
            {
                "type": "CityJSON",
                "version": "2.0",
                "transform": {"scale": [1, 1, 1], "translate": [85000, 447000, 0]},
                "vertices": [[0, 0, 0], [10, 0, 0], [10, 10, 0], [0, 10, 0]],
                "CityObjects": {
                    "b": {
                        "type": "Building",
                        "attributes": {"height": 3},
                        "geometry": [{"type": "MultiSurface", "lod": "1", "boundaries": ring}],
                    }
                },
            }
        )
    )
    session.run("file.open", paths=[str(path)])
    assert session.jobs.wait(60)
    (layer,) = session.document.state.layers
    city = session.document.cities[layer.id]
    assert city.objects.ids.to_list() == ["b"] and city.objects.columns["height"].get(0) == 3
    session.run("style.color_by", layer_id=layer.id, attribute="height")


def test_a_file_with_nothing_to_draw_says_why(session, loads, file, small_city):
    session.run("file.open", paths=[str(file("empty.city.json"))])
    reason = Issue(Severity.WARNING, NOTHING_TO_DRAW, "None of its 2 objects can be drawn: they have no geometry.", 2)
    loads[0].succeed(small_city([]), issues=(reason, Issue(Severity.WARNING, "missing-crs", "No CRS.")))
    session.poll()
    (message,) = session.messages
    assert message.severity is Severity.WARNING
    assert "can be drawn: they have no geometry. 1 other thing to know: open the load report." in message.text


def test_layers_in_the_order_of_the_paths(session, loads, file, family):
    """A command line must give the same layers and CRS every time, whichever file is read first."""
    session.opening.in_order = True
    names = ["a.city.json", "broken.city.json", "c.city.json"]
    session.run("file.open", paths=[str(file(name)) for name in names])
    loads[2].succeed(replace(family, name="C", crs=replace(family.crs, name="EPSG:31258")))
    session.poll()
    assert session.document.state.layers == ()
    loads[1].fail()
    session.poll()
    assert session.messages == []
    loads[0].succeed(replace(family, name="A"))
    assert session.wait(60.0)
    assert [layer.name for layer in session.document.state.layers] == ["A", "C"]
    assert session.document.state.crs == "EPSG:7415"
    assert any("broken.city.json" in text for text in texts(session))
