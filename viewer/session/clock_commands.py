"""Commands of the clock. None of them is an undo step: time is where one looks, not what the project holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.analysis.moments import MomentError, parse_moment
from viewer.session.clock import FASTEST, SLOWEST
from viewer.session.registry import CommandError, command

if TYPE_CHECKING:
    from viewer.session.session import Session


def _has_time(session: Session) -> bool:
    return session.clock.active


@command("clock.set", title="Go to a moment", undo=False)
def set_moment(session: Session, moment: float | str) -> float:
    """Let the clock of the results stand at a moment: a date and time of ISO 8601, the name of a period, or seconds.

    Returns the moment in seconds; moments outside the results are moved to their beginning or end.
    """
    clock = session.clock
    if isinstance(moment, str):
        if clock.axis is None:
            raise CommandError("Nothing that is shown has a time. Show a scenario first.")
        try:
            moment = parse_moment(moment, clock.axis)
        except MomentError as error:
            raise CommandError(f"Time: {error}.") from error
    clock.set(moment)
    assert clock.now is not None
    return clock.now


@command("clock.play", title="Run the clock", undo=False, enabled=_has_time)
def play(session: Session) -> None:
    """Let time run; from the beginning if it stands at the end."""
    session.clock.play()


@command("clock.pause", title="Stop the clock", undo=False)
def pause(session: Session) -> None:
    """Let time stand still."""
    session.clock.pause()


@command("clock.toggle", title="Run or stop the clock", undo=False, enabled=_has_time)
def toggle(session: Session) -> None:
    """Let time run, or stand still."""
    (session.clock.pause if session.clock.playing else session.clock.play)()


@command("clock.step", title="Next or previous step", undo=False, enabled=_has_time)
def step(session: Session, steps: int = 1) -> int:
    """Go so many steps of the results on, or back (negative); returns the step."""
    session.clock.pause()
    session.clock.go_step(steps)
    return session.clock.step


@command("clock.go_step", title="Go to a step", undo=False, enabled=_has_time)
def go_step(session: Session, number: int) -> int:
    """Go to a step of the results, counted from 0; -1 = the last. Returns the step."""
    clock = session.clock
    assert clock.axis is not None
    count = len(clock.axis)
    if not -count <= number < count:
        raise CommandError(f"There is no step {number}; there are {count}, counted from 0.")
    clock.set(float(clock.axis.starts[number]))
    return clock.step


@command("clock.set_speed", title="Speed of the clock", undo=False)
def set_speed(session: Session, speed: float) -> None:
    """Let so many minutes of the results pass in a second (for periods without dates: periods in two seconds)."""
    if not SLOWEST <= speed <= FASTEST:
        raise CommandError(f"The clock's speed must be {SLOWEST:g} to {FASTEST:g} minutes in a second.")
    session.clock.set_speed(speed)


@command("clock.loop", title="Repeat", undo=False)
def loop(session: Session, loop: bool) -> None:
    """Begin anew when the end of the results is reached, or stop there."""
    session.clock.set_loop(loop)
