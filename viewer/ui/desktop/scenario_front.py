"""Ties the parts that show scenarios to the window: panel, bars, legend, card, and what commands ask for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from viewer.document.state import BASE_MODEL
from viewer.session.registry import CommandError
from viewer.ui.desktop.provenance import ProvenanceCard

if TYPE_CHECKING:
    from viewer.ui.desktop.window import MainWindow

PARTS = frozenset({"scenarios", "scenario_view", "cities", "show_legend"})
PANEL_PX, INSPECTOR_PX = 480, 440


class ScenarioFront:
    """Everything about scenarios that the window does."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self.card: ProvenanceCard | None = None
        self._known = 0
        session, shell = window.session, window.shell
        window.scenarios.open_wanted.connect(window.files.choose_scenarios)
        window.scenarios.relink_wanted.connect(self._relink)
        window.stage.legend.source_wanted.connect(lambda: shell.run("scenario.where_from"))
        session.document.changed.connect(self._changed)
        session.scenario_ready.connect(self._refresh_legend)
        session.clock_changed.connect(self._moved)
        self._shown_step = -1

    def shut_down(self) -> None:
        """Leave the session."""
        session = self._window.session
        session.document.changed.disconnect(self._changed)
        session.scenario_ready.disconnect(self._refresh_legend)
        session.clock_changed.disconnect(self._moved)
        if self.card is not None:
            self.card.close()

    def show_card(self, scenario_id: str | None) -> None:
        """Show where a scenario comes from; by default the first one shown."""
        window = self._window
        document = window.session.document
        shown = [name for name in document.state.scenario_view.shown if name != BASE_MODEL]
        wanted = scenario_id if scenario_id is not None else next(iter(shown or document.scenarios), None)
        if wanted is None or wanted not in document.scenarios:
            raise CommandError("That scenario has not been read; nothing is known about its origin.")
        if self.card is None:
            self.card = ProvenanceCard(window.shell, window, self._ask_pdf)
        self.card.show_scenario(wanted)

    def show_report(self, scenario_id: str) -> None:
        """Show what was skipped, assumed or not matched when a package was read."""
        self._window.report.show_scenario(scenario_id)
        self._window.show_panel("report", True)

    def _ask_pdf(self, name: str) -> str:
        files = self._window.files
        return files.dialogs.save_pdf(str(Path(files.folder()) / name))

    def _relink(self, scenario_id: str) -> None:
        files = self._window.files
        chosen = files.dialogs.open_scenarios(files.folder())
        if chosen:
            self._window.shell.run("scenario.relink", scenario_id=scenario_id, path=Path(chosen[0]))

    # --- following -------------------------------------------------------------------------------------------

    def _changed(self, changes: object) -> None:
        if not getattr(changes, "parts", frozenset()) & PARTS:
            return
        count = len(self._window.session.document.state.scenarios)
        first, self._known = count > 0 and self._known == 0, count
        self._window.shell.soon(self._refresh_legend)
        if first:
            self._window.shell.later(self._come_forward)

    def _come_forward(self) -> None:
        """The first scenario brings its panel to the front, with room for it."""
        window = self._window
        dock = window.docks["scenarios"]
        if dock.isHidden() or dock.isFloating() or not window.session.document.state.layers:
            return
        dock.raise_()
        for name, least in (("scenarios", PANEL_PX), ("inspector", INSPECTOR_PX)):
            tall = window.docks[name]
            if tall.isVisible() and not tall.isFloating() and tall.height() < least:
                window.resizeDocks([tall], [least], Qt.Orientation.Vertical)

    def _moved(self, _moment: float) -> None:
        step = self._window.session.clock.step
        if step != self._shown_step:
            self._shown_step = step
            self._window.shell.soon(self._refresh_legend)

    def _refresh_legend(self) -> None:
        self._window.feedback.refresh_legend()
