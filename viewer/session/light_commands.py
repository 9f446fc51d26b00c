"""Commands of the picture's light and of how much is drawn: time, shadows, realism, contour lines."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from viewer.analysis.sun import parse_time
from viewer.session.registry import CommandError, command

if TYPE_CHECKING:
    from viewer.session.session import Session

MAX_CONTOUR_STEP = 10_000.0


@command("light.set_time", title="Date and time of the light")
def set_time(session: Session, time: str | None) -> None:
    """Let sun, moon and sky stand as at a time, ISO 8601; None = a model's constant light.

    Without an offset ("2026-06-21T15:00") it is the local mean time of the place's 15 degree zone.
    """
    if time is not None:
        try:
            parse_time(time, 0.0)
        except ValueError as error:
            raise CommandError(f"{error}.") from error
    with session.document.change("Time of the light", merge_key="light.set_time") as edit:
        edit.state = replace(edit.state, light=replace(edit.state.light, time=time))


@command("light.set_shadows", title="Show or hide shadows")
def set_shadows(session: Session, visible: bool) -> None:
    """Let sun and moon cast shadows, or not."""
    with session.document.change("Show shadows" if visible else "Hide shadows") as edit:
        edit.state = replace(edit.state, light=replace(edit.state.light, shadows=visible))


@command("realism.set", title="Realism")
def set_realism(session: Session, realism: Literal["plain", "shaded", "textured"]) -> None:
    """Draw a white model (plain), its materials (shaded), or made-up windows and ground as well (textured)."""
    with session.document.change(f"Realism {realism}") as edit:
        edit.state = replace(edit.state, realism=realism)


@command("contours.set", title="Contour lines")
def set_contours(session: Session, step: float) -> None:
    """Draw a line at every ``step`` metres of height on ground and terrain; 0 = none."""
    if not 0.0 <= step <= MAX_CONTOUR_STEP:
        raise CommandError(f"Contour lines need a step of 0 to {MAX_CONTOUR_STEP:,.0f} metres.")
    with session.document.change("Contour lines", merge_key="contours.set") as edit:
        edit.state = replace(edit.state, contour_step=step)
