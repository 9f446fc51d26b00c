"""What a canvas draws on. Qt only."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from viewer.render.scene import SceneView


class Surface(Protocol):
    """What a canvas draws on."""

    scene: SceneView | None
    renderer_name: str
    problem: str

    @property
    def holds_picture(self) -> bool:
        """True if a picture of another size is shown until there is one of this."""

    def draw(self) -> None:
        """Have the picture drawn anew, once, when Qt gets to it."""

    def show_picture(self) -> None:
        """Show the picture that has been drawn."""

    def fit(self, scale: float) -> None:
        """Bring the picture to the widget's size in device pixels, times ``scale``."""

    def drawing(self) -> AbstractContextManager[None]:
        """A place to draw in at once, outside of Qt's painting."""

    def shut_down(self) -> None:
        """Free everything; nothing is drawn afterwards."""
