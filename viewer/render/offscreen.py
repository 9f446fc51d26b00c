"""Pictures without a display."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.render.backend import CannotDraw, make_offscreen_window, renderer_info
from viewer.render.ladder import choose
from viewer.render.scene import SceneView

__all__ = ["CannotDraw", "OffscreenView"]

MAX_SIDE = 16384


class OffscreenView:
    """An off-screen render window with a `SceneView` in it.

    Args:
        width, height: pixels, 1 to 16384.

    Raises:
        CannotDraw: no OpenGL here; the text names the remedy.
        ValueError: a size that cannot be drawn.
    """

    def __init__(self, width: int, height: int):
        if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
            raise ValueError(f"a picture of {width} x {height} pixels cannot be drawn; 1 to {MAX_SIDE} are possible")
        self._closed = False
        self._window = make_offscreen_window()
        self._window.SetOffScreenRendering(True)
        self._window.SetShowWindow(False)
        self._window.SetMultiSamples(0)
        self._window.SetSize(width, height)
        self._window.Render()
        self.info: dict[str, Any] = renderer_info(self._window)
        if not self.info["renderer"]:
            raise CannotDraw("OpenGL 3.2 is not available here. Install a graphics driver, or Mesa (libgl1-mesa-dri).")
        self.scene = SceneView(self._window, bool(self.info["software"]))
        self.scene.level = choose(self.renderer_name, self.scene.software)[0]

    @property
    def renderer_name(self) -> str:
        """OpenGL renderer, e.g. "llvmpipe (LLVM 15.0.6, 256 bits)"."""
        return str(self.info["renderer"])

    def resize(self, width: int, height: int) -> None:
        """Change the size of the picture."""
        self._window.SetSize(width, height)

    def image(self) -> npt.NDArray[np.uint8]:
        """Finish what is pending, draw, and return uint8 (H, W, 3), top row first."""
        self.scene.advance()
        self.scene.render()
        return self.scene.pixels()

    def close(self) -> None:
        """Free the window."""
        if not self._closed:
            self._closed = True
            self.scene.close()
            self._window.Finalize()
            del self._window
