"""A talk: the steps of a tour (or the viewpoints) at the presenter's pace, played by the session's player."""

from __future__ import annotations

from dataclasses import dataclass, replace

from psygnal import Signal

from loaders.api import Severity
from viewer.document.document import ChangeSet
from viewer.document.state import Camera, Texts, Tour, TourStep
from viewer.session.camera_paths import PathCurve
from viewer.session.preflight import NOTES
from viewer.session.session import Session
from viewer.session.timeline import NothingToPlay, text_in, texts_of

TITLE = "\u25b6 talk"
"""Name of the tours that the player is given; no tour of a project is called so."""
HOLD_S = 86_400.0
"""A step is shown until the presenter goes on."""


@dataclass(frozen=True, slots=True)
class Slide:
    """One step. ``camera``: where it begins; None if what it shows is not in the project."""

    step: TourStep
    name: str
    texts: Texts
    camera: Camera | None

    def text(self, language: str = "") -> str:
        """What the audience reads."""
        return text_in(self.texts, language)

    @property
    def notes(self) -> str:
        """What only the presenter reads."""
        return dict(self.texts).get(NOTES, "")


class Talk:
    """The steps in order and which one is shown.

    Signals: changed(): other steps, another step, or it plays by itself or not.

    Attributes:
        name: of the tour; "" = the viewpoints in their order.
        slides: the steps.
        index: the step on show, -1 before the first.
        by_itself: True while the tour goes on after the time of each step.
    """

    changed = Signal()

    def __init__(self, session: Session, name: str | None = None) -> None:
        self._session = session
        self.name = ""
        self.slides: tuple[Slide, ...] = ()
        self.index = -1
        self.by_itself = False
        self._base = 0
        self._wanted = name
        self._going = False
        self.choose(name)
        session.document.changed.connect(self._document_changed)
        session.player.changed.connect(self._played)

    # --- what there is -----------------------------------------------------------------------------------------------

    def choose(self, name: str | None) -> None:
        """Take a tour; None = the first, or the viewpoints where there is none; "" = the viewpoints."""
        self._wanted = name
        state = self._session.document.state
        tours = {tour.name: tour for tour in state.tours if tour.steps}
        if name not in tours and name != "":
            name = next(iter(tours), "")
        self.name = name
        steps = tours[name].steps if name else tuple(TourStep(view.name) for view in state.viewpoints)
        slides = tuple(self._slide(step) for step in steps)
        if slides != self.slides:
            self.slides = slides
            self.index = min(self.index, len(slides) - 1)
        self.changed.emit()

    @property
    def tours(self) -> tuple[str, ...]:
        """What can be chosen."""
        return tuple(tour.name for tour in self._session.document.state.tours if tour.steps)

    @property
    def slide(self) -> Slide | None:
        """The step on show."""
        return self.slides[self.index] if 0 <= self.index < len(self.slides) else None

    @property
    def following(self) -> Slide | None:
        """The step after it."""
        return self.slides[self.index + 1] if self.index + 1 < len(self.slides) else None

    @property
    def languages(self) -> tuple[str, ...]:
        """Of the texts for the audience."""
        tags = {tag for slide in self.slides for tag, text in slide.texts if text and not tag.lower().startswith("x-")}
        return tuple(sorted(tags))

    @property
    def playing(self) -> bool:
        """True while the player moves the camera for this talk."""
        player = self._session.player
        return player.playing and player.timeline is not None and player.timeline.title == TITLE

    def _slide(self, step: TourStep) -> Slide:
        state = self._session.document.state
        if step.path is not None:
            path = next((path for path in state.paths if path.name == step.path), None)
            start = PathCurve(path.keys).at(0.0) if path is not None and len(path.keys) > 1 else None
            return Slide(step, step.path, step.texts, start)
        viewpoint = next((view for view in state.viewpoints if view.name == step.viewpoint), None)
        if viewpoint is None:
            return Slide(step, step.viewpoint or "", step.texts, None)
        return Slide(step, viewpoint.name, texts_of(step, viewpoint), viewpoint.camera)

    # --- going through it ------------------------------------------------------------------------------------------

    def go(self, index: int) -> None:
        """Show a step, coming from where the camera is; nothing happens if there is no such step."""
        if not 0 <= index < len(self.slides):
            return
        steps = [slide.step for slide in self.slides]
        chosen = steps[index:] if self.by_itself else [steps[index]]
        self.index, self._base = index, index
        self._play(Tour(TITLE, (*chosen[:-1], replace(chosen[-1], dwell=HOLD_S))), self.slides[index])
        self.changed.emit()

    def next(self) -> None:
        """Go to the step after this one."""
        self.go(self.index + 1)

    def previous(self) -> None:
        """Go to the step before this one."""
        self.go(self.index - 1)

    def again(self) -> None:
        """Go back to how the step is meant to be seen, after looking round in it."""
        self.go(max(self.index, 0))

    def set_by_itself(self, on: bool) -> None:
        """Let the tour go on after the time of each step, or only when asked."""
        if on != self.by_itself:
            self.by_itself = on
            if self.index >= 0 or on:
                self.go(max(self.index, 0))
            self.changed.emit()

    def tick(self) -> None:
        """Rest where a step is only held: an idle picture takes no work."""
        player, line = self._session.player, self._session.player.timeline
        if self.playing and line is not None and line.seconds - player.at <= HOLD_S:
            player.pause()

    def close(self) -> None:
        """End: light and layers are again as before; leaves the session."""
        self._session.document.changed.disconnect(self._document_changed)
        self._session.player.changed.disconnect(self._played)
        line = self._session.player.timeline
        if line is not None and line.title == TITLE:
            self._session.player.stop()

    def _play(self, tour: Tour, slide: Slide) -> None:
        self._going = True
        try:
            self._session.player.play_tour(tour)
        except NothingToPlay:
            what = f"shows {slide.name!r}, which is not in the project" if slide.name else "shows nothing"
            self._session.say(Severity.WARNING, f"Step {self.index + 1} {what}.")
        finally:
            self._going = False

    def _played(self) -> None:
        step, line = self._session.player.step, self._session.player.timeline
        if self._going or step is None or line is None or line.title != TITLE:
            return
        index = self._base + step.index
        if index != self.index and index < len(self.slides):
            self.index = index
        self.changed.emit()

    def _document_changed(self, changes: ChangeSet) -> None:
        if changes.origin == "reset":
            self.index = -1
        if changes.origin == "reset" or changes.parts & {"tours", "viewpoints", "paths"}:
            self.choose(self._wanted)
