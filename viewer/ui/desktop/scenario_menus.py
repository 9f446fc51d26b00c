"""The parts of the menu "Scenarios" that depend on what is open: which are shown, which variable, how compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu

from viewer.document.state import BASE_MODEL, DocumentState
from viewer.session.scenario_commands import variables_of
from viewer.ui.desktop.panels.scenarios import BASE_NAME, MODES
from viewer.ui.widgets.text import menu_text

if TYPE_CHECKING:
    from viewer.ui.desktop.window import MainWindow


class ScenarioMenus:
    """Makes them for one window."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._ticks: dict[str, QAction] = {}

    def submenus(self) -> dict[str, Callable[[], QMenu | QAction]]:
        """What makes each, by its name in `viewer.ui.desktop.actions.MENUS`."""
        return {
            "scenarios.show": partial(self._menu, "Show", self._scenarios),
            "scenarios.variable": partial(self._menu, "Variable", self._variables),
            "scenarios.mode": partial(self._menu, "Compare", self._modes),
            "scenarios.hatch": partial(self._tick, "Hatch what is uncertain", "scenario.set_hatch", "visible"),
            "scenarios.sun": partial(self._tick, "Sun follows the clock", "scenario.set_sun", "follow"),
        }

    def tick(self, state: DocumentState) -> None:
        """Show what is on."""
        view = state.scenario_view
        for name, on in (("scenario.set_hatch", view.hatch), ("scenario.set_sun", view.sun)):
            self._ticks[name].setChecked(on)
            self._ticks[name].setEnabled(bool(state.scenarios))

    def _tick(self, title: str, command: str, argument: str) -> QAction:
        act = QAction(title, self._window)
        act.setCheckable(True)
        act.setProperty("command", command)
        act.triggered.connect(lambda on: self._window.shell.run(command, **{argument: on}))
        self._ticks[command] = act
        return act

    def _menu(self, title: str, lines: Callable[[], Iterable[tuple[str, bool, str, dict[str, Any]]]]) -> QMenu:
        menu = QMenu(title, self._window)

        def fill() -> None:
            menu.clear()
            group = QActionGroup(menu)
            for text, on, command, arguments in lines():
                act = group.addAction(menu_text(text))
                act.setCheckable(True)
                act.setChecked(on)
                act.setProperty("command", command)
                act.triggered.connect(partial(self._run, command, arguments))
                menu.addAction(act)
            if not menu.actions():
                menu.addAction("None yet").setEnabled(False)

        menu.aboutToShow.connect(fill)
        return menu

    def _run(self, command: str, arguments: dict[str, Any], *_: object) -> None:
        self._window.shell.run(command, **arguments)

    def _scenarios(self) -> Iterable[tuple[str, bool, str, dict[str, Any]]]:
        state = self._window.session.document.state
        shown = state.scenario_view.shown
        if state.scenarios:
            yield BASE_NAME, shown in ((), (BASE_MODEL,)), "scenario.hide", {}
        for entry in state.scenarios:
            yield entry.name, shown == (entry.id,), "scenario.show", {"ids": (entry.id,), "mode": "single"}

    def _variables(self) -> Iterable[tuple[str, bool, str, dict[str, Any]]]:
        view = self._window.session.document.state.scenario_view
        for name, title in variables_of(self._window.session, view.shown).items():
            yield title, name == view.variable, "scenario.set_variable", {"variable": name}

    def _modes(self) -> Iterable[tuple[str, bool, str, dict[str, Any]]]:
        view = self._window.session.document.state.scenario_view
        for mode, (_icon, title, _text) in MODES.items():
            if view.shown:
                yield title, view.mode == mode, "scenario.set_mode", {"mode": mode}
