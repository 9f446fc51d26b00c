"""Maps of depth: the scene as a light, or a bird, sees it. Drawn by a second renderer of the same window."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkFloatArray
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkRenderingCore import vtkActor, vtkCamera, vtkRenderer, vtkRenderWindow
from vtkmodules.vtkRenderingOpenGL2 import vtkOpenGLTexture, vtkTextureObject

from viewer.render.guard import RenderGuard
from viewer.render.instanced import Drawable
from viewer.render.shadow import DepthBox

FIRST_TIME = 2
"""A triangle that is on the GPU for the first time counts so often."""
_VTK_FLOAT = 10


class DepthPass:
    """Draws shown objects into the window's own framebuffer, of another size for that time, without colours.

    The window keeps the second renderer for good: taking one out would free what the picture needs on the GPU.

    Args:
        window: the scene's window.
        guard: catches what drivers say.
    """

    def __init__(self, window: vtkRenderWindow, guard: RenderGuard):
        self._window, self._guard = window, guard
        self._renderer = vtkRenderer()
        self._renderer.SetAutomaticLightCreation(False)
        self._renderer.GetCullers().RemoveAllItems()
        self._renderer.DrawOff()
        self._camera = vtkCamera()
        self._renderer.SetActiveCamera(self._camera)
        self._casters: dict[Drawable, vtkActor] = {}
        self._uploaded: set[Drawable] = set()
        self.picture_size: tuple[int, int] | None = None
        """Size of the picture while a map is drawn, and the window is of the map's size; else None."""
        window.AddRenderer(self._renderer)

    def forget(self, draw: Drawable) -> None:
        """Free what was made for a drawable."""
        actor = self._casters.pop(draw, None)
        self._uploaded.discard(draw)
        if actor is not None:
            self._renderer.RemoveActor(actor)

    def close(self) -> None:
        """Leave the window."""
        self._casters.clear()
        self._uploaded.clear()
        self._renderer.RemoveAllViewProps()
        self._window.RemoveRenderer(self._renderer)
        del self._window, self._renderer

    def steps(
        self,
        box: DepthBox,
        size: int,
        draws: list[Drawable],
        triangles: Callable[[], int] | None,
        take: Callable[[], None],
    ) -> Iterator[int]:
        """Draw a map of ``size`` x ``size`` texels in slices, then call ``take`` while it is in the framebuffer.

        Yields after each slice how many triangles it had. The window is as before when the steps end or are given up.
        """
        self._aim(box)
        with _Borrowed(self, self._window, self._renderer, size):
            done = number = 0
            while number == 0 or done < len(draws):
                # the first of several slices only makes room: buffers of another size
                part = [] if triangles is not None and number == 0 else self._part(draws[done:], triangles)
                done += len(part)
                cost = sum(self._cost(draw) for draw in part)
                self._show(part)
                self._renderer.SetErase(number == 0)
                with self._guard:
                    self._window.Render()
                self._uploaded.update(part)
                number += 1
                if triangles is not None:
                    self._window.WaitForCompletion()
                    yield cost or triangles()
            take()
        if triangles is not None:
            yield triangles()

    def copy_depth(self, target: vtkTextureObject, size: int) -> None:
        """Copy the map that was just drawn into a depth texture of its size; for ``take``."""
        self._window.MakeCurrent()
        state = self._window.GetState()  # type: ignore[attr-defined]
        state.PushFramebufferBindings()
        self._window.GetRenderFramebuffer().Bind()  # type: ignore[attr-defined]
        target.CopyFromFrameBuffer(0, 0, 0, 0, size, size)
        state.PopFramebufferBindings()

    def read_depth(self, size: int) -> npt.NDArray[np.float32]:
        """The map that was just drawn, float32 (size, size), 0 near to 1 far or nothing; first row lowest."""
        depth = vtkFloatArray()
        self._window.GetZbufferData(0, 0, size - 1, size - 1, depth)
        return np.asarray(vtk_to_numpy(depth).reshape(size, size), np.float32)

    def _aim(self, box: DepthBox) -> None:
        middle = (box.low + box.high) / 2.0
        axes = box.axes
        eye = axes.right * middle[0] + axes.up * middle[1] + axes.back * box.high[2]
        self._camera.SetPosition(*eye)
        self._camera.SetFocalPoint(*(eye - axes.back))
        self._camera.SetViewUp(*axes.up)
        size = box.high - box.low
        projection = vtkMatrix4x4()
        projection.SetElement(0, 0, 2.0 / size[0])
        projection.SetElement(1, 1, 2.0 / size[1])
        projection.SetElement(2, 2, -2.0 / size[2])
        projection.SetElement(2, 3, -1.0)
        self._camera.SetExplicitProjectionTransformMatrix(projection)
        self._camera.UseExplicitProjectionTransformMatrixOn()

    def _part(self, draws: list[Drawable], triangles: Callable[[], int] | None) -> list[Drawable]:
        if triangles is None:
            return draws
        costs = np.cumsum([self._cost(draw) for draw in draws])
        return draws[: max(1, int(np.searchsorted(costs, triangles(), side="right")))]

    def _cost(self, draw: Drawable) -> int:
        return draw.triangle_count * (1 if draw in self._uploaded else FIRST_TIME)

    def _show(self, draws: list[Drawable]) -> None:
        wanted = set(draws)
        for draw, actor in self._casters.items():
            actor.SetVisibility(draw in wanted)
        for draw in draws:
            if draw not in self._casters:
                actor = self._casters[draw] = draw.make_caster()
                self._renderer.AddActor(actor)
                actor.VisibilityOn()


class _Borrowed:
    """The window as a place for a map: of its size, without antialiasing, with no other renderer."""

    def __init__(self, owner: DepthPass, window: vtkRenderWindow, maps: vtkRenderer, size: int):
        self._owner, self._window, self._maps, self._size = owner, window, maps, size

    def __enter__(self) -> None:
        window = self._window
        self._before = window.GetSize(), window.GetMultiSamples(), window.GetSwapBuffers()
        self._owner.picture_size = int(self._before[0][0]), int(self._before[0][1])
        self._drawn = [renderer for renderer in window.GetRenderers() if renderer.GetDraw()]  # type: ignore[attr-defined]
        for renderer in self._drawn:
            renderer.DrawOff()
        self._maps.DrawOn()
        window.SetMultiSamples(0)
        window.SwapBuffersOff()
        window.SetSize(self._size, self._size)

    def __exit__(self, *_: object) -> None:
        size, samples, swap = self._before
        self._maps.DrawOff()
        for renderer in self._drawn:
            renderer.DrawOn()
        self._window.SetMultiSamples(samples)
        self._window.SetSwapBuffers(swap)
        # somebody may have given the picture another size meanwhile
        if tuple(self._window.GetSize()) == (self._size, self._size):
            self._window.SetSize(*size)
        self._owner.picture_size = None


class MapTexture:
    """A texture that is made on the GPU, as a vtkTexture for properties."""

    def __init__(self) -> None:
        self.texture = vtkOpenGLTexture()
        self._object: vtkTextureObject | None = None
        self._size = 0

    @property
    def alive(self) -> bool:
        """False before anything was put in, and after the OpenGL context was lost."""
        return self._object is not None and self._object.GetHandle() != 0

    def depth(self, window: vtkRenderWindow, size: int) -> vtkTextureObject:
        """Room for ``size`` x ``size`` depths, float32, read as they are."""
        if self.alive and self._size == size and self._object is not None:
            return self._object
        made = self._make(window, vtkTextureObject.Nearest)
        made.AllocateDepth(size, size, vtkTextureObject.Float32)
        self._size = size
        return made

    def upload(self, window: vtkRenderWindow, pixels: npt.NDArray[np.float32]) -> None:
        """Take over pixels, float32 (H, W, 4), read with interpolation."""
        height, width, channels = pixels.shape
        made = self._object if self.alive else None
        made = made or self._make(window, vtkTextureObject.Linear)
        window.MakeCurrent()
        made.Create2DFromRaw(width, height, channels, _VTK_FLOAT, pixels)

    def release(self, window: vtkRenderWindow) -> None:
        """Free it. The context must be current."""
        if self._object is not None:
            self._object.ReleaseGraphicsResources(window)
        self._object = None
        self.texture.ReleaseGraphicsResources(window)

    def _make(self, window: vtkRenderWindow, kind: int) -> vtkTextureObject:
        if self._object is not None:
            self._object.ReleaseGraphicsResources(window)
        made = self._object = vtkTextureObject()
        made.SetContext(window)  # type: ignore[arg-type]
        made.SetMinificationFilter(kind)
        made.SetMagnificationFilter(kind)
        made.SetWrapS(vtkTextureObject.ClampToEdge)
        made.SetWrapT(vtkTextureObject.ClampToEdge)
        self.texture.SetTextureObject(made)
        window.MakeCurrent()
        return made
