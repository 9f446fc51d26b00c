"""The live picture in the console, in the form of the audience's screen, and that picture in the audience's pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, QSizeF, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from viewer.analysis.shown_legend import scenario_legend, shown_legend
from viewer.render.stereo import StereoMode, picture_x, places
from viewer.session.walks import walks
from viewer.ui.canvas import make_canvas
from viewer.ui.desktop.compare_view import SwipeHandle
from viewer.ui.desktop.shell import Shell
from viewer.ui.desktop.walk_hud import WalkHud
from viewer.ui.presenter.face import Face
from viewer.ui.presenter.page import Page

MOST_SHARPNESS = 4.0
PUSH_MS = 4
"""Labels and legend follow a picture by a moment; all go to the audience together."""
LEGEND_PARTS = frozenset(
    {"layers", "style", "visibility", "show_legend", "crs", "cities", "scenarios", "scenario_view"}
)


class _Over(QWidget):
    """What lies over the picture, painted by somebody else."""

    def __init__(self, host: QWidget, paint: Callable[[QPainter, QSizeF], None]) -> None:
        super().__init__(host)
        self._paint = paint
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)

    def paintEvent(self, event: QPaintEvent) -> None:
        """As the audience sees it, smaller."""
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        self._paint(painter, QSizeF(self.size()))
        painter.end()


class Preview(QWidget):
    """A canvas of its own over the session, with labels, legend, what a walker needs, and what the audience reads.

    Signals: composed(QImage): another picture for the audience; pointed(QPointF | None): the mouse, as shares of the
    picture's width and height.
    """

    composed = Signal(QImage)
    pointed = Signal(object)

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self._shell, session = shell, shell.session
        others = session.viewport, walks(session).wake
        self._others = others
        self.canvas = make_canvas(session)
        self._stage = QWidget(self)
        self.canvas.setParent(self._stage)
        self.canvas.setAccessibleName("City picture, as the audience sees it")
        self.face = Face(self._stage, solid=False)
        self.page = Page(shell, self.canvas, self.face, self._stage)
        self.legend, self.labels, self.sign = self.page.legend, self.page.labels, self.page.sign
        self.face.told.connect(self._rearrange)
        self._over = _Over(self._stage, self._paint_over)
        self._shade = QWidget(self._stage)
        self.handle = SwipeHandle(shell, self._stage)
        self.handle.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the arrow keys are those of the talk
        self.walk = WalkHud(shell, self.canvas.walk, self._stage)
        self.walk.avoid = self._shade
        self._pixels = QSize()
        self._aspect = 16 / 9
        self._base = QImage()
        self._open, self._sharp = True, True
        self._push = QTimer(self)
        self._push.setSingleShot(True)
        self._push.setInterval(PUSH_MS)
        self._push.timeout.connect(self._compose)
        self.canvas.drawn.connect(self._drawn)
        self.canvas.installEventFilter(self)
        self.labels.repainted.connect(self._push_soon)
        self.page.arranged.connect(self._push_soon)
        session.document.changed.connect(self._document_changed)
        session.player.dissolving.connect(self._dissolve)
        session.scenario_ready.connect(self._refresh_legend)
        session.clock_changed.connect(self._clock_moved)
        session.interlude.changed.connect(self._sides_changed)
        self.setMinimumSize(320, 180)
        self._refresh_legend()
        self._stack()

    # --- form and pixels -------------------------------------------------------------------------------------------

    def shape_for(self, pixels: tuple[int, int], *, shown: bool) -> None:
        """Take the form of a screen; ``shown``: that screen shows the picture, which is drawn in its pixels."""
        self._pixels = QSize(*pixels) if shown else QSize()
        self._aspect = pixels[0] / max(pixels[1], 1)
        self._lay_out()

    @property
    def picture_size(self) -> QSize:
        """Of the composed picture, device pixels."""
        if not self._pixels.isEmpty():
            return self._pixels
        return QSize(*self.canvas.size_px)

    def _lay_out(self) -> None:
        wide = min(self.width(), round(self.height() * self._aspect))
        high = min(self.height(), round(wide / self._aspect))
        self._stage.setGeometry((self.width() - wide) // 2, (self.height() - high) // 2, wide, high)
        for widget in (self.canvas, self._over, self.face):
            widget.setGeometry(0, 0, wide, high)
        self.page.set_form(self.picture_size)
        self.set_sharp(self._sharp)
        self._rearrange()

    def set_sharp(self, on: bool) -> None:
        """Draw in the audience's pixels, or (to be faster) in the console's own: also while sides change by themselves
        and the processor draws."""
        self._sharp = on
        on = on and not (self.canvas.software and self._shell.session.interlude.running)
        own = max(self.canvas.size_px[0], 1)
        wanted = min(max(self.picture_size.width() / own, 1.0), MOST_SHARPNESS)
        self.canvas.set_sharpness(wanted if on else 1.0)

    def _sides_changed(self) -> None:
        self.set_sharp(self._sharp)

    def _stack(self) -> None:
        for widget in (self._over, self._shade, self.handle, self.face, *self.walk.widgets()):
            widget.raise_()

    def _rearrange(self) -> None:
        """Words, legend or what is compared have changed."""
        self.page.arrange()
        share, width, height = self.page.legend_share(), self._stage.width(), self._stage.height()
        box = QRectF(share.x() * width, share.y() * height, share.width() * width, share.height() * height)
        self._shade.setGeometry(box.toAlignedRect())
        self._shade.setVisible(self.legend.isVisible())
        self.handle.setVisible(self.page.compare.handle.isVisibleTo(self.page))
        self.handle.place(self._shell.session.document.state.scenario_view.position)
        self._push_soon()

    def _push_soon(self) -> None:
        if self._open and not self._push.isActive():
            self._push.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As large as fits."""
        self._lay_out()
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Black beside the picture."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._shell.qcolor("pressed"))
        painter.end()

    @property
    def settled(self) -> bool:
        """True if picture, labels and legend are finished and the audience has been given them."""
        waiting = self._push.isActive() or not self._shell.idle
        return not waiting and self.canvas.settled and self.labels.settled

    # --- the audience's picture --------------------------------------------------------------------------------------

    def picture(self) -> QImage:
        """The picture of now with labels and legend, as the audience gets it; null before the first."""
        if self._base.isNull():
            return QImage()
        size = self.picture_size
        image = self._base.convertToFormat(QImage.Format.Format_RGB32)
        if image.size() != size:
            mode = Qt.TransformationMode.SmoothTransformation
            image = image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, mode)
        painter = QPainter(image)
        self._paint_over(painter, QSizeF(size))
        painter.end()
        return image

    @property
    def stereo(self) -> StereoMode:
        """How the picture is one for both eyes."""
        return cast(StereoMode, self._shell.session.settings.get("stereo"))

    def _paint_over(self, painter: QPainter, size: QSizeF) -> None:
        """The page, for each eye, over a picture of that size."""
        for left, right, shift, squeeze in places(self.stereo, size.width()):
            painter.save()
            if self.stereo != "off":
                painter.setClipRect(QRectF(left, 0.0, right - left, size.height()))
            painter.translate(shift, 0.0)
            painter.scale(squeeze, 1.0)
            self.page.paint(painter, size)
            painter.restore()

    def _drawn(self) -> None:
        frame = self.canvas.frame()
        if not frame.isNull():
            self._base = frame
            self._push.start()

    def _compose(self) -> None:
        self._over.update()
        if self._open and not self._base.isNull():
            self.composed.emit(self.picture())

    def _dissolve(self, seconds: float) -> None:
        """The picture is about to be another one: let this one fade."""
        if not self._base.isNull():
            self.face.fade(self.picture(), seconds)

    # --- following ---------------------------------------------------------------------------------------------------

    def _document_changed(self, changes: object) -> None:
        if getattr(changes, "parts", frozenset()) & LEGEND_PARTS:
            self._shell.soon(self._refresh_legend)

    def _clock_moved(self, *_: object) -> None:
        if self._open and self._shell.session.document.state.scenario_view.shown:
            self._shell.soon(self._refresh_legend)

    def _refresh_legend(self) -> None:
        if not self._open:
            return
        document = self._shell.session.document
        scenario = scenario_legend(document, self._shell.session.clock.now)
        found = shown_legend(document.state, document.cities, self._shell.current) if scenario is None else None
        if scenario is not None:
            self.legend.show_legend(scenario)
        elif found is None:
            self.legend.show_legend(None)
        else:
            self.legend.show_legend(found[1], found[0].name if len(document.state.layers) > 1 else "")
        self._rearrange()
        self._stack()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The mouse points."""
        kind = event.type()
        if watched is self.canvas:
            if kind == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
                at = event.position()
                width = max(self.canvas.width(), 1)
                x = picture_x(self.stereo, at.x(), width)  # of one eye's picture: both eyes get the point
                share = QPointF(x / width, at.y() / max(self.canvas.height(), 1))
                self.pointed.emit(share)
            elif kind == QEvent.Type.Leave:
                self.pointed.emit(None)
        return False

    def shut_down(self) -> None:
        """Leave the session and free the scene; a view that was there before has the session again."""
        if not self._open:
            return
        self._open = False
        session = self._shell.session
        session.document.changed.disconnect(self._document_changed)
        session.player.dissolving.disconnect(self._dissolve)
        session.scenario_ready.disconnect(self._refresh_legend)
        session.clock_changed.disconnect(self._clock_moved)
        session.interlude.changed.disconnect(self._sides_changed)
        self._push.stop()
        self.walk.close()
        self.page.shut_down()
        self.canvas.close()
        session.viewport, walks(session).wake = self._others
