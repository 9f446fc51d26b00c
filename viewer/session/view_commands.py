"""Commands of the camera, named viewpoints, legend and drawing quality."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from viewer.document.state import Camera, Vec3, Viewpoint
from viewer.session import navigation
from viewer.session.registry import CommandError, command

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


def _has_viewpoint(session: Session) -> bool:
    return bool(session.document.state.viewpoints)


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


@command("viewpoint.add", title="Add viewpoint")
def add_viewpoint(session: Session, name: str | None = None) -> str:
    """Keep the present view under a name (by default "View 1", "View 2", ...); returns the name."""
    taken = {viewpoint.name for viewpoint in session.document.state.viewpoints}
    if name is None:
        name = next(text for text in (f"View {n}" for n in range(1, len(taken) + 2)) if text not in taken)
    name = _free_name(session, name)
    with session.document.change(f"Add viewpoint {name}") as edit:
        edit.state = replace(edit.state, viewpoints=(*edit.state.viewpoints, Viewpoint(name, session.camera)))
    return name


@command("viewpoint.go", title="Go to viewpoint", undo=False, enabled=_has_viewpoint)
def go_to_viewpoint(session: Session, name: str) -> None:
    """Look from a named viewpoint."""
    session.move_camera(_viewpoint(session, name).camera, jump=True)


@command("viewpoint.remove", title="Remove viewpoint", enabled=_has_viewpoint)
def remove_viewpoint(session: Session, name: str) -> None:
    """Forget a named viewpoint."""
    gone = _viewpoint(session, name)
    with session.document.change(f"Remove viewpoint {name}") as edit:
        edit.state = replace(edit.state, viewpoints=tuple(v for v in edit.state.viewpoints if v is not gone))


@command("viewpoint.rename", title="Rename viewpoint", enabled=_has_viewpoint)
def rename_viewpoint(session: Session, name: str, new_name: str) -> None:
    """Give a viewpoint another name."""
    old = _viewpoint(session, name)
    if new_name.strip() == name:
        return
    new = replace(old, name=_free_name(session, new_name))
    with session.document.change(f"Rename viewpoint {name}") as edit:
        edit.state = replace(edit.state, viewpoints=tuple(new if v is old else v for v in edit.state.viewpoints))


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


def _viewpoint(session: Session, name: str) -> Viewpoint:
    for viewpoint in session.document.state.viewpoints:
        if viewpoint.name == name:
            return viewpoint
    known = ", ".join(v.name for v in session.document.state.viewpoints)
    raise CommandError(f"There is no viewpoint {name!r}. Viewpoints: {known}.")


def _free_name(session: Session, name: str) -> str:
    name = name.strip()
    if not name:
        raise CommandError("A viewpoint needs a name.")
    if any(viewpoint.name == name for viewpoint in session.document.state.viewpoints):
        raise CommandError(f"There is a viewpoint {name!r} already. Choose another name.")
    return name
