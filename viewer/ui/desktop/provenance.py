"""The card "Where does this come from?": everything that is known about the origin of a scenario's numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMarginsF, QSize, Qt
from PySide6.QtGui import QPageLayout, QPageSize, QPdfWriter, QTextDocument
from PySide6.QtWidgets import QApplication, QDialog, QHBoxLayout, QPushButton, QTextBrowser, QVBoxLayout, QWidget

from viewer.analysis.provenance_card import Card, card_of
from viewer.ui.desktop.shell import Shell
from viewer.ui.widgets.fields import CalmComboBox
from viewer.ui.widgets.text import single_line, visible_text

TITLE = "Where does this come from?"
PAPER = {"text": "#18212d", "muted": "#546171", "warning": "#8a5300", "rule": "#dfe4ea"}
"""Colours in print."""


class ProvenanceCard(QDialog):
    """Not modal: it can stay beside the picture. ``ask_pdf(start)`` asks where to put a PDF, "" = nowhere."""

    def __init__(self, shell: Shell, parent: QWidget, ask_pdf: Callable[[str], str]) -> None:
        super().__init__(parent)
        self._shell, self._ask_pdf = shell, ask_pdf
        self.card: Card | None = None
        self.setWindowTitle(TITLE)
        self.setAccessibleName(TITLE)
        self.choice = CalmComboBox()
        self.choice.setAccessibleName("Scenario")
        self.choice.activated.connect(lambda index: self.show_scenario(self.choice.itemData(index)))
        self.text = QTextBrowser()
        self.text.setAccessibleName("Origin of the scenario")
        self.text.setOpenLinks(False)
        self.text.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.copy, self.pdf = QPushButton("Copy all"), QPushButton("Save as PDF…")
        self.print = QPushButton("Print…")
        self.done_button = QPushButton("Close")
        self.copy.setToolTip("Copy everything as text, with full hashes")
        shell.set_icon(self.copy, "copy")
        shell.set_icon(self.print, "print")
        self.copy.clicked.connect(self._copy)
        self.pdf.clicked.connect(self._save)
        self.print.clicked.connect(self._print)
        self.done_button.clicked.connect(self.close)
        row = QHBoxLayout()
        row.setSpacing(8)
        for button in (self.copy, self.pdf, self.print):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self.done_button)
        for button in (self.copy, self.pdf, self.print, self.done_button):
            button.setAutoDefault(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(12)
        column.addWidget(self.choice)
        column.addWidget(self.text, 1)
        column.addLayout(row)
        shell.theme_changed.connect(self._retheme)

    def sizeHint(self) -> QSize:
        """Wide enough for hashes and sentences."""
        return QSize(620, 680)

    def show_scenario(self, scenario_id: str) -> None:
        """Show the card of a scenario that has been read; the variable shown comes first."""
        session = self._shell.session
        known, scenario = session.scenarios, session.document.scenarios[scenario_id]
        variable = session.document.state.scenario_view.variable
        self.choice.clear()
        for entry in session.document.state.scenarios:
            if entry.id in session.document.scenarios:
                self.choice.addItem(single_line(entry.name), entry.id)
        self.choice.setCurrentIndex(self.choice.findData(scenario_id))
        self.choice.setVisible(self.choice.count() > 1)

        def count(name: str) -> str:
            found = known.count(scenario_id, name)
            return found.text if found is not None else ""

        self.card = card_of(scenario.manifest, scenario.results, count, variable)
        self._retheme()
        self.text.moveCursor(self.text.textCursor().MoveOperation.Start)
        self.show()
        self.raise_()
        self.activateWindow()
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)

    def _retheme(self, _theme: object = None) -> None:
        if self.card is not None:
            colors = {name: self._shell.color(name) for name in ("text", "muted", "warning")}
            self.text.setHtml(self.card.as_html(**colors, rule=self._shell.color("border")))

    def _copy(self) -> None:
        if self.card is not None:
            QApplication.clipboard().setText(self.card.as_text())
            self._shell.say("info", "Origin copied")

    def _paper(self) -> QTextDocument:
        paper = QTextDocument()
        paper.setDefaultFont(self.text.font())
        if self.card is not None:
            paper.setHtml(self.card.as_html(**PAPER))
        return paper

    def _save(self) -> None:
        if self.card is None:
            return
        name = "".join(c if c.isalnum() or c in " -_" else "_" for c in self.card.title)[:80].strip() or "scenario"
        chosen = self._ask_pdf(f"{name} - origin.pdf")
        if chosen:
            self.save_pdf(Path(chosen if chosen.lower().endswith(".pdf") else f"{chosen}.pdf"))

    def save_pdf(self, path: Path) -> None:
        """Write the card as PDF."""
        try:
            with path.open("wb"):
                pass  # says why not, where it cannot be written
        except OSError as error:
            reason = error.strerror or "not possible"
            self._shell.say("error", f"{visible_text(path.name)} cannot be written ({reason}). Choose another folder.")
            return
        writer = QPdfWriter(str(path))
        writer.setTitle(f"{TITLE} {single_line(self.card.title)}" if self.card is not None else TITLE)
        writer.setPageLayout(
            QPageLayout(QPageSize(QPageSize.PageSizeId.A4), QPageLayout.Orientation.Portrait, QMarginsF(16, 16, 16, 16))
        )
        paper = self._paper()
        paper.print_(writer)
        del writer
        self._shell.say("info", f"Saved as {visible_text(path.name)}")

    def _print(self) -> None:
        from PySide6.QtPrintSupport import QPrintDialog, QPrinter

        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        asked = QPrintDialog(printer, self)
        if asked.exec() == QPrintDialog.DialogCode.Accepted:
            self._paper().print_(printer)
        asked.deleteLater()
