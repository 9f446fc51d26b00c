"""A planner's hour with the real window, from the start page to a saved project."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QImage
from PySide6.QtTest import QTest

from viewer.analysis.legend import count_text
from viewer.session.registry import COMMANDS

pytestmark = pytest.mark.gui


@pytest.fixture
def town(person: Any) -> Any:
    """A person who has opened the demo town."""
    start = person.window.stage.start
    assert start.isVisible() and not person.window.docks["layers"].isVisible()
    person.qtbot.mouseClick(start.demo, Qt.MouseButton.LeftButton)
    person.wait_for_layers(1)
    assert not start.isVisible() and person.window.docks["layers"].isVisible()
    return person


def _city(person: Any) -> Any:
    document = person.window.session.document
    return document.cities[document.state.layers[-1].id]


def _hue(rgb: Any) -> np.ndarray:
    """Colour without brightness, so that light and shade do not matter."""
    values = np.asarray(rgb, float)
    return values / max(np.linalg.norm(values), 1e-9)


def test_from_click_to_legend_and_back(town: Any, tmp_path: Path) -> None:
    window, city = town.window, _city(town)
    before, state = town.picture(), town.state
    row = town.row_of_building()
    town.click(town.pixel_of(row))
    assert town.state.selection.ids == (city.objects.ids[row],)
    shown = town.attributes()
    for name, value in city.objects.attributes_of(row).items():
        if isinstance(value, str):
            assert shown[name] == value
    assert window.inspector._id.full_text() == city.objects.ids[row]

    QTest.keyClick(window.canvas, Qt.Key.Key_Escape)
    town.color_by("function")
    _colour_matches_legend(town, row)

    layer = town.state.layers[-1].id
    field = window.style_panel.filter
    field.selectAll()
    QTest.keyClicks(field, f'function = "{city.objects.attributes_of(row)["function"]}"')
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert town.state.layer(layer).filter
    values = {r: city.objects.attributes_of(r).get("function") for r in np.unique(town.ids()).tolist() if r >= 0}
    assert set(values.values()) == {city.objects.attributes_of(row)["function"]}
    assert window.style_panel.shown.text() == f"{count_text(_shown(town))} of {count_text(city.drawable)} shown"

    town.click(town.pixel_of(row))
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_H)
    assert row not in town.ids()

    while (window.session.document.can_undo and town.state.layers == state.layers) or town.state != state:
        assert window.session.document.can_undo
        window.actions_.by_command["edit.undo"].trigger()
        if town.state == state:
            break
    town.settle()
    np.testing.assert_array_equal(town.picture(), before)


def _shown(person: Any) -> int:
    from viewer.render.resolve import resolve

    look = resolve(person.window.session.document, person.window.session.camera).layers[-1]
    return int(np.count_nonzero(look.texels[:, 3] & 15))


def _colour_matches_legend(person: Any, row: int) -> None:
    """The pixel of an object has the hue of its own legend entry, and of no other."""
    overlay, city = person.window.stage.legend, _city(person)
    assert overlay.isVisible()
    value = city.objects.attributes_of(row)["function"]
    entries = {entry.label: entry.rgb for entry in overlay.legend.entries}
    assert value in entries
    x, y = person.pixel_of(row)
    pixel = person.picture()[y, x]
    distances = {label: float(np.linalg.norm(_hue(pixel) - _hue(rgb))) for label, rgb in entries.items()}
    assert min(distances, key=distances.__getitem__) == value, (pixel, distances)
    assert distances[value] < 0.12


def test_project_brings_the_same_picture_back(town: Any, tmp_path: Path) -> None:
    window = town.window
    row = town.row_of_building()
    town.color_by("measuredHeight")
    town.click(town.pixel_of(row))
    QTest.keyClick(window.canvas, Qt.Key.Key_Escape)
    window.session.run("view.orbit", dx=120.0, dy=-30.0)
    town.settle()
    before = town.picture()
    assert window.width() == 1280
    town.path = str(tmp_path / "plan")
    window.actions_.by_command["file.save_here"].trigger()
    assert (tmp_path / "plan.citiverse").exists() and not window.isWindowModified()

    window.actions_.by_command["file.start_over"].trigger()
    assert window.stage.start.isVisible() and not town.state.layers
    assert window.stage.start._newest.path.name == "plan.citiverse"
    town.qtbot.mouseClick(window.stage.start.last, Qt.MouseButton.LeftButton)
    town.wait_for_layers(1)
    assert town.state.layers[-1].style.color_by == "measuredHeight"
    assert window.width() == 1280
    np.testing.assert_array_equal(town.picture(), before)


def test_broken_file_leaves_the_scene(town: Any, tmp_path: Path) -> None:
    before, layers = town.picture(), town.state.layers
    broken = tmp_path / "broken.city.json"
    broken.write_text('{"type": "CityJSON", "version": "2.0", "CityObjects": {')
    town.drop(broken)
    town.wait(lambda: any("broken.city.json" in text for _, text in town.said))
    severity, text = next(pair for pair in town.said if "broken.city.json" in pair[1])
    assert severity == "error" and "Traceback" not in text and "\n" not in text
    assert any("broken.city.json" in toast.text for toast in town.window.stage.toasts.toasts)
    assert town.state.layers == layers
    np.testing.assert_array_equal(town.picture(), before)


def test_dropped_file_becomes_a_layer(person: Any, tmp_path: Path) -> None:
    path = tmp_path / "one.city.json"
    path.write_text(json.dumps(_one_house()))
    person.drop(path)
    person.wait_for_layers(1)
    assert [layer.name for layer in person.state.layers]
    assert (person.ids() == 0).sum() > 100
    assert "missing-crs" in person.window.session.document.reports[person.state.layers[-1].id].issues[0].kind
    person.window.shell.run("layer.show_report", layer_id=person.state.layers[-1].id)
    assert person.window.docks["report"].isVisible()
    assert person.window.report._tree.topLevelItemCount() >= 1


def _one_house() -> dict[str, Any]:
    ring = [[0, 0, 0], [9, 0, 0], [9, 9, 0], [0, 9, 0], [0, 0, 6], [9, 0, 6], [9, 9, 6], [0, 9, 6]]
    faces = [[[0, 3, 2, 1]], [[4, 5, 6, 7]], [[0, 1, 5, 4]], [[1, 2, 6, 5]], [[2, 3, 7, 6]], [[3, 0, 4, 7]]]
    house = {"type": "Building", "geometry": [{"type": "Solid", "lod": "2", "boundaries": [faces]}]}
    return {
        "type": "CityJSON",
        "version": "2.0",
        "transform": {"scale": [1.0, 1.0, 1.0], "translate": [0.0, 0.0, 0.0]},
        "CityObjects": {"家屋": house},
        "vertices": ring,
    }


def test_load_can_be_cancelled(person: Any, data_file: Any) -> None:
    path = data_file("cityjson")
    largest = max((p for p in path.rglob("*.json*") if p.is_file()), key=lambda p: p.stat().st_size)
    person.window.files.open([largest])
    rows = person.window.stage.start.jobs.rows
    person.wait(lambda: bool(rows) or not person.window.session.jobs.active)
    assert rows, "the job is not shown"
    person.qtbot.mouseClick(next(iter(rows.values())).stop, Qt.MouseButton.LeftButton)
    person.wait(lambda: person.window.session.jobs.idle)
    assert not person.state.layers and person.window.stage.start.isVisible()
    assert any("cancelled" in text for _, text in person.said)
    assert not person.window._poll.isActive()


def test_panels_float_and_return_without_harm(town: Any) -> None:
    before = town.picture()
    dock = town.window.docks["inspector"]
    for _ in range(2):
        dock.setFloating(True)
        town.qtbot.waitExposed(dock)
        dock.setFloating(False)
        town.qtbot.wait(50)
    town.window.shell.run("window.reset_layout")
    town.settle()
    row = town.row_of_building()
    town.click(town.pixel_of(row))
    assert town.attributes()
    assert town.window.canvas.scene is not None and before.any()


def test_layout_is_remembered_and_reset(town: Any) -> None:
    window = town.window
    window.show_panel("viewpoints", False)
    window.show_panel("report", True)
    window.actions_.by_command["file.start_over"].trigger()
    assert not window.docks["report"].isVisible()
    town.qtbot.mouseClick(window.stage.start.demo, Qt.MouseButton.LeftButton)
    town.wait_for_layers(1)
    assert window.docks["report"].isVisible() and not window.docks["viewpoints"].isVisible()
    window.actions_.by_command["window.reset_layout"].trigger()
    assert not window.docks["report"].isVisible() and window.docks["viewpoints"].isVisible()


def test_the_picture_has_the_window_until_panels_are_wanted_again(town: Any) -> None:
    window = town.window
    names = [name for name, dock in window.docks.items() if not dock.isHidden()]
    width = window.canvas.width()
    window.actions_.by_command["window.toggle_panels"].trigger()
    assert all(dock.isHidden() for dock in window.docks.values())
    town.qtbot.waitUntil(lambda: window.canvas.width() > width + 400)
    window.actions_.by_command["window.toggle_panels"].trigger()
    assert [name for name, dock in window.docks.items() if not dock.isHidden()] == names
    town.qtbot.waitUntil(lambda: window.canvas.width() == width)


def test_a_small_window_has_one_stack_of_panels_on_a_side(town: Any) -> None:
    window = town.window
    for size, stacked in (((1240, 740), True), ((1500, 950), False)):
        window.resize(*size)
        window.shell.run("window.reset_layout")
        docks = window.docks
        assert (docks["light"] in window.tabifiedDockWidgets(docks["layers"])) == stacked
        assert (docks["tours"] in window.tabifiedDockWidgets(docks["inspector"])) == stacked
    window.resize(1240, 740)
    window.shell.run("window.reset_layout")
    window.docks["viewpoints"].raise_()
    town.settle()
    town.click(town.pixel_of(town.row_of_building()))
    town.qtbot.waitUntil(lambda: not window.docks["inspector"].visibleRegion().isEmpty())


def test_theme_switch_repaints_panels_and_leaves_the_picture(town: Any) -> None:
    before = town.picture()
    town.window.shell.run("window.set_theme", theme="dark")
    dark = town.window.layers.grab().toImage()
    town.window.shell.run("window.set_theme", theme="light")
    light = town.window.layers.grab().toImage()
    middle = dark.rect().bottomLeft()
    assert dark.pixelColor(middle).lightness() < 80 < 200 < light.pixelColor(middle).lightness()
    np.testing.assert_array_equal(town.picture(), before)
    assert town.window.session.settings.get("theme") == "light"


def test_exported_picture_has_the_legend_on_it(town: Any, tmp_path: Path) -> None:
    town.color_by("function")
    town.path = str(tmp_path / "view")
    town.window.actions_.by_command["file.export_picture"].trigger()
    image = QImage(str(tmp_path / "view.png"))
    width, height = town.window.canvas.size_px
    assert (image.width(), image.height()) == (width, height)
    overlay = town.window.stage.legend
    entry, rect = overlay.swatches()[0]
    at = (overlay.pos() + rect.center().toPoint()) * town.window.canvas.devicePixelRatioF()
    assert image.pixelColor(at).getRgb()[:3] == entry.rgb


def test_status_bar_tells_where_the_pointer_is(town: Any) -> None:
    from PySide6.QtCore import QPoint

    row = town.row_of_building()
    x, y = town.pixel_of(row)
    ratio = town.window.canvas.devicePixelRatioF()
    town.qtbot.mouseMove(town.window.canvas, QPoint(int(x / ratio), int(y / ratio)))
    town.wait(lambda: "height" in town.window.status.position.text())
    numbers = town.window.status.position.text().replace(" ", "").replace("height", ",").replace("m", "").split(",")
    box = _city(town).bbox
    assert box[0] <= float(numbers[0]) <= box[3] and box[1] <= float(numbers[1]) <= box[4]
    assert "EPSG:7415" in town.window.status.crs.text()


def test_nothing_left_to_see_offers_the_way_back(town: Any) -> None:
    layer = town.state.layers[-1].id
    for other in town.state.layers[:-1]:
        town.window.session.run("layer.set_visible", layer_id=other.id, visible=False)
    town.window.session.run("filter.set", layer_id=layer, expression='id = "nobody"')
    hint = town.window.stage.hint
    assert hint.isVisible() and "filtered" in hint.text.text()
    town.qtbot.mouseClick(hint.button, Qt.MouseButton.LeftButton)
    assert not hint.isVisible() and town.state.layer(layer).filter is None


def test_every_action_names_a_command(town: Any) -> None:
    window = town.window
    actions = [a for a in window.findChildren(QAction) if a.property("command")]
    assert len(actions) > 35
    for act in actions:
        assert act.property("command") in COMMANDS, act.text()
    bare = [a.text() for a in window.toolbar.actions() if not a.isSeparator() and not a.property("command")]
    assert bare == []


def test_shortcuts_are_unambiguous(town: Any) -> None:
    seen: dict[str, str] = {}
    for name, act in town.window.actions_.by_command.items():
        for keys in act.shortcuts():
            text = keys.toString()
            assert text not in seen, f"{text} is {seen.get(text)} and {name}"
            seen[text] = name


def test_palette_runs_what_it_offers(town: Any) -> None:
    window = town.window
    QTest.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    town.wait(window.palette_sheet.isVisible)
    QTest.keyClicks(window.palette_sheet.field, "colour by measuredheight")
    assert window.palette_sheet.titles()[0] == "Colour by measuredHeight"
    QTest.keyClick(window.palette_sheet.field, Qt.Key.Key_Return)
    assert town.state.layers[-1].style.color_by == "measuredHeight"
    assert not window.palette_sheet.isVisible()


def test_unsaved_work_is_asked_for(town: Any) -> None:
    town.window.session.run("viewpoint.add", name="kept")
    town.answer = "cancel"
    assert not town.window.close()
    assert town.window.isVisible()
    town.answer = "discard"
    assert town.window.close()


def test_unsaved_work_of_a_crashed_run_is_offered(person: Any, tmp_path: Path) -> None:
    from PySide6.QtWidgets import QPushButton

    from viewer.document.document import Document
    from viewer.document.state import LayerState
    from viewer.session.recovery import Autosaver, recoverable
    from viewer.settings.folders import folders

    path = tmp_path / "one.city.json"
    path.write_text(json.dumps(_one_house()))
    lost = Document()
    with lost.change("Open") as edit:
        edit.state = replace(lost.state, title="Harbour", layers=(LayerState("a", "House", str(path)),))
    saver = Autosaver(folders().state / "recovery")
    saver.tick(lost, person.window.session.camera, 0)
    saver.tick(lost, person.window.session.camera, 0)
    saver.finish()
    saver._lock.close()  # as the end of the process does
    assert len(recoverable()) == 1

    person.window.offer_recovery()
    toast = next(t for t in person.window.stage.toasts.toasts if "Harbour" in t.text)
    button = next(b for b in toast.findChildren(QPushButton) if b.text() == "Open it")
    person.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    person.wait_for_layers(1)
    assert [layer.name for layer in person.state.layers] == ["House"]
    assert person.window.isWindowModified() and recoverable() == ()
