"""The picture in the window: Qt events in, the document's scene out. The only file with both Qt and VTK.

`Canvas` keeps a `SceneView` in line with a session and draws it on demand, on a surface: `_GlSurface` (a QOpenGLWidget
that VTK draws into) or, where OpenGL in a window cannot be had, `ImageSurface` (a picture painted as an image).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QImage, QOpenGLContext, QResizeEvent
from PySide6.QtOpenGLWidgets import QOpenGLWidget
from PySide6.QtWidgets import QWidget
from vtkmodules.vtkRenderingOpenGL2 import vtkGenericOpenGLRenderWindow

from loaders.api import Severity
from viewer.document.state import Camera, Vec3
from viewer.render.backend import is_software
from viewer.render.ladder import choose
from viewer.render.resolve import resolve
from viewer.render.scene import SceneView
from viewer.render.state import Pick
from viewer.render.stereo import StereoMode
from viewer.session import navigation
from viewer.ui.gestures import Gestures
from viewer.ui.gl_format import window_gl_works
from viewer.ui.image_surface import ImageSurface, to_image
from viewer.ui.kept_picture import KeptPicture, device_pixels, make_opaque
from viewer.ui.results_timer import ResultsTimer, tell_notices
from viewer.ui.slices import Slices, single_shot
from viewer.ui.surface import Surface
from viewer.ui.view_input import InputView
from viewer.ui.walk_input import WalkControl
from viewer.ui.waves import Waves

if TYPE_CHECKING:
    from viewer.session.session import Session

SLICE_SECONDS = 0.008
"""Time for building the scene between two looks at the event queue."""
STILL_MS = 160
"""The camera rests when it has not moved for so long; the picture is then drawn in full quality."""
QUICK_SCALE = 0.5
"""Pixels drawn for each one shown in a size's first picture on a software renderer: that is one step."""
HOVER_MS = 15
READ_MS = 20
"""How often to look whether a thread has read the texture images that the scene waits for."""
SLOW_FRAME_SECONDS = 0.05
"""While the camera moves on a software renderer, pictures that take longer are drawn with fewer pixels."""

_GL_COLOR, _GL_LINEAR, _GL_LEQUAL, _GL_DEPTH_TEST = 0x4000, 0x2601, 0x0203, 0x0B71
_GL_DRAW_FB, _GL_SCISSOR, _GL_RENDERER = 0x8CA9, 0x0C11, 0x1F01
HEAVY_SECONDS = 0.3
"""A picture that takes so long on a software renderer is not drawn anew for a hover."""


def make_canvas(session: Session) -> Canvas:
    """A canvas on OpenGL in the window; off-screen where that is impossible; one that says why where both are."""
    return Canvas(session) if window_gl_works() else OffscreenCanvas(session)


class _GlSurface(QOpenGLWidget):
    """VTK draws into a framebuffer of its own, which is copied to the widget's: overlays stay possible."""

    problem = ""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setUpdateBehavior(QOpenGLWidget.UpdateBehavior.PartialUpdate)
        self._canvas: Canvas | None = canvas
        self._window = vtkGenericOpenGLRenderWindow()
        self._window.SetReadyForRendering(False)
        self._window.SetFrameBlitModeToNoBlit()
        self._context: QOpenGLContext | None = None
        self._target: Any = None
        self._stale = True
        self._finished = False
        self._kept = KeptPicture()
        self.renderer_name = ""
        self.scene: SceneView | None = SceneView(self._window, software=True)
        self._window.AddObserver("WindowMakeCurrentEvent", self._make_current)  # type: ignore[arg-type]
        self._window.AddObserver("WindowIsCurrentEvent", self._is_current)  # type: ignore[arg-type]

    def draw(self) -> None:
        """Have the picture drawn anew when Qt paints."""
        self._stale = True
        self.update()

    def show_picture(self) -> None:
        """Show the picture that has been drawn."""
        self._finished = True
        self.update()

    @property
    def holds_picture(self) -> bool:
        """True if a picture of another size is shown until there is one of this."""
        return self._kept.there

    def fit(self, scale: float) -> None:
        """Bring the picture to the size of the widget in device pixels, times ``scale``."""
        full = device_pixels(self, self.size())
        if self.scene is not None:
            self.scene.screen_size = full
            self.scene.render_scale = scale
            self.scene.pixel_ratio = self.devicePixelRatioF()
            self._window.SetSize(max(1, round(full[0] * scale)), max(1, round(full[1] * scale)))

    def initializeGL(self) -> None:
        """A context is there, the first or another one (a floating dock): VTK uploads what it needs into it."""
        self._context = self.context()
        self._target = self._context.surface()
        self._context.aboutToBeDestroyed.connect(self._lose_context)
        name = self._context.functions().glGetString(_GL_RENDERER)
        self.renderer_name = name if isinstance(name, str) else ""
        self._window.OpenGLInitContext()
        self._window.OpenGLInit()
        self._window.SetReadyForRendering(True)
        self._window.SetOwnContext(0)
        self._stale = True
        if self.scene is not None:
            self.scene.software = is_software(self.renderer_name)
            self.scene.level = choose(self.renderer_name, self.scene.software)[0]
        if self._canvas is not None:
            self._canvas.surface_ready()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the picture: Qt makes a new framebuffer."""
        if self.scene is not None and self.scene.frames:
            self._keep(self._kept.take, event.oldSize())
        super().resizeEvent(event)

    def resizeGL(self, width: int, height: int) -> None:
        """Qt tells the logical size; `fit` computes device pixels."""
        self._stale, self._finished = True, False
        if self._canvas is not None:
            self._canvas.surface_resized()

    def paintGL(self) -> None:
        """Draw if something changed, and copy the picture to the widget."""
        if self._context is None or self.scene is None or self._canvas is None:
            return
        if self._canvas.needs_no_picture:
            return
        if self._finished:
            # before the next one begins: else a camera that never rests would never show any
            self._finished = False
            with self.drawing():
                self._show()
        if self._stale:
            self._stale = False
            self._canvas.start_picture()
        if not self._canvas.unfinished:
            # else the picture before stays: the framebuffer keeps it (PartialUpdate)
            with self.drawing():
                self._show()
        else:
            self._keep(self._kept.put, self.size())

    def _keep(self, act: Callable[..., None], size: QSize) -> None:
        if self._context is not None:
            with self.drawing():
                act(self._context.extraFunctions(), self.defaultFramebufferObject(), *device_pixels(self, size))

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """The context current and in the state that VTK believes it to be in: Qt uses it too."""
        self._make_current()
        state = self._window.GetState()
        state.Reset()
        state.Push()
        state.vtkglDepthFunc(_GL_LEQUAL)
        # VTK turns the depth test on when it clears, which all but the first slice of a picture do not
        state.vtkglEnable(_GL_DEPTH_TEST)
        state.vtkglDepthMask(True)
        yield
        state.Pop()

    def _show(self) -> None:
        """Copy the picture to the widget."""
        assert self._context is not None
        self.makeCurrent()
        self._kept.drop()
        width, height = self._window.GetSize()
        functions = self._context.extraFunctions()
        functions.glBindFramebuffer(_GL_DRAW_FB, self.defaultFramebufferObject())
        functions.glDisable(_GL_SCISSOR)
        target = device_pixels(self, self.size())
        self._window.BlitDisplayFramebuffer(0, 0, 0, width, height, 0, 0, *target, _GL_COLOR, _GL_LINEAR)
        make_opaque(functions)

    def shut_down(self) -> None:
        """Free everything."""
        if self.scene is None:
            return
        scene, self.scene, self._canvas = self.scene, None, None
        if self._context is not None:
            self._context.makeCurrent(self._target)
        scene.close()
        self._lose_context()
        self._window.RemoveAllObservers()
        del self._window

    def _lose_context(self) -> None:
        if self._context is None:
            return
        context, self._context = self._context, None
        context.makeCurrent(self._target)
        context.aboutToBeDestroyed.disconnect(self._lose_context)
        self._kept.drop()
        self._window.Finalize()
        self._window.SetReadyForRendering(False)
        context.doneCurrent()
        self._target = None

    def _make_current(self, *_: object) -> None:
        if self._context is not None:
            # not QOpenGLWidget.makeCurrent: that would bind Qt's framebuffer behind VTK's back
            self._context.makeCurrent(self._target)

    def _is_current(self, *_: object) -> None:
        current = self._context is not None and QOpenGLContext.currentContext() is self._context
        self._window.SetIsCurrent(current)


class Canvas(InputView):
    """The view of a session: a `ViewportPort` that draws its document and turns gestures into commands.

    Signals: hovered(Pick | None): what is under the pointer now, with its world position; drawn(): a picture was drawn.
    """

    hovered = Signal(object)
    drawn = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setMinimumSize(64, 64)
        self._session = session
        self._surface: Surface = self._make_surface()
        self.walk = WalkControl(session, self, self.world_at)
        self._gestures = Gestures(session, self.world_at, self.devicePixelRatioF, self.walk)
        self._attaching: dict[str, Iterator[None]] = {}
        self._scale = self._sharpness = 1.0
        self._moving = False
        self._closed = False
        self._covered = False
        self._work = single_shot(0, self._work_on, self)
        self._still = single_shot(STILL_MS, self._rest_soon, self)
        self._hover = single_shot(HOVER_MS, self._pick_hover, self)
        self._slices = Slices(self._draw_step, self._picture_finished, self)
        self._first_at_this_size, self._torn = True, False
        self._refine = self._refining = False
        if self._surface.scene is not None:
            self._surface.scene.interactive = True
            self._surface.scene.warm_up()
        session.viewport = self
        session.document.changed.connect(self._sync)
        session.camera_changed.connect(self._camera_changed)
        session.settings.changed.connect(self._setting_changed)
        self._results = ResultsTimer(session, self._sync, self)
        self._waves = Waves(session, lambda: self.scene, self._surface.draw)
        self._sync()

    def _make_surface(self) -> Surface:
        return _GlSurface(self)

    # --- what others ask ---------------------------------------------------------------------------------------

    @property
    def scene(self) -> SceneView | None:
        """The scene; None where nothing can be drawn, and after closing."""
        return self._surface.scene

    @property
    def renderer_name(self) -> str:
        """Name of the OpenGL renderer; empty until the first picture, "none" where nothing can be drawn."""
        return self._surface.renderer_name

    @property
    def software(self) -> bool:
        """True if OpenGL runs on the processor."""
        return is_software(self.renderer_name)

    @property
    def problem(self) -> str:
        """Why nothing can be drawn, with the remedy; empty if something can."""
        return self._surface.problem

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height in device pixels."""
        return device_pixels(self, self.size())

    @property
    def settled(self) -> bool:
        """True if nothing is left to build or upload and the picture is in full quality."""
        scene = self.scene
        return (
            not self._attaching
            and not self._moving
            and not self._slices.unfinished
            and not self._results.isActive()
            and (scene is None or not (scene.pending or scene.waiting or (scene.unrefined and not self._covered)))
        )

    def set_sharpness(self, factor: float) -> None:
        """Draw so many pixels for each one shown: for `frame` on a larger screen."""
        if factor != self._sharpness:
            self._sharpness = factor
            self.surface_resized()

    @property
    def _drawn_scale(self) -> float:
        """Pixels drawn for each one shown; a picture that moves too slowly has none to give away."""
        return self._scale * (self._sharpness if self._scale == 1.0 else 1.0)

    def frame(self) -> QImage:
        """The picture drawn last, in the pixels that it was drawn with; null where none is complete."""
        scene = self.scene
        if scene is None or not self.renderer_name or not scene.frames or self._torn or self._slices.unfinished:
            return QImage()
        with self._surface.drawing():
            return to_image(scene)

    def set_covered(self, covered: bool) -> None:
        """Tell that something hides the picture: it is not drawn until that goes, but for the first, which makes all
        that later ones need."""
        if covered != self._covered:
            self._covered = covered
            if not covered:
                self._surface.draw()

    @property
    def needs_no_picture(self) -> bool:
        """True while something hides the picture, and one has been drawn before."""
        return self._covered and self.scene is not None and self.scene.frames > 0

    def pick(self, x: float, y: float) -> Pick | None:
        """What is drawn at a device pixel from the top left."""
        return self.scene.pick(x, y) if self.scene is not None else None

    def world_at(self, x: float, y: float) -> Vec3 | None:
        """The drawn point at a device pixel; None where there is nothing."""
        return self.scene.world_at(x, y) if self.scene is not None else None

    def image(self) -> QImage:
        """The finished picture in full quality and device pixels (null where nothing can be drawn)."""
        if self.scene is None or not self.renderer_name:
            return QImage()
        self._finish()
        self._rest()
        with self._surface.drawing():
            self._slices.stop()
            self.scene.render()
            image = to_image(self.scene)
        image.setDevicePixelRatio(self.devicePixelRatioF())
        self._surface.draw()
        return image

    # --- what the surface tells ----------------------------------------------------------------------------------

    def surface_ready(self) -> None:
        """There is an OpenGL context."""
        self._slices.suits(self.software)
        self._first_of_a_size()
        self._work_soon()

    def surface_resized(self) -> None:
        """The widget has another size or another number of device pixels."""
        self._slices.stop()  # its picture is of the size before
        self._first_of_a_size()
        self._surface.draw()

    def _first_of_a_size(self) -> None:
        """Begin with a picture that is there at once (where none is), in its place a moment later the full one."""
        self._torn, self._first_at_this_size = True, not self._surface.holds_picture
        self._move_for_a_moment()
        self._scale = QUICK_SCALE if self.software else self._scale
        self._surface.fit(self._drawn_scale)

    @property
    def unfinished(self) -> bool:
        """True while a picture is being drawn in slices."""
        return self._slices.unfinished

    def start_picture(self) -> None:
        """Begin a picture; called by the surface when Qt paints. Heavy ones go on between Qt's events."""
        scene = self.scene
        if scene is not None:
            whole, self._first_at_this_size = self._first_at_this_size, False
            patient, refine = self._moving and not self._refining, (self._refine or not scene.software) and not whole
            self._refining, self._refine = refine and scene.software, False  # of its own, as it gives way to movement
            steps = partial(scene.render_steps, refine=refine)
            self._slices.start(steps, whole=whole, patient=patient, timed=not self._refining, calm=not self._torn)

    def _draw_step(self, draw: Callable[[], None]) -> None:
        if self.scene is not None:
            with self._surface.drawing():
                draw()

    def _picture_finished(self, again: bool | None) -> None:
        self._torn = False
        if again is not None:
            self._surface.show_picture()
        self._refine = self.scene is not None and not self._attaching and self.scene.unrefined
        if again or self._refine:
            self._surface.draw()
        tell_notices(self._session, self.scene)
        self.drawn.emit()

    # --- document to scene ---------------------------------------------------------------------------------------

    def _setting_changed(self, name: str) -> None:
        if name == "stereo" and not self._closed:
            self._sync()
            self._surface.draw()

    def _sync(self, *_: object) -> None:
        """Attach and detach layers, and apply the document's state."""
        scene, document = self.scene, self._session.document
        if scene is None or self._closed:
            return
        scene.stereo.mode = cast(StereoMode, self._session.settings.get("stereo"))
        wanted = {x.id: document.cities[x.id] for x in document.drawn_layers() if x.id in document.cities}
        changed = False
        for layer_id, layer in tuple(scene.layers.items()):
            if wanted.get(layer_id) is not layer.city:
                self._attaching.pop(layer_id, None)
                scene.detach(layer_id)
                changed = True
        self._attaching = {key: steps for key, steps in self._attaching.items() if key in wanted}
        was_empty = not scene.layers and not self._attaching
        for layer_id, city in wanted.items():
            if layer_id not in scene.layers and layer_id not in self._attaching:
                self._attaching[layer_id] = scene.attach_steps(layer_id, city)
        if was_empty and self._attaching and self._session.camera == navigation.default_view(None):
            self._session.home()
        moment, view = self._session.clock.now, self._session.interlude.view
        changed |= scene.apply(resolve(document, self._session.camera, moment=moment, view=view))
        self._results.look()
        self._work_soon()
        if changed:
            if self._heavy and self._session.interlude.side is None:
                self._move_for_a_moment()  # a draft now, the full picture a moment later
                self._set_scale(QUICK_SCALE if self._sharpness > 1.0 else self._scale)
            self._surface.draw()

    @property
    def _heavy(self) -> bool:
        """True if a picture in full quality takes long here."""
        return self._slices.seconds > HEAVY_SECONDS and self.scene is not None and self.scene.software

    def _work_soon(self) -> None:
        """Have `_work_on` called if there is something to build, or something that a thread is reading."""
        scene = self.scene
        if scene is None or self._closed:
            return
        if self._attaching or scene.pending:
            self._work.start(0)
        elif scene.waiting:
            self._work.start(READ_MS)

    def _work_on(self) -> None:
        """Build for a few milliseconds, then let Qt look at its events."""
        scene = self.scene
        if scene is None or self._closed:
            return
        end, arriving = time.perf_counter() + SLICE_SECONDS, bool(self._attaching)
        while self._attaching and time.perf_counter() < end:
            layer_id, steps = next(iter(self._attaching.items()))
            try:
                next(steps)
            except StopIteration:
                self._attaching.pop(layer_id, None)
            except ValueError as error:
                self._attaching.pop(layer_id, None)
                self._session.say(Severity.ERROR, str(error))
        worked = bool(self._attaching) or scene.pending
        if not self._attaching and scene.pending:
            with self._ready_to_draw():
                scene.advance(max(0.0, end - time.perf_counter()))
        tell_notices(self._session, self.scene)
        self._work_soon()
        if not self._attaching and (arriving or (worked and not scene.pending)):
            self._surface.draw()  # what has arrived is shown before drafts and the like are made

    def _finish(self) -> None:
        """Build everything now."""
        scene = self.scene
        while self._attaching and scene is not None:
            for _ in self._attaching.pop(next(iter(self._attaching))):
                pass
        if scene is not None:
            with self._ready_to_draw():
                scene.advance()
            tell_notices(self._session, self.scene)

    def _ready_to_draw(self) -> AbstractContextManager[None]:
        """Where textures can be uploaded, if there is an OpenGL context yet."""
        return self._surface.drawing() if self._surface.renderer_name else nullcontext()

    # --- camera and quality --------------------------------------------------------------------------------------

    def _camera_changed(self, camera: Camera) -> None:
        scene = self.scene
        if scene is None or self._closed:
            return
        scene.set_camera(camera)
        self._move_for_a_moment()
        if scene.layers and scene.software and self._slices.seconds > SLOW_FRAME_SECONDS and self._scale > 0.5:
            self._set_scale(0.5 if self._slices.seconds > 2 * SLOW_FRAME_SECONDS else 0.75)
        self._surface.draw()

    def _move_for_a_moment(self) -> None:
        """Draw fast for now, and in full quality when nothing has moved for a while."""
        if self.scene is not None:
            self._moving = True
            self.scene.set_moving(True)
            self._still.start()

    def _rest_soon(self) -> None:
        """The camera stopped: let a draft that is being drawn be seen first, full quality may take long."""
        if self._moving and self._slices.unfinished:
            self._still.start()
        else:
            self._rest()

    def _rest(self) -> None:
        """The camera stopped: draw in full quality."""
        self._still.stop()
        scene = self.scene
        if scene is None or not self._moving:
            return
        self._moving = False
        scene.set_moving(False)
        self._set_scale(1.0)
        self._surface.draw()

    def _set_scale(self, scale: float) -> None:
        if scale != self._scale:
            if scale < self._scale:
                self._slices.stop()  # a picture of many pixels, of what was, may take long yet
            self._scale = scale
            self._surface.fit(self._drawn_scale)

    # --- hover ---------------------------------------------------------------------------------------------------

    def _pick_hover(self) -> None:
        scene = self.scene
        if scene is None or self._closed:
            return
        ratio, at = self.devicePixelRatioF(), self._hover_at
        found = None if at is None or self._gestures.busy else self.pick(at.x() * ratio, at.y() * ratio)
        layer_id, row = (found.layer_id, found.row) if found is not None else (None, -1)
        self._session.set_hover(layer_id, row)
        self.hovered.emit(found)
        # where a picture takes long, hover is told but not shown: it would always come too late
        if scene.set_hover(*((None, -1) if self._heavy else (layer_id, row))):
            self._surface.draw()

    # --- events --------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The surface fills the canvas."""
        if isinstance(self._surface, QWidget):
            self._surface.setGeometry(self.rect())
        super().resizeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop, leave the session and free the scene, while there is still a context to free it in."""
        if not self._closed:
            self._closed = True
            self.walk.stop()
            for part in (self._work, self._still, self._hover, self._slices):
                part.stop()
            self._attaching.clear()
            self._session.document.changed.disconnect(self._sync)
            self._session.camera_changed.disconnect(self._camera_changed)
            self._session.settings.changed.disconnect(self._setting_changed)
            self._results.shut_down()
            self._waves.shut_down()
            if self._session.viewport is self:
                self._session.viewport = None
            self._surface.shut_down()
        super().closeEvent(event)


class OffscreenCanvas(Canvas):
    """A canvas that needs no OpenGL from Qt: for ``QT_QPA_PLATFORM=offscreen`` and windows without GLX or EGL."""

    def _make_surface(self) -> Surface:
        return ImageSurface(self)
