"""Lets time of results and interludes go on, and asks whether what a picture needs is ready; idle while there is none
of that."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from loaders.api import Severity
from viewer.analysis.steps import steps_of

if TYPE_CHECKING:
    from viewer.render.scene import SceneView
    from viewer.session.session import Session

TICK_MS = 15


class ResultsTimer(QTimer):
    """Polls the session while its clock runs or something is being prepared for the picture; ``show`` is called when
    the moment or what is ready differs."""

    def __init__(self, session: Session, show: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._show = show
        session.clock_changed.connect(self._moved)
        session.scenario_ready.connect(self._ready)
        self.setInterval(TICK_MS)
        self.timeout.connect(self._tick)
        session.clock.changed.connect(self.look)
        session.interlude.changed.connect(self._turned)
        session.interlude.animates = True

    def look(self) -> None:
        """Begin to poll if there is a reason; call it when something was asked for."""
        if self._busy and not self.isActive():
            self.start()

    def _moved(self, _moment: float) -> None:
        self._show()

    def _ready(self) -> None:
        self._show()

    def _turned(self) -> None:
        self._show()
        self.look()

    @property
    def _busy(self) -> bool:
        session = self._session
        return session.clock.playing or session.interlude.busy or steps_of(session.document).busy

    def _tick(self) -> None:
        waited = not self._session.clock.playing
        self._session.poll()
        if not self._busy:
            self.stop()
            if waited:
                self._session.poll()  # what became ready between the two looks

    def shut_down(self) -> None:
        """Leave the session."""
        self.stop()
        self._session.clock.changed.disconnect(self.look)
        self._session.interlude.changed.disconnect(self._turned)
        self._session.clock_changed.disconnect(self._moved)
        self._session.scenario_ready.disconnect(self._ready)


def tell_notices(session: Session, scene: SceneView | None) -> None:
    """Pass on what a scene cannot show, with the name of the layer, if that is still there."""
    names = {layer.id: f"{layer.name}: " for layer in session.document.drawn_layers()}
    for notice in scene.take_notices() if scene is not None else ():
        if notice.layer_id is None or notice.layer_id in names:
            session.say(Severity.WARNING, names.get(notice.layer_id or "", "") + notice.text)
