"""The legend for both eyes where the picture shows them side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget

from viewer.analysis.legend import Legend, LegendEntry
from viewer.ui.desktop.legend import LegendOverlay
from viewer.ui.desktop.legend_twin import LegendTwin

ENTRIES = (LegendEntry("low", (250, 20, 20), 3), LegendEntry("high", (20, 20, 250), 4))
LEGEND = Legend("Height", "m", "classes", ENTRIES)


@pytest.fixture
def pair(qtbot: Any, shell: Any) -> Iterator[tuple[LegendOverlay, LegendTwin, QWidget]]:
    host = QWidget()
    qtbot.addWidget(host)
    host.resize(900, 600)
    legend = LegendOverlay(shell, host)
    twin = LegendTwin(shell, legend, host)
    host.show()
    legend.show_legend(LEGEND)
    yield legend, twin, host
    twin.shut_down()


def _red_columns(image: QImage) -> list[int]:
    return [
        x
        for x in range(image.width())
        if any(image.pixelColor(x, y).getRgb()[:3] == (250, 20, 20) for y in range(0, image.height(), 2))
    ]


def test_the_twin_stands_in_the_right_eyes_half(qtbot: Any, shell: Any, pair: Any) -> None:
    legend, twin, host = pair
    assert not twin.isVisible()
    shell.session.run("view.set_stereo", mode="side-by-side")
    qtbot.waitUntil(twin.isVisible)
    assert twin.pos().x() == legend.x() + 450 and twin.size() == legend.size()
    red = _red_columns(host.grab().toImage())
    assert any(x < 450 for x in red) and any(x > 450 for x in red)
    legend.show_legend(None)
    qtbot.waitUntil(lambda: not twin.isVisible())
    shell.session.run("view.set_stereo", mode="anaglyph")
    legend.show_legend(LEGEND)
    qtbot.wait(30)
    assert not twin.isVisible()


@pytest.mark.parametrize("mode", ["off", "side-by-side", "side-by-side-full"])
def test_exported_pictures_show_it_to_both_eyes(shell: Any, pair: Any, mode: str) -> None:
    _legend, twin, host = pair
    shell.session.run("view.set_stereo", mode=mode)
    image = QImage(900, 600, QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    twin.draw_on(painter, host.width())
    painter.end()
    red = _red_columns(image)
    left, right = [x for x in red if x < 450], [x for x in red if x >= 450]
    assert left and bool(right) == (mode != "off")
    if right:
        assert abs(left[0] + 450 - right[0]) <= 1
    shell.session.run("view.set_stereo", mode="off")
