"""A picture drawn in slices between Qt's events, so that a heavy one never makes the window wait. Qt only."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject, QTimer

GOAL_SECONDS = 0.018
"""How long a slice should take: Qt may paint in the same turn."""
TURN_MS, RESTLESS_MS = 1, 60
"""Before a slice (at 0 Qt would go on within the pass of its loop that painted the first), and before the first where
another picture is likely to be wanted at once."""
START = {True: 60_000, False: 4_000_000}
"""Triangles in a slice to begin with: on a software renderer, on hardware."""
GROWTH = 1.3
"""How much larger a slice may be than the one before."""
LEAST, MOST = 20_000, 20_000_000


class Slices(QObject):
    """Goes through the steps of a picture.

    Attributes: unfinished: True while a picture is being drawn; seconds: what the last complete one took, apart from
    those drawn whole.

    Args:
        step: calls its argument where drawing is possible (with the OpenGL context).
        finished: called when a picture is complete, with None inside `start`, or later with True if another picture
            was asked for in the meantime.
    """

    def __init__(
        self, step: Callable[[Callable[[], None]], None], finished: Callable[[bool | None], None], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._step, self._finished = step, finished
        self._steps: Iterator[int] | None = None
        self._first = self._triangles = START[True]
        self._work = 0.0
        self._cost = 0
        self._again = False
        self._whole = False
        self._drawn = False
        self._light = False
        self._timed = True
        self.seconds = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._go_on)

    @property
    def unfinished(self) -> bool:
        """True while a picture is being drawn, or is not yet shown."""
        return self._steps is not None or self._drawn

    def suits(self, software: bool) -> None:
        """Begin with slices that suit such a renderer."""
        self._first = self._triangles = START[software]
        self._light = not software

    def start(
        self,
        picture: Callable[[Callable[[], int] | None], Iterator[int]],
        *,
        whole: bool,
        patient: bool,
        timed: bool = True,
        calm: bool = True,
    ) -> None:
        """Draw a picture. ``whole``: all of it now. ``patient``: an unfinished one is finished first, so that a camera
        that never rests still gets pictures; else it is given up. Where a
        picture takes several slices, the first is drawn in a later turn of Qt's loop: what asked for it, and Qt's own
        painting, have taken time already. ``timed``: its time tells how long the next will take. ``calm``: begin
        at once."""
        if patient and self.unfinished and not whole:
            self._again = True
            return
        self.stop()
        self._work, self._whole, self._timed = 0.0, whole, timed
        # the picture before may have been a draft, or one of cheap triangles
        self._triangles = min(self._triangles, self._first)
        self._steps = picture(None if whole else lambda: self._triangles)
        if whole or self._light:
            self._draw()
        if self.unfinished:
            self._timer.start(TURN_MS if calm else RESTLESS_MS)
        else:
            self._finished(None)

    def stop(self) -> None:
        """Forget an unfinished picture."""
        self._timer.stop()
        self._steps = None
        self._again = self._drawn = False

    def _go_on(self) -> None:
        if self._drawn:
            again, self._again, self._drawn = self._again, False, False
            self._finished(again)
        elif self._steps is not None:
            self._draw()
            self._drawn = self._steps is None  # shown in a turn of its own: copying it to the window takes time too
            self._timer.start(TURN_MS)

    def _draw(self) -> None:
        start = time.perf_counter()
        self._step(self._advance)
        seconds = time.perf_counter() - start
        self._work += seconds
        if self._steps is None:
            # whole pictures are the first of a size or of all: buffers and shaders are made with them
            if not self._whole and self._timed:
                self.seconds, self._light = self._work, self._work < 2 * GOAL_SECONDS
        elif self._cost > 0:  # (a step of another kind of work tells nothing)
            # what is new costs more than what comes next lets on: be quick to take less, slow to take more
            wish = int(self._cost * GOAL_SECONDS / max(seconds, 1e-4))
            self._triangles = min(max(LEAST, min(wish, int(GROWTH * self._triangles))), MOST)

    def _advance(self) -> None:
        if self._steps is not None:
            self._cost = next(self._steps, 0)
            if not self._cost:
                self._steps = None


def single_shot(milliseconds: int, slot: Callable[[], object], parent: QObject) -> QTimer:
    """A timer that calls ``slot`` once each time that it is started."""
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(slot)
    return timer
