"""The menus of the window that are not one plain command: recent files, viewpoints, choices, panels."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QDockWidget, QMenu

from viewer.document.state import DocumentState
from viewer.ui.desktop.actions import Item
from viewer.ui.desktop.scenario_menus import ScenarioMenus
from viewer.ui.widgets.text import menu_text

if TYPE_CHECKING:
    from viewer.ui.desktop.window import MainWindow


class WindowMenus:
    """Makes them for one window."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._scenarios = ScenarioMenus(window)

    def submenus(self) -> dict[str, Callable[[], QMenu | QAction]]:
        """What makes each, by its name in `viewer.ui.desktop.actions.MENUS`."""
        return {
            "recent": self._recent_menu,
            "viewpoints": self._viewpoints_menu,
            "labels": self._labels_action,
            "legend": self._legend_action,
            "quality": self._quality_menu,
            "stereo": self._stereo_menu,
            "theme": self._theme_menu,
            "panels": self._panels_menu,
            **self._scenarios.submenus(),
        }

    def tick(self, state: DocumentState) -> None:
        """Show what is on."""
        self._labels_tick.setChecked(state.labels)
        self._legend_tick.setChecked(state.show_legend)
        self._scenarios.tick(state)

    def _recent_menu(self) -> QMenu:
        menu = QMenu("Open recent", self._window)

        def fill() -> None:
            menu.clear()
            for recent in self._window.files.recent():
                act = menu.addAction(menu_text(recent.path.name))
                act.setEnabled(recent.exists)
                act.triggered.connect(lambda _=False, p=recent.path: self._window.files.open([p]))
            menu.setEnabled(bool(menu.actions()))

        menu.aboutToShow.connect(fill)
        return menu

    def _viewpoints_menu(self) -> QMenu:
        menu = QMenu("Go to viewpoint", self._window)

        def fill() -> None:
            menu.clear()
            for viewpoint in self._window.session.document.state.viewpoints:
                act = self._window.actions_.action(
                    Item("viewpoint.go", args={"name": viewpoint.name}, title=menu_text(viewpoint.name))
                )
                act.setParent(menu)
                menu.addAction(act)
            if not menu.actions():
                menu.addAction("None yet").setEnabled(False)

        menu.aboutToShow.connect(fill)
        return menu

    def _labels_action(self) -> QAction:
        act = QAction("Labels", self._window)
        act.setCheckable(True)
        act.setProperty("command", "labels.set_visible")
        act.triggered.connect(lambda on: self._window.shell.run("labels.set_visible", visible=on))
        self._labels_tick = act
        return act

    def _legend_action(self) -> QAction:
        act = QAction("Legend", self._window)
        act.setCheckable(True)
        act.setProperty("command", "legend.set_visible")
        act.triggered.connect(lambda on: self._window.shell.run("legend.set_visible", visible=on))
        self._legend_tick = act
        return act

    def _quality_menu(self) -> QMenu:
        titles = {"auto": "What suits this machine", "draft": "Draft (fastest)", "normal": "Normal", "high": "High"}
        return self._choice_menu(
            "Drawing quality", "quality.set", "quality", titles, lambda: self._window.session.document.state.quality
        )

    def _stereo_menu(self) -> QMenu:
        titles = {
            "off": "Off",
            "anaglyph": "Red-cyan glasses",
            "side-by-side": "Side by side, half width",
            "side-by-side-full": "Side by side, full width",
        }
        settings = self._window.session.settings
        return self._choice_menu("Stereo", "view.set_stereo", "mode", titles, lambda: str(settings.get("stereo")))

    def _theme_menu(self) -> QMenu:
        titles = {"system": "As the system", "light": "Light", "dark": "Dark"}
        return self._choice_menu("Theme", "window.set_theme", "theme", titles, lambda: self._window.themes.choice)

    def _choice_menu(
        self, title: str, command: str, argument: str, titles: dict[str, str], now: Callable[[], str]
    ) -> QMenu:
        menu = QMenu(title, self._window)
        group = QActionGroup(menu)
        for value, text in titles.items():
            act = self._window.actions_.action(Item(command, args={argument: value}, title=text))
            act.setCheckable(True)
            act.setData(value)
            group.addAction(act)
            menu.addAction(act)

        def tick() -> None:
            for act in group.actions():
                act.setChecked(act.data() == now())

        menu.aboutToShow.connect(tick)
        return menu

    def _panels_menu(self) -> QMenu:
        menu = QMenu("Panels", self._window)
        for name, dock in self._window.docks.items():
            act = self._window.actions_.action(
                Item("window.show_panel", args={"panel": name}, title=dock.windowTitle())
            )
            self._tick_panel(act, dock, menu)
            menu.addAction(act)
        return menu

    def _tick_panel(self, act: QAction, dock: QDockWidget, menu: QMenu) -> None:
        act.setCheckable(True)
        menu.aboutToShow.connect(lambda: act.setChecked(dock.isVisible()))
