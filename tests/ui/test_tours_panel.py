"""Viewpoints with pictures, the tour editor, the play bar over the picture, the recording sheet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPixmap
from PySide6.QtWidgets import QApplication, QWidget

from viewer.document.state import Camera, ScenarioView
from viewer.ui.desktop.panels.tours import ToursPanel
from viewer.ui.desktop.panels.viewpoints import ViewpointsPanel
from viewer.ui.desktop.play_bar import PlayBar
from viewer.ui.desktop.record_sheet import RecordSheet
from viewer.ui.desktop.thumbnails import Thumbnails
from viewer.ui.widgets.picture_list import CAPTION_ROLE, PICTURE_ROLE

AddLayer = Callable[..., str]
A = Camera((0.0, -40.0, 30.0), (5.0, 0.0, 0.0))
B = Camera((40.0, 0.0, 30.0), (5.0, 0.0, 0.0))


class FakeCanvas(QWidget):
    """A canvas without a picture: what play bar and thumbnails need."""

    drawn = Signal()
    settled = True
    needs_no_picture = False


@pytest.fixture
def views(shell: Any, add_layer: AddLayer) -> Any:
    """A session with two viewpoints and a tour of them; nothing flies."""
    add_layer()
    session = shell.session
    session.settings.set("reduce_motion", True)
    for name, camera in (("A", A), ("B", B)):
        session.move_camera(camera)
        session.run("viewpoint.add", name=name)
    session.run("tour.add", name="T", viewpoints=("A", "B"))
    return session


@pytest.fixture
def stage(qtbot: Any, shell: Any) -> Any:
    host = QWidget()
    qtbot.addWidget(host)
    host.resize(900, 600)
    canvas = FakeCanvas(host)
    canvas.setGeometry(host.rect())
    bar = PlayBar(shell, canvas, host)  # type: ignore[arg-type]
    host.show()
    canvas.setFocus()
    yield bar, canvas, host
    bar.shut_down()


def press(canvas: QWidget, key: Qt.Key, text: str = "") -> bool:
    event = QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier, text)
    return QApplication.sendEvent(canvas, event) and event.isAccepted()


def test_viewpoints_have_pictures_numbers_and_an_order(qtbot: Any, shell: Any, views: Any) -> None:
    panel = ViewpointsPanel(shell)
    canvas = FakeCanvas()
    qtbot.addWidget(panel)
    qtbot.addWidget(canvas)
    thumbnails = Thumbnails(shell, canvas)  # type: ignore[arg-type]
    panel.show_thumbnails(thumbnails)
    canvas.resize(400, 300)
    canvas.show()
    panel.show()
    assert panel.list.item(1).data(PICTURE_ROLE) is None
    canvas.drawn.emit()  # the camera stands at B
    qtbot.waitUntil(lambda: isinstance(panel.list.item(1).data(PICTURE_ROLE), QPixmap))
    assert panel.list.item(0).data(PICTURE_ROLE) is None
    views.run("viewpoint.rename", name="B", new_name="Bridge")
    assert isinstance(panel.list.item(1).data(PICTURE_ROLE), QPixmap)
    panel.list.moved.emit(1, 0)
    qtbot.waitUntil(lambda: [v.name for v in views.document.state.viewpoints] == ["Bridge", "A"])
    panel.list.setCurrentRow(0)
    qtbot.keyClick(panel.list, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: [v.name for v in views.document.state.viewpoints] == ["A", "Bridge"])
    views.move_camera(A)
    panel.list.setCurrentRow(1)
    qtbot.mouseClick(panel.update_, Qt.MouseButton.LeftButton)
    assert views.document.state.viewpoints[1].camera == A
    views.run("viewpoint.keep", name="A", light=True)
    assert "light" in panel.list.item(0).data(CAPTION_ROLE)


def test_a_tour_is_edited(qtbot: Any, shell: Any, views: Any) -> None:
    panel = ToursPanel(shell)
    qtbot.addWidget(panel)
    panel.show()
    assert panel.list.count() == 2 and not panel.editor.isVisible()
    panel.list.setCurrentRow(1)
    assert panel.editor.isVisible() and panel.transition.value == "fly"
    qtbot.mouseClick(panel.transition.buttons["cut"], Qt.MouseButton.LeftButton)
    panel.dwell.setValue(7.5)
    panel.language.setCurrentText("en")
    panel.text.setPlainText("The bridge")
    step = views.document.state.tours[0].steps[1]
    assert (step.transition, step.dwell, step.texts) == ("cut", 7.5, (("en", "The bridge"),))
    panel.language.setCurrentText("de")
    assert panel.text.toPlainText() == ""
    assert "Cut, 7.5 s" in panel.list.item(1).data(CAPTION_ROLE)
    panel.list.moved.emit(1, 0)
    qtbot.waitUntil(lambda: views.document.state.tours[0].steps[0].viewpoint == "B")
    views.move_camera(Camera((9.0, 9.0, 9.0), (0.0, 0.0, 0.0)))
    labels = len(views.document.undo_labels)
    qtbot.mouseClick(panel.add_view, Qt.MouseButton.LeftButton)
    assert len(views.document.state.viewpoints) == 3 and len(views.document.state.tours[0].steps) == 3
    assert len(views.document.undo_labels) == labels + 1
    qtbot.mouseClick(panel.remove_step, Qt.MouseButton.LeftButton)
    assert len(views.document.state.tours[0].steps) == 2
    qtbot.mouseClick(panel.new, Qt.MouseButton.LeftButton)
    assert panel.name == "Tour 1" and panel.list.count() == 3
    views.run("tour.remove", name="Tour 1")
    views.run("tour.remove", name="T")
    assert panel.tour is None and not panel.list.isVisible()


def test_a_path_is_recorded_and_becomes_a_step(qtbot: Any, shell: Any, views: Any) -> None:
    panel = ToursPanel(shell)
    qtbot.addWidget(panel)
    panel.show()
    qtbot.mouseClick(panel.record, Qt.MouseButton.LeftButton)
    assert views.path_recorder.recording and panel.record.isChecked()
    for n in range(6):
        qtbot.wait(55)
        views.move_camera(Camera((float(n), -40.0, 30.0), (5.0, 0.0, 0.0)))
        views.poll()
    qtbot.mouseClick(panel.record, Qt.MouseButton.LeftButton)
    assert not views.path_recorder.recording and views.document.state.paths[0].seconds > 0.1
    assert views.document.state.tours[0].steps[-1].path == "Path 1"


def test_the_play_bar_tells_and_steers(qtbot: Any, shell: Any, views: Any, stage: Any) -> None:
    bar, canvas, host = stage
    for step in (0, 1):
        views.run("tour.set_step", name="T", step=step, dwell=30.0)
    views.run("tour.set_step_text", name="T", step=0, text="Nine boxes\nin a row", language="en")
    assert not bar.isVisible()
    views.run("tour.play", name="T")
    assert bar.isVisible() and bar.card.isVisible() and bar.card.text.text() == "Nine boxes\nin a row"
    assert bar.title.full_text() == "A" and bar.where.text().startswith("1 / 2")
    assert bar.geometry().bottom() < host.height() and bar.card.geometry().bottom() < bar.geometry().top()
    qtbot.waitUntil(lambda: views.player.at > 1.2)  # the bar lets time pass
    assert press(canvas, Qt.Key.Key_Space, " ") and not views.player.playing
    assert press(canvas, Qt.Key.Key_Right) and bar.title.full_text() == "B" and not bar.card.isVisible()
    assert press(canvas, Qt.Key.Key_Left) and bar.title.full_text() == "A"
    parts = bar.progress._parts()
    qtbot.mouseClick(bar.progress, Qt.MouseButton.LeftButton, pos=parts[1].center().toPoint())
    assert bar.title.full_text() == "B"
    qtbot.mouseClick(bar.loop, Qt.MouseButton.LeftButton)
    assert views.player.loop
    assert press(canvas, Qt.Key.Key_Escape) and not bar.isVisible() and not views.player.active
    assert not press(canvas, Qt.Key.Key_Space, " "), "the key is the picture's again"


def test_numbers_are_keys_of_viewpoints(qtbot: Any, shell: Any, views: Any, stage: Any) -> None:
    _, canvas, _ = stage
    assert press(canvas, Qt.Key.Key_1, "1") and views.camera == A
    assert press(canvas, Qt.Key.Key_2, "2") and views.camera == B
    assert not press(canvas, Qt.Key.Key_3, "3") and views.camera == B


def test_the_old_picture_fades(qtbot: Any, shell: Any, views: Any, stage: Any) -> None:
    bar, _, _ = stage
    bar.fade.begin(0.1)
    assert bar.fade.isVisible()
    qtbot.waitUntil(lambda: not bar.fade.isVisible())


def test_the_recording_sheet_says_what_it_will_take(qtbot: Any, shell: Any, views: Any) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    sheet = RecordSheet(shell, host, "T", None)
    assert "330 pictures" in sheet.facts.text()
    assert sheet.chosen == {"tour": "T", "width": 1920, "height": 1080, "fps": 30, "quality": "normal"}
    sheet.rate.show_value("60")
    views.run("tour.add", name="Empty")
    other = RecordSheet(shell, host, "Empty", None)
    assert not other.ok.isEnabled()


def test_a_step_keeps_its_own_light_layers_scenarios_and_clock(qtbot: Any, shell: Any, views: Any) -> None:
    from dataclasses import replace

    from viewer.document.state import ScenarioState, ScenarioView

    with views.document.change("scenario") as edit:
        state = replace(edit.state, scenarios=(ScenarioState("flood", "Flood", "/none"),))
        edit.state = replace(state, scenario_view=ScenarioView(("flood",)))
    views.run("light.set_time", time="2026-06-21T18:00:00+02:00")
    panel = ToursPanel(shell)
    qtbot.addWidget(panel)
    panel.show()
    panel.list.setCurrentRow(1)
    look = panel.look
    assert look.speed.isVisible() and look.button.text() == "Looks as its viewpoint says"

    def choose(title: str) -> None:
        look.menu.aboutToShow.emit()
        next(act for act in look.menu.actions() if act.text().startswith(title)).trigger()

    for title in ("Keep the light", "Keep the layers", "Keep the scenarios"):
        choose(title)
    look.speed.setValue(30.0)
    step = views.document.state.tours[0].steps[1]
    assert step.time == "2026-06-21T18:00:00+02:00" and step.layers == {views.document.state.layers[0].id}
    assert step.scenario_view == ScenarioView(("flood",)) and step.clock_speed == 30.0
    assert look.button.text() == "Keeps light, layers, scenarios"
    assert "keeps light" in panel.list.item(1).data(CAPTION_ROLE)
    with views.document.change("none") as edit:
        edit.state = replace(edit.state, scenario_view=ScenarioView())
    look.speed.setValue(60.0)
    step = views.document.state.tours[0].steps[1]
    assert step.scenario_view == ScenarioView(("flood",)) and step.clock_speed == 60.0, "only the speed was changed"
    labels = len(views.document.undo_labels)
    choose("Look as the viewpoint")
    step = views.document.state.tours[0].steps[1]
    assert (step.time, step.layers, step.scenario_view, step.clock_speed) == (None, None, None, 0.0)
    assert len(views.document.undo_labels) == labels + 1 and look.speed.value() == 0.0


def test_a_viewpoint_keeps_scenarios_by_its_menu(qtbot: Any, shell: Any, views: Any) -> None:
    from dataclasses import replace

    from viewer.document.state import ScenarioState, ScenarioView

    panel = ViewpointsPanel(shell)
    qtbot.addWidget(panel)
    panel.show()
    panel.list.setCurrentRow(0)
    menu = panel.more.menu()
    menu.aboutToShow.emit()
    assert not [act for act in menu.actions() if "scenarios" in act.text()], "there is none to keep"
    with views.document.change("scenario") as edit:
        state = replace(edit.state, scenarios=(ScenarioState("flood", "Flood", "/none"),))
        edit.state = replace(state, scenario_view=ScenarioView(("flood",)))
    menu.aboutToShow.emit()
    next(act for act in menu.actions() if "scenarios" in act.text()).trigger()
    assert views.document.state.viewpoints[0].scenario_view == ScenarioView(("flood",))
    assert "scenarios" in panel.list.item(0).data(CAPTION_ROLE)


def test_a_picture_for_glasses_is_no_small_picture(qtbot: Any, shell: Any, views: Any) -> None:
    canvas = FakeCanvas()
    qtbot.addWidget(canvas)
    thumbnails = Thumbnails(shell, canvas)  # type: ignore[arg-type]
    canvas.resize(400, 300)
    canvas.show()
    views.run("view.set_stereo", mode="anaglyph")
    canvas.drawn.emit()
    qtbot.wait(30)
    assert thumbnails.of(B) is None
    views.run("view.set_stereo", mode="off")
    canvas.drawn.emit()
    qtbot.waitUntil(lambda: thumbnails.of(B) is not None)


def test_one_place_has_a_picture_for_each_of_its_scenarios(qtbot: Any, shell: Any, views: Any, tmp_path: Path) -> None:
    canvas = FakeCanvas()
    qtbot.addWidget(canvas)
    thumbnails = Thumbnails(shell, canvas)  # type: ignore[arg-type]
    flood = ScenarioView(("flood",))
    plain = views.document.state.viewpoints[0]
    both = plain, replace(plain, name="A, flood", scenario_view=flood)
    with views.document.change("Second look") as edit:
        edit.state = replace(edit.state, viewpoints=both)
    for number, color in enumerate(("#ff0000", "#0000ff")):
        picture = QPixmap(192, 108)
        picture.fill(color)
        assert picture.save(str(tmp_path / f"{number}.png"))
    assert thumbnails.lacking
    thumbnails.take(tmp_path, both)
    assert not thumbnails.lacking
    shown = [thumbnails.of(one.camera, one.scenario_view) for one in both]
    assert [picture.toImage().pixelColor(5, 5).name() for picture in shown] == ["#ff0000", "#0000ff"]


def test_a_picture_with_a_scenario_is_not_that_of_a_viewpoint_without(qtbot: Any, shell: Any, views: Any) -> None:
    canvas = FakeCanvas()
    qtbot.addWidget(canvas)
    thumbnails = Thumbnails(shell, canvas)  # type: ignore[arg-type]
    canvas.resize(400, 300)
    canvas.show()
    plain = views.document.state.scenario_view
    with views.document.change("Scenario") as edit:
        edit.state = replace(edit.state, scenario_view=ScenarioView(("flood",)))
    canvas.drawn.emit()
    qtbot.wait(30)
    assert thumbnails.of(B) is None
    with views.document.change("None") as edit:
        edit.state = replace(edit.state, scenario_view=plain)
    canvas.drawn.emit()
    qtbot.waitUntil(lambda: thumbnails.of(B) is not None)
