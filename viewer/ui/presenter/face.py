"""What the audience sees: the picture, words beside it, a blank screen, a pointer, one picture fading into the next.

Sizes follow the height of the screen, so that the last row can read it.
"""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPaintEvent, QPixmap, QRadialGradient
from PySide6.QtWidgets import QWidget

from viewer.render.stereo import StereoMode, places
from viewer.ui import icons
from viewer.ui.widgets.text import single_line, visible_text

Blank = Literal["", "black", "title"]
TICK_MS = 16
_GROUND, _INK, _QUIET, _LASER = QColor(12, 18, 26), QColor(255, 255, 255), QColor(178, 192, 208), QColor(255, 40, 32)
_CARD = QColor(12, 18, 26, 214)
_WRAP = int(Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap)
CARD_SHARE = 0.44
"""Of the page's width, which the card with the words may have."""
PAGE_HEIGHT, PAGE_WIDTH = 600.0, 1066.0
"""Least size of the page that everything over the picture is laid out on: on a screen of 720 lines it is then a fifth
larger than on the desktop."""
MAX_TEXT = 600
LASER = 2.8
"""Radius of the laser's halo, hundredths of the height."""


def page_size(width: float, height: float) -> QSizeF:
    """The page in the form of a picture of that size."""
    aspect = max(width, 1.0) / max(height, 1.0)
    wide = max(PAGE_WIDTH, PAGE_HEIGHT * aspect)
    return QSizeF(wide, wide / aspect)


class Face(QWidget):
    """Paints what the audience sees. ``solid``: with the picture; else only what lies over it (on the live canvas).

    Signals: told(): other words."""

    told = Signal()

    def __init__(self, parent: QWidget | None = None, *, solid: bool) -> None:
        super().__init__(parent)
        self._solid = solid
        self.head = self.text = self.title = ""
        self.blank: Blank = ""
        self.stereo: StereoMode = "off"
        self.point: QPointF | None = None
        self.picture = QImage()
        self._old = QImage()
        self._left = self._seconds = 0.0
        self._card_room = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        if not solid:
            self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)

    # --- what is shown -----------------------------------------------------------------------------------------------

    def show_picture(self, picture: QImage) -> None:
        """Show this picture, in device pixels of the screen."""
        self.picture = picture
        self.update()

    def tell(self, head: str, text: str) -> None:
        """Write a heading and a text; nothing is written while both are empty."""
        shown = visible_text(text)
        shown = shown[: MAX_TEXT - 1] + "…" if len(shown) > MAX_TEXT else shown
        if (single_line(head), shown) != (self.head, self.text):
            self.head, self.text = single_line(head), shown
            self.update()
            self.told.emit()

    def set_blank(self, blank: Blank, title: str = "") -> None:
        """Hide everything behind black or a title; "" shows it again."""
        self.blank, self.title = blank, single_line(title)
        self.setAccessibleDescription({"": "", "black": "Black", "title": self.title}[blank])
        self.update()

    def set_stereo(self, mode: StereoMode) -> None:
        """Write and point for both eyes, as the picture is drawn."""
        if mode != self.stereo:
            self.stereo = mode
            self.update()

    def point_at(self, share: QPointF | None) -> None:
        """Show the laser dot at a place of one eye's picture (shares of width and height); None hides it."""
        before, self.point = self.point, share
        if len(places(self.stereo, self.width())) > 1:
            self.update()
            return
        for place in (before, share):
            if place is not None:
                radius = self._unit() * LASER + 2
                x, y = place.x() * self.width(), place.y() * self.height()
                self.update(QRectF(x - radius, y - radius, 2 * radius, 2 * radius).toAlignedRect())

    def fade(self, old: QImage, seconds: float) -> None:
        """Let an old picture fade away over what is shown."""
        if not old.isNull() and self.isVisible():
            self._old, self._left, self._seconds = old, seconds, seconds
            self._timer.start()

    @property
    def fading(self) -> bool:
        """True while an old picture is still to be seen."""
        return self._left > 0

    def _tick(self) -> None:
        self._left -= TICK_MS / 1000.0
        if self._left <= 0 or not self.isVisible():
            self._left, self._old = 0.0, QImage()
            self._timer.stop()
        self.update()

    # --- painting ----------------------------------------------------------------------------------------------------

    def _unit(self) -> float:
        """A hundredth of the height; of the width where that is narrow."""
        return min(self.height(), self.width() * 0.62) / 100.0

    def card(self, page: QSizeF) -> QRectF:
        """Where the words stand on a page of that size; empty where there are none."""
        if not (self.head or self.text):
            return QRectF()
        return self._words(page)[0]

    def paintEvent(self, event: QPaintEvent) -> None:
        """Picture, the old one fading, words, or what hides all; the dot on top."""
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        if self.blank:
            self._paint_blank(painter)
        else:
            self._paint_pictures(painter)
        for left, right, shift, squeeze in places(self.stereo, self.width()):
            painter.save()
            if self.stereo != "off":
                painter.setClipRect(QRectF(left, 0.0, right - left, self.height()))
            painter.translate(shift, 0.0)
            painter.scale(squeeze, 1.0)
            self._paint_over(painter)
            painter.restore()
        painter.end()

    def _paint_over(self, painter: QPainter) -> None:
        """Words or title, and the dot: for one eye."""
        if self.blank == "title":
            self._paint_title(painter)
        elif not self.blank and (self.head or self.text):
            page = page_size(self.width(), self.height())
            painter.save()
            painter.scale(self.width() / page.width(), self.height() / page.height())
            self._paint_words(painter, page)
            painter.restore()
        if self.point is not None and self.blank != "black":
            self._paint_laser(painter, self.point)

    def _paint_pictures(self, painter: QPainter) -> None:
        if self._solid:
            painter.fillRect(self.rect(), Qt.GlobalColor.black)
            _fit(painter, self.picture, self.size())
        if self._left > 0:
            share = self._left / self._seconds
            painter.setOpacity(share * share * (3 - 2 * share))
            _fit(painter, self._old, self.size())
            painter.setOpacity(1.0)

    def _font(self, size: float, weight: QFont.Weight = QFont.Weight.Normal, unit: float = 0.0) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(max(9, round(size * (unit or self._unit()))))
        font.setWeight(weight)
        return font

    def _words(self, page: QSizeF) -> tuple[QRectF, QRectF, QRectF, QFont, QFont]:
        """On a page: the card in the upper left corner (the legend has the lower left one), where heading and text
        stand in it, and their fonts."""
        unit = page.height() / 100.0
        bold, plain = self._font(3.2, QFont.Weight.DemiBold, unit), self._font(2.5, unit=unit)
        pad, widest = 2.2 * unit, page.width() * CARD_SHARE - 4.4 * unit
        room = QRectF(0, 0, widest, page.height())
        head = QFontMetricsF(bold).boundingRect(room, _WRAP, self.head) if self.head else QRectF()
        text = QFontMetricsF(plain).boundingRect(room, _WRAP, self.text) if self.text else QRectF()
        gap = 0.7 * unit if self.head and self.text else 0.0
        wide = max(head.width(), text.width()) + 1.0
        card = QRectF(2.6 * unit, 2.6 * unit, wide + 2 * pad, head.height() + gap + text.height() + 1.5 * pad)
        left, top = card.left() + pad, card.top() + 0.75 * pad
        first = QRectF(left, top, widest, head.height() + 2)
        second = QRectF(left, top + head.height() + gap, widest, text.height() + 2)
        return card, first, second, bold, plain

    def _paint_words(self, painter: QPainter, page: QSizeF) -> None:
        card, head, text, bold, plain = self._words(page)
        radius = 1.2 * page.height() / 100.0
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_CARD)
        painter.drawRoundedRect(card, radius, radius)
        painter.setFont(bold)
        painter.setPen(_INK)
        painter.drawText(head, _WRAP, self.head)
        painter.setFont(plain)
        painter.setPen(QColor(232, 238, 245))
        painter.drawText(text, _WRAP, self.text)

    def _paint_blank(self, painter: QPainter) -> None:
        if self.blank == "black":
            painter.fillRect(self.rect(), Qt.GlobalColor.black)
            return
        painter.fillRect(self.rect(), _GROUND)

    def _paint_title(self, painter: QPainter) -> None:
        unit, middle = self._unit(), self.rect().center()
        mark = _app_mark(round(14 * unit * self.devicePixelRatioF()))
        side = 14 * unit
        square = QRectF(middle.x() - side / 2, middle.y() - 16 * unit, side, side)
        painter.drawPixmap(square, mark, QRectF(mark.rect()))
        painter.setFont(self._font(5.2, QFont.Weight.DemiBold))
        painter.setPen(_INK)
        box = QRectF(self.width() * 0.1, middle.y() + 2 * unit, self.width() * 0.8, 24 * unit)
        wrap = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)
        painter.drawText(box, wrap, self.title)

    def _paint_laser(self, painter: QPainter, share: QPointF) -> None:
        """A red point with a soft halo."""
        radius = self._unit() * LASER
        at = QPointF(share.x() * self.width(), share.y() * self.height())
        glow = QRadialGradient(at, radius)
        for stop, alpha in ((0.0, 255), (0.32, 235), (0.40, 110), (1.0, 0)):
            color = QColor(_LASER)
            color.setAlpha(alpha)
            glow.setColorAt(stop, color)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(glow)
        painter.drawEllipse(at, radius, radius)
        painter.setBrush(QColor(255, 235, 230))
        painter.drawEllipse(at, radius * 0.13, radius * 0.13)


def _app_mark(pixels: int) -> QPixmap:
    return icons.pixmap("app", "#000000", max(pixels, 16))


def _fit(painter: QPainter, picture: QImage, size: QSize) -> None:
    """Paint a picture as large as fits, in the middle."""
    if picture.isNull():
        return
    fitted = QSize(picture.width(), picture.height()).scaled(size, Qt.AspectRatioMode.KeepAspectRatio)
    left, top = (size.width() - fitted.width()) / 2, (size.height() - fitted.height()) / 2
    target = QRectF(left, top, fitted.width(), fitted.height())
    if abs(fitted.width() - size.width()) <= 2 and abs(fitted.height() - size.height()) <= 2:
        target = QRectF(0, 0, size.width(), size.height())
    painter.drawImage(target, picture, QRectF(0, 0, picture.width(), picture.height()))
