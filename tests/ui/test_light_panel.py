"""The light panel says what the document says, and every control of it runs its command."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QDate, Qt

from viewer.analysis.daytimes import NAMES, compass, day_times, describe, sky_of
from viewer.analysis.sun import Place
from viewer.ui.desktop.panels.light import LightPanel

kit = SimpleNamespace(**run_path(str(Path(__file__).with_name("scenario_kit.py"))))
AddLayer = Callable[..., str]
DELFT = Place(52.01, 4.36)


@pytest.fixture
def panel(qtbot: Any, shell: Any) -> LightPanel:
    made = LightPanel(shell)
    qtbot.addWidget(made)
    made.resize(290, 700)
    made.show()
    return made


def click(qtbot: Any, widget: Any) -> None:
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


def test_realism_quality_and_shadows(qtbot: Any, panel: LightPanel, shell: Any) -> None:
    document = shell.session.document
    click(qtbot, panel.realism.buttons["plain"])
    click(qtbot, panel.quality.buttons["high"])
    panel.shadows.click()
    assert (document.state.realism, document.state.quality, document.state.light.shadows) == ("plain", "high", False)
    for _ in range(3):
        shell.session.run("edit.undo")
    assert panel.realism.buttons["shaded"].isChecked() and panel.quality.buttons["auto"].isChecked()
    assert panel.shadows.isChecked()


def test_a_date_needs_a_place(panel: LightPanel) -> None:
    assert not panel.kind.buttons["dated"].isEnabled() and "coordinate reference system" in panel._sky.text()


def test_slider_date_and_times_of_day(qtbot: Any, panel: LightPanel, shell: Any, add_layer: AddLayer) -> None:
    add_layer()
    light = lambda: shell.session.document.state.light  # noqa: E731
    click(qtbot, panel.kind.buttons["dated"])
    assert light().time.endswith("-06-21T15:00") and panel.clock.text() == "15:00" and panel.hour.isVisible()
    panel.hour.setValue(6 * 12 + 1)
    assert light().time.endswith("T06:05") and panel.clock.text() == "06:05"
    panel.date.setDate(QDate(2024, 12, 21))
    assert light().time == "2024-12-21T06:05"
    click(qtbot, panel.presets["Night"])
    assert light().time == "2024-12-21T23:30" and panel._sky.text().startswith("Night")
    click(qtbot, panel.presets["Noon"])
    assert panel._sky.text().endswith("in the south.")
    click(qtbot, panel.kind.buttons["model"])
    assert light().time is None and not panel.hour.isVisible()


def test_an_offset_is_kept(panel: LightPanel, shell: Any, add_layer: AddLayer) -> None:
    add_layer()
    shell.session.run("light.set_time", time="2026-06-20T16:30:00+02:00")
    assert panel.clock.text() == "16:30" and "+02:00" in panel.clock.toolTip()
    panel.hour.setValue(panel.hour.value() + 1)
    assert shell.session.document.state.light.time == "2026-06-20T16:35+02:00"


def test_contour_lines(panel: LightPanel, shell: Any) -> None:
    panel.contours.click()
    assert shell.session.document.state.contour_step == 2.0
    panel.step.setValue(5.0)
    assert shell.session.document.state.contour_step == 5.0
    panel.contours.click()
    assert shell.session.document.state.contour_step == 0.0
    panel.step.setValue(7.0)
    assert shell.session.document.state.contour_step == 0.0


def test_times_of_day_follow_the_sun() -> None:
    times = day_times(datetime(2026, 6, 21), DELFT)
    heights = {name: sky_of(moment, DELFT).sun.elevation for name, moment in times.items()}
    assert list(times) == list(NAMES) and times["Morning"] < times["Noon"] < times["Evening"] < times["Night"]
    assert heights["Noon"] == pytest.approx(61.4, abs=0.2)
    assert heights["Morning"] == pytest.approx(18.0, abs=1.5) and heights["Evening"] == pytest.approx(9.0, abs=1.5)
    assert heights["Night"] < 0.0
    polar = day_times(datetime(2026, 12, 21), Place(78.2, 15.6))
    assert len(set(polar.values())) >= 2


def test_the_sky_in_words() -> None:
    assert describe(sky_of(datetime(2026, 6, 21, 12), DELFT)) == "Sun 61° high in the south"
    assert describe(sky_of(datetime(2026, 6, 21, 23), DELFT)).startswith("Night") or "Twilight" in describe(
        sky_of(datetime(2026, 6, 21, 23), DELFT)
    )
    assert [compass(a) for a in (0, 44, 91, 359)] == ["north", "north-east", "east", "north"]


def test_where_the_sun_follows_the_clock_no_other_time_is_offered(
    panel: LightPanel, shell: Any, add_layer: Any
) -> None:
    add_layer()
    shell.session.run("light.set_time", time="2026-06-21T15:00")
    assert panel.hour.isVisible() and not panel.own.isVisible()
    kit.put(shell.session, kit.flood(), variable="depth")
    assert not panel.hour.isVisible() and panel.own.isVisible() and "clock" in panel._led.text()
    panel.own.click()
    assert not shell.session.document.state.scenario_view.sun
    assert panel.hour.isVisible() and panel.clock.text() == "15:00" and not panel.own.isVisible()
