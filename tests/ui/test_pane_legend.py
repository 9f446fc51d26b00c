"""The legend where pictures stand beside each other: small, in the first pane, with the whole on request."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from viewer.analysis.legend import Legend, LegendEntry, short_label
from viewer.render.pane_places import pane_rects
from viewer.ui.desktop.legend import FLOW_ROW, LegendOverlay, _Flow

CLASSES = ("below 0.2 m: wet feet", "0.2 to 0.5 m: cars stop", "0.5 to 1 m: children cannot stand", "above 1 m: danger")
ENTRIES = tuple(LegendEntry(text, (20 * n, 80, 200)) for n, text in enumerate(CLASSES))
LINES = ("A | B | C | D", "Monday", "The same for all.", "Tool 1.0")
FOUR = Legend("Water depth", "m", "classes", ENTRIES, lines=LINES, strip=("A | B | C | D", "Monday"), panes=4)


@pytest.mark.parametrize("size", [(660, 690), (740, 650), (1300, 960)])
def test_it_leaves_the_pane_to_the_picture(qtbot: Any, shell: Any, size: tuple[int, int]) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    host.resize(*size)
    host.show()
    legend = LegendOverlay(shell, host)
    legend.show_legend(FOUR)
    rect = pane_rects(4, *size)[0]
    box = legend.geometry()
    assert box.top() >= 46  # the name of the pane stands above
    assert box.right() < rect.left + rect.width and box.bottom() < rect.top + rect.height
    assert box.width() * box.height() < 0.3 * rect.width * rect.height
    assert legend.fold.isVisible() and not legend.link.isVisible()
    qtbot.mouseClick(legend.fold, Qt.MouseButton.LeftButton)
    assert legend.height() > 1.5 * box.height() and legend.link.isVisible()
    assert legend.geometry().bottom() > size[1] / 2  # in the corner as ever
    qtbot.mouseClick(legend.fold, Qt.MouseButton.LeftButton)
    assert legend.geometry() == box
    host.resize(size[0] + 300, size[1])
    assert legend.height() <= box.height()


def test_in_a_pane_too_lines_lie_on_what_was_not_modelled_only(qtbot: Any, shell: Any) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    host.resize(740, 650)
    host.show()
    legend, pale, found = LegendOverlay(shell, host), (232, 230, 224), []
    for name in ("not modelled", "none (zero)"):
        legend.show_legend(replace(FOUR, entries=(), states=(LegendEntry(name, pale, 3),)))
        flow = legend.findChildren(_Flow)[-1]
        image = flow.grab().toImage()
        ratio = image.width() / flow.width()
        box = [image.pixelColor(int(x * ratio), int(y * ratio)) for x in range(3, 9) for y in range(5, FLOW_ROW - 5)]
        found.append(sum(colour.lightness() < 210 for colour in box))
    assert found[0] > 3 and found[1] == 0


def test_an_audience_sees_all_that_a_picture_has_to_bear(qtbot: Any, shell: Any) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    host.resize(1280, 720)
    host.show()
    legend = LegendOverlay(shell, host, full=True)
    legend.show_legend(FOUR)
    texts = [label.text() for label in legend.findChildren(QWidget) if hasattr(label, "text")]
    assert any("Monday" in text for text in texts) and legend.width() < 640 and legend.height() < 180


def test_labels_are_cut_where_their_meaning_begins() -> None:
    assert [short_label(text) for text in ("0.2 to 0.5 m: cars stop", "no data", ": odd", "12:30")] == [
        "0.2 to 0.5 m",
        "no data",
        ": odd",
        "12:30",
    ]
