"""The picture in the window: the same as off-screen, drawn on demand, and moved by mouse, touch and keys."""

import os
import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget, QLabel, QMainWindow, QWidget

from loaders.api import LoadResult, Severity
from loaders.city import (
    Appearance,
    CityData,
    CrsInfo,
    Instances,
    LodMesh,
    ObjectTable,
    Strings,
    SurfaceTable,
    Texture,
    TileSet,
)
from viewer.analysis.classify import BY_THEME
from viewer.document.state import LayerState
from viewer.render import backend
from viewer.render.instances import expand_instances
from viewer.render.offscreen import OffscreenView
from viewer.render.resolve import resolve
from viewer.render.stereo import places
from viewer.render.textures import Stopped, prepare_textures
from viewer.ui import image_surface
from viewer.ui.canvas import Canvas, OffscreenCanvas, make_canvas
from viewer.ui.gl_format import install_format

pytestmark = pytest.mark.gui
LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton


@pytest.fixture(scope="session", autouse=True)
def gl_format():
    install_format()


def towers(count=16):
    """Boxes of 12 x 12 x 20 m every 20 m in a row of four, near the origin of the Dutch grid."""
    unit = np.array(
        [[0, 0, 0], [12, 0, 0], [12, 12, 0], [0, 12, 0], [0, 0, 20], [12, 0, 20], [12, 12, 20], [0, 12, 20]]
    )
    faces = np.array([[0, 3, 2, 1], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]])
    origin = np.array([85_000.0, 447_000.0, 0.0])
    moves = np.stack([np.arange(count) % 4, np.arange(count) // 4, np.zeros(count)], axis=1) * 20
    positions = (moves[:, None, None] + unit[faces]).reshape(-1, 3).astype(np.float32)
    tags = np.zeros((len(positions), 2), np.float32)
    tags[:, 0] = np.repeat(np.arange(count), 24)
    quads = np.arange(count * 6)[:, None] * 4
    triangles = np.add(quads, [0, 1, 2, 0, 2, 3]).reshape(-1, 3).astype(np.int32)
    box = np.concatenate([origin, origin + positions.max(axis=0)])
    ends = np.array([0, len(positions)], np.int64), np.array([0, len(triangles)], np.int64)
    tiles = TileSet(origin[None], box[None], *ends, positions, tags, triangles)
    objects = ObjectTable(
        Strings.from_list([f"tower-{i}" for i in range(count)]),
        np.zeros(count, np.int16),
        ("Building",),
        np.zeros(count + 1, np.int64),
        np.zeros(0, np.int32),
    )
    surfaces = SurfaceTable(np.zeros(0, np.int16), (), np.zeros(0, np.int32))
    mesh = LodMesh("1", tiles, np.ones(count, bool), 1.0)
    return CityData("towers", CrsInfo("EPSG:7415"), box, objects, surfaces, {"1": mesh})


def open_city(session, city=None):
    layer_id = session.document.new_layer_id()
    with session.document.change("Open") as edit:
        edit.add_city(
            LayerState(layer_id, "towers", "/data/towers.json"), LoadResult(city or towers(), "CityJSON", "2.0")
        )
    session.home()
    return layer_id


@pytest.fixture(params=[Canvas, OffscreenCanvas])
def canvas(request, qtbot, session):
    """A shown canvas of either kind, with the towers in view and settled."""
    if request.param is Canvas and QApplication.platformName() in ("offscreen", "minimal"):
        pytest.skip("Qt has no OpenGL windows on this platform")
    made = request.param(session)
    made.resize(480, 320)
    made.show()
    qtbot.waitExposed(made)
    assert made.devicePixelRatioF() == float(os.environ.get("QT_SCALE_FACTOR", "1"))
    open_city(session)
    settle(qtbot, made)
    yield made
    made.close()
    made.deleteLater()


def settle(qtbot, canvas):
    qtbot.waitUntil(lambda: canvas.settled and bool(canvas.renderer_name))
    frames = -1
    while frames != canvas.scene.frames or not canvas.settled:
        frames = canvas.scene.frames
        qtbot.wait(60)


def pixels(image: QImage):
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def shown(canvas):
    """What is on the widget, read back through Qt."""
    surface = canvas.children()[0] if isinstance(canvas.children()[0], QWidget) else canvas.findChild(QWidget)
    grabbed = surface.grabFramebuffer() if hasattr(surface, "grabFramebuffer") else canvas.grab().toImage()
    return pixels(grabbed)


def offscreen(session, size):
    view = OffscreenView(*size)
    view.scene.pixel_ratio = float(os.environ.get("QT_SCALE_FACTOR", "1"))
    for layer_id, city in session.document.cities.items():
        view.scene.attach(layer_id, city)
    view.scene.apply(resolve(session.document, session.camera))
    picture = view.image()
    view.close()
    return picture


def screen_point(canvas, world):
    """Logical position of a world point."""
    relative = np.array(world) - canvas.scene.origin
    x, y = canvas.scene.view(canvas.size_px).project(relative[None])[0][0] / canvas.devicePixelRatioF()
    return QPoint(round(x), round(y))


def device(canvas, at):
    """Device pixel of a logical position."""
    ratio = canvas.devicePixelRatioF()
    return round(at.x() * ratio), round(at.y() * ratio)


def roof(row):
    return 85_000.0 + 20 * (row % 4) + 6, 447_000.0 + 20 * (row // 4) + 6, 20.0


def test_window_and_off_screen_pictures_are_equal(qtbot, session, canvas):
    expected = offscreen(session, canvas.size_px)
    assert np.array_equal(shown(canvas), expected)
    assert np.array_equal(pixels(canvas.image()), expected)


@pytest.mark.parametrize("mode", ["anaglyph", "side-by-side", "side-by-side-full"])
def test_stereo_is_the_same_off_screen_and_what_is_clicked_is_what_is_seen(qtbot, session, canvas, mode):
    plain = shown(canvas)
    session.run("view.set_stereo", mode=mode)
    view = OffscreenView(*canvas.size_px)
    view.scene.pixel_ratio = float(os.environ.get("QT_SCALE_FACTOR", "1"))
    for layer_id, city in session.document.cities.items():
        view.scene.attach(layer_id, city)
    view.scene.apply(resolve(session.document, session.camera))
    view.scene.stereo.mode = mode
    expected = view.image()
    view.close()
    qtbot.waitUntil(lambda: np.array_equal(shown(canvas), expected))
    assert not np.array_equal(expected, plain)
    assert np.array_equal(pixels(canvas.image()), expected)
    x, y = device(canvas, screen_point(canvas, roof(5)))
    for _, _, shift, squeeze in places(mode, canvas.size_px[0]):
        found = canvas.pick(x * squeeze + shift, y)
        assert found is not None and found.row == 5
    session.run("view.set_stereo", mode="off")
    qtbot.waitUntil(lambda: np.array_equal(shown(canvas), plain))


def test_an_idle_canvas_draws_nothing(qtbot, canvas):
    for _ in range(10):  # a picture asked for before may still come; then there are none
        frames = canvas.scene.frames
        qtbot.wait(500)
        if canvas.scene.frames == frames:
            return
    pytest.fail("there is always another picture")


def test_left_drag_turns_about_the_grabbed_point(qtbot, session, canvas):
    before, at = session.camera, screen_point(canvas, roof(5))
    held = canvas.world_at(*device(canvas, at))
    QTest.mousePress(canvas, LEFT, pos=at)
    for step in range(1, 6):
        QTest.mouseMove(canvas, at + QPoint(10 * step, 3 * step))
    QTest.mouseRelease(canvas, LEFT, pos=at + QPoint(50, 15))
    assert session.camera != before
    assert (screen_point(canvas, held) - at).manhattanLength() <= 1
    assert session.document.state.selection.ids == ()


def test_middle_drag_keeps_the_grabbed_point_under_the_cursor(qtbot, canvas):
    at, goal = screen_point(canvas, roof(5)), QPoint(300, 90)
    held = canvas.world_at(*device(canvas, at))
    QTest.mousePress(canvas, MIDDLE, pos=at)
    QTest.mouseMove(canvas, at + QPoint(6, 6))
    QTest.mouseMove(canvas, goal)
    QTest.mouseRelease(canvas, MIDDLE, pos=goal)
    assert (screen_point(canvas, held) - goal).manhattanLength() <= 1


def test_wheel_goes_towards_the_cursor(qtbot, session, canvas):
    at = screen_point(canvas, roof(10))
    held = np.array(canvas.world_at(*device(canvas, at)))
    far = np.linalg.norm(held - session.camera.position)
    turn_wheel(canvas, at, 360)
    near = np.linalg.norm(held - session.camera.position)
    assert near < 0.8 * far
    assert (screen_point(canvas, held) - at).manhattanLength() <= 1
    turn_wheel(canvas, at, -360)
    assert np.linalg.norm(held - session.camera.position) == pytest.approx(far, rel=0.05)


def turn_wheel(canvas, at, angle):
    event = QWheelEvent(
        QPointF(at),
        QPointF(canvas.mapToGlobal(at)),
        QPoint(),
        QPoint(0, angle),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


def test_click_selects_ctrl_adds_and_the_ground_clears(qtbot, session, canvas):
    QTest.mouseClick(canvas, LEFT, pos=screen_point(canvas, roof(5)))
    assert session.document.state.selection.ids == ("tower-5",)
    QTest.mouseClick(canvas, LEFT, Qt.KeyboardModifier.ControlModifier, screen_point(canvas, roof(6)))
    assert session.document.state.selection.ids == ("tower-5", "tower-6")
    settle(qtbot, canvas)
    assert np.array_equal(shown(canvas), offscreen(session, canvas.size_px))
    QTest.mouseClick(canvas, LEFT, pos=QPoint(4, 316))
    assert session.document.state.selection.ids == ()


def test_double_click_zooms_to_the_object(qtbot, session, canvas):
    far = np.linalg.norm(np.subtract(roof(5), session.camera.position))
    QTest.mouseDClick(canvas, LEFT, pos=screen_point(canvas, roof(5)))
    assert np.linalg.norm(np.subtract(roof(5), session.camera.position)) < 0.7 * far


def test_hover_tells_what_is_under_the_pointer_and_lights_it_up(qtbot, session, canvas, monkeypatch):
    monkeypatch.setattr("viewer.ui.canvas.HEAVY_SECONDS", 60.0)  # shown on a busy computer too
    plain, at = shown(canvas), screen_point(canvas, roof(5))
    with qtbot.waitSignal(canvas.hovered) as seen:
        QTest.mouseMove(canvas, at)
    assert seen.args[0].row == 5 and seen.args[0].position[2] == pytest.approx(20.0, abs=1e-3)
    assert session.hover is not None and session.hover.row == 5
    settle(qtbot, canvas)
    lit = shown(canvas).astype(int)
    x, y = device(canvas, at)
    assert np.abs(lit - plain)[y, x].max() > 8
    with qtbot.waitSignal(canvas.hovered) as seen:
        QTest.mouseMove(canvas, QPoint(4, 316))
    assert seen.args[0] is None and session.hover is None
    settle(qtbot, canvas)
    assert np.array_equal(shown(canvas), plain)


@pytest.mark.parametrize("key", [Qt.Key.Key_Left, Qt.Key.Key_Up, Qt.Key.Key_Plus, Qt.Key.Key_Minus])
def test_keys_move_the_view(qtbot, session, canvas, key):
    before = session.camera
    QTest.keyClick(canvas, key)
    assert session.camera != before
    session.home()
    assert np.allclose(session.camera.position, before.position)


def test_two_fingers_spread_zoom_in(qtbot, session, canvas):
    device = QTest.createTouchDevice()
    middle = screen_point(canvas, roof(5))
    far = np.linalg.norm(np.subtract(roof(5), session.camera.position))
    QTest.touchEvent(canvas, device).press(0, middle - QPoint(20, 0), canvas).press(
        1, middle + QPoint(20, 0), canvas
    ).commit()
    for gap in (30, 40, 60):
        sides = middle - QPoint(gap, 0), middle + QPoint(gap, 0)
        QTest.touchEvent(canvas, device).move(0, sides[0], canvas).move(1, sides[1], canvas).commit()
    QTest.touchEvent(canvas, device).release(0, sides[0], canvas).release(1, sides[1], canvas).commit()
    assert np.linalg.norm(np.subtract(roof(5), session.camera.position)) < 0.8 * far


def test_undo_takes_the_layer_away_and_redo_brings_it_back(qtbot, session, canvas):
    full = shown(canvas)
    session.document.undo()
    settle(qtbot, canvas)
    assert canvas.scene.layers == {}
    session.document.redo()
    settle(qtbot, canvas)
    assert len(canvas.scene.layers) == 1
    assert np.array_equal(shown(canvas), full)


def test_a_removed_layer_is_not_drawn_though_undo_keeps_its_data(qtbot, session, canvas):
    layer = session.document.state.layers[0]
    session.run("layer.remove", layer_id=layer.id)
    assert canvas.scene.layers == {} and canvas.pick(240, 160) is None


def test_while_moving_fewer_pixels_and_then_the_full_picture(qtbot, session, canvas, monkeypatch):
    monkeypatch.setattr(canvas._slices, "seconds", 1.0)
    session.run("view.orbit", dx=30.0, dy=0.0)
    width = canvas.size_px[0]
    assert canvas.scene.software and canvas.scene.size[0] == width // 2
    settle(qtbot, canvas)
    assert canvas.scene.size == canvas.size_px
    assert np.array_equal(shown(canvas), offscreen(session, canvas.size_px))


def test_at_a_new_size_the_old_picture_stays_until_there_is_a_new_one(qtbot, session, canvas):
    if not canvas.software:
        pytest.skip("hardware draws at once")
    before, frames = shown(canvas).astype(int), canvas.scene.frames
    for size in ((440, 360), (500, 300), (400, 300)):
        canvas.resize(*size)
        stretched = shown(canvas).astype(int)
        assert canvas.scene.frames == frames and canvas.frame().isNull()
        assert stretched.shape[:2] == canvas.size_px[::-1]
        # the same picture but for interpolation
        rows, columns = (np.arange(20, n - 20, 10) for n in stretched.shape[:2])
        there = stretched[np.ix_(rows, columns)]
        down, across = (np.array(before.shape[:2]) / stretched.shape[:2]).tolist()
        was = before[np.ix_((rows * down).astype(int), (columns * across).astype(int))]
        assert np.median(np.abs(there - was)) <= 2 and np.abs(there.mean() - was.mean()) < 2
    settle(qtbot, canvas)
    assert canvas.scene.frames > frames and np.array_equal(shown(canvas), offscreen(session, canvas.size_px))


@pytest.mark.skipif(
    os.environ.get("QT_QPA_PLATFORM") == "offscreen", reason="Qt itself warns about floating windows there"
)
def test_docking_and_floating_keep_the_picture(qtbot, session):
    window, canvas = QMainWindow(), make_canvas(session)
    dock = QDockWidget("view", window)
    dock.setWidget(canvas)
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
    window.resize(640, 480)
    window.show()
    qtbot.waitExposed(window)
    open_city(session)
    for floating in (True, False, True, False):
        dock.setFloating(floating)
        settle(qtbot, canvas)
        assert np.array_equal(shown(canvas), offscreen(session, canvas.size_px))
    canvas.close()
    window.close()
    window.deleteLater()


def test_translucent_overlays_lie_on_the_picture(qtbot, session):
    stage = QWidget()
    stage.resize(480, 320)
    canvas = make_canvas(session)
    canvas.setParent(stage)
    canvas.resize(480, 320)
    label = QLabel(stage)
    label.setStyleSheet("background: rgba(255, 0, 0, 128)")
    label.setGeometry(100, 100, 200, 100)
    stage.show()
    qtbot.waitExposed(stage)
    open_city(session)
    settle(qtbot, canvas)
    under, over = shown(canvas).astype(int), pixels(stage.grab().toImage()).astype(int)
    mixed = np.add(under, (255, 0, 0)) / 2
    (left, top), (right, bottom) = device(canvas, QPoint(100, 100)), device(canvas, QPoint(300, 200))
    inside = np.s_[top + 10 : bottom - 10, left + 10 : right - 10]
    assert np.abs(over[inside] - mixed[inside]).max() <= 3
    outside = np.ones(under.shape[:2], bool)
    outside[top:bottom, left:right] = False
    assert np.array_equal(over[outside], under[outside])
    canvas.close()
    stage.close()
    stage.deleteLater()


def test_a_finished_picture_is_shown_before_the_next_begins(canvas, monkeypatch):
    """Both are asked for in one paint event while the camera never rests."""
    if isinstance(canvas, OffscreenCanvas):
        pytest.skip("paints a finished picture from an image of its own")
    told = []
    monkeypatch.setattr(canvas._surface, "_show", lambda: told.append("shown"))
    monkeypatch.setattr(canvas, "start_picture", lambda: told.append("begun"))
    monkeypatch.setattr(Canvas, "unfinished", property(lambda self: "begun" in told))
    canvas._surface.show_picture()
    canvas._surface.draw()
    canvas._surface.repaint()
    assert told == ["shown", "begun"]


def test_after_close_nothing_is_drawn_and_the_session_goes_on(qtbot, session, canvas):
    canvas.close()
    assert session.viewport is None and canvas.scene is None
    session.run("view.orbit", dx=10.0, dy=0.0)
    with session.document.change("Rename") as edit:
        edit.state = replace(edit.state, title="other")
    canvas.show()
    qtbot.wait(50)
    assert canvas.image().isNull() and canvas.pick(10, 10) is None


def test_a_machine_that_cannot_draw_says_why(qtbot, session, monkeypatch):
    def refuse():
        raise backend.CannotDraw("libEGL.so.1 is not installed. apt install libegl1")

    monkeypatch.setattr("viewer.render.offscreen.make_offscreen_window", refuse)
    canvas = OffscreenCanvas(session)
    qtbot.addWidget(canvas)
    canvas.resize(400, 200)
    canvas.show()
    open_city(session)
    qtbot.wait(50)
    assert "libEGL.so.1" in canvas.problem and canvas.renderer_name == "none"
    assert canvas.image().isNull() and canvas.world_at(5, 5) is None and canvas.settled
    assert len(np.unique(pixels(canvas.grab().toImage()).reshape(-1, 3), axis=0)) > 1
    canvas.close()


def test_window_opengl_is_used_where_the_platform_has_it(qtbot, session):
    made = make_canvas(session)
    qtbot.addWidget(made)
    offscreen_only = QApplication.platformName() in ("offscreen", "minimal")
    assert isinstance(made, OffscreenCanvas) is offscreen_only
    made.close()


def test_a_picture_is_copied_out_of_the_scene(qtbot, session, canvas):
    image = image_surface.to_image(canvas.scene)
    assert (image.width(), image.height()) == canvas.size_px
    assert image.pixelColor(240, 160) != QColor(0, 0, 0)


def test_a_heavy_picture_is_drawn_in_slices_and_shown_when_complete(qtbot, session, canvas, monkeypatch):
    monkeypatch.setattr("viewer.ui.slices.LEAST", 50)
    canvas._slices._triangles = 50
    open_city(session, towers(64))
    settle(qtbot, canvas)
    before = shown(canvas)
    session.run("selection.set", layer_id=session.document.state.layers[1].id, rows=(5,))
    states = []
    canvas.drawn.connect(lambda: states.append("drawn"))
    settle(qtbot, canvas)
    assert states and not np.array_equal(shown(canvas), before)
    assert np.array_equal(shown(canvas), offscreen(session, canvas.size_px))


def test_what_cannot_be_drawn_is_told(qtbot, session, canvas, monkeypatch):
    said = []
    session.message.connect(lambda message: said.append((message.severity, message.text)))
    template = towers(1).lods["1"].tiles
    template = replace(template, origins=np.zeros((1, 3)))
    moves = np.tile(np.eye(4), (3, 1, 1))
    moves[:, :3, 3] = [(85_000.0 + 20 * k, 447_100.0, 0.0) for k in range(3)]
    city = towers(4)
    group = Instances(template, moves, np.arange(3, dtype=np.int32))
    city = replace(city, lods={"1": replace(city.lods["1"], instances=(group,))})
    monkeypatch.setattr("viewer.render.layer.expand_instances", lambda groups: expand_instances(groups, 24))
    open_city(session, city)
    settle(qtbot, canvas)
    assert said == [
        (
            Severity.WARNING,
            "towers: 1 copy of a geometry template is not drawn in LoD 1: that would be too many. "
            "Choose another LoD, or split the file.",
        )
    ]


def test_texture_images_are_read_beside_the_window(qtbot, session, canvas, tmp_path, monkeypatch):
    QImage(64, 64, QImage.Format.Format_RGB888).save(str(tmp_path / "a.png"))
    city = towers(4)
    tiles = city.lods["1"].tiles
    uvt = np.zeros((len(tiles.positions), 3), np.float32)
    tiles = replace(tiles, appearances={"photo": Appearance(None, uvt)})
    city = replace(
        city,
        lods={"1": replace(city.lods["1"], tiles=tiles)},
        textures=(Texture("a.png", str(tmp_path / "a.png")),),
        default_theme="photo",
    )
    layer_id = open_city(session, city)
    settle(qtbot, canvas)
    before = shown(canvas)
    gate, threads = threading.Event(), []

    def prepare(*args, **how):
        threads.append(threading.current_thread())
        gate.wait(60)
        return prepare_textures(*args, **how)

    monkeypatch.setattr("viewer.render.theme.prepare_textures", prepare)
    session.run("style.color_by", layer_id=layer_id, attribute=BY_THEME)
    qtbot.wait(100)
    assert not canvas.settled and np.array_equal(shown(canvas), before)
    gate.set()
    settle(qtbot, canvas)
    assert threads and threading.main_thread() not in threads
    assert np.array_equal(shown(canvas), offscreen(session, canvas.size_px))
    assert not np.array_equal(shown(canvas), before)


def test_closing_while_images_are_read_leaves_no_thread(qtbot, session, canvas, tmp_path, monkeypatch):
    tiles = towers(4).lods["1"].tiles
    tiles = replace(tiles, appearances={"photo": Appearance(np.zeros(len(tiles.positions), np.float32), None)})
    city = towers(4)
    city = replace(city, lods={"1": replace(city.lods["1"], tiles=tiles)}, default_theme="photo")
    layer_id = open_city(session, city)
    settle(qtbot, canvas)
    started = threading.Event()

    def prepare(*_, stopped, **how):
        started.set()
        while not stopped():
            threading.Event().wait(0.005)
        raise Stopped

    monkeypatch.setattr("viewer.render.theme.prepare_textures", prepare)
    session.run("style.color_by", layer_id=layer_id, attribute=BY_THEME)
    assert started.wait(60)
    canvas.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("theme ")]


@pytest.mark.skipif("QT_SCALE_FACTOR" in os.environ, reason="this is the run with the other scale")
@pytest.mark.parametrize("scale", ["2", "1.5"])
def test_screens_with_several_pixels_per_point(scale):
    """The tests of this file that look at pixels and positions, with more device pixels than points."""
    chosen = "pictures_are_equal or grabbed or wheel or hover or click_selects or overlays"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__, "-k", chosen]
    surroundings = {**os.environ, "QT_SCALE_FACTOR": scale}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings, timeout=900)
    assert done.returncode == 0, done.stdout[-2000:]
    assert " passed" in done.stdout
