"""A page of numbers as a picture, with what it is about written above it."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QRect, QRectF, QSize, Qt
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
FLAGS = int(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap)


def about_lines(answer: Numbers) -> list[str]:
    """Variable and threshold, scenarios with version, moment and tool, source of the classes, what is hidden."""
    told = about(answer)
    lines = [f"{told['title']} {told['affected']}".strip()]
    for n, entry in enumerate(told["scenarios"]):
        fictional = "fictional" if entry["fictional"] else ""
        parts = [entry["sha256"][:8], entry["moment"], entry["publisher"], entry["tool"], fictional, entry["review"]]
        lines.append(f"{LETTERS[n]}  {entry['name']}: " + ", ".join(part.rstrip(".") for part in parts if part))
    unsure = dict.fromkeys(entry["uncertainty"] for entry in told["scenarios"] if entry["uncertainty"])
    lines += [*unsure, *([told["lock"] + "."] if told["lock"] else [])]
    if told["values_at_buildings"]:
        lines.append(f"Value of a building: {told['values_at_buildings']}.")
    if told["class_source"]:
        lines.append(f"Classes: {told['class_source']}")
    return [single_line(line) for line in [*lines, NOTE]]


def picture_of(page: QWidget, lines: list[str], shell: Shell) -> QImage:
    """A widget below lines of text, in the colours of the theme."""
    width = page.width() - 2 * MARGIN_PX
    fonts = [_font(page.font(), n) for n in range(len(lines))]
    heights = [_height(font, text, width) for font, text in zip(fonts, lines, strict=True)]
    head = sum(heights) + 20
    image = QImage(QSize(page.width(), page.height() + head) * SCALE, QImage.Format.Format_RGB32)
    image.fill(shell.qcolor("surface"))
    painter = QPainter(image)
    try:
        painter.scale(SCALE, SCALE)
        top = 8
        for n, (text, font, height) in enumerate(zip(lines, fonts, heights, strict=True)):
            painter.setFont(font)
            painter.setPen(shell.qcolor("text" if n == 0 else "muted"))
            painter.drawText(QRectF(MARGIN_PX, top, width, height), FLAGS, text)
            top += height
        painter.translate(0, head)
        QWidget.render(page, painter, QPoint())  # a graphics view has another render of its own
    finally:
        painter.end()
    return image


def _font(font: QFont, n: int) -> QFont:
    """The first line is the title."""
    own = QFont(font)
    own.setWeight(QFont.Weight.DemiBold if n == 0 else QFont.Weight.Normal)
    return own


def _height(font: QFont, text: str, width: int) -> int:
    """Pixels of a text in so many lines as it needs."""
    return QFontMetrics(font).boundingRect(QRect(0, 0, width, 10_000), FLAGS, text).height() + 4


def png_of(image: QImage) -> bytes:
    """The picture as a PNG file."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(data.data())
