from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, QSizeF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from viewer.session.pads import PadState, SpaceState
from viewer.session.walks import walks
from viewer.ui.presenter.parts import FindingsSheet

pytestmark = pytest.mark.gui

LEAVE = Qt.Key.Key_Escape


def _press(console: Any, key: Any) -> None:
    QTest.keyClick(console, key)


def _shown(console: Any) -> Any:
    """The audience's picture as it is painted."""
    return console.director.audience.grab().toImage()


def _settle(qtbot: Any, console: Any) -> None:
    qtbot.waitUntil(lambda: console.preview.settled and not console.talk.playing)
    QTest.qWait(60)  # what was asked for, but has not begun, begins
    qtbot.waitUntil(lambda: console.preview.settled)


def test_it_begins_with_a_title_small_pictures_and_a_check(console: Any) -> None:
    director = console.director
    assert director.audience.isVisible() and director.audience.geometry().topLeft() == QPoint(2000, 0)
    assert director.blank == "title" and director.audience.title == "Town"
    assert console.pill.text() == "TITLE"
    assert console.next.name.text() == "front" and console.steps.count() == 3
    assert console.rehearsal.total == 2, "the step without a viewpoint has no picture"
    assert console.rehearsal.of(console.talk.slides[0].camera) is not None
    assert not console.report.ready and "Not ready: 1 thing missing" in console.message.text.full_text()
    assert "notifications are off" in console.status.full_text()
    assert console.clock.seconds == 0.0


def test_steps_by_keys(qtbot: Any, console: Any) -> None:
    _press(console, Qt.Key.Key_Space)
    assert console.talk.index == 0 and console.director.blank == ""
    assert console.notes.notes.text() == "Smile."
    assert (console.director.audience.head, console.director.audience.text) == ("front", "Look here")
    assert console.next.name.text() == "gone" and console.pill.text() == "LIVE on projector"
    _press(console, Qt.Key.Key_PageDown)
    assert console.talk.index == 1 and "not in the project" in console.message.text.full_text()
    _press(console, Qt.Key.Key_Right)
    assert console.talk.index == 2 and console.session.camera.position == pytest.approx((70.0, 5.0, 20.0))
    assert console.next.name.text() == "The end"
    _press(console, Qt.Key.Key_Right)
    assert console.talk.index == 2 and "last step" in console.message.text.full_text()
    _press(console, Qt.Key.Key_1)
    assert console.talk.index == 0
    _press(console, Qt.Key.Key_9)
    assert console.talk.index == 0
    _press(console, Qt.Key.Key_3)
    _press(console, Qt.Key.Key_Left)
    assert console.talk.index == 1
    # the same keys on the audience's window and on the picture
    QTest.keyClick(console.director.audience, Qt.Key.Key_3)
    assert console.talk.index == 2
    QTest.keyClick(console.preview.canvas, Qt.Key.Key_1)
    assert console.talk.index == 0
    qtbot.mouseClick(console.next, Qt.MouseButton.LeftButton)
    assert console.talk.index == 1


def test_the_audience_sees_the_console_picture_in_its_own_pixels(qtbot: Any, console: Any) -> None:
    _press(console, Qt.Key.Key_1)
    console.toggle_words()
    _settle(qtbot, console)
    audience, preview = console.director.audience, console.preview
    assert audience.picture.size().toTuple() == (640, 360)
    assert preview.canvas.width() / preview.canvas.height() == pytest.approx(640 / 360, abs=0.02)
    image, own = _shown(console), preview.canvas.image()
    middle = image.pixelColor(image.width() // 2, image.height() // 2)
    same = own.pixelColor(own.width() // 2, own.height() // 2)
    assert max(abs(middle.red() - same.red()), abs(middle.green() - same.green())) < 40
    colors = {image.pixel(x, image.height() // 2) for x in range(0, image.width(), 7)}
    assert len(colors) > 2, "the house stands out from the sky"


def test_black_title_and_back(qtbot: Any, console: Any) -> None:
    _press(console, Qt.Key.Key_1)
    _settle(qtbot, console)
    _press(console, Qt.Key.Key_B)
    black = _shown(console)
    assert console.pill.text() == "BLACK"
    assert {black.pixel(x, y) for x in range(0, 640, 40) for y in range(0, 360, 30)} == {0xFF000000}
    _press(console, Qt.Key.Key_T)
    assert console.director.blank == "title"
    _press(console, Qt.Key.Key_T)
    assert console.director.blank == "" and console.pill.text() == "LIVE on projector"


def test_frozen_the_audience_keeps_its_picture(qtbot: Any, console: Any) -> None:
    _press(console, Qt.Key.Key_1)
    _settle(qtbot, console)
    before = console.director.audience.picture.copy()
    _press(console, Qt.Key.Key_F)
    assert console.pill.text() == "FROZEN"
    _press(console, Qt.Key.Key_3)
    _settle(qtbot, console)
    assert console.director.audience.picture == before and console.director.audience.head == "front"
    assert console.notes.head.text() == "3. side"
    _press(console, Qt.Key.Key_F)
    assert console.director.audience.picture != before and console.director.audience.head == "side"
    assert console.director.audience.fading
    qtbot.waitUntil(lambda: not console.director.audience.fading)


def test_laser_follows_the_mouse_only_when_on(qtbot: Any, console: Any) -> None:
    canvas, audience = console.preview.canvas, console.director.audience
    spot = QPoint(canvas.width() // 4, canvas.height() // 2)
    _press(console, Qt.Key.Key_1)
    _settle(qtbot, console)
    console.preview.pointed.emit(QPointF(0.25, 0.5))
    assert audience.point is None
    _press(console, Qt.Key.Key_L)
    QTest.mouseMove(canvas, spot)
    console.preview.pointed.emit(QPointF(0.25, 0.5))
    assert audience.point == QPointF(0.25, 0.5)
    dot = _shown(console).pixelColor(160, 176)
    assert dot.red() > 200 and dot.green() < 120
    _press(console, Qt.Key.Key_F)
    assert audience.point is None, "it would point into another picture"
    _press(console, Qt.Key.Key_F)
    _press(console, Qt.Key.Key_L)
    assert audience.point is None


def test_the_projector_goes_and_comes_back(qtbot: Any, console: Any, screens: list[Any]) -> None:
    _press(console, Qt.Key.Key_1)
    away = screens.pop()
    console.director.screens.changed.emit()
    assert not console.director.audience.isVisible() and console.director.lost
    assert console.pill.text() == "NO AUDIENCE SCREEN" and "projector is gone" in console.message.text.full_text()
    assert console.message.first.text() == "Present on this screen"
    _press(console, Qt.Key.Key_3)
    assert console.talk.index == 2, "the talk goes on"
    screens.append(away)
    console.director.screens.changed.emit()
    assert console.director.audience.isVisible() and console.director.audience.head == "side"
    assert console.message.text.full_text() == "The projector is back."
    _settle(qtbot, console)
    assert console.director.audience.picture.size().toTuple() == (640, 360)


def test_a_second_screen_can_be_chosen_and_left(console: Any, screens: list[Any]) -> None:
    from PySide6.QtCore import QRect

    from viewer.ui.presenter.screens import ScreenInfo

    screens.append(ScreenInfo("wall", QRect(4000, 0, 320, 180)))
    menu = QMenu(console)
    console._fill_screens(menu)
    titles = [act.text() for act in menu.actions()]
    assert titles[:2] == ["Show on projector (640 × 360)", "Show on wall (320 × 180)"] and "laptop" not in str(titles)
    menu.actions()[1].trigger()
    assert console.director.audience.info.name == "wall"
    console.director.hide_audience()
    assert not console.director.showing and not console.director.lost
    console.director.audience.close()
    assert console.director.audience.isHidden()


def test_one_screen_only(qtbot: Any, console: Any, screens: list[Any]) -> None:
    del screens[1]
    console.director.screens.changed.emit()
    console.present_here()
    face = console.preview.face
    assert console.director.full and not console._side.isVisible() and console.isFullScreen()
    QTest.keyClick(console.preview.canvas, Qt.Key.Key_1)
    assert face.head == "front"
    QTest.keyClick(console.preview.canvas, Qt.Key.Key_B)
    assert face.blank == "black"
    QTest.keyClick(console.preview.canvas, Qt.Key.Key_B)
    QTest.keyClick(console.preview.canvas, LEAVE)
    assert not console.director.full and console._side.isVisible() and console.isVisible()
    assert face.blank == "" and console.pill.text() == "NO AUDIENCE SCREEN"


def test_ending_asks_while_the_audience_sees_it(qtbot: Any, console: Any, session: Any) -> None:
    _press(console, Qt.Key.Key_1)
    light = session.document.state.light
    _press(console, LEAVE)
    assert console.isVisible() and "End the presentation?" in console.message.text.full_text()
    qtbot.mouseClick(console.message.second, Qt.MouseButton.LeftButton)
    assert console.message.text.full_text() == ""
    _press(console, LEAVE)
    audience, done = console.director.audience, []
    console.ended.connect(lambda: done.append(1))
    qtbot.mouseClick(console.message.first, Qt.MouseButton.LeftButton)
    assert done == [1] and not console.isVisible() and not audience.isVisible()
    assert not session.player.active and session.document.state.light == light and session.viewport is None


def test_a_walker_keeps_the_arrows(qtbot: Any, console: Any) -> None:
    _press(console, Qt.Key.Key_1)
    console.toggle_walk()
    if walks(console.session).mode == "orbit":
        pytest.fail("nobody walks")
    QTest.keyClick(console.preview.canvas, Qt.Key.Key_Right)
    assert console.talk.index == 0
    QTest.keyClick(console.preview.canvas, Qt.Key.Key_PageDown)
    assert console.talk.index == 1 and walks(console.session).mode == "orbit"


def test_language_and_talk(console: Any) -> None:
    _press(console, Qt.Key.Key_1)
    menu = QMenu(console)
    console._fill_talks(menu)
    titles = [act.text() for act in menu.actions() if act.text()]
    assert titles == ["Walk", "All viewpoints", "Texts in en", "Texts in nl"]
    menu.actions()[-1].trigger()
    assert console.director.audience.text == "Kijk hier"
    menu.actions()[1].trigger()
    assert [slide.name for slide in console.talk.slides] == ["front", "side"] and console.title.full_text() == "Town"


def test_findings_are_shown(qtbot: Any, console: Any) -> None:
    console.show_findings()
    sheet = console.findChild(FindingsSheet)
    assert sheet.isVisible()
    sheet.close()
    QTest.qWait(20)


def test_by_itself_it_goes_on(qtbot: Any, console: Any, session: Any) -> None:
    with session.document.change("no gap") as edit:
        steps = tuple(
            replace(step, dwell=0.05) for step in session.document.state.tours[0].steps if step.viewpoint != "gone"
        )
        edit.state = replace(edit.state, tours=(replace(edit.state.tours[0], steps=steps),))
    console.talk.set_by_itself(True)
    qtbot.waitUntil(lambda: console.talk.index == 1)
    assert console.talk.slide.name == "side" and session.player.active


def test_an_idle_console_draws_nothing(qtbot: Any, console: Any) -> None:
    _press(console, Qt.Key.Key_1)
    pictures: list[Any] = []
    console.preview.composed.connect(pictures.append)
    done = 0

    def more() -> bool:
        nonlocal done
        before, done = done, len(pictures) + console.preview.canvas.scene.frames
        return done > before

    _settle(qtbot, console)
    for _ in range(20):  # the last pictures may take their time; then there are none
        qtbot.waitUntil(lambda: console.preview.settled)
        QTest.qWait(600)
        if not more():
            break
    else:
        pytest.fail("there is always another picture")
    assert console._timer.interval() == 250


def test_legend_and_caption_do_not_cover_each_other_for_the_audience(qtbot: Any, console: Any, session: Any) -> None:
    with session.document.change("caption") as edit:
        edit.state = replace(edit.state, caption="Fictional town")
    session.run("style.color_by", layer_id="a", attribute="@type")
    _press(console, Qt.Key.Key_1)
    _settle(qtbot, console)
    preview = console.preview
    qtbot.waitUntil(lambda: preview.legend.isVisible() and preview.labels.settled)
    shown: list[Any] = []
    original = preview.labels.labels.shown
    preview.labels.labels.shown = lambda *a, **k: shown.append((original(*a, **k), k["taken"])) or shown[-1][0]
    picture = preview.picture()
    del preview.labels.labels.shown
    assert not picture.isNull()
    labels, (legend, words, *_) = shown[0]
    assert legend[2] - legend[0] == pytest.approx(preview.legend.width() * preview.labels.ratio)
    assert words[3] <= legend[1], "the words stand over the legend"
    size = preview.labels.target
    (caption,) = [label for label in labels.labels if label.centre[1] > size.height() * 0.8]
    x, y = caption.centre
    half = caption.flat().shape[1] / 2
    assert legend[2] <= x - half and x + half <= size.width() and y < size.height(), "all of it is in the picture"


def test_a_gamepad_goes_through_the_talk(console: Any, qtbot: Any) -> None:
    pilot = console.preview.canvas.walk.pilot

    def press(*buttons: str) -> None:
        for down in (frozenset(buttons), frozenset[str]()):
            pilot.feed(PadState(buttons=down), SpaceState())

    press("right")
    assert console.talk.index == 0
    press("right_shoulder")
    press("right_shoulder")
    assert console.talk.index == 2
    press("left")
    assert console.talk.index == 1
    press("left_stick")
    assert console.director.blank == "black"
    press("left_stick")
    assert console.director.blank == ""
    press("b")  # never ends the talk
    assert console.talk.index == 1 and console.isVisible()
    press("a")
    assert console.talk.index == 2
    console.preview.canvas.walk._used("pad")
    assert "A: next step" in console.preview.walk.keys.accessibleName()


def test_notes_are_written_in_the_console_and_no_key_of_theirs_leads_on(qtbot: Any, console: Any) -> None:
    console.go(0)
    card = console.notes
    qtbot.mouseClick(card.edit, Qt.MouseButton.LeftButton)
    assert card.writing and card.field.toPlainText() == "Smile."
    card.field.clear()
    QTest.keyClicks(card.field, "Wave to b 1 f ")
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Space, Qt.Key.Key_Home, LEAVE):
        QTest.keyClick(card.field, key)
    assert not card.writing and console.isVisible() and console.talk.index == 0 and console.director.blank == ""
    assert dict(console.session.document.state.tours[0].steps[0].texts)["x-notes"] == "Wave to b 1 f"
    assert card.notes.text() == "Wave to b 1 f" and "save the project" in console.message.text.full_text()
    assert console.director.audience.text == "Look here", "nobody else reads it"
    console.session.run("edit.undo")
    assert card.notes.text() == "Smile."
    qtbot.mouseClick(card.edit, Qt.MouseButton.LeftButton)
    QTest.keyClicks(card.field, " Twice.")
    QTest.keyClick(card.field, Qt.Key.Key_PageDown)  # the clicker in the presenter's hand
    assert console.talk.index == 1 and not card.writing
    assert dict(console.session.document.state.tours[0].steps[0].texts)["x-notes"] == "Smile. Twice."


def test_notes_of_viewpoints_are_theirs(qtbot: Any, console: Any) -> None:
    console.talk.choose("")
    console.go(1)
    qtbot.mouseClick(console.notes.edit, Qt.MouseButton.LeftButton)
    QTest.keyClicks(console.notes.field, "The side.")
    console.notes.finish()
    assert dict(console.session.document.state.viewpoints[1].texts)["x-notes"] == "The side."


def test_writing_notes_ends_no_flight_of_the_talk(qtbot: Any, console: Any) -> None:
    console.talk.set_by_itself(True)
    console.go(2)
    assert console.session.player.active
    console.session.run("tour.set_step_text", name="Walk", step=0, text="x", language="x-notes")
    assert console.talk.playing or console.session.player.kind == "tour"


def test_both_eyes_of_the_audience_get_picture_words_legend_and_pointer(qtbot: Any, console: Any) -> None:
    import numpy as np

    console.session.run("style.color_by", layer_id="a", attribute="@type")
    console.go(0)
    qtbot.waitUntil(console.preview.legend.isVisible)
    console.session.run("view.set_stereo", mode="side-by-side")
    _settle(qtbot, console)
    audience = console.director.audience
    qtbot.waitUntil(lambda: audience.picture.width() == 640 and audience.stereo == "side-by-side")
    console.toggle_laser()
    canvas = console.preview.canvas
    QTest.mouseMove(canvas, QPoint(canvas.width() * 3 // 4, canvas.height() // 2))
    qtbot.waitUntil(lambda: audience.point is not None)
    assert audience.point.x() == pytest.approx(0.5, abs=0.02), "the middle of one eye's picture"
    seen = _shown(console).convertToFormat(_shown(console).Format.Format_RGB888)
    lines = np.frombuffer(seen.constBits(), np.uint8).reshape(seen.height(), -1)[:, : 3 * seen.width()]
    halves = np.split(lines.reshape(seen.height(), seen.width(), 3).astype(int), 2, axis=1)
    alike = np.abs(halves[0] - halves[1]).max(axis=2) < 40
    card = alike[12:40, 8:60]
    assert card.mean() > 0.95, "the words stand in both"
    for half in halves:
        red = (half[:, :, 0] > 200) & (half[:, :, 1] < 120)
        assert red[150:210, 130:190].any(), "and so does the dot"
    console.session.run("view.set_stereo", mode="off")


@pytest.mark.parametrize("pixels", [(640, 360), (1280, 720), (1024, 768), (3840, 2160)])
def test_console_and_audience_have_one_page_and_the_legend_leaves_room(
    qtbot: Any, console: Any, session: Any, pixels: tuple[int, int]
) -> None:
    session.run("style.color_by", layer_id="a", attribute="@type")
    console.go(0)
    preview = console.preview
    preview.shape_for(pixels, shown=True)
    qtbot.waitUntil(preview.legend.isVisible)
    page = preview.page
    assert page.height() >= 600 and page.width() / page.height() == pytest.approx(pixels[0] / pixels[1], rel=0.01)
    assert page.legend.width() <= 0.32 * page.width() and page.rect().contains(page.legend.geometry())
    card = preview.face.card(QSizeF(page.size()))
    assert not card.isEmpty() and not card.intersects(page.legend.geometry().toRectF())
    _settle(qtbot, console)
    small, large = preview.grab().toImage(), preview.picture()
    stage = preview._stage.geometry()
    for share in ((0.03, 0.9), (0.2, 0.9)):  # in the legend and right of it
        x, y = share
        own = small.pixelColor(round(stage.x() + x * stage.width()), round(stage.y() + y * stage.height()))
        other = large.pixelColor(round(x * large.width()), round(y * large.height()))
        assert abs(own.lightness() - other.lightness()) < 40


def test_a_long_legend_gives_way(qtbot: Any, shell: Any) -> None:
    from PySide6.QtCore import QSize
    from PySide6.QtWidgets import QWidget

    from viewer.analysis.legend import Legend, LegendEntry
    from viewer.ui.desktop.legend import LegendOverlay

    host = QWidget()
    qtbot.addWidget(host)
    host.resize(1066, 600)
    host.show()
    names = ("quiet", "annoying", "loud", "very loud", "harmful to those who live here")
    entries = tuple(
        LegendEntry(f"{45 + 5 * n} to {50 + 5 * n} dB(A): {name}", (n, n, n), n) for n, name in enumerate(names)
    )
    lines = ("Noise", *(f"A line of words on where the numbers come from, number {n}" for n in range(9)))
    legend = Legend("Noise", "dB(A)", "classes", entries=entries, lines=lines, strip=("a demo", "fictional"))
    overlay = LegendOverlay(shell, host, full=True)
    overlay.show_legend(legend)
    heights = [overlay.height()]
    for limit in (400, 200, 120):
        overlay.set_limit(QSize(320, limit))
        assert overlay.height() <= limit and overlay.width() <= 320
        heights.append(overlay.height())
    assert heights == sorted(heights, reverse=True) and len(set(heights)) > 2
    overlay.set_limit(QSize(2000, 2000))
    assert overlay.height() == heights[0]


@pytest.mark.parametrize("size", [(1280, 720), (1366, 768), (1920, 1080)])
def test_all_words_on_the_buttons_can_be_read(qtbot: Any, console: Any, size: tuple[int, int]) -> None:
    console.resize(*size)
    QTest.qWait(20)
    for name, button in console.bar.buttons.items():
        assert button.text() and button.width() >= button.sizeHint().width(), name
    assert console.preview.width() >= console.width() * 0.6


def test_where_pictures_take_long_a_change_is_shown_in_few_pixels_first(qtbot: Any, console: Any, session: Any) -> None:
    console.go(0)
    _settle(qtbot, console)
    canvas = console.preview.canvas
    if not canvas.software:
        pytest.skip("the graphics card is fast")
    sizes: list[tuple[int, int]] = []
    canvas.drawn.connect(lambda: sizes.append(console.preview._base.size().toTuple()))
    canvas.set_sharpness(2.0)
    _settle(qtbot, console)
    full = canvas.size_px[0] * 2
    assert sizes[-1][0] == pytest.approx(full, abs=2)
    sizes.clear()
    canvas._slices.start(lambda _triangles: iter(lambda: 1, None), whole=False, patient=False)  # it never ends
    canvas._slices.seconds = 5.0
    session.run("style.color_by", layer_id="a", attribute="@type")
    _settle(qtbot, console)
    assert sizes[0][0] < full / 2 and sizes[-1][0] == pytest.approx(full, abs=2)
