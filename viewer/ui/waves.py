"""Lets waves move while a tour or path plays, and lie as files show them when nothing does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from viewer.render.scene import SceneView
from viewer.render.waves import has_waves

if TYPE_CHECKING:
    from viewer.session.session import Session


class Waves:
    """Keeps the time of a scene's waves.

    Args:
        session: whose player is followed.
        scene: gives the scene; None where nothing is drawn.
        draw: asks for a picture. Where one takes long (software), only those of a moving camera show the waves move.
    """

    def __init__(self, session: Session, scene: Callable[[], SceneView | None], draw: Callable[[], None]) -> None:
        self._session, self._scene, self._draw = session, scene, draw
        session.player.ticked.connect(self._ticked)
        session.player.changed.connect(self._changed)

    def shut_down(self) -> None:
        """Leave the session."""
        self._session.player.ticked.disconnect(self._ticked)
        self._session.player.changed.disconnect(self._changed)

    def _ticked(self, seconds: float) -> None:
        scene, document = self._scene(), self._session.document
        if scene is None or not has_waves(document.state.realism, document.cities.values()):
            return
        scene.water_time = seconds
        if not scene.software:
            self._draw()

    def _changed(self) -> None:
        scene = self._scene()
        if scene is not None and scene.water_time and not self._session.player.active:
            scene.water_time = 0.0
            self._draw()
