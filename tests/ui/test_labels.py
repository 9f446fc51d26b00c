"""Labels over the canvas: the same pixels as in files, moving with the camera, calm when nothing happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget

from viewer.document.state import Camera
from viewer.render.label_set import LabelSet, draw_labels
from viewer.ui.canvas import make_canvas
from viewer.ui.desktop.labels import LabelOverlay, paint_label
from viewer.ui.desktop.legend import LegendOverlay

ABOVE = Camera((9.0, -10.0, 30.0), (9.0, 0.5, 0.0))


@pytest.fixture
def overlay(qtbot: Any, session: Any, shell: Any, add_layer: Callable[..., str]) -> Iterator[LabelOverlay]:
    """Labels by height over a canvas of the small town."""
    host = QWidget()
    host.resize(640, 480)
    canvas = make_canvas(session)
    canvas.setParent(host)
    canvas.setGeometry(host.rect())
    legend = LegendOverlay(shell, host)
    made = LabelOverlay(shell, canvas, legend, host)
    made.setGeometry(host.rect())
    qtbot.addWidget(host)
    layer = add_layer()
    session.run("layer.set_label", layer_id=layer, attribute="height")
    session.move_camera(ABOVE)
    host.show()
    qtbot.waitUntil(lambda: rested(made))
    yield made
    canvas.close()


def rested(overlay: LabelOverlay) -> bool:
    overlay._session.poll()
    return overlay._canvas.settled and overlay.settled and bool(overlay.shown.labels)


def as_array(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def painted(labels: LabelSet, ground: int) -> np.ndarray:
    image = QImage(640, 480, QImage.Format.Format_RGB32)
    image.fill(0xFF000000 | ground << 16 | ground << 8 | ground)
    painter = QPainter(image)
    for label in labels.labels:
        paint_label(painter, label)
    painter.end()
    return as_array(image)


def test_the_window_paints_the_pixels_of_files(overlay: LabelOverlay) -> None:
    assert len(overlay.shown.labels) >= 3
    for ground in (0, 97, 255):
        blank = np.full((480, 640, 3), ground, np.uint8)
        assert np.array_equal(painted(overlay.shown, ground), draw_labels(blank, overlay.shown))


def test_turned_labels_too(overlay: LabelOverlay) -> None:
    turned = LabelSet(tuple(replace(label, angle=31.0) for label in overlay.shown.labels))
    assert np.array_equal(painted(turned, 120), draw_labels(np.full((480, 640, 3), 120, np.uint8), turned))


def test_the_command_line_chooses_the_same_labels(qtbot: Any, overlay: LabelOverlay) -> None:
    from viewer.render.labels import Labels
    from viewer.render.resolve import resolve

    scene, session = overlay._canvas.scene, overlay._session
    assert scene is not None and scene.origin is not None

    def alone() -> LabelSet:
        made = Labels()
        made.update(session.document.state, session.document.cities, resolve(session.document, session.camera))
        view = scene.view((640, 480))
        made.place(view, scene.origin, scene.sees)
        return made.shown(view, scene.origin)

    assert alone() == overlay.shown
    for step in (3.0, 8.0):
        session.move_camera(replace(ABOVE, position=(9.0 + step, -10.0, 30.0)))
        qtbot.waitUntil(lambda: rested(overlay))
        assert overlay.finish() == alone()


def test_a_picture_gets_its_labels(overlay: LabelOverlay) -> None:
    picture = overlay._canvas.image()
    bare = as_array(picture.copy())
    overlay.draw_on(picture)
    assert np.array_equal(as_array(picture), draw_labels(bare, overlay.shown))


def test_a_file_of_the_command_line_is_the_windows_picture(overlay: LabelOverlay) -> None:
    from viewer.cli_picture import draw

    session = overlay._session
    session.run("legend.set_visible", visible=False)
    session.run("caption.set", text="Fictional town")
    picture = overlay._canvas.image()
    overlay.draw_on(picture)
    file = draw(session, (640, 480))
    away = np.abs(as_array(picture).astype(int) - file).max(axis=2)
    assert away.max() <= 8 and (away > 0).mean() < 0.01
    session.run("labels.set_visible", visible=False)
    assert (np.abs(draw(session, (640, 480)).astype(int) - file).max(axis=2) > 40).any()


@pytest.mark.parametrize("mode", ["anaglyph", "side-by-side", "side-by-side-full"])
def test_labels_are_there_for_both_eyes(qtbot: Any, overlay: LabelOverlay, mode: str) -> None:
    from viewer.cli_picture import draw

    session = overlay._session
    session.run("legend.set_visible", visible=False)
    session.run("view.set_stereo", mode=mode)
    picture = overlay._canvas.image()
    bare = as_array(picture.copy()).astype(int)
    overlay.draw_on(picture)
    file = draw(session, (640, 480), stereo=mode)
    away = np.abs(as_array(picture).astype(int) - file).max(axis=2)
    assert away.max() <= 8 and (away > 0).mean() < 0.01
    written = np.abs(as_array(picture).astype(int) - bare).max(axis=2) > 40
    assert written[:, :320].sum() > 20 and written[:, 320:].sum() > 20
    qtbot.waitUntil(lambda: rested(overlay))
    on_screen = QImage(640, 480, QImage.Format.Format_RGB888)
    on_screen.fill(0)
    overlay.render(on_screen)
    told = as_array(on_screen).max(axis=2) > 40
    assert told[:, :320].sum() > 20 and told[:, 320:].sum() > 20


def test_labels_follow_the_camera_and_come_to_rest(qtbot: Any, overlay: LabelOverlay) -> None:
    before = overlay.shown
    for step in range(1, 6):
        overlay._session.move_camera(replace(ABOVE, position=(9.0 + step, -10.0, 30.0)))
        qtbot.wait(20)
    qtbot.waitUntil(lambda: rested(overlay))
    assert {label.text for label in overlay.shown.labels} == {label.text for label in before.labels}
    assert not np.array_equal(overlay.shown.positions, before.positions)


def test_nothing_is_done_at_rest(qtbot: Any, overlay: LabelOverlay, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[object] = []
    monkeypatch.setattr(overlay, "_start", lambda: done.append("choose"))
    monkeypatch.setattr(overlay, "_repaint", lambda: done.append("paint"))
    for _ in range(10):  # one asked for before may still come; then there are none
        done.clear()
        qtbot.wait(400)
        if not done:
            return
    pytest.fail(f"there is always more: {done}")


def test_labels_go_when_they_are_switched_off(qtbot: Any, overlay: LabelOverlay) -> None:
    overlay._session.run("labels.set_visible", visible=False)
    qtbot.waitUntil(lambda: not overlay.shown.labels)
    overlay._session.run("edit.undo")
    qtbot.waitUntil(lambda: rested(overlay))


def test_they_keep_clear_of_the_legend(overlay: LabelOverlay) -> None:
    overlay._legend = QWidget(overlay.parentWidget())
    overlay._legend.setGeometry(0, 0, 640, 250)
    overlay._legend.show()
    shown = overlay.finish()
    assert all(label.centre[1] > 250 for label in shown.labels)


def test_the_mouse_goes_through(overlay: LabelOverlay) -> None:
    parent = overlay.parentWidget()
    assert isinstance(parent, QWidget)
    assert parent.childAt(320, 240) is not overlay


def test_the_menu_of_a_layer_chooses_what_is_written(qtbot: Any, session: Any, shell: Any, add_layer: Any) -> None:
    from viewer.ui.desktop.panels.layers import LayerCard

    layer = add_layer()
    card = LayerCard(shell, layer)
    qtbot.addWidget(card)
    card.refresh(current=False)
    (menu,) = [action.menu() for action in card.more.menu().actions() if action.text() == "Label by"]

    only = "Only labels, no objects"

    def entries() -> dict[str, bool]:
        menu.aboutToShow.emit()
        return {action.text(): action.isChecked() for action in menu.actions() if not action.isSeparator()}

    assert entries() == {"Default": True, "Nothing": False, "Function": False, "Height": False, only: False}
    for title, value in (("Height", "height"), ("Nothing", ""), ("Default", None)):
        next(action for action in menu.actions() if action.text() == title).trigger()
        assert session.document.state.layer(layer).label_by == value and entries()[title]
