"""The one clock of a session: results, sun and everything that moves are seen at its moment. No undo step.

Moments are those of `loaders.scenario.model`: seconds of the results' calendar, or the count of a named period.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from psygnal import Signal

from loaders.city import Float64
from loaders.scenario.model import TimeAxis
from viewer.analysis.moments import joined, moment_text, span_of, step_text
from viewer.analysis.showing import shown_results, sun_time
from viewer.document.document import ChangeSet

if TYPE_CHECKING:
    from viewer.session.session import Session

PLAY_SECONDS = 30.0
"""By default everything is played in so long."""
PERIOD_SECONDS = 2.0
"""How long a period without dates is shown while the clock runs."""
LONGEST_TICK_S = 0.25
SLOWEST, FASTEST = 1e-4, 1e7
"""Minutes of the results in a second."""
_NICE = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 360.0, 720.0, 1440.0)


class Clock:
    """Where the results stand, and whether time runs.

    Signals: changed(): axis, speed, loop, or whether it plays (the moment alone is `Session.clock_changed`).

    Attributes:
        now: the moment; None while nothing that is shown has a time and none was set.
        playing: True while it runs.
        loop: begin anew at the end.
        speed: minutes of the results in a second; without dates, periods in `PERIOD_SECONDS`.
        axis: the steps of what is shown, of all scenarios together; None = nothing shown has a time.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        self._session = session
        self.now: float | None = None
        self.playing = False
        self.loop = False
        self.speed = 1.0
        self.axis: TimeAxis | None = None
        self._last: float | None = None
        self._seen: tuple[object, ...] = ()
        session.document.changed.connect(self._document_changed)

    @property
    def start(self) -> float:
        """The first moment of the axis."""
        return span_of(self.axis)[0] if self.axis is not None else 0.0

    @property
    def end(self) -> float:
        """The last moment of the axis."""
        return span_of(self.axis)[1] if self.axis is not None else 0.0

    @property
    def active(self) -> bool:
        """True if there is something to step through."""
        return self.axis is not None and len(self.axis) > 0

    @property
    def marks(self) -> Float64:
        """float64 (T,): the moments of the steps."""
        return self.axis.starts if self.axis is not None else np.zeros(0)

    @property
    def step(self) -> int:
        """The step shown; -1 = none."""
        if self.axis is None or self.now is None or not len(self.axis):
            return -1
        return self.axis.index_at(self.now)

    @property
    def text(self) -> str:
        """The moment for people; "" if nothing that is shown has a time."""
        return moment_text(self.axis, self.now) if self.axis is not None and self.now is not None else ""

    @property
    def zone(self) -> str:
        """The zone that moments are told in; "" where there are no dates."""
        return self.axis.zone if self.axis is not None and self.axis.dated else ""

    @property
    def sun_time(self) -> str | None:
        """ISO 8601 for the sun; None where it does not follow the clock."""
        return sun_time(self._session.document, self.now)

    def step_name(self, step: int) -> str:
        """What a step is called."""
        return step_text(self.axis, step) if self.axis is not None else ""

    # --- acts ----------------------------------------------------------------------------------------------------

    def set(self, moment: float) -> None:
        """Go to a moment, kept within the axis."""
        if self.axis is not None:
            moment = min(max(moment, self.start), self.end)
        if moment != self.now:
            self.now = moment
            self._session.clock_changed.emit(moment)

    def go_step(self, steps: int) -> None:
        """Go so many steps on (or back); without loop not beyond the ends."""
        if self.axis is None or not len(self.axis):
            return
        count = len(self.axis)
        goal = self.step + steps
        goal = goal % count if self.loop else min(max(goal, 0), count - 1)
        self.set(float(self.axis.starts[goal]))

    def play(self) -> None:
        """Run; from the beginning if it stands at the end."""
        if not self.active:
            return
        if self.now is None or self.now >= self.end:
            self.set(self.start)
        if not self.playing:
            self.playing, self._last = True, None
            self.changed.emit()

    def pause(self) -> None:
        """Stand still."""
        if self.playing:
            self.playing = False
            self.changed.emit()

    def set_speed(self, speed: float) -> None:
        """Minutes of the results in a second."""
        if speed != self.speed:
            self.speed = speed
            self.changed.emit()

    def set_loop(self, loop: bool) -> None:
        """Begin anew at the end, or not."""
        if loop != self.loop:
            self.loop = loop
            self.changed.emit()

    def restore(self, moment: float | None) -> None:
        """Stand where a project was saved."""
        self.now = None
        if moment is not None:
            self.set(moment)

    def tick(self, now: float) -> None:
        """Go on to the present of a clock that only grows, seconds."""
        last, self._last = self._last, now
        if not self.playing or self.axis is None or self.now is None or last is None:
            return
        passed = min(max(now - last, 0.0), LONGEST_TICK_S)
        goal = self.now + passed * (self.speed * 60.0 if self.axis.dated else self.speed / PERIOD_SECONDS)
        if goal < self.end:
            self.set(goal)
        elif self.loop and self.end > self.start:
            self.set(self.start + (goal - self.start) % (self.end - self.start))
        else:
            self.set(self.end)
            self.pause()

    # --- what is shown ------------------------------------------------------------------------------------------

    def _document_changed(self, changes: ChangeSet) -> None:
        if changes.origin == "reset":
            self.now = None
            self.pause()
        if changes.parts & {"scenarios", "scenario_view", "cities"} or changes.origin == "reset":
            self.refresh()

    def refresh(self) -> None:
        """Take the axis over from what is shown."""
        document = self._session.document
        results = shown_results(document)
        seen = tuple(id(result) for result in results)
        if seen == self._seen:
            return
        self._seen = seen
        before = None if self.axis is None else (self.start, self.end)
        self.axis = joined([result.time for result in results])
        if self.axis is None:
            self.pause()
        else:
            if (self.start, self.end) != before:
                self.speed = nice_speed(self.end - self.start) if self.axis.dated else 1.0
            wanted = self.start if self.now is None or not self.start <= self.now <= self.end else self.now
            self.set(wanted)
        self.changed.emit()


def nice_speed(span: float) -> float:
    """Minutes in a second with which a span of seconds takes about `PLAY_SECONDS`: a round number."""
    wanted = span / 60.0 / PLAY_SECONDS
    if wanted <= 0 or not math.isfinite(wanted):
        return 1.0
    if wanted > _NICE[-1]:
        return _NICE[-1] * max(1.0, round(wanted / _NICE[-1]))
    if wanted < _NICE[0]:
        return max(float(f"{wanted:.1g}"), SLOWEST)
    return min(_NICE, key=lambda speed: abs(math.log(speed / wanted)))
