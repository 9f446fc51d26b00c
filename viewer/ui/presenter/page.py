"""What lies over the audience's picture, laid out on a page of its form: the console shows the same page smaller."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QRegion
from PySide6.QtWidgets import QWidget

from viewer.render.label_set import Label
from viewer.ui.canvas import Canvas
from viewer.ui.desktop.compare_view import MARGIN, CompareView
from viewer.ui.desktop.labels import LabelOverlay, paint_label
from viewer.ui.desktop.legend import UNDER_NAME_PX, LegendOverlay
from viewer.ui.desktop.shell import Shell
from viewer.ui.presenter.face import Face, page_size

GAP = 10
FOOT = 40
"""Room that the caption and the word on what is alike have along the lower edge."""
LEGEND_SHARE, LEGEND_HEIGHT = 0.31, 0.56
"""Of the page's width and height, which the legend may have."""


class PageLabels(LabelOverlay):
    """Labels chosen for the audience's picture; whoever shows the page paints them."""

    target = QSize()

    @property
    def ratio(self) -> float:
        """Pixels of the picture for each one of the page."""
        return self.target.height() / max(self.height(), 1)

    @property
    def pixels(self) -> tuple[int, int] | None:
        """Of the picture."""
        return (self.target.width(), self.target.height()) if self._canvas.scene is not None else None

    def paintEvent(self, event: QPaintEvent) -> None:
        """Nothing: see `Page.paint`."""


class _Compare(CompareView):
    """Whenever it has placed its parts, somebody else may move them on."""

    placed: Callable[[], None] | None = None

    def place(self) -> None:
        """Bring everything to its place."""
        super().place()
        if self.placed is not None:
            self.placed()


class Page(QWidget):
    """Lies beside what its parent shows, so that it is laid out but never seen.

    Signals: arranged(): something may have another place.

    Attributes: legend, labels, compare (names, line and title of what is compared), sign (whose turn it is).
    """

    arranged = Signal()

    def __init__(self, shell: Shell, canvas: Canvas, face: Face, host: QWidget) -> None:
        super().__init__(host)
        self._canvas, self._face = canvas, face
        self.legend = LegendOverlay(shell, self, full=True)
        self.labels = PageLabels(shell, canvas, self.legend, self)
        self.compare = _Compare(shell, canvas, self)
        self.sign = self.compare.sign
        self._card = QWidget(self)
        self.labels.also_clear_of = (self._card, self.sign, self.compare.title, *self.compare.names)
        for part in self.findChildren(QWidget):
            part.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.compare.placed = self._keep_apart

    def set_form(self, picture: QSize) -> None:
        """Take the form of a picture of so many pixels."""
        page = page_size(picture.width(), picture.height()).toSize()
        large = picture if picture.height() >= page.height() else page
        other = large != self.labels.target
        self.labels.target = large
        if self.size() != page:
            self.setGeometry(QRect(QPoint(-4 * page.width(), 0), page))
            self.labels.setGeometry(self.rect())
        elif other:
            self.labels.choose_again()
        self.arrange()

    def arrange(self) -> None:
        """Bring everything to its place beside the words."""
        self.compare.place()

    def _keep_apart(self) -> None:
        card = self._face.card(QSizeF(self.size())).toAlignedRect() if not self._face.blank else QRect()
        self._card.setGeometry(card.adjusted(0, 0, GAP, GAP))
        self._card.setVisible(not card.isEmpty())
        below = card.bottom() + GAP if not card.isEmpty() else MARGIN
        parts = (*self.compare.names, *self.compare.twins, self.compare.title)
        for part in parts:
            if part.isVisible() and part.geometry().intersects(card):
                part.move(part.x(), below)
        self.sign.top = MARGIN
        self.sign.clear_of = card.right() + 2 * GAP if not card.isEmpty() else 0
        self.sign.place()
        names = [part.geometry().bottom() + GAP for part in parts if part.isVisible() and part.x() < self.width() / 4]
        top = max([below, *names])
        self.legend.under = max(UNDER_NAME_PX, top)
        foot = MARGIN if not self.legend.in_pane else FOOT
        room = min(self.height() - top - foot, round(LEGEND_HEIGHT * self.height()))
        share = 1.0 if self.legend.in_pane else LEGEND_SHARE  # that of panes is as wide as its pane, and flat
        self.legend.set_limit(QSize(round(share * self.width()), room))
        self.legend.place()
        self.arranged.emit()

    def paint(self, painter: QPainter, size: QSizeF) -> None:
        """Paint it in that size at the painter's origin."""
        painter.save()
        across = size.width() / max(self.labels.target.width(), 1)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, across != 1.0)
        painter.scale(across, size.height() / max(self.labels.target.height(), 1))
        for label in self._names():
            paint_label(painter, label)
        painter.restore()
        painter.save()
        painter.scale(size.width() / max(self.width(), 1), size.height() / max(self.height(), 1))
        compare = self.compare
        for part in (compare.handle, *compare.names, compare.title, self.sign, self.legend):
            if part.isVisible():
                # its children only: what is behind round corners is the picture
                part.render(painter, part.pos(), QRegion(), QWidget.RenderFlag.DrawChildren)
        painter.restore()

    def _names(self) -> tuple[Label, ...]:
        """The labels, where they are in the picture drawn last."""
        scene, size = self._canvas.scene, self.labels.target
        if scene is None or scene.origin is None or scene.drawn_camera is None or size.isEmpty():
            return ()
        view = scene.view((size.width(), size.height()), scene.drawn_camera)
        taken = self.labels.taken
        return self.labels.labels.shown(view, scene.origin, ratio=self.labels.ratio, taken=taken).labels

    def legend_share(self) -> QRectF:
        """The legend's place, as shares of width and height; empty while there is none."""
        if not self.legend.isVisible():
            return QRectF()
        box, wide, high = QRectF(self.legend.geometry()), max(self.width(), 1), max(self.height(), 1)
        return QRectF(box.x() / wide, box.y() / high, box.width() / wide, box.height() / high)

    def shut_down(self) -> None:
        """Leave the session."""
        self.labels.shut_down()
        self.compare.shut_down()
