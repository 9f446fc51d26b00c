"""What only one side of a difference has: listed, never dropped quietly; a line chosen is the object selected."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from viewer.analysis.derived import derived
from viewer.analysis.difference import Difference
from viewer.analysis.legend import count_text
from viewer.ui.desktop.shell import Shell
from viewer.ui.widgets.text import single_line

MOST = 2000
"""Lines at most; what is more is counted."""
HEIGHT_PX = 132


class OnlyList(QWidget):
    """Ids that only A or only B has; hidden where there are none."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self._shell = shell
        self._shown: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
        self.title = QLabel()
        self.title.setProperty("role", "caption")
        self.title.setWordWrap(True)
        self.list = QListWidget()
        self.list.setAccessibleName("Only on one side")
        self.list.setMaximumHeight(HEIGHT_PX)
        self.list.itemActivated.connect(self._select)
        self.list.itemClicked.connect(self._select)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.title)
        column.addWidget(self.list)
        self.hide()

    def show_difference(self, found: Difference | None) -> None:
        """List what a difference leaves over; None hides the list."""
        left = ((), ()) if found is None else (found.only_a, found.only_b)
        if left == self._shown:
            return  # as in every step of a clock that runs
        self._shown = left
        self.list.clear()
        sides = (("A", left[0]), ("B", left[1]))
        total = sum(len(ids) for _, ids in sides)
        self.setVisible(total > 0)
        for name, ids in sides:
            for own in ids[: MOST - self.list.count()]:
                item = QListWidgetItem(f"{name}  {single_line(own)}")
                item.setData(Qt.ItemDataRole.UserRole, own.removeprefix("+ ").removeprefix("- "))
                item.setToolTip(f"Only in {name}")
                self.list.addItem(item)
        more = f" (the first {count_text(MOST)} are listed)" if total > MOST else ""
        self.title.setText(f"{count_text(total)} only on one side, so without a difference{more}:")

    def _select(self, item: QListWidgetItem) -> None:
        """Select the object in whichever layer has it, and go there."""
        own = str(item.data(Qt.ItemDataRole.UserRole)).partition(" surface ")[0]
        for layer_id, city in self._shell.session.document.cities.items():
            if len(derived(city).rows_of([own])):
                self._shell.run("selection.set", layer_id=layer_id, ids=(own,))
                if self._shell.session.enabled("selection.zoom_to"):
                    self._shell.run("selection.zoom_to")
                return
