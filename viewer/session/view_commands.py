"""Commands of the camera, legend and drawing quality."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from viewer.document.state import Camera, Vec3
from viewer.session import navigation
from viewer.session.registry import command

if TYPE_CHECKING:
    from viewer.session.session import Session

ORBIT_DEG_PER_HEIGHT = 180.0
"""Turn of the view for a drag over the view's whole height."""


def _has_scene(session: Session) -> bool:
    return bool(session.document.cities)


def _can_go_back(session: Session) -> bool:
    return session.views.can_go_back


def _can_go_forward(session: Session) -> bool:
    return session.views.can_go_forward


@command("view.home", title="Home view", undo=False, shortcut="Home", enabled=_has_scene)
def home(session: Session) -> None:
    """Show the whole scene from the south-west, looking 35 degrees down."""
    session.home()


@command("view.zoom_to_all", title="Zoom to all", undo=False, shortcut="Ctrl+Home", enabled=_has_scene)
def zoom_to_all(session: Session) -> None:
    """Show the whole scene without changing the direction of view."""
    outline = session.scene_outline()
    if outline is not None:
        session.move_camera(navigation.zoom_to(session.camera, outline, session.aspect), jump=True)


@command("view.top", title="View from above", undo=False, shortcut="Ctrl+T", enabled=_has_scene)
def top(session: Session) -> None:
    """Look straight down on the point that the view is centred on, north up."""
    session.move_camera(navigation.top(session.camera), jump=True)


@command("view.back", title="Previous view", undo=False, shortcut="Alt+Left", enabled=_can_go_back)
def back(session: Session) -> None:
    """Go back to the view before."""
    session.travel_views(-1)


@command("view.forward", title="Next view", undo=False, shortcut="Alt+Right", enabled=_can_go_forward)
def forward(session: Session) -> None:
    """Go forward to the view that was left by going back."""
    session.travel_views(1)


@command("view.orbit", title="Turn the view", undo=False)
def orbit(session: Session, dx: float, dy: float, pivot: Vec3 | None = None) -> None:
    """Turn the view about a world point (by default the centre of view) as a drag by dx, dy device pixels does.

    The scene follows the pointer: dragging right turns it right, dragging down shows it more from above.
    """
    scale = ORBIT_DEG_PER_HEIGHT / session.size_px[1] * session.settings.number("orbit_speed")
    session.move_camera(navigation.orbit(session.camera, -dx * scale, -dy * scale, pivot))


@command("view.pan", title="Move the view", undo=False)
def pan(session: Session, dx: float, dy: float, anchor: Vec3 | None = None) -> None:
    """Move the view so that the grabbed world point goes dx, dy device pixels over the screen."""
    session.move_camera(navigation.pan(session.camera, dx, dy, anchor, session.size_px))


@command("view.zoom", title="Zoom", undo=False)
def zoom(session: Session, steps: float, anchor: Vec3 | None = None) -> None:
    """Go towards a world point (by default the centre of view) by wheel steps; negative steps lead away."""
    speed = session.settings.number("zoom_speed")
    session.move_camera(navigation.zoom(session.camera, steps * speed, anchor, session.scene_bbox()))


@command("view.set_camera", title="Set the camera", undo=False)
def set_camera(session: Session, camera: Camera) -> None:
    """Look from exactly this camera (position and target in the project's CRS, metres; z is up)."""
    session.move_camera(camera, jump=True)


@command("legend.set_visible", title="Show or hide the legend")
def set_legend_visible(session: Session, visible: bool) -> None:
    """Show or hide the legend on the picture."""
    with session.document.change("Show legend" if visible else "Hide legend") as edit:
        edit.state = replace(edit.state, show_legend=visible)


@command("quality.set", title="Drawing quality")
def set_quality(session: Session, quality: Literal["auto", "draft", "normal", "high"]) -> None:
    """Choose between fast and beautiful drawing, or leave it to the machine (auto)."""
    with session.document.change(f"Quality {quality}") as edit:
        edit.state = replace(edit.state, quality=quality)


@command("view.set_stereo", title="Stereo", undo=False)
def set_stereo(session: Session, mode: Literal["off", "anaglyph", "side-by-side", "side-by-side-full"]) -> None:
    """Draw for both eyes: for red-cyan glasses (anaglyph), or side by side, squeezed into halves or not (full)."""
    session.settings.set("stereo", mode)
