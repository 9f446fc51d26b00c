"""`Session`: a document, its background work and a camera, moved by named commands only.

Windows, the command line, tours and tests all do the same: `Session.run`. What happened comes back as psygnal
signals. The session knows no Qt and no VTK; what it needs of a view comes through `ViewportPort`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from psygnal import Signal

from loaders.api import LoadError, LoadOptions, Severity
from loaders.city import CityData, Float64
from loaders.store import ArrayCache
from viewer.analysis.bounds import outline_of, outline_of_ways, union
from viewer.analysis.steps import steps_of
from viewer.document.document import ChangeSet, Document
from viewer.document.state import Camera
from viewer.jobs import Job, JobQueue
from viewer.session import navigation
from viewer.session.clock import Clock
from viewer.session.commands import CommandError, check_arguments, find
from viewer.session.interlude import Interlude
from viewer.session.opening import Opening
from viewer.session.player import PathRecorder, Player
from viewer.session.ports import Action, Hover, Message, ViewportPort
from viewer.session.recovery import Autosaver
from viewer.session.scenario_opening import Scenarios
from viewer.session.views import ViewHistory
from viewer.settings.folders import folders
from viewer.settings.settings import Settings

DEFAULT_SIZE = (1280, 720)
"""Assumed size of the view while there is none, device pixels."""


class Session:
    """Everything behind one window (or one command without a window). Belongs to one thread.

    Signals: camera_changed(Camera); message(Message); hover_changed(Hover | None); job_changed();
    clock_changed(float): the moment that results are seen at; scenario_ready(): what had to be prepared for the picture
    is there; picked(PickLike | None): what a click hit; numbers_picture_wanted(path): a window with charts writes them;
    ui_requested(name, arguments): a command that only a window can carry out (``app.quit``,
    ``layer.show_report``).

    Attributes:
        document, jobs, settings: as given.
        viewport: the view; set by the window's canvas.
        opening: loads in progress.
        views: earlier and later views.
        player: plays tours, paths and flights.
        path_recorder: records the camera as a path.
        clock: the moment that results are seen at.
        scenarios: load reports and matched rows of scenarios.
        interlude: A and B in turn, and scenarios that fade into each other.
    """

    camera_changed = Signal(Camera)
    message = Signal(Message)
    hover_changed = Signal(object)
    job_changed = Signal()
    clock_changed = Signal(float)
    scenario_ready = Signal()
    picked = Signal(object)
    numbers_picture_wanted = Signal(str)
    ui_requested = Signal(str, dict)

    def __init__(
        self,
        document: Document,
        jobs: JobQueue,
        settings: Settings,
        *,
        clock: Callable[[], float] = time.monotonic,
        autosave: bool = True,
    ):
        self.document = document
        self.jobs = jobs
        self.settings = settings
        self.viewport: ViewportPort | None = None
        self.views = ViewHistory()
        self.opening = Opening(self)
        self._clock = clock
        self._camera = navigation.default_view(None)
        self._hover: Hover | None = None
        self._steps = steps_of(document)
        self._autosaver = Autosaver(folders().state / "recovery", clock) if autosave else None
        jobs.changed.connect(self._jobs_changed)
        document.changed.connect(self._document_changed)
        self.player = Player(self)
        self.path_recorder = PathRecorder(self)
        self.clock = Clock(self)
        self.scenarios = Scenarios(self)
        self.interlude = Interlude(self)

    # --- commands ---------------------------------------------------------------------------------------------

    def run(self, name: str, /, **arguments: Any) -> Any:
        """Run a command by name and return what it returns.

        Raises `CommandError`, one line for the user, if there is no such command, an argument does not fit, or it is
        not possible now; `LoadError` if it reads a file (a project) and that fails.
        """
        spec = find(name)
        checked = check_arguments(spec, arguments)
        if not spec.enabled(self):
            raise CommandError(f"{spec.title}: not possible now.")
        return spec.function(self, **checked)

    def act(self, name: str, /, **arguments: Any) -> Any:
        """Like `run`, but what a user can cause to fail becomes a message, and None is returned."""
        try:
            return self.run(name, **arguments)
        except (CommandError, LoadError) as error:
            self.say(Severity.ERROR, str(error))
            return None

    def enabled(self, name: str) -> bool:
        """True if the command makes sense now."""
        return find(name).enabled(self)

    def say(self, severity: Severity, text: str, detail: str = "", actions: tuple[Action, ...] = ()) -> None:
        """Send a message to whoever shows messages."""
        self.message.emit(Message(severity, text, detail, actions))

    # --- time -------------------------------------------------------------------------------------------------

    def poll(self) -> None:
        """Let background work come in; call it often (every 10 to 50 ms) on the owning thread. Never waits."""
        self.jobs.poll()
        now = self._clock()
        self.player.tick(now)
        self.clock.tick(now)
        self.interlude.tick(now)
        if self._steps.take_arrived():
            self.scenario_ready.emit()
        self.path_recorder.tick(now)
        self.views.tick(now)
        if self._autosaver is not None:
            problem = self._autosaver.tick(self.document, self._camera, self.settings.number("autosave_seconds"))
            if problem:
                self.say(Severity.WARNING, f"No recovery copy could be written ({problem}). Save your project.")

    def wait(self, seconds: float = 600.0) -> bool:
        """Poll until no background work is left, for commands without a window; False if time ran out."""
        limit = self._clock() + seconds
        while self.jobs.active:
            self.poll()
            if self._clock() > limit:
                return False
            time.sleep(0.005)
        return True

    def close(self) -> None:
        """End: cancel background work and give up the recovery copy. The session cannot be used afterwards."""
        self.opening.cancel()
        self.jobs.shutdown()
        self.jobs.changed.disconnect(self._jobs_changed)
        self.document.changed.disconnect(self._document_changed)
        if self._autosaver is not None:
            self._autosaver.close()
        self.settings.flush()

    @property
    def now(self) -> float:
        """Seconds of the session's clock, which only grows."""
        return self._clock()

    # --- camera -----------------------------------------------------------------------------------------------

    @property
    def camera(self) -> Camera:
        """The view's camera; not part of undo (it has `views`)."""
        return self._camera

    def move_camera(self, camera: Camera, *, jump: bool = False) -> None:
        """Set the camera (made valid). ``jump``: views before and after are remembered at once, for going back."""
        camera = navigation.sanitized(camera, self._camera)
        if jump:
            self.views.settle()
        if camera != self._camera or jump:
            self._camera = camera
            self.views.moved(camera, self._clock())
            if jump:
                self.views.settle()
            self.camera_changed.emit(camera)

    def travel_views(self, step: int) -> bool:
        """Go to an earlier (-1) or later (1) view; False if there is none."""
        camera = self.views.back() if step < 0 else self.views.forward()
        if camera is None:
            return False
        self._camera = camera
        self.camera_changed.emit(camera)
        return True

    @property
    def size_px(self) -> tuple[int, int]:
        """Size of the view in device pixels (a usual one while there is no view)."""
        width, height = self.viewport.size_px if self.viewport is not None else DEFAULT_SIZE
        return max(width, 1), max(height, 1)

    @property
    def aspect(self) -> float:
        """Width over height of the view."""
        width, height = self.size_px
        return width / height

    def scene_bbox(self) -> Float64 | None:
        """The box around all visible layers (around all, if none is visible); None without geometry."""
        for layers in ([x for x in self.document.state.layers if x.visible], self.document.state.layers):
            box = union(self.document.cities[x.id].bbox for x in layers if x.id in self.document.cities)
            if box is not None:
                return box
        return None

    def scene_outline(self) -> Float64 | None:
        """Points around all visible layers (all, if none is visible; scenarios, if there is none), float64 (N, 3); None
        without geometry."""
        for layers in ([x for x in self.document.state.layers if x.visible], self.document.state.layers):
            cities = [self.document.cities[x.id] for x in layers if x.id in self.document.cities]
            points = np.concatenate([np.empty((0, 3)), *(outline_of(city) for city in cities)])
            if len(points):
                return points
        document = self.document
        made = [outline_of(document.cities[x.id]) for x in document.overlays() if x.id in document.cities]
        results = [result for name in document.scenarios for result in document.scenarios[name].results.values()]
        points = np.concatenate([np.empty((0, 3)), *made, *(outline_of_ways(result) for result in results)])
        return points if len(points) else None

    def home(self) -> None:
        """Show the whole scene from the south-west."""
        self.move_camera(navigation.default_view(self.scene_outline(), self.aspect), jump=True)

    # --- hover, loading ---------------------------------------------------------------------------------------

    @property
    def hover(self) -> Hover | None:
        """The object under the pointer."""
        return self._hover

    def set_hover(self, layer_id: str | None, row: int = -1) -> None:
        """Say which object is under the pointer (None = none)."""
        hover = Hover(layer_id, row) if layer_id is not None and row >= 0 else None
        if hover != self._hover:
            self._hover = hover
            self.hover_changed.emit(hover)

    def city(self, layer_id: str) -> CityData:
        """The loaded data of a layer; raises `CommandError` if there is none."""
        self.layer_name(layer_id)
        if layer_id not in self.document.cities:
            raise CommandError(f"The data of layer {self.layer_name(layer_id)!r} is not loaded.")
        return self.document.cities[layer_id]

    def layer_name(self, layer_id: str) -> str:
        """The name of a layer; raises `CommandError` if there is no such layer."""
        for layer in self.document.drawn_layers():
            if layer.id == layer_id:
                return layer.name
        known = ", ".join(layer.id for layer in self.document.state.layers) or "none"
        raise CommandError(f"There is no layer {layer_id!r}. Layers: {known}.")

    def load_options(self) -> LoadOptions:
        """Options of a load, from the settings."""
        return LoadOptions(processes=int(self.settings.number("load_processes")))

    def cache(self) -> ArrayCache | None:
        """The cache of opened files, from the settings; None if it is switched off."""
        size = self.settings.number("cache_gib")
        return ArrayCache(folders().cache / "arrays", int(size * 2**30)) if size > 0 else None

    def submit(self, job: Job) -> int:
        """Queue background work; returns its id."""
        return self.jobs.submit(job)

    def _jobs_changed(self) -> None:
        self.job_changed.emit()

    def _document_changed(self, changes: ChangeSet) -> None:
        """An object that is gone cannot be hovered."""
        hover = self._hover
        if hover is None:
            return
        city = self.document.cities.get(hover.layer_id)
        if city is None or hover.row >= len(city.objects) or hover.layer_id not in _layer_ids(self.document):
            self.set_hover(None)


def _layer_ids(document: Document) -> set[str]:
    return {layer.id for layer in document.drawn_layers()}
