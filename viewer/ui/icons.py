"""Line icons in the colours of the theme, crisp at every device pixel ratio.

The drawings are ``assets/icons/*.svg`` with black strokes; the stroke colour is replaced before rasterising.
"""

from __future__ import annotations

from functools import cache, lru_cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from viewer.resources import asset

_SIZES = (16, 20, 24)
_RATIOS = (1.0, 2.0)
_MARK = "#000000"


@cache
def _source(name: str) -> str:
    return asset(f"icons/{name}.svg").read_text(encoding="utf-8")


def pixmap(name: str, color: str, size: int, ratio: float = 1.0) -> QPixmap:
    """The icon in one colour (``#rrggbb``), ``size`` logical pixels square, for a device pixel ratio."""
    return _painted(_drawing(name, color), size, ratio)


def _drawing(name: str, color: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(_source(name).replace(_MARK, color).encode()))


def _painted(drawing: QSvgRenderer, size: int, ratio: float) -> QPixmap:
    pixels = round(size * ratio)
    image = QPixmap(QSize(pixels, pixels))
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    drawing.render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    image.setDevicePixelRatio(ratio)
    return image


@lru_cache(maxsize=512)
def icon(name: str, color: str, disabled: str | None = None, selected: str | None = None) -> QIcon:
    """A `QIcon` in ``color``; greyed as ``disabled`` and, on a selected row or pressed button, ``selected``."""
    result = QIcon()
    modes = {QIcon.Mode.Normal: color, QIcon.Mode.Disabled: disabled, QIcon.Mode.Selected: selected}
    for mode, shade in modes.items():
        if shade is None:
            continue
        drawing = _drawing(name, shade)
        for size in _SIZES:
            for ratio in _RATIOS:
                result.addPixmap(_painted(drawing, size, ratio), mode)
    return result


def app_icon() -> QIcon:
    """The product's icon."""
    result = QIcon()
    for size in (16, 24, 32, 48, 64, 128, 256):
        result.addPixmap(pixmap("app", _MARK, size))
    return result
