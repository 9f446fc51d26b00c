"""The status bar: where the pointer is, the coordinate system, what is drawn, by what, and the work in progress."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QProgressBar, QStatusBar, QWidget

from viewer.analysis.legend import count_text
from viewer.jobs.queue import JobStatus
from viewer.ui.desktop.shell import Shell
from viewer.ui.widgets.text import ElidedLabel, single_line, tooltip

MAX_JOBS = 3
"""Jobs shown one by one; the rest is counted."""
ROOMY_PX = 1600
"""In a narrower window one job is told in full, and the rest is counted."""
STEPS = 60
"""Steps of a progress bar."""
TITLE_PX, BAR_PX = 256, 120
"""Widths of a job's title and bar where it is the only one."""


def position_text(position: tuple[float, float, float] | None, geographic: bool = False) -> str:
    """World coordinates with centimetres (degrees with seven decimals), the height apart; "" where there is nothing."""
    if position is None:
        return ""
    x, y, z = position
    if geographic:
        return f"{x:.7f}, {y:.7f}   height {_grouped(z)} m"
    return f"{_grouped(x)}, {_grouped(y)}   height {_grouped(z)} m"


def _grouped(value: float) -> str:
    return f"{value:,.2f}".replace(",", " ")


class JobRow(QWidget):
    """One job: what it is, a bar, Cancel."""

    def __init__(self, shell: Shell, job_id: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.job_id = job_id
        self._shown = ("", -1)
        self.title = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
        self.bar = QProgressBar()
        self.bar.setRange(0, STEPS)
        self.bar.setTextVisible(False)
        self.set_share(1)
        self.stop = shell.tool("close", "Cancel")
        self.stop.clicked.connect(lambda: shell.session.jobs.cancel(self.job_id))
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 0, 0)
        row.setSpacing(8)
        for widget in (self.title, self.bar, self.stop):
            row.addWidget(widget)

    def set_share(self, jobs: int) -> None:
        """Take the room of one of so many jobs side by side."""
        self.title.setFixedWidth(max(TITLE_PX // jobs, 88))
        self.bar.setFixedWidth(max(BAR_PX // jobs, 48))

    def show_status(self, status: JobStatus) -> None:
        """Show how far it is, in steps that can be seen: each repaints the window and takes time from the work."""
        stage = status.stage if status.running else "waiting"
        text, steps = f"{status.title}: {stage}" if stage else status.title, round(status.fraction * STEPS)
        if (text, steps) == self._shown:
            return
        self._shown = text, steps
        self.title.set_full_text(text)
        self.bar.setValue(steps)
        self.bar.setAccessibleName(single_line(status.title))
        self.stop.setToolTip(tooltip(f"Cancel: {status.title}"))
        self.stop.setAccessibleName(f"Cancel {single_line(status.title)}")


class JobList(QWidget):
    """The first jobs in progress, each with Cancel; the rest is counted."""

    def __init__(self, shell: Shell, direction: QBoxLayout.Direction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shell = shell
        self._line = QBoxLayout(direction, self)
        self._line.setContentsMargins(0, 0, 0, 0)
        self.rows: dict[int, JobRow] = {}
        self.more = QLabel()
        self.more.hide()
        self._line.addWidget(self.more)

    def show_jobs(self, active: Sequence[JobStatus], most: int = MAX_JOBS) -> None:
        """Show these, or nothing; not more than ``most`` one by one."""
        shown = {status.id: status for status in active[:most]}
        for job_id in [i for i in self.rows if i not in shown]:
            row = self.rows.pop(job_id)
            self._line.removeWidget(row)
            row.hide()
            row.deleteLater()
        for job_id, status in shown.items():
            if job_id not in self.rows:
                self.rows[job_id] = JobRow(self._shell, job_id)
                self._line.insertWidget(self._line.count() - 1, self.rows[job_id])
            self.rows[job_id].set_share(len(shown) if self._line.direction() == self._line.Direction.LeftToRight else 1)
            self.rows[job_id].show_status(status)
        left = len(active) - len(shown)
        self.more.setText(f"and {left} more")
        self.more.setVisible(left > 0)
        self.setVisible(bool(shown))


class StatusBar(QStatusBar):
    """Fields from left to right: position, jobs, CRS, triangles, renderer."""

    def __init__(self, shell: Shell, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.setAccessibleName("Status")
        self.position = QLabel()
        self.position.setProperty("role", "value")
        self.position.setTextFormat(Qt.TextFormat.PlainText)
        self.position.setMinimumWidth(120)
        self.jobs = JobList(shell, QBoxLayout.Direction.LeftToRight)
        self.crs, self.drawn, self.renderer = QLabel(), QLabel(), QLabel()
        self.addWidget(self.position, 1)
        for widget in (self.jobs, self.crs, self.drawn, self.renderer):
            self.addPermanentWidget(widget)
        for label in (self.crs, self.drawn, self.renderer):
            label.setTextFormat(Qt.TextFormat.PlainText)

    def minimumSizeHint(self) -> QSize:
        """Work in progress never makes the window wider."""
        return QSize(0, super().minimumSizeHint().height())

    def show_position(self, position: tuple[float, float, float] | None, geographic: bool = False) -> None:
        """The point under the pointer."""
        self.position.setText(position_text(position, geographic))

    def show_crs(self, crs: str | None, any_layer: bool) -> None:
        """The project's coordinate system."""
        self.crs.setText(single_line(crs or ("No coordinate system" if any_layer else "")))
        self.crs.setToolTip("Coordinate reference system of the project")
        self.crs.setVisible(any_layer)

    def show_drawn(self, triangles: int, lods: Sequence[str]) -> None:
        """How much is in the picture."""
        known = [name for name in lods if name]
        names = ", ".join(known[:4]) + (" …" if len(known) > 4 else "")
        level = f"LoD {names} · " if names else ""
        self.drawn.setText(f"{level}{_compact(triangles)} triangles" if triangles else "")
        self.drawn.setToolTip(f"{count_text(triangles)} triangles in the levels of detail shown")
        self.drawn.setVisible(bool(triangles))

    def show_renderer(self, name: str, software: bool) -> None:
        """What draws."""
        self.renderer.setText("Software rendering" if software else "GPU")
        hint = "\nNo graphics card is used: large cities turn slowly." if software else ""
        self.renderer.setToolTip(tooltip(name + hint))
        self.renderer.setAccessibleDescription(name)

    def show_jobs(self, active: Sequence[JobStatus]) -> None:
        """The work in progress, each with Cancel."""
        self.jobs.show_jobs(active, MAX_JOBS if self.width() >= ROOMY_PX else 1)


def _compact(number: int) -> str:
    if number < 10_000:
        return count_text(number)
    return f"{count_text(round(number / 1000))} k" if number < 1_000_000 else f"{number / 1e6:,.1f} M"
