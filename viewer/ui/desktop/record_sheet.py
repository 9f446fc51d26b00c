"""What a video or a large picture is to be like: one small window with a few choices, then the place to put it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from viewer.session.timeline import NothingToPlay, Timeline, path_timeline, tour_timeline
from viewer.ui.desktop.shell import Shell
from viewer.ui.widgets.choice import Choice
from viewer.ui.widgets.fields import CalmComboBox
from viewer.ui.widgets.text import single_line

if TYPE_CHECKING:
    from viewer.session.session import Session

SIZES = {
    "1280x720": ("HD", "1280 × 720"),
    "1920x1080": ("Full HD", "1920 × 1080: for most projectors"),
    "3840x2160": ("4K", "3840 × 2160: four times as long to make"),
}
RATES = {"25": ("25", "Pictures a second"), "30": ("30", "Pictures a second"), "60": ("60", "Smoothest, twice as long")}
QUALITIES = {
    "draft": ("Draft", "Small file, made fast"),
    "normal": ("Normal", "For most purposes"),
    "high": ("High", "Large file, nothing lost to the eye"),
}
FORMATS = {"mp4": ("MP4", "H.264: plays everywhere"), "webm": ("WebM", "VP9: free of patents, made more slowly")}


def timeline_of(session: Session, tour: str | None, path: str | None) -> Timeline | None:
    """What would be recorded; None if there is nothing."""
    state = session.document.state
    try:
        for known_path in state.paths:
            if known_path.name == path:
                return path_timeline(known_path)
        for known in state.tours:
            if known.name == tour:
                reduced = bool(session.settings.get("reduce_motion"))
                return tour_timeline(state, known, session.player.boxes, None, reduced)
    except NothingToPlay:
        pass
    return None


class RecordSheet(QDialog):
    """Asks what to record and how; `chosen` are the arguments of ``video.record`` but for the output."""

    def __init__(self, shell: Shell, parent: QWidget, tour: str | None, path: str | None) -> None:
        super().__init__(parent)
        self._shell = shell
        self.setWindowTitle("Record as video")
        self.setWindowFlag(Qt.WindowType.WindowContextHelpButtonHint, False)
        self.what = CalmComboBox()
        self.what.setAccessibleName("What to record")
        state = shell.session.document.state
        for kind, names in (("tour", [x.name for x in state.tours]), ("path", [x.name for x in state.paths])):
            for name in names:
                self.what.addItem(shell.icon(kind), single_line(name), (kind, name))
        wanted = ("path", path) if path is not None else ("tour", tour)
        known = [self.what.itemData(row) for row in range(self.what.count())]
        self.what.setCurrentIndex(known.index(wanted) if wanted in known else 0)
        self.what.currentIndexChanged.connect(lambda _index: self._estimate())
        act: Callable[[str], object] = lambda _value: self._estimate()  # noqa: E731
        self.size_choice, self.rate = Choice("Size", SIZES, act), Choice("Pictures a second", RATES, act)
        self.quality, self.format = Choice("Quality", QUALITIES, act), Choice("Format", FORMATS, act)
        for choice, value in (
            (self.size_choice, "1920x1080"),
            (self.rate, "30"),
            (self.quality, "normal"),
            (self.format, "mp4"),
        ):
            choice.show_value(value)
        self.facts = QLabel()
        self.facts.setProperty("role", "caption")
        self.facts.setWordWrap(True)
        self.ok = QPushButton("Choose a place…")
        self.ok.setDefault(True)
        self.ok.clicked.connect(self.accept)
        self.cancel = QPushButton("Cancel")
        self.cancel.clicked.connect(self.reject)
        self._lay_out()
        self._estimate()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(10)
        for title, widget in (
            ("Record", self.what),
            ("Size", self.size_choice),
            ("Pictures a second", self.rate),
            ("Quality", self.quality),
            ("Format", self.format),
        ):
            form.addRow(title, widget)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.ok)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(16)
        column.addLayout(form)
        column.addWidget(self.facts)
        column.addLayout(buttons)
        self.setMinimumWidth(460)

    def _estimate(self) -> None:
        kind, name = self.what.currentData() or ("", "")
        line = timeline_of(self._shell.session, name if kind == "tour" else None, name if kind == "path" else None)
        self.ok.setEnabled(line is not None)
        if line is None:
            self.facts.setText("There is nothing to record in it. Add a viewpoint to the tour.")
            return
        frames = round(line.seconds * int(self.rate.value))
        self.facts.setText(
            f"{line.seconds:.0f} seconds, {frames:,} pictures. They are drawn beside the window, so you can go on"
            " working; legend, caption, texts and the names of the files are written into them."
        )

    @property
    def chosen(self) -> dict[str, object]:
        """Arguments for ``video.record``."""
        kind, name = self.what.currentData()
        width, height = self.size_choice.value.split("x")
        quality = self.quality.value
        size = {"width": int(width), "height": int(height)}
        return {kind: name, **size, "fps": int(self.rate.value), "quality": quality}
