"""Small pictures of viewpoints: from the window's own picture when it shows one of them, or drawn on request."""

from __future__ import annotations

import tempfile
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPixmap

from viewer.document.state import Camera, ScenarioView, Viewpoint
from viewer.ui.canvas import Canvas
from viewer.ui.desktop.shell import Shell

SIZE = QSize(192, 108)
MOST = 300
"""Pictures kept, of 60 KiB each."""


Seen = tuple[Camera, ScenarioView | None]
"""What a picture shows: two viewpoints may look from one place at two scenarios."""


def seen_from(viewpoint: Viewpoint) -> Seen:
    """What a viewpoint's picture shows."""
    return viewpoint.camera, viewpoint.scenario_view


class Thumbnails(QObject):
    """Pictures by what they show, so that they survive renaming, undo and redo. Signals: changed()."""

    changed = Signal()

    def __init__(self, shell: Shell, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._shell, self._canvas = shell, canvas
        self._kept: OrderedDict[Seen, QPixmap] = OrderedDict()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        canvas.drawn.connect(self._drawn)
        shell.session.document.changed.connect(self._changed)

    def of(self, camera: Camera, scenarios: ScenarioView | None = None) -> QPixmap | None:
        """The picture from a camera, of these scenarios; None until the window has shown it once."""
        return self._kept.get((camera, scenarios))

    @property
    def lacking(self) -> bool:
        """True if a viewpoint has no picture yet."""
        viewpoints = self._shell.session.document.state.viewpoints
        return any(seen_from(viewpoint) not in self._kept for viewpoint in viewpoints)

    def draw(self) -> None:
        """Have all viewpoints drawn off the window's back."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="citiverse-views-", ignore_cleanup_errors=True)
        folder = Path(self._folder.name)
        self._shell.run("viewpoint.draw_pictures", folder=folder, width=SIZE.width(), height=SIZE.height())

    def take(self, folder: Path, viewpoints: Sequence[Viewpoint]) -> None:
        """Keep the pictures that were drawn."""
        for number, viewpoint in enumerate(viewpoints):
            picture = QPixmap(str(folder / f"{number}.png"))
            if not picture.isNull():
                self._keep(seen_from(viewpoint), picture)
        self.changed.emit()

    def _changed(self, changes: object) -> None:
        parts: frozenset[str] = getattr(changes, "parts", frozenset())
        if getattr(changes, "origin", "") == "reset":
            self._kept.clear()
        elif "viewpoints" in parts:
            self._drawn()

    @property
    def _both_eyes(self) -> bool:
        """True while the window's picture is one for glasses, which is no small picture of a place."""
        return self._shell.session.settings.get("stereo") != "off"

    def _drawn(self) -> None:
        """A picture is finished: keep it if it is that of a viewpoint."""
        session, seen = self._shell.session, self._seen()
        if seen is None or seen in self._kept or not self._canvas.settled or not session.document.cities:
            return
        if session.opening.loading:
            return  # a part of what is seen from there is still to come
        self._shell.later(lambda: self._grab(seen))

    def _seen(self) -> Seen | None:
        """What the window shows, if that is a viewpoint's picture."""
        session = self._shell.session
        state, view = session.document.state, session.document.state.scenario_view
        if self._both_eyes or session.interlude.busy or session.interlude.view is not None:
            return None
        wanted = {(session.camera, view), *([(session.camera, None)] if not view.shown else [])}
        return next((seen for seen in map(seen_from, state.viewpoints) if seen in wanted), None)

    def _grab(self, seen: Seen) -> None:
        if self._seen() != seen or not self._canvas.settled or not self._canvas.isVisible():
            return
        whole = self._canvas.grab()
        size = whole.size()
        # the middle in the form of the small picture
        wide = min(size.width(), size.height() * SIZE.width() // SIZE.height())
        high = wide * SIZE.height() // SIZE.width()
        part = whole.copy(QRect((size.width() - wide) // 2, (size.height() - high) // 2, wide, high))
        smooth = Qt.TransformationMode.SmoothTransformation
        small = part.scaled(SIZE, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)
        small.setDevicePixelRatio(1.0)
        self._keep(seen, small)
        self.changed.emit()

    def _keep(self, seen: Seen, picture: QPixmap) -> None:
        self._kept[seen] = picture
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
