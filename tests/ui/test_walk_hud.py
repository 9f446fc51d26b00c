"""What floats over the picture while somebody walks: shown in time, in its place, telling the truth."""

import math
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from loaders.api import LoadResult
from viewer.document.state import LayerState
from viewer.session import navigation
from viewer.session.walks import walks
from viewer.ui.canvas import OffscreenCanvas
from viewer.ui.desktop.minimap import REACH_M, SIDE, MiniMap, _round_metres
from viewer.ui.desktop.stage import Stage
from viewer.ui.desktop.walk_hud import point_of
from viewer.ui.walk_names import Nearby

pytestmark = pytest.mark.gui
towns = SimpleNamespace(**run_path(str(Path(__file__).parents[1] / "session" / "walk_town.py")))
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def town():
    made = towns.Town()
    made.terrain(-100, -100, 100, 100, lambda x, y: 0.0, step=10.0)
    made.box(-5, -5, 5, 5, -1, 12)
    return made


@pytest.fixture
def stage(qtbot, shell, session, town):
    with session.document.change("Open") as edit:
        edit.add_city(LayerState("a", "town", "/town.json"), LoadResult(town.city(), "CityJSON", "2.0"))
    made = Stage(shell, OffscreenCanvas(session))
    made.resize(900, 600)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    session.settings.set("reduce_motion", True)
    yield made
    made.walk.close()
    made.canvas.close()


def start(session, town, at=(-30, -20), yaw=0.0):
    session.move_camera(navigation.looking(town.at(*at, 30), yaw, -20.0, 20.0, 40.0))
    session.run("view.walk", position=town.at(*at))


def work(qtbot, session, until):
    def done():
        session.poll()
        return until()

    qtbot.waitUntil(done)


def test_it_comes_and_goes_with_walking(qtbot, stage, session, town):
    hud = stage.walk
    assert not any(part.isVisible() for part in hud.widgets())
    start(session, town)
    assert all(part.isVisible() for part in (hud.compass, hud.map, hud.up, hud.keys))
    assert not hud.pad.isVisible() and not hud.vignette.isVisible()
    session.run("view.orbit_mode")
    assert not any(part.isVisible() for part in hud.widgets())


def test_parts_do_not_cover_each_other(qtbot, stage, session, town):
    start(session, town)
    for width, height in ((900, 600), (640, 480), (1600, 900)):
        stage.resize(width, height)
        parts = [p.geometry() for p in stage.walk.widgets()[1:] if p.isVisible()]
        assert all(stage.rect().contains(rect) for rect in parts)
        assert not any(a.intersects(b) for k, a in enumerate(parts) for b in parts[:k])
        assert stage.walk.map.geometry().right() == width - 17


def test_the_compass_says_where_one_looks(qtbot, stage, session, town):
    start(session, town, yaw=0.0)
    qtbot.waitUntil(lambda: stage.walk.compass.detail != "")
    assert stage.walk.compass.heading == pytest.approx(90.0)
    assert stage.walk.compass.detail == "E 90°  ·  1.7 m above ground  ·  1.4 m/s"
    walks(session).look(100.0, 0.0)
    qtbot.waitUntil(lambda: stage.walk.compass.heading == pytest.approx(350.0))
    assert stage.walk.compass.detail.startswith("N 350°")
    assert [point_of(h) for h in (0, 44, 91, 181, 359)] == ["N", "NE", "E", "S", "N"]


def test_a_click_on_the_map_goes_there(qtbot, stage, session, town):
    start(session, town)
    hud = stage.walk
    work(qtbot, session, lambda: hud.map.drawn)
    scale = REACH_M / (SIDE / 2)
    at = QPoint(SIDE // 2, SIDE // 2 - round(20 / scale))
    QTest.mouseClick(hud.map, LEFT, pos=at)
    assert town.local(session.camera.position)[:2] == pytest.approx((-30, 0), abs=1.0)
    QTest.mouseClick(hud.up, LEFT)
    assert walks(session).mode == "orbit" and session.camera.position[2] > 30


def test_the_map_is_drawn_round_the_walker_with_north_up(qtbot, stage, session, town):
    start(session, town, at=(-30, 0), yaw=90.0)
    hud = stage.walk
    work(qtbot, session, lambda: hud.map.drawn)
    image = hud.map.grab().toImage()
    scale = (SIDE / 2) / REACH_M * image.devicePixelRatio()
    middle = image.width() / 2

    def color(east, north):
        return image.pixelColor(round(middle + east * scale), round(middle - north * scale)).getRgb()[:3]

    assert color(30, -2) == (0xC3, 0xB9, 0xAB)  # the house, thirty metres to the east
    assert color(-30, -30) == (0xF1, 0xEF, 0xE9)
    accent = image.pixelColor(round(middle + 2), round(middle))
    assert accent.blue() > accent.red() + 60


def test_keys_fade_and_come_back(qtbot, stage, session, town):
    start(session, town)
    keys = stage.walk.keys
    assert "W A S D: walk" in keys.accessibleName()
    keys._wait.stop()
    keys._fade.start()
    qtbot.waitUntil(lambda: not keys.isVisible())
    session.run("view.fly")
    assert keys.isVisible() and "Space C: up, down" in keys.accessibleName()


def test_buttons_for_fingers_walk_while_they_are_pressed(qtbot, stage, session, town):
    start(session, town)
    stage.canvas.walk.touched.emit()
    pad = stage.walk.pad
    assert pad.isVisible() and not stage.walk.keys.isVisible()
    before = session.camera.position
    QTest.mousePress(pad.buttons["forward"], LEFT)
    qtbot.waitUntil(lambda: math.dist(before, session.camera.position) > 0.1)
    QTest.mouseRelease(pad.buttons["forward"], LEFT)
    qtbot.waitUntil(lambda: not stage.canvas.walk.running)
    QTest.mousePress(pad.buttons["turn_left"], LEFT)
    qtbot.waitUntil(lambda: navigation.angles(session.camera)[0] > 2.0)
    QTest.mouseRelease(pad.buttons["turn_left"], LEFT)


def test_edges_darken_only_while_one_moves_and_wants_it(qtbot, stage, session, town):
    start(session, town)
    walks(session).look(5.0, 0.0)
    assert not stage.walk.vignette.isVisible()
    session.settings.set("walk_vignette", True)
    walks(session).look(5.0, 0.0)
    assert stage.walk.vignette.isVisible()
    edge = stage.walk.vignette.grab().toImage()
    qtbot.waitUntil(lambda: not stage.walk.vignette.isVisible())
    assert edge.pixelColor(2, 2).alpha() >= edge.pixelColor(edge.width() // 2, edge.height() // 2).alpha()


def test_names_of_streets_and_places_near(session):
    from viewer.ui import walk_names

    found = walk_names.Places(
        np.array([0, 1]), np.array([0, 1]), np.array([0, 1]), ("Quay", "Old town"),
        np.array([[0.0, 0, 0], [200, 0, 0]]), np.array([[40.0, 0, 0], [0, 0, 0]]), np.ones(2),
        np.array([walk_names.Kind.STREET, walk_names.Kind.PLACE], np.uint8), np.ones(2), np.ones(2),
    )  # fmt: skip
    nearby = Nearby(session)
    nearby._places = lambda: [found]
    assert nearby.names((30.0, 5.0, 0.0)) == walk_names.NearNames("Quay", "Old town")
    assert nearby.names((0.0, 60.0, 0.0)) == walk_names.NearNames("", "Old town")
    assert nearby.names((0.0, 900.0, 0.0)) == walk_names.NearNames()


def test_scale_bars_are_round():
    assert [_round_metres(m) for m in (50.0, 49.0, 19.0, 1.5, 999.0)] == [50.0, 20.0, 10.0, 1.0, 500.0]


def test_the_map_needs_no_plan_to_be_painted(qtbot, shell):
    made = MiniMap(shell, None)
    qtbot.addWidget(made)
    assert not made.grab().isNull() and made.world_at(made.rect().center()) is None
