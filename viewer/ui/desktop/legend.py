"""The legend over the picture: the same `Legend` value that coloured it, painted by Qt."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QVBoxLayout, QWidget

from viewer.analysis.legend import Legend, LegendEntry
from viewer.ui.desktop.shell import Shell
from viewer.ui.widgets.text import ElidedLabel, single_line, visible_text

SWATCH, ROW, GAP = 14, 20, 8
RAMP_WIDTH, RAMP_HEIGHT = 216, 16
MAX_TEXT = 200
MARGIN = 16


class _Entries(QWidget):
    """Swatch, label and count, one per line."""

    def __init__(self, entries: tuple[LegendEntry, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries = entries
        font = self.font()
        font.setPointSizeF(9.5)
        self.setFont(font)
        metrics = self.fontMetrics()
        self._counts = [f"{e.count:,}" if e.count is not None else "" for e in entries]
        self._count_width = max((metrics.horizontalAdvance(t) for t in self._counts), default=0)
        widest = max((metrics.horizontalAdvance(single_line(e.label)) for e in entries), default=0)
        self._text_width = min(MAX_TEXT, widest + 2)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleDescription(
            "; ".join(f"{single_line(e.label)} {c}" for e, c in zip(entries, self._counts, strict=True))
        )

    def swatch_rect(self, index: int) -> QRectF:
        """Where an entry's colour is, in this widget."""
        return QRectF(0.5, index * ROW + (ROW - SWATCH) / 2 + 0.5, SWATCH - 1, SWATCH - 1)

    def sizeHint(self) -> QSize:
        tail = self._count_width + 2 * GAP if self._count_width else 0
        return QSize(SWATCH + GAP + self._text_width + tail, ROW * len(self._entries))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = QFontMetrics(self.font())
        text = self.palette().text().color()
        quiet = self.palette().placeholderText().color()
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        for n, entry in enumerate(self._entries):
            painter.setPen(QColor(0, 0, 0, 60))
            painter.setBrush(QColor(*entry.rgb))
            painter.drawRoundedRect(self.swatch_rect(n), 3, 3)
            left, top = SWATCH + GAP, n * ROW
            painter.setPen(text)
            label = metrics.elidedText(single_line(entry.label), Qt.TextElideMode.ElideRight, self._text_width)
            painter.drawText(left, top, self._text_width, ROW, middle, label)
            painter.setPen(quiet)
            right = middle | int(Qt.AlignmentFlag.AlignRight)
            painter.drawText(0, top, self.width(), ROW, right, self._counts[n])
        painter.end()


class _Ramp(QWidget):
    """The bar of a numeric ramp with its ticks below."""

    def __init__(self, legend: Legend, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._legend = legend
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleDescription(", ".join(e.label for e in legend.entries))

    def sizeHint(self) -> QSize:
        return QSize(RAMP_WIDTH + 2 * GAP, RAMP_HEIGHT + 8 + self.fontMetrics().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = QRectF(GAP, 0.5, self.width() - 2 * GAP, RAMP_HEIGHT)
        gradient = QLinearGradient(bar.topLeft(), bar.topRight())
        colors = self._legend.colors or tuple(e.rgb for e in self._legend.entries)
        for n, rgb in enumerate(colors):
            gradient.setColorAt(n / max(1, len(colors) - 1), QColor(*rgb))
        painter.setPen(QColor(0, 0, 0, 60))
        painter.setBrush(gradient)
        painter.drawRoundedRect(bar, 3, 3)
        self._ticks(painter, bar)
        painter.end()

    def _ticks(self, painter: QPainter, bar: QRectF) -> None:
        low, high = self._legend.range or (0.0, 1.0)
        span = (high - low) or 1.0
        painter.setPen(self.palette().text().color())
        free = -1e9
        for entry in self._legend.entries:
            value = entry.value if entry.value is not None else low
            x = bar.left() + min(1.0, max(0.0, (value - low) / span)) * bar.width()
            width = self.fontMetrics().horizontalAdvance(entry.label)
            left = min(max(0.0, x - width / 2), self.width() - width)
            if left < free:
                continue
            painter.drawLine(int(x), int(bar.bottom()), int(x), int(bar.bottom()) + 3)
            painter.drawText(int(left), int(bar.bottom()) + 5 + self.fontMetrics().ascent(), entry.label)
            free = left + width + 6


class LegendOverlay(QFrame):
    """Stands in the lower left corner of ``host`` and lets the mouse through."""

    def __init__(self, shell: Shell, host: QWidget) -> None:
        super().__init__(host)
        self._host = host
        self._legend: Legend | None = None
        self.setProperty("role", "overlay")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(16, 12, 16, 12)
        self._column.setSpacing(4)
        self._column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetFixedSize)
        host.installEventFilter(self)
        self.hide()

    @property
    def legend(self) -> Legend | None:
        """What is shown; None while hidden."""
        return self._legend

    def show_legend(self, legend: Legend | None, layer_name: str = "") -> None:
        """Show this legend; None hides it. ``layer_name`` is added where several layers are open."""
        if legend == self._legend and legend is not None:
            return
        self._legend = legend
        while (item := self._column.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.setParent(None)
                old.deleteLater()
        if legend is None or not (legend.entries or legend.no_data):
            self.hide()
            return
        self._fill(legend, layer_name)
        self.setAccessibleName(f"Legend: {single_line(legend.title)}")
        for part in self.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
            part.show()
        self._column.activate()
        self.adjustSize()
        self.place()
        self.show()
        self.raise_()

    def swatches(self) -> list[tuple[LegendEntry, QRectF]]:
        """Each class on show and where its colour is, in this widget's coordinates."""
        found = []
        for part in self.findChildren(_Entries):
            for n, entry in enumerate(part._entries):
                found.append((entry, part.swatch_rect(n).translated(part.pos())))
        return found

    def _fill(self, legend: Legend, layer_name: str) -> None:
        unit = f" ({legend.unit})" if legend.unit else ""
        title = ElidedLabel(f"{legend.title}{unit}")
        title.setProperty("role", "section")
        title.setMinimumWidth(min(240, title.fontMetrics().horizontalAdvance(title.full_text()) + 8))
        self._column.addWidget(title)
        if layer_name:
            name = ElidedLabel(layer_name)
            name.setProperty("role", "caption")
            self._column.addWidget(name)
        entries = legend.entries if legend.kind == "classes" else ()
        if legend.kind == "ramp":
            self._column.addWidget(_Ramp(legend))
        tail = (legend.no_data,) if legend.no_data is not None else ()
        if entries or tail:
            self._column.addWidget(_Entries((*entries, *tail)))
        if legend.note:
            note = QLabel(visible_text(legend.note))
            note.setTextFormat(Qt.TextFormat.PlainText)
            note.setProperty("role", "caption")
            note.setWordWrap(True)
            note.setFixedWidth(232)
            self._column.addWidget(note)

    def place(self) -> None:
        """Sit in the corner."""
        host = self._host
        self.move(MARGIN, max(MARGIN, host.height() - self.height() - MARGIN))

    def resizeEvent(self, event: object) -> None:
        """Growing keeps the corner."""
        super().resizeEvent(event)  # type: ignore[arg-type]
        self.place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the host's size."""
        if event.type() == QEvent.Type.Resize:
            self.place()
        return False
