"""A page of numbers as a picture, with what it is about written above it."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QImage, QPainter
from PySide6.QtWidgets import QWidget

from viewer.analysis.disclosure import NOTE
from viewer.analysis.numbers import Numbers
from viewer.session.number_sheets import about
from viewer.ui.desktop.panels.numbers_rows import LETTERS
from viewer.ui.desktop.shell import Shell
from viewer.ui.widgets.text import single_line

SCALE = 2
"""Pixels of the picture for one of the window."""
MARGIN_PX = 12


def about_lines(answer: Numbers) -> list[str]:
    """Variable and threshold, scenarios with version, moment and tool, source of the classes, what is hidden."""
    told = about(answer)
    lines = [f"{told['title']} {told['affected']}"]
    for n, entry in enumerate(told["scenarios"]):
        parts = [entry["sha256"][:8], entry["moment"], entry["tool"], "fictional" if entry["fictional"] else ""]
        lines.append(f"{LETTERS[n]}  {entry['name']}: " + ", ".join(part for part in parts if part))
    if told["class_source"]:
        lines.append(f"Classes: {told['class_source']}")
    return [single_line(line) for line in [*lines, NOTE]]


def picture_of(page: QWidget, lines: list[str], shell: Shell) -> QImage:
    """A widget below lines of text, in the colours of the theme."""
    line_px = QFontMetrics(page.font()).height() + 4
    head = line_px * len(lines) + 20
    image = QImage(QSize(page.width(), page.height() + head) * SCALE, QImage.Format.Format_RGB32)
    image.fill(shell.qcolor("surface"))
    painter = QPainter(image)
    try:
        painter.scale(SCALE, SCALE)
        for n, text in enumerate(lines):
            font = QFont(page.font())
            font.setWeight(QFont.Weight.DemiBold if n == 0 else QFont.Weight.Normal)
            painter.setFont(font)
            painter.setPen(shell.qcolor("text" if n == 0 else "muted"))
            room = QRectF(MARGIN_PX, 8 + n * line_px, page.width() - 2 * MARGIN_PX, line_px)
            short = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, round(room.width()))
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, short)
        painter.translate(0, head)
        QWidget.render(page, painter, QPoint())  # a graphics view has another render of its own
    finally:
        painter.end()
    return image


def png_of(image: QImage) -> bytes:
    """The picture as a PNG file."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(data.data())
