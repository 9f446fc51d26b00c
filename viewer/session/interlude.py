"""What the picture shows for a while besides the document: A and B in turn, and a scenario fading into the next.

Nothing of it is part of the project, and nothing makes an undo step. Pictures without a window never show it.
No side is shown for less than `LEAST_SECONDS`, so that there are no more than three changes a second (WCAG 2.2,
success criterion 2.3.1), whoever asks for them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from psygnal import Signal

from viewer.analysis.showing import sides_of
from viewer.document.document import ChangeSet
from viewer.document.state import BASE_MODEL, ScenarioView
from viewer.session.registry import CommandError

if TYPE_CHECKING:
    from viewer.session.session import Session

LEAST_SECONDS, MOST_SECONDS = 0.34, 10.0
FADE_SECONDS = 0.6
"""How long a scenario that changes the city fades into the next."""
FADE_FROM = 0.12
"""Share of the new scenario in the first picture: whoever acts sees that something happens."""
STEPS = 16
"""Pictures of a fade: as many shares as the shader tells apart (`shaders/door.glsl`)."""
PARTS = frozenset({"scenarios", "scenario_view", "cities"})


class Interlude:
    """Flicker and fade of one session.

    Signals: changed(): another picture is wanted, or flicker has begun or ended.

    Attributes:
        side: of a flicker: 0 = A, 1 = B is shown; None = there is none, and the blend is as the document says.
        running: True while the sides change by themselves.
        animates: True while a window shows every picture; else nothing fades.
        still: True if the system asks for little motion.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        self._session = session
        self.side: int | None = None
        self.running = self.animates = self.still = False
        self._turned = -1e9
        self._due: float | None = None
        self._before = session.document.state.scenario_view
        self._from: ScenarioView | None = None
        self._begun: float | None = None
        self._share = 0.0
        session.document.changed.connect(self._document_changed)

    @property
    def reduced(self) -> bool:
        """True if nothing should move by itself."""
        return self.still or bool(self._session.settings.get("reduce_motion"))

    @property
    def seconds(self) -> float:
        """How long each side is shown."""
        wanted = self._session.settings.number("flicker_seconds")
        return min(max(wanted, LEAST_SECONDS), MOST_SECONDS)

    @property
    def busy(self) -> bool:
        """True while `tick` has something to do."""
        return self.running or self._from is not None

    @property
    def view(self) -> ScenarioView | None:
        """What is seen of scenarios in place of what the document says; None = as it says."""
        view = self._session.document.state.scenario_view
        if self.side is not None:
            return replace(view, position=float(self.side))
        return self._fading(view)

    # --- flicker -------------------------------------------------------------------------------------------------

    def start(self) -> bool:
        """Show A and B in turn; by hand only, where motion is to be avoided. True if it runs by itself."""
        self._check()
        if self.side is None:
            self._turn(0)
        self.running = not self.reduced
        self._due = None
        self.changed.emit()
        return self.running

    def flip(self) -> int:
        """Show the other side, and let it stay; sooner than `LEAST_SECONDS` after the last change nothing happens.

        Returns the side that is shown.
        """
        self._check()
        position = self._session.document.state.scenario_view.position
        now = (1 if position >= 0.5 else 0) if self.side is None else self.side
        self.running = False
        if self.side is None or self._session.now - self._turned >= LEAST_SECONDS:
            self._turn(1 - now)
        self.changed.emit()
        return self.side or 0

    def stop(self) -> None:
        """Show the blend as it was."""
        if self.side is not None or self.running:
            self.side, self.running, self._due = None, False, None
            self.changed.emit()

    def shown(self, side: int) -> None:
        """A window has drawn a side: it is seen from now on, and the other one is due later."""
        if self.running and side == self.side and self._due is None:
            self._turned = self._session.now
            self._due = self._turned + self.seconds

    def _turn(self, side: int) -> None:
        self.side, self._turned, self._due = side, self._session.now, None

    def _check(self) -> None:
        view = self._session.document.state.scenario_view
        if view.mode != "blend" or len(sides_of(self._session.document)) != 2:
            raise CommandError("A and B can be shown in turn while two scenarios are blended.")

    # --- fade ----------------------------------------------------------------------------------------------------

    @property
    def fading(self) -> bool:
        """True while one scenario fades into the next."""
        return self._from is not None

    def finish(self) -> None:
        """End a fade at once: a picture that is kept shows what the document says."""
        if self._from is not None:
            self._from = self._begun = None
            self.changed.emit()

    def _fading(self, view: ScenarioView) -> ScenarioView | None:
        if self._from is None:
            return None
        return replace(view, shown=(_alone(self._from), _alone(view)), mode="blend", position=self._share)

    def _fades(self, old: ScenarioView, new: ScenarioView) -> bool:
        """True if another scenario is shown alone, and it changes the city otherwise."""
        if not self.animates or self.reduced or _alone(old) == _alone(new):
            return False
        document = self._session.document
        if old.mode != "single" or new.mode != "single":
            return False
        kept = {BASE_MODEL, *document.scenarios}
        if _alone(old) not in kept or _alone(new) not in kept:
            return False
        patches = [next(iter(sides_of(document, replace(v, shown=(_alone(v),)))), None) for v in (old, new)]
        one, two = (side.patch if side is not None else None for side in patches)
        return one is not two

    # --- time and document ---------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Go on to the present of the session's clock, seconds."""
        if self._from is not None:
            self._begun = now if self._begun is None else self._begun
            passed = (now - self._begun) / FADE_SECONDS
            share = round(STEPS * (FADE_FROM + (1.0 - FADE_FROM) * passed)) / STEPS
            if passed >= 1.0:
                self._from = self._begun = None
            if self._from is None or share != self._share:
                self._share = share
                self.changed.emit()
        if self.running and self._due is not None and now >= self._due and self.side is not None:
            if self.reduced:
                self.running = False
            else:
                self._turn(1 - self.side)
            self.changed.emit()

    def _document_changed(self, changes: ChangeSet) -> None:
        if not (changes.parts & PARTS or changes.origin == "reset"):
            return
        old, new = self._before, self._session.document.state.scenario_view
        self._before = new
        if self.side is not None and (new.mode != "blend" or new.position != old.position or len(new.shown) != 2):
            self.stop()
        if changes.origin == "reset":
            self._from = self._begun = None
        elif old != new:
            self._from, self._begun = (old, None) if self._fades(old, new) else (None, None)
            self._share = round(STEPS * FADE_FROM) / STEPS


def _alone(view: ScenarioView) -> str:
    return view.shown[0] if view.shown else BASE_MODEL
