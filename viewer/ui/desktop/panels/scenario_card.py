"""One opened package: its title, who made it, whether it is invented, how well it fits the city, and what to do."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QInputDialog, QLabel, QMenu, QPushButton, QToolButton, QVBoxLayout

from loaders.scenario.model import Manifest
from viewer.analysis.matching import MatchCount
from viewer.document.state import ScenarioState
from viewer.ui.desktop.shell import Shell
from viewer.ui.widgets.text import ElidedLabel, single_line, tooltip

LETTERS = "ABCD"


class ScenarioCard(QFrame):
    """Signals: relink_wanted(scenario id)."""

    relink_wanted = Signal(str)

    def __init__(self, shell: Shell, scenario_id: str) -> None:
        super().__init__()
        self._shell = shell
        self.scenario_id = scenario_id
        self.setProperty("role", "card")
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 8, 8)
        column.setSpacing(2)
        column.addLayout(self._head())
        self.made_by = ElidedLabel()
        self.made_by.setProperty("role", "caption")
        about = QHBoxLayout()
        about.setSpacing(8)
        about.addWidget(self.made_by, 1)
        about.addWidget(self.fictional, 0, Qt.AlignmentFlag.AlignVCenter)
        column.addLayout(about)
        column.addLayout(self._fit())
        column.addLayout(self._links())

    # --- building --------------------------------------------------------------------------------------------

    def _head(self) -> QHBoxLayout:
        self.letter = QLabel()
        self.letter.setProperty("role", "letter")
        self.letter.setFixedSize(22, 22)
        self.letter.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.title = ElidedLabel()
        self.title.setProperty("role", "section")
        self.fictional = QLabel("Fictional")
        self.fictional.setProperty("role", "badge")
        self.fictional.setToolTip("The package says of itself that it is invented")
        self.more = self._shell.tool("more", "More for this scenario")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setMenu(self._menu())
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.letter)
        row.addWidget(self.title, 1)
        row.addWidget(self.more)
        return row

    def _fit(self) -> QHBoxLayout:
        self.mark = QLabel()
        self._shell.set_pixmap(self.mark, "warning", 14, role="warning")
        self.count = ElidedLabel()
        self.count.setProperty("role", "caption")
        self.missing = self._link("What is missing?", "Show what could not be matched")
        self.missing.clicked.connect(lambda: self._run("scenario.show_report", scenario_id=self.scenario_id))
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.mark)
        row.addWidget(self.count, 1)
        row.addWidget(self.missing)
        return row

    def _links(self) -> QHBoxLayout:
        self.show_it = self._link("Show", "Show this scenario alone")
        self.show_it.clicked.connect(lambda: self._run("scenario.show", ids=(self.scenario_id,), mode="single"))
        self.compare = self._link("Compare", "Compare it with what is shown")
        self.compare.clicked.connect(self._compare)
        self.source = self._link("Where from?", "Where does this come from? Who made it, with what, from what")
        self.source.setAccessibleName("Where does this come from?")
        self.source.clicked.connect(lambda: self._run("scenario.where_from", scenario_id=self.scenario_id))
        self.seek = self._link("Find it…", "Tell where the package is now")
        self.seek.clicked.connect(lambda: self.relink_wanted.emit(self.scenario_id))
        row = QHBoxLayout()
        row.setSpacing(4)
        row.setContentsMargins(0, 2, 0, 0)
        for link in (self.show_it, self.compare, self.seek, self.source):
            row.addWidget(link)
        row.addStretch(1)
        return row

    def _link(self, title: str, tip: str) -> QPushButton:
        link = QPushButton(title)
        link.setProperty("role", "link")
        link.setToolTip(tip)
        return link

    def _menu(self) -> QMenu:
        menu = QMenu(self)

        def fill() -> None:
            menu.clear()
            run = partial(self._run, scenario_id=self.scenario_id)
            order = [entry.id for entry in self._shell.session.document.state.scenarios]
            place = order.index(self.scenario_id)
            menu.addAction("Where does this come from?", partial(run, "scenario.where_from"))
            menu.addAction("Load report", partial(run, "scenario.show_report"))
            menu.addAction("Zoom to it", partial(run, "scenario.zoom_to"))
            scenario = self._shell.session.document.scenarios.get(self.scenario_id)
            views = menu.addAction("Take its viewpoints", partial(run, "scenario.take_views"))
            views.setEnabled(scenario is not None and bool(scenario.manifest.views))
            menu.addSeparator()
            menu.addAction("Rename…", self._rename)
            up = menu.addAction("Move up", partial(run, "scenario.move", index=place - 1))
            up.setEnabled(place > 0)
            down = menu.addAction("Move down", partial(run, "scenario.move", index=place + 1))
            down.setEnabled(place + 1 < len(order))
            menu.addSeparator()
            menu.addAction("Remove", partial(run, "scenario.remove"))

        menu.aboutToShow.connect(fill)
        return menu

    # --- showing ---------------------------------------------------------------------------------------------

    def refresh(self, entry: ScenarioState) -> None:
        """Show what is known now."""
        session = self._shell.session
        view = session.document.state.scenario_view
        scenario = session.document.scenarios.get(entry.id)
        self.title.set_full_text(entry.name)
        self.more.setAccessibleName(f"More for {single_line(entry.name)}")
        shown = entry.id in view.shown
        several = len(view.shown) > 1 and view.mode != "single"
        letter = LETTERS[view.shown.index(entry.id)] if shown and several else ""
        self.letter.setText(letter)
        self.letter.setProperty("side", letter)
        self.letter.setVisible(bool(letter))
        self.setProperty("current", "true" if shown else "false")
        for widget in (self, self.letter):
            widget.style().unpolish(widget)
            widget.style().polish(widget)
        self.show_it.setVisible(scenario is not None and (not shown or several))
        self.compare.setVisible(scenario is not None and not shown and bool(view.shown))
        self.source.setVisible(scenario is not None)
        reading = "" if scenario is not None else self._reading(entry)
        self.seek.setVisible(scenario is None and not reading)
        self.fictional.setVisible(scenario is not None and scenario.manifest.fictional)
        if scenario is None:
            self.made_by.set_full_text(reading or "Its package has not been read.")
            self.made_by.setToolTip(tooltip(entry.path))
        else:
            self.made_by.set_full_text(_made_by(scenario.manifest))
        count = _worst([session.scenarios.count(entry.id, name) for name in (scenario.results if scenario else ())])
        self.mark.setVisible(count is not None and not count.complete)
        self.count.set_full_text(count.text if count is not None else "")
        self.count.setVisible(count is not None)
        self.missing.setVisible(count is not None and not count.complete)

    def _reading(self, entry: ScenarioState) -> str:
        """How far the package has been read; empty if nobody reads it."""
        opening = self._shell.session.opening
        if opening.awaits(entry.id):
            return "Will be read after the city\u2026"
        job = opening.job_reading(entry.path)
        status = next((item for item in self._shell.session.jobs.active if item.id == job), None)
        if job is None:
            return ""
        if status is None or not status.running:
            return "Waiting to be read\u2026"
        return (
            f"Being read\u2026 {round(100 * status.fraction)}\u00a0%" if status.fraction > 0.0 else "Being read\u2026"
        )

    # --- acts ------------------------------------------------------------------------------------------------

    def _run(self, command: str, /, **arguments: object) -> None:
        self._shell.run(command, **arguments)

    def _compare(self) -> None:
        view = self._shell.session.document.state.scenario_view
        mode = view.mode if view.mode != "single" else "swipe"
        first = next((name for name in view.shown if name != self.scenario_id), "")
        baseline = self._shell.session.document.scenarios[self.scenario_id].manifest.baseline
        # what it builds on is A; else what was seen first
        other = self._shell.session.document.scenarios.get(first)
        ids = (first, self.scenario_id)
        if other is not None and other.manifest.baseline == self.scenario_id and baseline != first:
            ids = (self.scenario_id, first)
        self._run("scenario.compare", ids=ids, mode=mode)

    def _rename(self) -> None:
        old = self.title.full_text()
        text, done = QInputDialog.getText(self, "Rename scenario", "Name in this project", text=old)
        if done and text.strip():
            self._run("scenario.rename", scenario_id=self.scenario_id, name=text)


def _made_by(manifest: Manifest) -> str:
    made = manifest.provenance
    who = made.publisher or made.tool or "Maker not told"
    return " · ".join(part for part in (who, made.date) if part)


def _worst(counts: list[MatchCount | None]) -> MatchCount | None:
    """The count that lacks most; None where nothing has to be matched, or nothing is known yet."""
    known = [count for count in counts if count is not None and count.total]
    return max(known, key=lambda count: (count.total - count.matched, count.total), default=None)
