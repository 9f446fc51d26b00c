"""The labels over the picture: the sprites of `viewer.render.labels`, painted pixel by pixel, moving with the camera.

Every picture moves the labels; which of them are shown is decided anew a few times a second while the camera moves, and
once when it rests. The work is done in small steps between Qt's events.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

import numpy as np
from PySide6.QtCore import QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QRegion
from PySide6.QtWidgets import QStyle, QWidget

from loaders.api import Severity
from loaders.city import CityData, Float64
from viewer.document.state import Camera
from viewer.jobs import ThreadJob
from viewer.render.culling import View
from viewer.render.label_places import Places, places_of
from viewer.render.label_set import Key, Label, LabelSet, draw_labels
from viewer.render.labels import Box, Find, Labels
from viewer.render.stereo import StereoMode, overlaid, places
from viewer.render.text import Sprite
from viewer.ui.canvas import Canvas
from viewer.ui.desktop.legend import LegendOverlay
from viewer.ui.desktop.shell import Shell

STEP_SECONDS = 0.005
"""Work between two looks at the event queue."""
AGAIN_MS = 200
"""While the camera moves, labels are chosen anew that often at most."""
STILL_MS = 180
"""After so long without a new view, labels are painted with turned sprites instead of turning them."""
FADE_MS, FADE_STEP = 25, 0.2


class LabelOverlay(QWidget):
    """Lies over the canvas and lets the mouse through. Signals: repainted(): labels came, went or moved."""

    repainted = Signal()

    def __init__(self, shell: Shell, canvas: Canvas, legend: LegendOverlay, host: QWidget) -> None:
        super().__init__(host)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._session, self._canvas = shell.session, canvas
        self._legend: QWidget = legend
        self.also_clear_of: tuple[QWidget, ...] = ()
        """What else floats over the picture where labels would stand."""
        self.labels = Labels(through=bool(self._session.settings.get("labels_through")))
        self._found: dict[tuple[int, str], tuple[CityData, Places]] = {}
        self._asked: set[tuple[int, str]] = set()
        self._stale = True
        self._shown = LabelSet()
        self._faint: dict[Key, float] = {}
        self._leaving: dict[Key, Label] = {}
        self._exact = False
        self._placed_for: tuple[object, ...] | None = None
        self._steps: Iterator[None] | None = None
        self._region = QRegion()
        self._work = self._timer(1, self._work_on)
        self._soon = self._timer(1, self._follow)
        self._again = self._timer(AGAIN_MS, self._start)
        self._still = self._timer(STILL_MS, self._rest)
        self._fade = self._timer(FADE_MS, self._fade_on)
        canvas.drawn.connect(self._follow)
        self._session.document.changed.connect(self._document_changed)
        self._session.settings.changed.connect(self._setting_changed)

    def shut_down(self) -> None:
        """Leave the session, where that lives longer than this."""
        self._session.document.changed.disconnect(self._document_changed)
        self._session.settings.changed.disconnect(self._setting_changed)
        for timer in (self._work, self._soon, self._again, self._still, self._fade):
            timer.stop()

    @property
    def shown(self) -> LabelSet:
        """The labels on show."""
        return self._shown

    @property
    def settled(self) -> bool:
        """True if nothing is left to choose, to paint or to fade."""
        busy = self._steps is not None or self._asked or self._leaving
        return not busy and not any(t.isActive() for t in (self._soon, self._again, self._still, self._fade))

    def finish(self) -> LabelSet:
        """Choose the labels of the present view now, for a picture to keep: as a file's, they depend on nothing that
        was shown before."""
        self._take_document(places_of)
        view = self._view(self._session.camera)
        scene = self._canvas.scene
        if view is None or scene is None or scene.origin is None:
            return LabelSet()
        ratio = self.ratio
        self.labels.start_afresh()
        self.labels.place(view, scene.origin, lambda p: scene.sees(p, view), ratio=ratio, taken=self._taken())
        return self.labels.shown(view, scene.origin, ratio=ratio)

    def draw_on(self, image: QImage) -> None:
        """Paint the labels of the present view on a picture of it in device pixels."""
        if image.isNull():
            return
        ratio = image.devicePixelRatio()
        image.setDevicePixelRatio(1.0)
        if len(places(self._stereo, image.width())) > 1:
            labels = self.finish()
            self._draw_twice(image, labels)
            image.setDevicePixelRatio(ratio)
            return
        painter = QPainter(image)
        for label in self.finish().labels:
            paint_label(painter, label)
        painter.end()
        image.setDevicePixelRatio(ratio)

    def _draw_twice(self, image: QImage, labels: LabelSet) -> None:
        """Put labels on a picture for both eyes, pixel by pixel as files have them."""
        picture = image.convertToFormat(QImage.Format.Format_RGB888)
        lines = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), picture.bytesPerLine())
        pixels = np.ascontiguousarray(lines[:, : 3 * picture.width()]).reshape(picture.height(), -1, 3)
        out = overlaid(pixels, lambda ground: draw_labels(ground, labels), self._stereo)
        painter = QPainter(image)
        painter.drawImage(0, 0, QImage(out.data, out.shape[1], out.shape[0], 3 * out.shape[1], picture.format()))
        painter.end()

    # --- following -------------------------------------------------------------------------------------------

    def _timer(self, milliseconds: int, slot: object) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(slot)
        return timer

    def _document_changed(self, _changes: object) -> None:
        """Not every change needs a picture: look at it when the canvas has taken it over."""
        self._stale = True
        self._soon.start()

    def _setting_changed(self, name: str) -> None:
        if name == "labels_through":
            self.labels.through = bool(self._session.settings.get(name))
            self._placed_for = None
            self._follow()

    @property
    def ratio(self) -> float:
        """Pixels that labels are made of for each one of this widget."""
        return self.devicePixelRatioF()

    @property
    def pixels(self) -> tuple[int, int] | None:
        """Width and height of the picture that labels are chosen for; None before there is one."""
        return self._canvas.scene.screen_size if self._canvas.scene is not None else None

    def _view(self, camera: Camera | None = None) -> View | None:
        """The view of the last complete picture (or of another camera) at the screen's size."""
        scene = self._canvas.scene
        camera = camera or (scene.drawn_camera if scene is not None else None)
        if scene is None or scene.origin is None or camera is None:
            return None
        return scene.view(self.pixels, camera)

    def choose_again(self) -> None:
        """Choose anew, whatever the view is."""
        self._placed_for = None
        self._soon.start()

    @property
    def taken(self) -> tuple[Box, ...]:
        """What labels keep clear of, in pixels of their picture."""
        return self._taken()

    def _state(self, view: View) -> tuple[object, ...]:
        """What a choice of labels depends on besides the document."""
        camera = (*view.eye.tolist(), *view.ahead.tolist(), *view.up.tolist(), view.tan_y)
        return camera, view.width, view.height, self._taken()

    def _taken(self) -> tuple[Box, ...]:
        """Where the legend lies, and what else is in the way, device pixels."""
        ratio, found = self.ratio, []
        for other in (self._legend, *self.also_clear_of):
            if other.isVisible():
                box = other.geometry()
                left, top = (box.left() - self.x()) * ratio, (box.top() - self.y()) * ratio
                found.append((left, top, left + box.width() * ratio, top + box.height() * ratio))
        return tuple(found)

    def _follow(self) -> None:
        """A picture was drawn: move the labels with it, and have others chosen if they may differ."""
        if self._stale:
            self._take_document()
        view = self._view()
        if view is None:
            self._steps = None
            self._show(LabelSet())
            return
        if self._placed_for is None or self._placed_for[:-1] != self._state(view):
            if self._placed_for is not None:
                self._exact = False
                self._still.start()
            if self._steps is None and not self._again.isActive():
                self._start()
        scene = self._canvas.scene
        assert scene is not None and scene.origin is not None
        self._show(self.labels.shown(view, scene.origin, ratio=self.ratio))

    def _take_document(self, find: Find | None = None) -> None:
        """Bring the candidates in line with the document; large layers are looked at on a thread."""
        self._stale = False
        document, scene = self._session.document, self._canvas.scene
        if scene is None or scene.state is None:
            return
        if self.labels.update(document.state, document.cities, scene.state, find or self._find):
            self._placed_for = None

    def _find(self, city: CityData, attribute: str) -> Places | None:
        key = id(city), attribute
        found = self._found.get(key)
        if found is not None and found[0] is city:
            return found[1]
        if key not in self._asked:
            self._asked.add(key)
            done = partial(self._places_found, city, attribute)
            self._session.submit(ThreadJob(places_of, (city, attribute), done, title=""))
        return None

    def _places_found(self, city: CityData, attribute: str, places: Places) -> None:
        self._asked.discard((id(city), attribute))
        alive = {id(other) for other in self._session.document.cities.values()}
        self._found = {key: kept for key, kept in self._found.items() if key[0] in alive}
        self._found[id(city), attribute] = city, places
        self._stale = True
        self._follow()

    # --- choosing --------------------------------------------------------------------------------------------

    def _start(self) -> None:
        view, scene = self._view(), self._canvas.scene
        if view is None or scene is None or scene.origin is None:
            return
        self._steps = self._choose(view)
        self._work.start()

    def _choose(self, view: View) -> Iterator[None]:
        """Choose the labels of a view, and make their sprites, in small steps."""
        scene, ratio = self._canvas.scene, self.ratio
        if scene is None or scene.origin is None:
            return  # the layers have gone in the meantime
        origin = scene.origin
        moving = self._still.isActive()
        state = self._state(view)
        sees = partial(_sees, self._canvas, view)
        yield from self.labels.place_steps(view, origin, sees, ratio=ratio, taken=self._taken())
        for label in self.labels.shown(view, origin, ratio=ratio).labels:
            label.flat()  # tells the size of turned ones, too
            yield
            if not moving:
                label.blits()
                yield
        self._placed_for = (*state, moving)
        self._exact = not moving

    def _work_on(self) -> None:
        end = time.perf_counter() + STEP_SECONDS
        while self._steps is not None and time.perf_counter() < end:
            if next(self._steps, _DONE) is _DONE:
                self._steps = None
                self._chosen()
        if self._steps is not None:
            self._work.start()

    def _chosen(self) -> None:
        """A choice is complete: show it, and go on if the view has changed since."""
        for text in self.labels.take_notices():
            self._session.say(Severity.WARNING, text)
        view, scene = self._view(), self._canvas.scene
        if view is None or scene is None or scene.origin is None:
            return
        if self._placed_for is None or self._placed_for[:-1] != self._state(view):
            self._again.start()
        self._show(self.labels.shown(view, scene.origin, ratio=self.ratio))

    def _rest(self) -> None:
        """The view has not changed for a while: choose for it, and paint sharp."""
        if self._steps is None:
            self._again.stop()
            self._start()
        else:
            self._still.start()

    # --- painting --------------------------------------------------------------------------------------------

    def _show(self, labels: LabelSet) -> None:
        """Show these, fading what comes and goes."""
        before = {label.key: label for label in self._shown.labels}
        now = {label.key for label in labels.labels}
        if self.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration) > 0 and self.isVisible():
            for key in now - before.keys():
                self._faint[key] = self._faint.get(key, 0.0)
            self._leaving |= {key: label for key, label in before.items() if key not in now}
            for key in now & self._leaving.keys():
                del self._leaving[key]
            if self._faint or self._leaving:
                self._fade.start()
        self._shown = labels
        self._repaint()

    def _fade_on(self) -> None:
        """One step of fading."""
        for key in [*self._leaving]:
            self._faint[key] = self._faint.get(key, 1.0) - FADE_STEP
            if self._faint[key] <= 0.0:
                del self._leaving[key], self._faint[key]
        for key in [key for key in self._faint if key not in self._leaving]:
            self._faint[key] += FADE_STEP
            if self._faint[key] >= 1.0:
                del self._faint[key]
        if self._faint or self._leaving:
            self._fade.start()
        self._repaint()

    @property
    def _stereo(self) -> StereoMode:
        scene = self._canvas.scene
        return "off" if scene is None else scene.stereo.mode

    def _repaint(self) -> None:
        """Have Qt paint where labels were and where they are."""
        ratio = self.devicePixelRatioF()
        region = QRegion()
        for label in (*self._shown.labels, *self._leaving.values()):
            region += _extent(label, ratio)
        if len(places(self._stereo, self.width())) > 1:
            self.update()
        else:
            self.update(region + self._region)
        self._region = region
        self.repainted.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint in device pixels."""
        painter = QPainter(self)
        painter.scale(1.0 / self.devicePixelRatioF(), 1.0 / self.devicePixelRatioF())
        for left, right, shift, squeeze in places(self._stereo, self.width() * self.devicePixelRatioF()):
            painter.save()
            if self._stereo != "off":
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                painter.setClipRect(QRectF(left, 0.0, right - left, self.height() * self.devicePixelRatioF()))
            painter.translate(shift, 0.0)
            painter.scale(squeeze, 1.0)
            self._paint_labels(painter)
            painter.restore()
        painter.end()

    def _paint_labels(self, painter: QPainter) -> None:
        for label in (*self._leaving.values(), *self._shown.labels):
            painter.setOpacity(min(max(self._faint.get(label.key, 1.0), 0.0), 1.0))
            if label.angle and not self._exact:
                _paint_turned(painter, label)
            else:
                paint_label(painter, label)


_DONE = object()


def paint_label(painter: QPainter, label: Label) -> None:
    """Paint a label's own pixels; the painter must count in device pixels."""
    for sprite, left, top in label.blits():
        painter.drawImage(left, top, _image(sprite))


def _paint_turned(painter: QPainter, label: Label) -> None:
    """Paint a turned label without making a sprite for the angle: it is another one with the next picture."""
    sprite = label.flat()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.translate(*label.centre)
    painter.rotate(-label.angle)
    painter.drawImage(-sprite.shape[1] // 2, -sprite.shape[0] // 2, _image(sprite))
    painter.restore()


def _image(sprite: Sprite) -> QImage:
    """The sprite as an image over the same memory."""
    height, width = sprite.shape[:2]
    return QImage(sprite.data, width, height, 4 * width, QImage.Format.Format_RGBA8888_Premultiplied)


def _extent(label: Label, ratio: float) -> QRect:
    """Where a label may have painted, in the widget's pixels."""
    height, width = label.flat().shape[:2]
    half = max(width, height) if label.angle else width
    tall = max(width, height) if label.angle else height
    x, y = label.centre
    box = QRect(int((x - half / 2) / ratio) - 2, int((y - tall / 2) / ratio) - 2, 0, 0)
    box.setSize(QSize(int(half / ratio) + 5, int(tall / ratio) + 5))
    if label.leader is not None:
        box.setBottom(max(box.bottom(), int(label.leader[1] / ratio) + 8))
    return box


def _sees(canvas: Canvas, view: View, point: Float64) -> bool:
    """Whether a point is seen from a view; nothing is once the canvas has closed."""
    return canvas.scene is not None and canvas.scene.sees(point, view)
