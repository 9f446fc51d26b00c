"""Plays tours, paths and flights on the session's camera, and records the camera as a path. Driven by `Session.poll`.

    idle --play--> playing <--pause/resume--> paused --stop--> idle        (the end of a tour without loop is a stop)

Only the player moves the camera while it plays: anybody else who moves it pauses a tour and ends a flight or path.
What steps show besides the camera is one undo step, which is gone again when the tour has ended.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from psygnal import Signal

from loaders.city import Float64
from viewer.analysis.bounds import object_boxes
from viewer.document.document import ChangeSet
from viewer.document.state import Camera, CameraPath, DocumentState, PathKey, Tour
from viewer.session.camera_paths import MAX_KEYS, SAMPLE_SECONDS, key_of
from viewer.session.timeline import (
    DISSOLVE_S,
    Look,
    NothingToPlay,
    Stop,
    Timeline,
    flight_timeline,
    folded,
    looked,
    path_timeline,
    tour_timeline,
)
from viewer.session.walks import walks

if TYPE_CHECKING:
    from viewer.session.session import Session

LONGEST_TICK_S = 0.25
"""After a hitch (a heavy picture) a tour goes on from where it was."""
BACK_TO_START_S = 3.0
"""After so long in a step, "previous" begins it anew instead of going to the one before."""
LONGEST_REST_S = 0.5
"""Standing still is recorded as at most so long."""

Kind = Literal["", "tour", "path", "flight"]


class Player:
    """What plays on one session's camera.

    Signals: changed(): kind, step, or whether it plays; ticked(at): time went on; dissolving(seconds): the picture is
    about to be another one, and whoever shows it may let the old one fade.

    Attributes:
        kind: what is played; "" = nothing.
        playing: False while paused or idle.
        loop: begin anew at the end of a tour.
        timeline: what is played.
        at: seconds since its beginning.
    """

    changed = Signal()
    ticked = Signal(float)
    dissolving = Signal(float)

    def __init__(self, session: Session) -> None:
        self._session = session
        self.kind: Kind = ""
        self.playing = False
        self.loop = False
        self.timeline: Timeline | None = None
        self.at = 0.0
        self._stop = -1
        self._last: float | None = None
        self._moving = False
        self._applying = False
        self._before: DocumentState | None = None
        self._applied: DocumentState | None = None
        self._moment_before: float | None = None
        self._clock_moved = False
        self._run = 0
        self._of_project = False
        self._bridge: Timeline | None = None
        self._bridge_at = 0.0
        session.camera_changed.connect(self._camera_moved)
        session.document.changed.connect(self._document_changed)

    @property
    def active(self) -> bool:
        """True while something is played or paused."""
        return self.kind != ""

    @property
    def step(self) -> Stop | None:
        """The step that is shown; None unless a tour is played."""
        if self.kind != "tour" or self.timeline is None or self._stop < 0:
            return None
        return self.timeline.stops[self._stop]

    @property
    def stop_number(self) -> int:
        """Place of the step among the steps played, from 0; -1 = none."""
        return self._stop

    @property
    def reduced(self) -> bool:
        """True if the user wants no flights."""
        return bool(self._session.settings.get("reduce_motion"))

    # --- beginning and ending -----------------------------------------------------------------------------------

    def play_tour(self, tour: Tour, start: int = 0) -> Timeline:
        """Play a tour from its step ``start`` on; raises `NothingToPlay`."""
        document = self._session.document
        line = tour_timeline(document.state, tour, self.boxes, self._session.camera, self.reduced)
        self.stop()
        self._run += 1
        self._of_project = any(known.name == tour.name for known in document.state.tours)
        self._before = self._applied = document.state
        self._moment_before, self._clock_moved = self._session.clock.now, False
        at = next((stop.start for stop in line.stops if stop.index >= start), line.stops[-1].start)
        self._begin("tour", line, at)
        return line

    def play_path(self, path: CameraPath, speed: float) -> None:
        """Play a path; raises `NothingToPlay`."""
        line = path_timeline(path, speed)
        self.stop()
        self._begin("path", line, 0.0)

    def fly(self, camera: Camera) -> None:
        """Go to a camera: by a flight, or by a dissolve where motion is reduced."""
        self.stop()
        self._session.views.settle()
        if self.reduced or camera == self._session.camera:
            self.dissolving.emit(DISSOLVE_S)
            self._session.move_camera(camera, jump=True)
        else:
            self._begin("flight", flight_timeline(self._session.camera, camera, self.boxes), 0.0)

    def pause(self) -> None:
        """Stand still; nothing happens unless something plays."""
        if self.playing:
            self.playing = False
            self.changed.emit()

    def resume(self) -> None:
        """Go on; if the camera was moved meanwhile, it goes back first."""
        if self.timeline is None or self.playing:
            return
        wanted = self.timeline.at(self.at).camera
        if wanted != self._session.camera:
            if self.reduced:
                self.dissolving.emit(DISSOLVE_S)
            else:
                self._bridge, self._bridge_at = flight_timeline(self._session.camera, wanted, self.boxes), 0.0
        self.playing, self._last = True, None
        self.changed.emit()

    def stop(self) -> None:
        """End; what a tour changed is put back."""
        if not self.active:
            return
        self.kind, self.playing, self.timeline, self._stop, self._bridge = "", False, None, -1, None
        if self._before is not None:
            self._show(Look())
            self._before = self._applied = None
            if self._clock_moved and self._moment_before is not None:
                self._session.clock.set(self._moment_before)
        self._session.views.settle()
        self.changed.emit()

    def skip(self, steps: int) -> None:
        """Go to a later or earlier step of the tour; previous begins a step anew that has been shown for a while."""
        line = self.timeline
        if line is None or self.kind != "tour":
            return
        if steps < 0 and self.at - line.stops[self._stop].start > BACK_TO_START_S:
            steps += 1
        count = len(line.stops)
        target = self._stop + steps
        self.go_to((target % count) if self.loop else min(max(target, 0), count - 1))

    def go_to(self, stop: int) -> None:
        """Go to a step by its place in `Timeline.stops`, with its transition."""
        line = self.timeline
        if line is None or not 0 <= stop < len(line.stops):
            return
        self.at, self._bridge, self._last = line.stops[stop].start, None, None
        if stop != self._stop + 1 and self.playing:
            self.dissolving.emit(DISSOLVE_S)
        self._arrive()

    def _begin(self, kind: Kind, line: Timeline, at: float) -> None:
        walks(self._session).end()  # whoever walks would move the camera as well
        self.kind, self.timeline, self.at = kind, line, at
        self.playing, self._stop, self._last, self._bridge = True, -1, None, None
        self._arrive()
        self.changed.emit()

    # --- time ----------------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Go on to the present of a clock (seconds)."""
        last, self._last = self._last, now
        if not self.playing or self.timeline is None:
            return
        step = min(max(now - last, 0.0), LONGEST_TICK_S) if last is not None else 0.0
        if self._bridge is not None:
            self._bridge_at += step
            self._move(self._bridge.at(self._bridge_at).camera)
            if self._bridge_at >= self._bridge.seconds:
                self._bridge = None
            return
        self.at += step
        self.ticked.emit(self.at)
        if not self.active:
            return  # whoever was told ended it
        if self.at < self.timeline.seconds:
            self._arrive()
        else:
            self._end()

    def _end(self) -> None:
        assert self.timeline is not None
        self._move(self.timeline.at(self.timeline.seconds).camera)
        if self.kind == "tour" and self.loop:
            self.at = 0.0
            self._arrive()
        else:
            self.stop()

    def _arrive(self) -> None:
        """Show the moment of now."""
        assert self.timeline is not None
        moment = self.timeline.at(self.at)
        entered = moment.stop != self._stop
        if entered and moment.old > 0:
            self.dissolving.emit(DISSOLVE_S)
        self._stop = moment.stop
        if entered and self._before is not None:
            self._show(self.timeline.stops[moment.stop].look)
        self._set_clock()
        self._move(moment.camera)
        if entered:
            self.changed.emit()

    def _set_clock(self) -> None:
        """Let the results stand where the step says; a clock that somebody runs meanwhile stops."""
        assert self.timeline is not None
        moment = self.timeline.moment_at(self.at) if self.kind == "tour" else None
        if moment is not None:
            clock = self._session.clock
            clock.pause()
            clock.set(moment)
            self._clock_moved = True

    def _move(self, camera: Camera) -> None:
        self._moving = True
        try:
            self._session.move_camera(camera)
        finally:
            self._moving = False

    def _show(self, look: Look) -> None:
        document = self._session.document
        if self._before is None or self._applied is None:
            return
        self._before = folded(self._before, self._applied, document.state)
        self._applying = True
        try:
            with document.change("Play tour", f"tour {self._run}", float("inf")) as edit:
                edit.state = looked(edit.state, self._before, look)
            self._applied = document.state
        finally:
            self._applying = False

    # --- others ----------------------------------------------------------------------------------------------------

    def boxes(self) -> Iterable[Float64]:
        """What flights keep away from: the objects of all visible layers."""
        document = self._session.document
        for layer in document.state.layers:
            if layer.visible and layer.id in document.cities:
                yield object_boxes(document.cities[layer.id])

    def _camera_moved(self, _camera: Camera) -> None:
        if self._moving or not self.playing:
            return
        if self.kind == "tour":
            self.pause()
        else:
            self.stop()

    def _document_changed(self, changes: ChangeSet) -> None:
        """A tour that is edited goes on as it is now; one that is gone ends when the change is over."""
        if self._applying or self.kind != "tour" or self.timeline is None:
            return
        if changes.origin == "reset":
            self._before = self._applied = None
            self.kind, self.playing, self.timeline, self._stop, self._bridge = "", False, None, -1, None
            self.changed.emit()
        elif changes.parts & {"tours", "viewpoints", "paths"}:
            self._rebuild(self.timeline)

    def _rebuild(self, old: Timeline) -> None:
        state = self._session.document.state
        tour = next((tour for tour in state.tours if tour.name == old.title), None)
        if tour is None and not self._of_project:
            return
        inside = self.at - old.stops[self._stop].start
        try:
            line = tour_timeline(state, tour or Tour(old.title), self.boxes, None, self.reduced)
        except NothingToPlay:
            self.pause()
            return
        self._stop = min(self._stop, len(line.stops) - 1)
        self.timeline = line
        self.at = min(line.stops[self._stop].start + inside, line.end_of(self._stop))
        self.changed.emit()


class PathRecorder:
    """Records the session's camera while it moves.

    Signals: changed(): recording began or ended.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        self._session = session
        self._keys: list[PathKey] = []
        self._last: float | None = None
        self._time = 0.0

    @property
    def recording(self) -> bool:
        """True between `start` and `stop`."""
        return self._last is not None

    @property
    def seconds(self) -> float:
        """How long the recording is by now."""
        return self._keys[-1].seconds if self._keys else 0.0

    def start(self, now: float) -> None:
        """Begin."""
        self._keys, self._last, self._time = [key_of(self._session.camera, 0.0)], now, 0.0
        self.changed.emit()

    def tick(self, now: float) -> None:
        """Take a sample if one is due and the camera has moved."""
        if self._last is None or now - self._last < SAMPLE_SECONDS - 1e-6 or len(self._keys) >= MAX_KEYS:
            return
        camera, last = self._session.camera, self._keys[-1]
        key = key_of(camera, self._time)
        rest = now - self._last
        if (key.position, key.direction, key.fov_deg) == (last.position, last.direction, last.fov_deg):
            return
        if rest > SAMPLE_SECONDS * 2:
            # it stood still: that is kept, but not for long
            rest = min(rest, LONGEST_REST_S)
            still = rest - SAMPLE_SECONDS
            self._keys.append(PathKey(self._time + still, last.position, last.direction, last.fov_deg))
        self._time += rest
        self._last = now
        self._keys.append(key_of(camera, self._time))

    def stop(self) -> tuple[PathKey, ...]:
        """End; the keys."""
        keys, self._keys, self._last = tuple(self._keys), [], None
        self.changed.emit()
        return keys
