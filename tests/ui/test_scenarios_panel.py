"""The panel of scenarios says what is open and seen, and every control of it runs its command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QWidget

from viewer.analysis.object_values import class_text, object_values
from viewer.analysis.values_at import Spot, values_at
from viewer.jobs import JobStatus
from viewer.ui.desktop.compare_view import CompareView
from viewer.ui.desktop.panels.inspector import Inspector
from viewer.ui.desktop.panels.scenarios import ScenariosPanel
from viewer.ui.desktop.value_bubble import bubble_text

AddLayer = Callable[..., str]
kit = SimpleNamespace(**run_path(str(Path(__file__).with_name("scenario_kit.py"))))


@pytest.fixture
def panel(qtbot: Any, shell: Any) -> ScenariosPanel:
    made = ScenariosPanel(shell)
    qtbot.addWidget(made)
    made.resize(288, 800)
    made.show()
    return made


def view(shell: Any) -> Any:
    return shell.session.document.state.scenario_view


def choose(combo: QComboBox, value: str) -> None:
    index = combo.findData(value)
    assert index >= 0, value
    combo.setCurrentIndex(index)
    combo.activated.emit(index)


def test_without_scenarios_it_says_how_to_open_one(qtbot: Any, panel: ScenariosPanel) -> None:
    assert panel.empty.isVisible() and not panel.choices.isVisible()
    with qtbot.waitSignal(panel.open_wanted):
        panel.open_first.click()


def test_cards_tell_maker_badge_and_what_is_missing(
    qtbot: Any, panel: ScenariosPanel, shell: Any, add_layer: AddLayer
) -> None:
    add_layer()
    kit.put(shell.session, kit.flood())
    card = panel.cards["flood"]
    assert card.title.full_text() == "Flood" and card.fictional.isVisible()
    assert card.made_by.full_text() == "Water board · 2026-03-04"
    assert card.count.full_text() == "1 of 2 buildings and objects matched" and card.mark.isVisible()
    asked: list[tuple[str, dict[str, Any]]] = []
    shell.session.ui_requested.connect(lambda name, args: asked.append((name, args)))
    card.missing.click()
    assert asked == [("scenario.show_report", {"scenario_id": "flood"})]
    assert not card.show_it.isVisible() and card.source.accessibleName() == "Where does this come from?"


def test_a_comparison_is_built_by_clicks(qtbot: Any, panel: ScenariosPanel, shell: Any, add_layer: AddLayer) -> None:
    add_layer()
    kit.put(shell.session, kit.flood(), kit.flood("dike", baseline="flood"), shown=["flood"])
    assert panel.modes["single"].isChecked() and not panel.sides[1].isVisible() and not panel.swap.isVisible()
    qtbot.mouseClick(panel.cards["dike"].compare, Qt.MouseButton.LeftButton)
    assert (view(shell).shown, view(shell).mode) == (("flood", "dike"), "swipe")
    assert panel.cards["dike"].letter.text() == "B" and panel.sides[1].currentText() == "Dike"
    panel.swap.click()
    assert view(shell).shown == ("dike", "flood")
    for mode in ("split", "blend", "difference", "swipe"):
        panel.modes[mode].click()
        assert view(shell).mode == mode and panel.modes[mode].isChecked() and panel.meaning.text()
    choose(panel.sides[1], "")
    assert view(shell).shown == ("dike", "")
    choose(panel.sides[1], "dike")
    assert view(shell).shown == ("", "dike")
    panel.modes["split"].click()
    choose(panel.sides[2], "flood")
    assert view(shell).shown == ("", "dike", "flood") and panel.sides[3].isVisible()
    panel.modes["single"].click()
    assert view(shell).shown == ("",)
    for _ in range(2):
        shell.session.run("edit.undo")
    assert view(shell).shown == ("", "dike") and panel.sides[1].currentText() == "Dike"


def test_variable_hatching_and_sun(panel: ScenariosPanel, shell: Any, add_layer: AddLayer) -> None:
    add_layer()
    kit.put(shell.session, kit.flood())
    assert [panel.variable.itemText(k) for k in range(panel.variable.count())] == ["Depth", "Noise"]
    choose(panel.variable, "noise")
    panel.hatch.click()
    panel.sun.click()
    assert (view(shell).variable, view(shell).hatch, view(shell).sun) == ("noise", False, False)
    assert not panel.trails.isVisible()


def test_numbers_are_one_click_away(panel: ScenariosPanel, shell: Any, add_layer: AddLayer) -> None:
    add_layer()
    kit.put(shell.session, kit.flood())
    asked: list[tuple[str, dict[str, Any]]] = []
    shell.run = lambda name, **arguments: asked.append((name, arguments))
    assert panel.numbers.isVisible() and panel.numbers.toolTip()
    panel.numbers.click()
    assert asked == [("window.show_panel", {"panel": "numbers", "visible": True})]


def test_a_refused_difference_says_why_where_one_looks(panel: ScenariosPanel, shell: Any, add_layer: AddLayer) -> None:
    add_layer()
    other = kit.scenario("rain", kit.by_id(kit.NOISE, ("house-1",), kit.STILL))
    kit.put(shell.session, kit.flood(), other, variable="depth", mode="difference")
    assert panel.refusal.isVisible() and "Rain does not have this variable" in panel.reason.text()
    shell.session.run("scenario.set_mode", mode="swipe")
    assert not panel.refusal.isVisible()


def test_what_only_one_side_has_is_listed_and_can_be_seen(
    panel: ScenariosPanel, shell: Any, add_layer: AddLayer
) -> None:
    layer_id = add_layer()
    less = kit.scenario("dry", kit.depth([[0.1], [0.2], [0.3]], ids=("家屋-2",)))
    kit.put(shell.session, kit.flood(), less, variable="depth", mode="difference")
    shell.session._steps.settle()
    panel.refresh()
    assert panel.only.isVisible()
    assert [panel.only.list.item(k).text() for k in range(panel.only.list.count())] == ["A  house-1"]
    assert panel.only.title.text().startswith("1 only on one side")
    panel.only.list.itemActivated.emit(panel.only.list.item(0))
    chosen = shell.session.document.state.selection
    assert (chosen.layer_id, chosen.ids) == (layer_id, ("house-1",))
    shell.session.run("scenario.set_mode", mode="swipe")
    assert not panel.only.isVisible()


def test_cards_are_removed_and_come_back(panel: ScenariosPanel, shell: Any, add_layer: AddLayer) -> None:
    add_layer()
    kit.put(shell.session, kit.flood(), kit.flood("dike"))
    shell.session.run("scenario.remove", scenario_id="flood")
    assert list(panel.cards) == ["dike"]
    shell.session.run("edit.undo")
    assert sorted(panel.cards) == ["dike", "flood"]


def test_a_package_that_is_not_there_can_be_found(qtbot: Any, panel: ScenariosPanel, shell: Any) -> None:
    made = kit.flood()
    kit.add(shell.session.document, made)
    shell.session.document.scenarios.clear()
    panel.refresh()
    card = panel.cards["flood"]
    assert "not been read" in card.made_by.full_text() and card.seek.isVisibleTo(card)
    with qtbot.waitSignal(panel.relink_wanted) as told:
        card.seek.click()
    assert told.args == ["flood"]


def test_a_package_that_is_being_read_says_so(panel: ScenariosPanel, shell: Any, monkeypatch: Any) -> None:
    session = shell.session
    kit.add(session.document, kit.flood())
    session.document.scenarios.clear()
    waiting, job = ["flood"], [7]
    monkeypatch.setattr(type(session.opening), "awaits", lambda _self, name: name in waiting)
    monkeypatch.setattr(type(session.opening), "job_reading", lambda _self, _path: job[0] if job else None)
    panel.refresh()
    card = panel.cards["flood"]
    assert "after the city" in card.made_by.full_text() and not card.seek.isVisibleTo(card)
    waiting.clear()
    monkeypatch.setattr(type(session.jobs), "active", (JobStatus(7, "Opening flood", 0.0, "", running=False),))
    session.job_changed.emit()
    assert "Waiting" in card.made_by.full_text() and not card.seek.isVisibleTo(card)
    monkeypatch.setattr(type(session.jobs), "active", (JobStatus(7, "Opening flood", 0.4, "values"),))
    session.job_changed.emit()
    assert "40 %" in card.made_by.full_text() and not card.seek.isVisibleTo(card)
    job.clear()
    session.job_changed.emit()
    assert "not been read" in card.made_by.full_text() and card.seek.isVisibleTo(card)


def test_every_control_has_a_name(panel: ScenariosPanel, shell: Any, add_layer: AddLayer) -> None:
    add_layer()
    kit.put(shell.session, kit.flood(), kit.flood("dike"), mode="split")
    for button in panel.findChildren(QAbstractButton):
        assert button.accessibleName() or button.text(), button.toolTip()
    for combo in panel.findChildren(QComboBox):
        assert combo.accessibleName()


# --- over the picture -----------------------------------------------------------------------------------------------


@pytest.fixture
def compare(qtbot: Any, shell: Any) -> CompareView:
    host = QWidget()
    qtbot.addWidget(host)
    host.resize(1000, 600)
    host.show()
    made = CompareView(shell, Picture(host), host)  # type: ignore[arg-type]
    made.host = host  # type: ignore[attr-defined]
    return made


class Picture(QObject):
    """A canvas of which nothing is needed but what it has drawn."""

    drawn = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.scene: Any = None

    def draw(self, position: float) -> None:
        self.scene = SimpleNamespace(state=SimpleNamespace(compare="blend", position=position))
        self.drawn.emit()


def test_the_sign_says_which_side_is_seen_and_the_bar_steers_it(
    qtbot: Any, compare: CompareView, shell: Any, add_layer: AddLayer
) -> None:
    add_layer()
    kit.put(shell.session, kit.flood(), kit.flood("dike"), mode="blend")
    bar, sign, picture = compare.blend, compare.sign, compare.sign._canvas
    shell.session.interlude.still = False
    before = shell.session.document.state
    qtbot.mouseClick(bar.flicker, Qt.MouseButton.LeftButton)
    assert shell.session.interlude.running and bar.flicker.isChecked()
    assert not sign.isVisible()  # no picture of it yet
    picture.draw(0.0)
    assert sign.isVisible() and (sign.letter, sign.name) == ("A", "Flood")
    assert sign.accessibleName() == "Seen now: A, Flood"
    picture.draw(1.0)
    assert (sign.letter, sign.name) == ("B", "Dike")
    assert sign.height() >= 44 and not sign.geometry().intersects(bar.geometry())
    assert compare.host.rect().contains(sign.geometry())  # type: ignore[attr-defined]
    qtbot.mouseClick(bar.flip, Qt.MouseButton.LeftButton)
    assert not shell.session.interlude.running and not bar.flicker.isChecked()
    assert shell.session.document.state is before
    bar.seconds.setValue(0.5)
    assert shell.session.interlude.seconds == 0.5
    bar.slider.setValue(40)  # who takes the slider wants the blend
    assert not sign.isVisible() and shell.session.interlude.side is None


def test_where_motion_is_reduced_the_bar_says_so(
    qtbot: Any, compare: CompareView, shell: Any, add_layer: AddLayer
) -> None:
    add_layer()
    shell.session.settings.set("reduce_motion", True)
    kit.put(shell.session, kit.flood(), kit.flood("dike"), mode="blend")
    bar = compare.blend
    assert not bar.seconds.isEnabled() and "motion is to be avoided" in bar.flicker.toolTip()
    qtbot.mouseClick(bar.flicker, Qt.MouseButton.LeftButton)
    assert not shell.session.interlude.running and shell.session.interlude.side == 0 and bar.flicker.isChecked()
    qtbot.mouseClick(bar.flip, Qt.MouseButton.LeftButton)
    assert shell.session.interlude.side in (0, 1)
    qtbot.mouseClick(bar.flicker, Qt.MouseButton.LeftButton)
    assert shell.session.interlude.side is None


def test_the_line_is_dragged_and_moved_by_keys(
    qtbot: Any, compare: CompareView, shell: Any, add_layer: AddLayer
) -> None:
    add_layer()
    kit.put(shell.session, kit.flood(), kit.flood("dike"), mode="swipe")
    handle = compare.handle
    assert handle.isVisible() and compare.lock.isVisible()
    assert abs(handle.geometry().center().x() - 500) <= 1
    grip = QPoint(22, 180)
    qtbot.mousePress(handle, Qt.MouseButton.LeftButton, pos=grip)
    at = QPointF(222, 180)
    move = QMouseEvent(
        QEvent.Type.MouseMove,
        at,
        handle.mapToGlobal(at),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(handle, move)
    assert view(shell).position == pytest.approx(0.7, abs=0.005)
    qtbot.mouseRelease(handle, Qt.MouseButton.LeftButton)
    qtbot.keyClick(handle, Qt.Key.Key_Left)
    assert view(shell).position == pytest.approx(0.68, abs=0.005)
    qtbot.keyClick(handle, Qt.Key.Key_Home)
    assert view(shell).position == 0.0 and not compare.names[0].isVisible() and compare.names[1].isVisible()
    assert compare.names[1].accessibleName() == "B: Dike"
    assert handle.accessibleName() == "Line between A and B"


def test_blend_split_and_difference_have_their_signs(
    qtbot: Any, compare: CompareView, shell: Any, add_layer: AddLayer
) -> None:
    add_layer()
    session = shell.session
    kit.put(session, kit.flood(), kit.flood("dike", -0.2), mode="blend")
    compare.blend.slider.setValue(25)
    assert view(shell).position == 0.25
    compare.blend.b.click()
    assert view(shell).position == 1.0
    session.run("scenario.set_mode", mode="split")
    assert [name.isVisible() for name in compare.names] == [True, True, False, False]
    session.run("scenario.set_mode", mode="difference")
    session._steps.settle()
    compare.refresh()
    assert compare.title.head.text() == "Dike minus Flood"
    assert compare.title.text.text().startswith("lower at 2 objects (better) · higher at 0 (worse)")
    session.run("scenario.set_mode", mode="single")
    assert not any(widget.isVisible() for widget in compare.widgets())


# --- values ---------------------------------------------------------------------------------------------------------


def test_all_variables_at_an_object_agree_with_the_numbers(shell: Any, add_layer: AddLayer) -> None:
    layer = add_layer()
    session = shell.session
    kit.put(session, kit.flood(), kit.flood("dike", -0.1), variable="depth", mode="swipe")
    session.run("clock.go_step", number=1)
    found = object_values(session.document, layer, 0, -1, session.clock.now)
    assert [value.title for value in found] == ["Depth", "Noise"]
    a, b = found[0].sides
    assert (a.value, b.value) == (pytest.approx(1.5), pytest.approx(1.4)) and a.meaning == "danger"
    assert (a.low, a.high) == (pytest.approx(1.4), pytest.approx(1.6))
    assert a.series is not None and np.allclose(a.series.values, [0.2, 1.5, 0.7])
    assert found[0].change == (pytest.approx(-0.1), pytest.approx(-0.3), pytest.approx(0.1))
    assert object_values(session.document, layer, 4, -1, session.clock.now) == ()
    assert class_text(kit.DEPTH, 0.0) == "" and class_text(kit.DEPTH, 0.5) == "cars stop"


def test_the_inspector_tells_value_range_change_and_verdict(qtbot: Any, shell: Any, add_layer: AddLayer) -> None:
    made = Inspector(shell)
    qtbot.addWidget(made)
    made.resize(320, 900)
    made.show()
    layer = add_layer()
    session = shell.session
    kit.put(session, kit.flood(), kit.flood("dike", -0.5), variable="depth", mode="swipe")
    session.run("clock.go_step", number=1)
    session.run("selection.set", layer_id=layer, ids=["house-1"])
    qtbot.waitUntil(lambda: (session.poll(), bool(made.scenarios.values))[1])
    texts = dict(made._tree.texts())
    assert texts["Depth"] == "-0.5 m (-0.7 to -0.3)" and "Noise" in texts
    assert made.scenarios.spark.isVisible() and "highest 1.5 m" in made.scenarios.spark.accessibleDescription()
    session.run("clock.go_step", number=0)
    qtbot.waitUntil(lambda: (session.poll(), made.scenarios.values[0].sides[0].value < 1.0)[1])
    session.run("selection.clear")
    assert made.scenarios.values == ()
    made.scenarios.shut_down()


def test_the_bubble_tells_range_class_and_why_there_is_no_range(shell: Any, add_layer: AddLayer) -> None:
    layer = add_layer()
    session = shell.session
    kit.put(session, kit.flood(), variable="depth")
    session.run("clock.go_step", number=1)
    spot = Spot(layer, 0, -1, (0.0, 0.0, 0.0))
    text = bubble_text(session.document, values_at(session.document, session.clock.now, spot), "#000000")
    assert "1.5 m (1.4 to 1.6)" in text and "danger" in text and "Depth" in text
    session.run("scenario.set_variable", variable="noise")
    text = bubble_text(session.document, values_at(session.document, session.clock.now, spot), "#000000")
    assert "61 dB(A)" in text and "not quantified, because: one run only" in text
    nowhere = Spot(layer, 4, -1, (0.0, 0.0, 0.0))
    assert bubble_text(session.document, values_at(session.document, session.clock.now, nowhere), "#000000") == ""
