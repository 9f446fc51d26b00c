"""Text that came from a file, shown as what it is: never as markup, never as hidden control characters."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

_KEEP = {"\t", "\n"}
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn"}
MAX_WORD = 24
"""Longer words may be broken after punctuation, and anywhere after as many characters."""
_PLACES = re.compile(r"[_\-./\\,;:()]|\w{24}")
MAX_SHOWN = 4000
"""Characters of one value that a tooltip or detail shows."""


def visible_text(text: str) -> str:
    """Spell out what would be invisible or reorder the line: NUL, escapes, right-to-left overrides, surrogates.

    Such a character becomes ``\\u{202E}``; tab and line feed stay. ZWJ and ZWNJ stay too: real words need them.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if _is_plain(c) else f"\\u{{{ord(c):04X}}}" for c in text)


def _is_plain(char: str) -> bool:
    return char in _KEEP or char in "‌‍" or unicodedata.category(char) not in _HIDDEN


def single_line(text: str) -> str:
    """`visible_text` on one line: line feeds and tabs become spaces."""
    return " ".join(visible_text(text).split())


def breakable(text: str) -> str:
    """The text with places where a long word (a file name, an id) may go on in the next line."""
    words = text.split(" ")
    return " ".join(word if len(word) <= MAX_WORD else _PLACES.sub("\\g<0>\u200b", word) for word in words)


def tooltip(text: str) -> str:
    """Plain text as a tooltip: Qt guesses markup, so it is escaped; long text is cut and wraps."""
    shown = visible_text(text[:MAX_SHOWN]) + (" …" if len(text) > MAX_SHOWN else "")
    return f"<p style='white-space:pre-wrap'>{html.escape(shown)}</p>"


def menu_text(text: str, limit: int = 60) -> str:
    """Plain text as a menu or button label: no mnemonic, one line, not longer than ``limit`` characters."""
    line = single_line(text)
    if len(line) > limit:
        line = line[: limit - 1] + "…"
    return line.replace("&", "&&")


def value_text(value: Any) -> str:
    """An attribute's value as a person reads it: 12.5, yes, "–" for nothing; lists and objects as compact JSON."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, dict | list):
        import json

        return json.dumps(value, ensure_ascii=False)
    return str(value)


def number_text(value: float) -> str:
    """A number with at most six significant digits and no trailing zeros; whole numbers whole."""
    if value != value:  # NaN
        return "–"
    if value == int(value) and abs(value) < 1e15 if abs(value) != float("inf") else False:
        return str(int(value))
    return f"{value:.6g}"


class ElidedLabel(QLabel):
    """One line of plain text that ends in "…" when space is short; the tooltip has all of it."""

    def __init__(
        self, text: str = "", parent: QWidget | None = None, mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight
    ) -> None:
        super().__init__(parent)
        self._full = ""
        self._mode = mode
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.set_full_text(text)

    def set_full_text(self, text: str) -> None:
        """Show this text."""
        self._full = single_line(text)
        self.setAccessibleName(self._full)
        self.setText(self._full)
        self._set_tooltip()

    def full_text(self) -> str:
        """The text, unshortened."""
        return self._full

    def minimumSizeHint(self) -> QSize:
        """Any width will do."""
        return QSize(24, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The tooltip is there only while something is cut."""
        super().resizeEvent(event)
        self._set_tooltip()

    def _set_tooltip(self) -> None:
        cut = self.fontMetrics().horizontalAdvance(self._full) > self.contentsRect().width()
        self.setToolTip(tooltip(self._full) if cut else "")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the text, elided."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        rect = self.contentsRect()
        line = self.fontMetrics().elidedText(self._full, self._mode, rect.width())
        painter.drawText(rect, int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), line)
        painter.end()
