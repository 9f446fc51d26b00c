"""The bar of time: it runs, steps, tells the moment in words, marks the maximum and keeps off other things."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget

from loaders.scenario.model import TimeAxis
from viewer.ui.desktop import time_words as words
from viewer.ui.desktop.time_axis import TimeAxisBar

AddLayer = Callable[..., str]
kit = SimpleNamespace(**run_path(str(Path(__file__).with_name("scenario_kit.py"))))
DAY = 86_400.0


class Picture(QWidget):
    """Stands for the canvas."""

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        self.walk = SimpleNamespace(active=False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)


@pytest.fixture
def bar(qtbot: Any, shell: Any, add_layer: AddLayer) -> TimeAxisBar:
    host = QWidget()
    qtbot.addWidget(host)
    host.resize(900, 760)
    picture = Picture(host)
    made = TimeAxisBar(shell, picture, host)  # type: ignore[arg-type]
    made.host, made.picture = host, picture  # type: ignore[attr-defined]
    host.show()
    add_layer()
    yield made
    made.shut_down()


def test_it_is_there_only_where_something_has_a_time(bar: TimeAxisBar, shell: Any) -> None:
    assert not bar.isVisible() and bar.room == 0
    kit.put(shell.session, kit.flood(), variable="noise")
    assert not bar.isVisible()
    shell.session.run("scenario.set_variable", variable="depth")
    assert bar.isVisible() and bar.room > 80
    shell.session.run("scenario.remove", scenario_id="flood")
    assert not bar.isVisible()


def test_buttons_run_step_and_repeat(qtbot: Any, bar: TimeAxisBar, shell: Any) -> None:
    kit.put(shell.session, kit.flood(), variable="depth")
    clock = shell.session.clock
    bar.on.click()
    assert clock.step == 1 and bar.moment.full_text() == "Sunday 21 June 2026, 03:00"
    assert bar.detail.full_text() == "Step 2 of 3 · Europe/Amsterdam"
    bar.back.click()
    assert clock.step == 0
    bar.play.click()
    assert clock.playing and bar.play.accessibleName() == "Stop"
    bar.play.click()
    assert not clock.playing
    bar.loop.click()
    assert clock.loop
    bar._fill_speeds(bar.speed.menu())
    acts = {act.text(): act for act in bar.speed.menu().actions()}
    assert bar.speed.text() in acts
    acts["10 min per second"].trigger()
    assert clock.speed == 10.0 and bar.speed.text() == "10 min per second"


def test_in_a_low_picture_all_stands_in_one_line(bar: TimeAxisBar, shell: Any) -> None:
    kit.put(shell.session, kit.flood(), variable="depth")
    high = bar.height()
    bar.host.resize(640, 600)  # type: ignore[attr-defined]
    assert bar.height() < high - 24 and bar.room < 90
    assert bar.moment.full_text() == "Sun 21 Jun 2026, 02:00" and bar.speed.text().endswith("/s")
    assert bar.axis.isVisible() and bar.axis.width() > 120 and "per second" in bar.speed.accessibleName()
    bar.host.resize(900, 760)  # type: ignore[attr-defined]
    assert bar.height() == high and bar.moment.full_text() == "Sunday 21 June 2026, 02:00"


def test_the_axis_is_dragged_and_driven_by_keys(qtbot: Any, bar: TimeAxisBar, shell: Any) -> None:
    kit.put(shell.session, kit.flood(), variable="depth")
    axis, clock = bar.axis, shell.session.clock
    places = [axis.x_of(float(mark)) for mark in clock.marks]
    assert places == sorted(places) and axis.moment_at(places[1]) == pytest.approx(clock.marks[1])
    qtbot.mouseClick(axis, Qt.MouseButton.LeftButton, pos=QPoint(round(places[1]) + 2, 20))
    assert clock.now == clock.marks[1]
    qtbot.mouseClick(axis, Qt.MouseButton.LeftButton, pos=QPoint(round((places[1] + places[2]) / 2), 20))
    assert clock.marks[1] < clock.now < clock.marks[2]
    for key, step in ((Qt.Key.Key_End, 2), (Qt.Key.Key_Left, 1), (Qt.Key.Key_Home, 0), (Qt.Key.Key_Right, 1)):
        qtbot.keyClick(axis, key)
        assert clock.step == step
    qtbot.keyClick(axis, Qt.Key.Key_Space)
    assert clock.playing
    axis.setValue(10_000)  # as assistive technology does
    assert clock.now == clock.end and not clock.playing
    assert axis.accessibleName() == "Moment of the results" and "June 2026" in axis.accessibleDescription()


def test_the_highest_value_is_marked_and_one_click_away(qtbot: Any, bar: TimeAxisBar, shell: Any) -> None:
    kit.put(shell.session, kit.flood(), variable="depth")
    qtbot.waitUntil(lambda: (shell.session.poll(), bar.axis.curve is not None)[1])
    assert np.allclose(bar.axis.curve, [0.2, 1.5, 0.7]) and bar.axis.peak == shell.session.clock.marks[1]
    assert "03:00" in bar.peak.accessibleName()
    bar.peak.click()
    assert shell.session.clock.step == 1
    assert not bar.grab().isNull()


def test_space_belongs_to_the_picture_alone(qtbot: Any, bar: TimeAxisBar, shell: Any) -> None:
    kit.put(shell.session, kit.flood(), variable="depth")
    picture, clock = bar.picture, shell.session.clock  # type: ignore[attr-defined]
    qtbot.keyClick(picture, Qt.Key.Key_Space)
    assert clock.playing
    qtbot.keyClick(picture, Qt.Key.Key_Space)
    assert not clock.playing
    picture.walk.active = True
    qtbot.keyClick(picture, Qt.Key.Key_Space)
    qtbot.keyClick(picture, Qt.Key.Key_Space, Qt.KeyboardModifier.ShiftModifier)
    assert not clock.playing


def test_periods_have_names_and_no_zone(bar: TimeAxisBar, shell: Any) -> None:
    values = [[0.2, 0.1], [0.4, 0.3], [0.9, 0.5]]
    kit.put(shell.session, kit.scenario("noisy", kit.depth(values, axis=kit.PERIODS)), variable="depth")
    assert bar.moment.full_text() == "day" and bar.detail.full_text() == "Period 1 of 3"
    assert bar.speed.text() == "a period in 2 s"
    names = bar.axis.names(shell.session.clock.axis, bar.fontMetrics().horizontalAdvance)
    assert [name[1] for name in names] == ["day", "evening", "night"]


def test_names_below_the_axis_never_overlap(bar: TimeAxisBar, shell: Any) -> None:
    values = np.zeros((400, 2), np.float32)
    kit.put(shell.session, kit.scenario("long", kit.depth(values)), variable="depth")
    names = bar.axis.names(shell.session.clock.axis, bar.fontMetrics().horizontalAdvance)
    assert 3 < len(names) < 40
    for (_, _, left, width), (_, _, following, _) in pairwise(names):
        assert left + width < following


def test_moments_in_words() -> None:
    day = TimeAxis("instants", np.arange(3) * DAY, zone="UTC")
    assert words.moment_words(day, DAY) == "Friday 2 January 1970"
    hour = TimeAxis("intervals", np.array([0.0, 3600.0]), np.array([3600.0, 7200.0]), zone="UTC")
    assert words.moment_words(hour, 10.0) == "Thursday 1 January 1970, 00:00 – 01:00"
    late = TimeAxis("intervals", np.array([0.0, 82_800.0]), np.array([82_800.0, 90_000.0]), zone="UTC")
    assert words.moment_words(late, 86_000.0) == "Thursday 1 January 1970, 23:00 – Friday 2 January 1970, 01:00"
    model = TimeAxis("instants", np.array([0.0, 59.5 * DAY]), zone="UTC", calendar="360_day")
    assert words.moment_words(model, 0.0) == "1 January 1970, 00:00"
    assert words.step_words(model, 0.0) == "Step 1 of 2 · 360 day calendar"
    close = TimeAxis("instants", np.array([0.0, 5.0, 10.0]), zone="UTC")
    assert words.moment_words(close, 5.0).endswith("00:00:05")
    assert words.tick_words(TimeAxis("instants", np.arange(3) * 20 * 366 * DAY, zone="UTC"), 1) == "1990"


@pytest.mark.parametrize(
    ("speed", "text"),
    [(1 / 60, "real time"), (0.5, "30 s per second"), (30, "30 min per second"), (120, "2 h per second"),
     (1440, "1 day per second"), (2880, "2 days per second")],
)  # fmt: skip
def test_speeds_in_words(speed: float, text: str) -> None:
    assert words.speed_words(TimeAxis("instants", np.arange(3.0)), speed) == text
