"""The panels of the window and where they stand at first. A panel is one line in `TITLES` and one in `_places`."""

from __future__ import annotations

from itertools import pairwise

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
    "style": "Colour",
    "light": "Light",
    "inspector": "Inspector",
    "viewpoints": "Viewpoints",
    "tours": "Tours",
    "numbers": "Numbers",
    "report": "Load report",
}
HEADINGS = {"style": "Colour and filter"}
"""Where the panel itself has room for more words than its tab."""
HIDDEN = ("numbers", "report")
"""Panels that are not there at first; they come at the bottom."""
ROOMY = 1400, 880
"""In a window smaller than this, width or height, a side has one stack of panels in place of two."""


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
    return {
        name: Dock(shell, name, TITLES[name], widget, window, HEADINGS.get(name, ""))
        for name, widget in panels.widgets().items()
    }


def arrange(window: QMainWindow, docks: dict[str, Dock]) -> None:
    """The layout at first: what is there and how it looks to the left, what is known and seen to the right.

    Two stacks on a side, the one above the other; a small window has one on a side, as high as the window.
    """
    left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
    places = dict.fromkeys(("layers", "scenarios", "style", "light"), left)
    places |= dict.fromkeys(("inspector", "viewpoints", "tours"), right)
    for name, dock in docks.items():
        window.removeDockWidget(dock)
        dock.setFloating(False)
        window.addDockWidget(places.get(name, Qt.DockWidgetArea.BottomDockWidgetArea), dock)
        dock.setVisible(name not in HIDDEN)
    roomy = window.width() >= ROOMY[0] and window.height() >= ROOMY[1]
    _stack(window, docks, ("layers", "scenarios"), ("style", "light"), apart=roomy)
    _stack(window, docks, ("inspector",), ("viewpoints", "tours"), apart=roomy)
    for name in ("style", "viewpoints", "layers", "inspector"):
        docks[name].raise_()
    for area in (left, right):
        window.setCorner(Qt.Corner.BottomLeftCorner if area == left else Qt.Corner.BottomRightCorner, area)
    widths = [288, 320] if roomy else [288, 288]
    window.resizeDocks([docks["layers"], docks["inspector"]], widths, Qt.Orientation.Horizontal)
    if roomy:
        window.resizeDocks([docks["layers"], docks["style"]], [320, 360], Qt.Orientation.Vertical)
        window.resizeDocks([docks["inspector"], docks["viewpoints"]], [288, 464], Qt.Orientation.Vertical)
    window.tabifyDockWidget(docks["report"], docks["numbers"])
    window.resizeDocks([docks["report"]], [208], Qt.Orientation.Vertical)


def _stack(
    window: QMainWindow, docks: dict[str, Dock], upper: tuple[str, ...], lower: tuple[str, ...], apart: bool
) -> None:
    """Put the panels of a side in one stack of tabs, or in two, the one above the other."""
    if apart:
        window.splitDockWidget(docks[upper[0]], docks[lower[0]], Qt.Orientation.Vertical)
    stacks = (upper, lower) if apart else ((*upper, *lower),)
    for names in stacks:
        for before, after in pairwise(names):
            window.tabifyDockWidget(docks[before], docks[after])


def is_behind(dock: Dock) -> bool:
    """True if it is there, but another panel of its stack is in front."""
    return not dock.isHidden() and not dock.isFloating() and dock.visibleRegion().isEmpty()
