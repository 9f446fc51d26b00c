"""Maps of depth: the scene as a light, or a bird, sees it. Drawn by a second renderer of the same window."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkCommand, vtkFloatArray, vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkRenderingCore import vtkActor, vtkCamera, vtkPolyDataMapper, vtkRenderer, vtkRenderWindow
from vtkmodules.vtkRenderingOpenGL2 import vtkOpenGLFramebufferObject, vtkOpenGLTexture, vtkTextureObject

from viewer.render.guard import RenderGuard
from viewer.render.instanced import Drawable
from viewer.render.materials import make_program
from viewer.render.shadow import DepthBox

FIRST_TIME = 2
"""A triangle that is on the GPU for the first time counts so often."""
NO_TRIANGLES = -1
"""Yielded after a step that drew none: the time that it took tells nothing of how many to draw next."""
_VTK_UNSIGNED_CHAR, _VTK_FLOAT = 3, 10
_GL_DEPTH = 0x0100


class DepthPass:
    """Draws shown objects without colours: shadow maps into a buffer of its own, maps that are read back into the
    window's framebuffer, which is of another size for that time.

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
        self._room = DepthRoom(window, self._renderer)
        self.picture_size: tuple[int, int] | None = None
        """Size of the picture while the window is of a map's size; else None."""
        window.AddRenderer(self._renderer)

    def forget(self, draw: Drawable) -> None:
        """Free what was made for a drawable."""
        actor = self._casters.pop(draw, None)
        self._uploaded.discard(draw)
        if actor is not None:
            self._renderer.RemoveActor(actor)

    def close(self) -> None:
        """Leave the window. The context must be current if there is one."""
        self._room.close()
        self._casters.clear()
        self._uploaded.clear()
        self._renderer.RemoveAllViewProps()
        self._window.RemoveRenderer(self._renderer)
        del self._window, self._renderer, self._room

    def shadow_steps(
        self,
        box: DepthBox,
        size: int,
        draws: list[Drawable],
        triangles: Callable[[], int] | None,
        take: Callable[[vtkTextureObject], vtkTextureObject | None],
    ) -> Iterator[int]:
        """Draw a map of ``size`` x ``size`` texels in slices, then hand it to ``take``, which may give another texture
        of that size in exchange, for the next map.

        Yields after each slice how many triangles it had, `NO_TRIANGLES` where it was work of another kind. The window
        is as before when the steps end or are given up.
        """
        for _ in self._room.make_steps(size):
            if triangles is not None:
                yield NO_TRIANGLES
        with _Alone(self._window, self._renderer), self._room:
            yield from self._slices(box, draws, triangles)
        self._room.exchange(take)
        if triangles is not None:
            yield NO_TRIANGLES

    def read_steps(
        self,
        box: DepthBox,
        size: int,
        draws: list[Drawable],
        triangles: Callable[[], int] | None,
        take: Callable[[npt.NDArray[np.float32]], None],
    ) -> Iterator[int]:
        """The same for a map that ``take`` gets as an array, float32 (size, size), 0 near to 1 far or nothing; first
        row lowest."""
        with _Alone(self._window, self._renderer), _Borrowed(self, self._window, size):
            yield from self._slices(box, draws, triangles)
            take(self._read_depth(size))
        if triangles is not None:
            yield NO_TRIANGLES

    def _slices(self, box: DepthBox, draws: list[Drawable], triangles: Callable[[], int] | None) -> Iterator[int]:
        self._aim(box)
        done = number = 0
        while number == 0 or done < len(draws):
            # the first of several slices only makes room: buffers are cleared, and made if they are of another size
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
                yield cost or NO_TRIANGLES

    def _read_depth(self, size: int) -> npt.NDArray[np.float32]:
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


class _Alone:
    """The window with no other renderer than that of maps; nothing of it is shown."""

    def __init__(self, window: vtkRenderWindow, maps: vtkRenderer):
        self._window, self._maps = window, maps

    def __enter__(self) -> None:
        self._swap = self._window.GetSwapBuffers()
        self._drawn = [renderer for renderer in self._window.GetRenderers() if renderer.GetDraw()]  # type: ignore[attr-defined]
        for renderer in self._drawn:
            renderer.DrawOff()
        self._maps.DrawOn()
        self._window.SwapBuffersOff()

    def __exit__(self, *_: object) -> None:
        self._maps.DrawOff()
        for renderer in self._drawn:
            renderer.DrawOn()
        self._window.SetSwapBuffers(self._swap)


class _Borrowed:
    """The window as a place for a map: of its size, without antialiasing."""

    def __init__(self, owner: DepthPass, window: vtkRenderWindow, size: int):
        self._owner, self._window, self._size = owner, window, size

    def __enter__(self) -> None:
        window = self._window
        self._before = window.GetSize(), window.GetMultiSamples()
        self._owner.picture_size = int(self._before[0][0]), int(self._before[0][1])
        window.SetMultiSamples(0)
        window.SetSize(self._size, self._size)

    def __exit__(self, *_: object) -> None:
        size, samples = self._before
        self._window.SetMultiSamples(samples)
        # somebody may have given the picture another size meanwhile
        if tuple(self._window.GetSize()) == (self._size, self._size):
            self._window.SetSize(*size)
        self._owner.picture_size = None


class DepthRoom:
    """A framebuffer beside the window's: to make the window's anew in the size of a map would take 50 ms each time.

    Args:
        window: the scene's window.
        renderer: draws into the room while this is entered, else into the window.
    """

    def __init__(self, window: vtkRenderWindow, renderer: vtkRenderer):
        self._window, self._renderer = window, renderer
        self._buffer: vtkOpenGLFramebufferObject | None = None
        self._colour: vtkTextureObject | None = None
        self._depth: vtkTextureObject | None = None
        self._size = 0
        self._entered = self._bound = False
        self._point = np.zeros((3, 3), np.float32), np.arange(3, dtype=np.int32)
        self._first = _point_actor(*self._point)
        self._first.GetMapper().AddObserver(vtkCommand.UpdateShaderEvent, self._widen)
        renderer.AddActor(self._first)
        renderer.AddObserver(vtkCommand.StartEvent, self._begin)
        renderer.AddObserver(vtkCommand.EndEvent, self._end)

    def make_steps(self, size: int) -> Iterator[None]:
        """Make what is missing for maps of ``size`` x ``size`` texels; nothing that is there is made anew."""
        self._window.MakeCurrent()
        if self._buffer is not None and (self._buffer.GetFBOIndex() == 0 or self._size != size):
            self.release()
        self._size = size
        if self._colour is None:
            self._colour = _texture(self._window, vtkTextureObject.Nearest)
            self._colour.Allocate2D(size, size, 1, _VTK_UNSIGNED_CHAR)
        if self._depth is None:
            self._depth = depth_texture(self._window, size)
            yield
        if self._buffer is None:
            self._buffer = vtkOpenGLFramebufferObject()
            self._buffer.SetContext(self._window)

    def exchange(self, take: Callable[[vtkTextureObject], vtkTextureObject | None]) -> None:
        """Hand the map to ``take`` and keep what comes back for the next one."""
        if self._depth is not None:
            self._depth = take(self._depth)

    def release(self) -> None:
        """Free everything. The context must be current."""
        for made in (self._buffer, self._colour, self._depth):
            if made is not None:
                made.ReleaseGraphicsResources(self._window)
        self._buffer = self._colour = self._depth = None

    def close(self) -> None:
        """Free everything and leave the renderer."""
        self.release()
        self._first.GetMapper().RemoveAllObservers()
        self._renderer.RemoveAllObservers()
        del self._window, self._renderer

    def __enter__(self) -> None:
        self._entered = True

    def __exit__(self, *_: object) -> None:
        self._entered = False

    def _begin(self, *_: object) -> None:
        if not self._entered or self._buffer is None or self._colour is None or self._depth is None:
            return
        self._window.GetState().PushFramebufferBindings()  # type: ignore[attr-defined]
        self._buffer.Bind()
        self._buffer.AddColorAttachment(0, self._colour)
        self._buffer.AddDepthAttachment(self._depth)
        self._buffer.ActivateDrawBuffer(0)
        self._bound = True

    def _widen(self, *_: object) -> None:
        """Draw all over the room: VTK's camera has set, and cleared, what a window of its size has."""
        if self._bound:
            state = self._window.GetState()  # type: ignore[attr-defined]
            state.vtkglViewport(0, 0, self._size, self._size)
            state.vtkglScissor(0, 0, self._size, self._size)
            if self._renderer.GetErase():
                state.vtkglClearDepth(1.0)
                state.vtkglDepthMask(True)
                state.vtkglClear(_GL_DEPTH)

    def _end(self, *_: object) -> None:
        if self._bound:
            self._bound = False
            self._window.GetState().PopFramebufferBindings()  # type: ignore[attr-defined]


class MapTexture:
    """A texture that is made on the GPU, as a vtkTexture for properties."""

    def __init__(self) -> None:
        self.texture = vtkOpenGLTexture()
        self._object: vtkTextureObject | None = None

    @property
    def alive(self) -> bool:
        """False before anything was put in, and after the OpenGL context was lost."""
        return self._object is not None and self._object.GetHandle() != 0

    def exchange(self, made: vtkTextureObject, window: vtkRenderWindow) -> vtkTextureObject | None:
        """Take over a texture that has been drawn; returns the one before, if it has the same size."""
        before = self._object if self.alive else None
        self._object = made
        self.texture.SetTextureObject(made)
        if before is not None and before.GetWidth() != made.GetWidth():
            before.ReleaseGraphicsResources(window)
            return None
        return before

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
        made = self._object = _texture(window, kind)
        self.texture.SetTextureObject(made)
        window.MakeCurrent()
        return made


def _point_actor(corners: npt.NDArray[np.float32], triangle: npt.NDArray[np.int32]) -> vtkActor:
    """A triangle without size: nothing of it is drawn, but its mapper tells when drawing begins."""
    points, cells, data = vtkPoints(), vtkCellArray(), vtkPolyData()
    points.SetData(numpy_to_vtk(corners, deep=0))
    cells.SetData(3, numpy_to_vtk(triangle, deep=0))
    data.SetPoints(points)
    data.SetPolys(cells)
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(data)
    mapper.SetVBOShiftScaleMethod(0)
    mapper.StaticOn()
    actor = vtkActor()
    actor.SetMapper(mapper)
    program = make_program("mask")
    program.GetFragmentCustomUniforms().SetUniformi("code", 0)
    actor.SetShaderProperty(program)
    actor.ForceOpaqueOn()
    actor.PickableOff()
    return actor


def depth_texture(window: vtkRenderWindow, size: int) -> vtkTextureObject:
    """Room for ``size`` x ``size`` depths, float32, read as they are."""
    window.MakeCurrent()
    made = _texture(window, vtkTextureObject.Nearest)
    made.AllocateDepth(size, size, vtkTextureObject.Float32)
    return made


def _texture(window: vtkRenderWindow, kind: int) -> vtkTextureObject:
    made = vtkTextureObject()
    made.SetContext(window)  # type: ignore[arg-type]
    made.SetMinificationFilter(kind)
    made.SetMagnificationFilter(kind)
    made.SetWrapS(vtkTextureObject.ClampToEdge)
    made.SetWrapT(vtkTextureObject.ClampToEdge)
    return made
