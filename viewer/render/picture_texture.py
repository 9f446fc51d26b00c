"""A picture that was drawn, kept on the GPU."""

from __future__ import annotations

from vtkmodules.vtkRenderingCore import vtkRenderWindow
from vtkmodules.vtkRenderingOpenGL2 import vtkOpenGLTexture, vtkTextureObject

_UNSIGNED_CHAR = 3


class PictureTexture:
    """A copy of a part of a window's picture, RGBA8, of its size.

    Args:
        window: whose picture it is.
    """

    def __init__(self, window: vtkRenderWindow):
        self.texture = vtkOpenGLTexture()
        self._window = window
        self._object: vtkTextureObject | None = None
        self._size = (0, 0)

    def take(self, left: int, bottom: int, width: int, height: int) -> None:
        """Copy a part of the picture that was just drawn, in pixels."""
        self._window.MakeCurrent()
        state = self._window.GetState()  # type: ignore[attr-defined]
        state.PushFramebufferBindings()
        buffer = self._window.GetDisplayFramebuffer()  # type: ignore[attr-defined]
        buffer.Bind()
        buffer.ActivateReadBuffer(0)
        self._sized(width, height).CopyFromFrameBuffer(left, bottom, 0, 0, width, height)
        state.PopFramebufferBindings()

    def release(self) -> None:
        """Free it. The context must be current if there is one."""
        if self._object is not None:
            self._object.ReleaseGraphicsResources(self._window)
        self._object = None
        self.texture.ReleaseGraphicsResources(self._window)
        del self._window

    def _sized(self, width: int, height: int) -> vtkTextureObject:
        """Room for a picture; what is there if it fits, and the context has not been lost."""
        made = self._object
        if made is not None and made.GetHandle() != 0 and self._size == (width, height):
            return made
        if made is not None:
            made.ReleaseGraphicsResources(self._window)
        made = self._object = vtkTextureObject()
        made.SetContext(self._window)  # type: ignore[arg-type]
        made.SetMinificationFilter(vtkTextureObject.Nearest)
        made.SetMagnificationFilter(vtkTextureObject.Nearest)
        made.SetWrapS(vtkTextureObject.ClampToEdge)
        made.SetWrapT(vtkTextureObject.ClampToEdge)
        made.Allocate2D(width, height, 4, _UNSIGNED_CHAR)
        self._size = width, height
        self.texture.SetTextureObject(made)
        return made
