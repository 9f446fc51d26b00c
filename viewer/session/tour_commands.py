"""Commands of guided tours: their steps, and playing them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from loaders.api import Severity
from viewer.analysis.sun import parse_time
from viewer.document.state import Tour, TourStep, Transition
from viewer.session.path_commands import free_name, path_of
from viewer.session.registry import CommandError, command
from viewer.session.timeline import NothingToPlay
from viewer.session.viewpoint_commands import viewpoint_of, with_text

if TYPE_CHECKING:
    from viewer.session.session import Session

MOST_CLOCK_SPEED = 1_000_000.0
"""Minutes of the results in a second."""
LONGEST_DWELL_S = 86_400.0


def _has_tour(session: Session) -> bool:
    return bool(session.document.state.tours)


def _plays(session: Session) -> bool:
    return session.player.active


def _plays_tour(session: Session) -> bool:
    return session.player.kind == "tour"


@command("tour.add", title="Add tour")
def add(session: Session, name: str | None = None, viewpoints: tuple[str, ...] = ()) -> str:
    """Make a tour of viewpoints, in their order (none = empty); returns its name, by default "Tour 1", ..."""
    steps = tuple(TourStep(viewpoint_of(session, viewpoint).name) for viewpoint in viewpoints)
    chosen = free_name({tour.name for tour in session.document.state.tours}, name, "Tour")
    with session.document.change(f"Add {chosen}") as edit:
        edit.state = replace(edit.state, tours=(*edit.state.tours, Tour(chosen, steps)))
    return chosen


@command("tour.remove", title="Remove tour", enabled=_has_tour)
def remove(session: Session, name: str) -> None:
    """Forget a tour; its viewpoints and paths stay."""
    gone = tour_of(session, name)
    with session.document.change(f"Remove {name}") as edit:
        edit.state = replace(edit.state, tours=tuple(tour for tour in edit.state.tours if tour is not gone))


@command("tour.rename", title="Rename tour", enabled=_has_tour)
def rename(session: Session, name: str, new_name: str) -> None:
    """Give a tour another name."""
    tour = tour_of(session, name)
    if new_name.strip() != name:
        chosen = free_name({tour.name for tour in session.document.state.tours}, new_name, "Tour")
        _replace(session, f"Rename {name}", tour, replace(tour, name=chosen))


@command("tour.add_step", title="Add step to tour", enabled=_has_tour)
def add_step(
    session: Session, name: str, viewpoint: str | None = None, path: str | None = None, index: int | None = None
) -> int:
    """Add a viewpoint or a path to a tour, at the end or at a place counted from 0; returns the place."""
    tour = tour_of(session, name)
    if (viewpoint is None) == (path is None):
        raise CommandError("A step shows either a viewpoint or a path.")
    if viewpoint is not None:
        step = TourStep(viewpoint_of(session, viewpoint).name)
    else:
        step = TourStep(path=path_of(session, path or "").name, dwell=0.0)
    place = len(tour.steps) if index is None else min(max(index, 0), len(tour.steps))
    steps = (*tour.steps[:place], step, *tour.steps[place:])
    _replace(session, f"Add a step to {name}", tour, replace(tour, steps=steps))
    return place


@command("tour.remove_step", title="Remove step of tour", enabled=_has_tour)
def remove_step(session: Session, name: str, step: int) -> None:
    """Take a step (counted from 0) out of a tour."""
    tour = tour_of(session, name)
    _step(tour, step)
    _replace(session, f"Remove a step of {name}", tour, replace(tour, steps=tour.steps[:step] + tour.steps[step + 1 :]))


@command("tour.move_step", title="Move step of tour", enabled=_has_tour)
def move_step(session: Session, name: str, step: int, index: int) -> None:
    """Put a step to another place of its tour; both counted from 0."""
    tour = tour_of(session, name)
    _step(tour, step)
    steps = list(tour.steps)
    chosen = steps.pop(step)
    steps.insert(min(max(index, 0), len(steps)), chosen)
    _replace(session, f"Move a step of {name}", tour, replace(tour, steps=tuple(steps)))


@command("tour.set_step", title="Change step of tour", enabled=_has_tour)
def set_step(
    session: Session, name: str, step: int, dwell: float | None = None, transition: Transition | None = None
) -> None:
    """Set how long a step is shown (seconds) and how one comes to it: cut, dissolve or fly."""
    tour = tour_of(session, name)
    old = _step(tour, step)
    if dwell is not None and not 0.0 <= dwell <= LONGEST_DWELL_S:
        raise CommandError(f"A step is shown 0 to {LONGEST_DWELL_S:,.0f} seconds.")
    new = replace(
        old,
        dwell=old.dwell if dwell is None else dwell,
        transition=old.transition if transition is None else transition,
    )
    _change_step(session, tour, step, new, f"tour.set_step {name} {step}")


@command("tour.set_step_look", title="What a step of a tour shows", enabled=_has_tour)
def set_step_look(
    session: Session, name: str, step: int, time: str | None = None, layers: tuple[str, ...] | None = None
) -> None:
    """Set the time of the light (ISO 8601; empty = the light of a model) and the visible layers of a step.

    What is not told is as its viewpoint keeps it.
    """
    tour = tour_of(session, name)
    if time:
        try:
            parse_time(time, 0.0)
        except ValueError as error:
            raise CommandError(f"{error}.") from error
    for layer in layers or ():
        session.layer_name(layer)
    new = replace(_step(tour, step), time=time, layers=None if layers is None else frozenset(layers))
    _change_step(session, tour, step, new, None)


@command("tour.set_step_scenarios", title="Which scenarios a step of a tour shows", enabled=_has_tour)
def set_step_scenarios(
    session: Session, name: str, step: int, keep: bool | None = None, clock_speed: float | None = None
) -> None:
    """Let a step show the present scenarios at the present moment, or what its viewpoint keeps; not told = as it is.

    ``clock_speed``: while the step is shown, so many minutes of the results pass in a second; 0 = the clock stands.
    """
    if clock_speed is not None and not 0.0 <= clock_speed <= MOST_CLOCK_SPEED:
        raise CommandError(f"The clock's speed must be 0 to {MOST_CLOCK_SPEED:,.0f} minutes in a second.")
    tour = tour_of(session, name)
    new = _step(tour, step)
    if keep is not None:
        view, moment = (session.document.state.scenario_view, session.clock.now) if keep else (None, None)
        new = replace(new, scenario_view=view, moment=moment, clock_speed=0.0)
    if clock_speed is not None:
        new = replace(new, clock_speed=clock_speed)
    _change_step(session, tour, step, new, f"tour.scenarios {name} {step}")


@command("tour.set_step_text", title="Text of a step of a tour", enabled=_has_tour)
def set_step_text(session: Session, name: str, step: int, text: str, language: str = "") -> None:
    """Set what is told at a step, in a language (BCP 47; empty = not told); an empty text removes it."""
    tour = tour_of(session, name)
    old = _step(tour, step)
    new = replace(old, texts=with_text(old.texts, text, language))
    _change_step(session, tour, step, new, f"tour.text {name} {step} {language}")


@command("tour.play", title="Play tour", undo=False, enabled=_has_tour)
def play(session: Session, name: str | None = None, step: int = 0) -> None:
    """Play a tour (by default the first) from a step on, counted from 0."""
    tour = session.document.state.tours[0] if name is None else tour_of(session, name)
    try:
        line = session.player.play_tour(tour, step)
    except NothingToPlay as error:
        raise CommandError(str(error)) from error
    if line.missing:
        names = ", ".join(dict.fromkeys(line.missing))
        session.say(Severity.WARNING, f"Steps of {tour.name!r} are left out: there is no {names}.")


@command("tour.pause", title="Pause or go on", undo=False, enabled=_plays)
def pause(session: Session, paused: bool | None = None) -> None:
    """Pause what plays or go on; nothing told = the other of the two."""
    if session.player.playing if paused is None else paused:
        session.player.pause()
    else:
        session.player.resume()


@command("tour.next", title="Next step", undo=False, enabled=_plays_tour)
def next_step(session: Session) -> None:
    """Go to the next step of the tour that plays."""
    session.player.skip(1)


@command("tour.previous", title="Previous step", undo=False, enabled=_plays_tour)
def previous_step(session: Session) -> None:
    """Go to the beginning of the step, or at its beginning to the step before."""
    session.player.skip(-1)


@command("tour.loop", title="Play again and again", undo=False)
def loop(session: Session, on: bool | None = None) -> None:
    """Let tours begin anew at their end, or not; nothing told = the other of the two."""
    session.player.loop = (not session.player.loop) if on is None else on
    session.player.changed.emit()


@command("tour.stop", title="Stop playing", undo=False, enabled=_plays)
def stop(session: Session) -> None:
    """End what plays; light, realism and layers are again as before."""
    session.player.stop()


def tour_of(session: Session, name: str) -> Tour:
    """The tour of that name; raises `CommandError` if there is none."""
    for tour in session.document.state.tours:
        if tour.name == name:
            return tour
    known = ", ".join(tour.name for tour in session.document.state.tours)
    raise CommandError(f"There is no tour {name!r}. Tours: {known or 'none'}.")


def _step(tour: Tour, step: int) -> TourStep:
    if not 0 <= step < len(tour.steps):
        raise CommandError(f"Tour {tour.name!r} has {len(tour.steps)} steps, counted from 0; there is no step {step}.")
    return tour.steps[step]


def _change_step(session: Session, tour: Tour, step: int, new: TourStep, merge_key: str | None) -> None:
    steps = (*tour.steps[:step], new, *tour.steps[step + 1 :])
    _replace(session, f"Change a step of {tour.name}", tour, replace(tour, steps=steps), merge_key)


def _replace(session: Session, label: str, old: Tour, new: Tour, merge_key: str | None = None) -> None:
    with session.document.change(label, merge_key) as edit:
        edit.state = replace(edit.state, tours=tuple(new if tour is old else tour for tour in edit.state.tours))
