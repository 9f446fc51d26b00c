"""The history of views: where the camera rested, to go back to and forward again."""

from __future__ import annotations

from viewer.document.state import Camera

SETTLE_SECONDS = 0.8
"""A view is remembered when the camera has not moved for so long."""
LIMIT = 100
"""Views kept; the oldest are forgotten."""


class ViewHistory:
    """Views in order, and which of them is the present one. Times are seconds of a clock that only grows."""

    def __init__(self) -> None:
        self._views: list[Camera] = []
        self._at = -1
        self._pending: Camera | None = None
        self._moved = 0.0

    @property
    def can_go_back(self) -> bool:
        """True if there is an earlier view (or the camera moved away from the present one)."""
        return self._at > 0 or (self._at == 0 and self._pending is not None)

    @property
    def can_go_forward(self) -> bool:
        """True if a view was left by going back, and no other was chosen since."""
        return self._pending is None and self._at < len(self._views) - 1

    def moved(self, camera: Camera, now: float) -> None:
        """The camera moved; it is remembered when it rests."""
        self._pending = camera
        self._moved = now

    def tick(self, now: float) -> bool:
        """Remember the view if the camera has rested; True if it did so."""
        if self._pending is None or now - self._moved < SETTLE_SECONDS:
            return False
        self.settle()
        return True

    def settle(self) -> None:
        """Remember the view that the camera has now, without waiting."""
        if self._pending is None:
            return
        camera, self._pending = self._pending, None
        if self._at >= 0 and self._views[self._at] == camera:
            return
        del self._views[self._at + 1 :]
        self._views.append(camera)
        del self._views[:-LIMIT]
        self._at = len(self._views) - 1

    def back(self) -> Camera | None:
        """The view before; None if there is none."""
        return self._step(-1)

    def forward(self) -> Camera | None:
        """The view after; None if there is none."""
        return self._step(1)

    def clear(self) -> None:
        """Forget all views."""
        self._views.clear()
        self._at, self._pending = -1, None

    def _step(self, direction: int) -> Camera | None:
        self.settle()
        if not 0 <= self._at + direction < len(self._views):
            return None
        self._at += direction
        return self._views[self._at]
