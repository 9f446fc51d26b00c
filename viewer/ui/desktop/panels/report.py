"""The load report: what a file's reader skipped, repaired or assumed, with the objects concerned."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from loaders.api import MAX_ISSUE_OBJECTS, Issue, LoadResult
from viewer.analysis.legend import count_text
from viewer.ui.desktop.shell import Shell
from viewer.ui.widgets.text import ElidedLabel, single_line, tooltip

_ID = int(Qt.ItemDataRole.UserRole) + 1
_ORDER = {"error": 0, "warning": 1, "info": 2}
_ICON_ROLE = {"error": "error", "warning": "warning", "info": "info"}


def worst(issues: Sequence[Issue]) -> str:
    """The gravest severity among issues, "" for none."""
    return min((str(i.severity) for i in issues), key=lambda s: _ORDER[s], default="")


def headline(result: LoadResult) -> str:
    """One line: format, objects and how many issues of each severity."""
    counts = {s: sum(1 for i in result.issues if str(i.severity) == s) for s in _ORDER}
    words = [f"{n} {name}{'s' if n != 1 and name != 'info' else ''}" for name, n in counts.items() if n]
    if result.scenario is not None:
        count = len(result.scenario.results)
        start = f"{result.format} {result.version}: {count} variable{'' if count == 1 else 's'}"
        return f"{start}; {', '.join(words)}" if words else f"{start}; nothing to report"
    city = result.value
    shown, total = city.drawable, len(city.objects)
    start = f"{result.format} {result.version}: {count_text(shown)} of {count_text(total)} objects have geometry"
    return f"{start}; {', '.join(words)}" if words else f"{start}; nothing to report"


def as_text(name: str, result: LoadResult) -> str:
    """The whole report as plain text, to copy or save."""
    lines = [name, headline(result), ""]
    for issue in _sorted(result.issues):
        lines.append(f"{issue.severity!s:8}{issue.count:>8} x {issue.kind}: {single_line(issue.message)}")
        if issue.objects:
            lines.append(" " * 18 + ", ".join(single_line(o) for o in issue.objects))
            if note := _unlisted(issue):
                lines.append(" " * 18 + note)
    return "\n".join(lines) + "\n"


def _unlisted(issue: Issue) -> str:
    """What to add to a list of objects that may not be whole; one object can be concerned many times."""
    if len(issue.objects) < MAX_ISSUE_OBJECTS or issue.count <= len(issue.objects):
        return ""
    return f"Only the first {len(issue.objects)} objects are listed."


def _sorted(issues: Sequence[Issue]) -> list[Issue]:
    return sorted(issues, key=lambda i: (_ORDER[str(i.severity)], -i.count))


class ReportPanel(QWidget):
    """Issues of one layer, worst first; clicking an id selects the object."""

    def __init__(self, shell: Shell, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shell = shell
        self._layer_id: str | None = None
        self._scenario_id: str | None = None
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._title = ElidedLabel()
        self._copy = QPushButton("Copy as text")
        self._save = QPushButton("Save…")
        self._copy.clicked.connect(lambda: QApplication.clipboard().setText(self.text()))
        self._save.clicked.connect(self._save_as)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._title, 1)
        head.addWidget(self._copy)
        head.addWidget(self._save)
        self._tree = QTreeWidget()
        self._tree.setAccessibleName("Load report")
        self._tree.setHeaderLabels(["What", "Cases"])
        self._tree.setUniformRowHeights(True)
        self._tree.header().setStretchLastSection(False)
        self._tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self._tree.itemClicked.connect(self._go)
        self._tree.itemActivated.connect(self._go)
        self._fine = QLabel("Nothing was skipped, repaired or assumed.")
        self._fine.setProperty("role", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 8)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self._fine)
        column.addWidget(self._tree, 1)
        shell.session.document.changed.connect(self._changed)
        shell.theme_changed.connect(lambda _theme: self._refresh())
        self._refresh()

    def show_layer(self, layer_id: str) -> None:
        """Show the report of this layer."""
        self._layer_id, self._scenario_id = layer_id, None
        self._refresh()

    def show_scenario(self, scenario_id: str) -> None:
        """Show the report of a scenario's package."""
        self._layer_id, self._scenario_id = None, scenario_id
        self._refresh()

    def text(self) -> str:
        """The report shown, as text; "" when there is none."""
        result = self._result()
        return as_text(self._name(), result) if result is not None else ""

    def _result(self) -> LoadResult | None:
        if self._scenario_id is not None:
            return self._shell.session.scenarios.report(self._scenario_id)
        return self._shell.session.document.reports.get(self._layer_id or "")

    def _name(self) -> str:
        state = self._shell.session.document.state
        if self._scenario_id is None:
            return next((layer.name for layer in state.layers if layer.id == self._layer_id), "")
        return next((entry.name for entry in state.scenarios if entry.id == self._scenario_id), "")

    def _changed(self, changes: object) -> None:
        self._shell.refresh(self._refresh, changes, {"layers", "cities", "scenarios"})

    def _refresh(self) -> None:
        self._tree.clear()
        result = self._result()
        for button in (self._copy, self._save):
            button.setEnabled(result is not None)
        issues = _sorted(result.issues) if result is not None else []
        self._tree.setVisible(bool(issues))
        self._fine.setVisible(not issues)
        if result is None:
            self._title.set_full_text("No file chosen")
            self._fine.setText("Choose “Load report” in a layer's menu.")
            return
        self._fine.setText("Nothing was skipped, repaired or assumed.")
        self._title.set_full_text(f"{self._name()} – {headline(result)}")
        for issue in issues:
            self._tree.addTopLevelItem(self._item(issue))
        self._tree.expandAll()

    def _item(self, issue: Issue) -> QTreeWidgetItem:
        severity = str(issue.severity)
        item = QTreeWidgetItem([single_line(issue.message), count_text(issue.count)])
        item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight)
        item.setIcon(0, self._shell.icon(severity, _ICON_ROLE[severity]))
        item.setToolTip(0, tooltip(f"{severity}: {issue.kind}\n{issue.message}"))
        item.setData(0, Qt.ItemDataRole.AccessibleTextRole, f"{severity}: {issue.message}, {issue.count} times")
        for name in issue.objects:
            child = QTreeWidgetItem([single_line(name)])
            child.setData(0, _ID, name)
            child.setToolTip(0, "Click to select this object")
            child.setForeground(0, self._shell.qcolor("accent_text"))
            item.addChild(child)
        if note := _unlisted(issue):
            more = QTreeWidgetItem([note])
            more.setFlags(Qt.ItemFlag.NoItemFlags)
            item.addChild(more)
        return item

    def _go(self, item: QTreeWidgetItem, _column: int) -> None:
        target = item.data(0, _ID)
        if not isinstance(target, str) or self._layer_id is None:
            return
        if not len(self._shell.rows(self._layer_id, (target,))):
            self._shell.say("info", f"“{single_line(target)}” is not among the objects that were read")
            return
        self._shell.run("selection.set", layer_id=self._layer_id, ids=[target])
        self._shell.run("selection.zoom_to")

    def _save_as(self) -> None:
        start = f"{Path(self._name()).stem or 'report'} load report.txt"
        name, _ = QFileDialog.getSaveFileName(self, "Save the load report", start, "Text (*.txt)")
        if not name:
            return
        try:
            Path(name).write_text(self.text(), encoding="utf-8")
        except OSError as error:
            self._shell.say("error", f"{Path(name).name}: cannot be written ({error.strerror}). Choose another folder.")
