"""The panels of the window and where they stand at first. A panel is one line in `TITLES` and one in `_places`."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMainWindow, QWidget

from viewer.ui.desktop.dock import Dock
from viewer.ui.desktop.panels.inspector import Inspector
from viewer.ui.desktop.panels.layers import LayersPanel
from viewer.ui.desktop.panels.light import LightPanel
from viewer.ui.desktop.panels.numbers import NumbersPanel
from viewer.ui.desktop.panels.report import ReportPanel
from viewer.ui.desktop.panels.scenarios import ScenariosPanel
from viewer.ui.desktop.panels.style import StylePanel
from viewer.ui.desktop.panels.tours import ToursPanel, panel_in_scroll
from viewer.ui.desktop.panels.viewpoints import ViewpointsPanel
from viewer.ui.desktop.shell import Shell

TITLES = {
    "layers": "Layers",
    "scenarios": "Scenarios",
    "style": "Colour and filter",
    "light": "Light",
    "inspector": "Inspector",
    "viewpoints": "Viewpoints",
    "tours": "Tours",
    "numbers": "Numbers",
    "report": "Load report",
}
HIDDEN = ("numbers", "report")
"""Panels that are not there at first; they come at the bottom."""


class Panels:
    """One of each."""

    def __init__(self, shell: Shell) -> None:
        self.layers = LayersPanel(shell)
        self.scenarios = ScenariosPanel(shell)
        self.style = StylePanel(shell)
        self.light = LightPanel(shell)
        self.inspector = Inspector(shell)
        self.viewpoints = ViewpointsPanel(shell)
        self.tours = ToursPanel(shell)
        self.numbers = NumbersPanel(shell)
        self.report = ReportPanel(shell)

    def widgets(self) -> dict[str, QWidget]:
        """What each dock holds, by its name."""
        found: dict[str, QWidget] = {name: getattr(self, name) for name in TITLES}
        return found | {"tours": panel_in_scroll(self.tours)}


def make_docks(shell: Shell, panels: Panels, window: QMainWindow) -> dict[str, Dock]:
    """A dock for every panel, by name."""
    return {name: Dock(shell, name, TITLES[name], widget, window) for name, widget in panels.widgets().items()}


def arrange(window: QMainWindow, docks: dict[str, Dock]) -> None:
    """The layout at first: layers and scenarios over style to the left, inspector over viewpoints to the right."""
    left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
    places = dict.fromkeys(("layers", "scenarios", "style", "light"), left)
    places |= dict.fromkeys(("inspector", "viewpoints", "tours"), right)
    for name, dock in docks.items():
        window.removeDockWidget(dock)
        dock.setFloating(False)
        window.addDockWidget(places.get(name, Qt.DockWidgetArea.BottomDockWidgetArea), dock)
        dock.setVisible(name not in HIDDEN)
    window.splitDockWidget(docks["layers"], docks["style"], Qt.Orientation.Vertical)
    window.tabifyDockWidget(docks["layers"], docks["scenarios"])
    window.tabifyDockWidget(docks["style"], docks["light"])
    window.splitDockWidget(docks["inspector"], docks["viewpoints"], Qt.Orientation.Vertical)
    window.tabifyDockWidget(docks["viewpoints"], docks["tours"])
    for name in ("layers", "style", "viewpoints"):
        docks[name].raise_()
    for area in (left, right):
        window.setCorner(Qt.Corner.BottomLeftCorner if area == left else Qt.Corner.BottomRightCorner, area)
    window.resizeDocks([docks["layers"], docks["inspector"]], [288, 320], Qt.Orientation.Horizontal)
    window.resizeDocks([docks["layers"], docks["style"]], [320, 360], Qt.Orientation.Vertical)
    window.resizeDocks([docks["inspector"], docks["viewpoints"]], [288, 464], Qt.Orientation.Vertical)
    window.tabifyDockWidget(docks["report"], docks["numbers"])
    window.resizeDocks([docks["report"]], [208], Qt.Orientation.Vertical)
