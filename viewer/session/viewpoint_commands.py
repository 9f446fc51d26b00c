"""Commands of named viewpoints: keep, go there, order, what they show, exchange as GeoPose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from loaders.api import Severity
from viewer.document.state import DocumentState, Texts, TourStep, Viewpoint
from viewer.session import geopose
from viewer.session.ports import Action
from viewer.session.registry import CommandError, command
from viewer.session.timeline import Look, looked

if TYPE_CHECKING:
    from viewer.session.session import Session


def _has_viewpoint(session: Session) -> bool:
    return bool(session.document.state.viewpoints)


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


@command("viewpoint.go", title="Go to viewpoint", enabled=_has_viewpoint)
def go_to_viewpoint(session: Session, name: str, transition: Literal["cut", "fly"] = "cut") -> None:
    """Look from a viewpoint, with what it keeps of light, realism, layers and scenarios; at once or by a flight."""
    viewpoint = viewpoint_of(session, name)
    session.player.stop()
    before = session.document.state
    with session.document.change(f"Go to viewpoint {name}", merge_key="viewpoint.go") as edit:
        look = Look(viewpoint.time, viewpoint.realism, viewpoint.layers, scenario_view=viewpoint.scenario_view)
        edit.state = looked(before, before, look)
    if viewpoint.moment is not None:
        session.clock.pause()
        session.clock.set(viewpoint.moment)
    if transition == "fly":
        session.player.fly(viewpoint.camera)
    else:
        session.move_camera(viewpoint.camera, jump=True)


@command("viewpoint.go_number", title="Go to viewpoint by its number", enabled=_has_viewpoint)
def go_to_number(session: Session, number: int) -> None:
    """Fly to the viewpoint at that place of the list, counted from 1; nothing happens if the list is shorter."""
    viewpoints = session.document.state.viewpoints
    if 1 <= number <= len(viewpoints):
        go_to_viewpoint(session, viewpoints[number - 1].name, "fly")


@command("viewpoint.update", title="Take the present view", enabled=_has_viewpoint)
def update_viewpoint(session: Session, name: str) -> None:
    """Let a viewpoint have the present camera, and what it keeps of light, realism and layers as they are now."""
    old, state = viewpoint_of(session, name), session.document.state
    new = replace(
        old,
        camera=session.camera,
        time=None if old.time is None else state.light.time or "",
        realism=None if old.realism is None else state.realism,
        layers=None if old.layers is None else shown_layers(state),
        scenario_view=None if old.scenario_view is None else state.scenario_view,
        moment=None if old.scenario_view is None else session.clock.now,
    )
    _replace(session, f"Update viewpoint {name}", old, new)


@command("viewpoint.keep", title="What a viewpoint keeps", enabled=_has_viewpoint)
def keep(
    session: Session,
    name: str,
    light: bool | None = None,
    realism: bool | None = None,
    layers: bool | None = None,
    scenarios: bool | None = None,
) -> None:
    """Let a viewpoint keep the present time of the light, realism, visible layers or scenarios, or not.

    What it does not keep stays as it is when one goes there.
    """
    old, state = viewpoint_of(session, name), session.document.state
    new = old
    if light is not None:
        new = replace(new, time=(state.light.time or "") if light else None)
    if realism is not None:
        new = replace(new, realism=state.realism if realism else None)
    if layers is not None:
        new = replace(new, layers=shown_layers(state) if layers else None)
    if scenarios is not None:
        view, moment = (state.scenario_view, session.clock.now) if scenarios else (None, None)
        new = replace(new, scenario_view=view, moment=moment)
    _replace(session, f"What viewpoint {name} keeps", old, new)


@command("viewpoint.set_text", title="Note of a viewpoint", enabled=_has_viewpoint)
def set_text(session: Session, name: str, text: str, language: str = "") -> None:
    """Give a viewpoint a note in a language (BCP 47, such as "pt-BR"; empty = not told); an empty text removes it."""
    old = viewpoint_of(session, name)
    new = replace(old, texts=with_text(old.texts, text, language))
    _replace(session, f"Note of viewpoint {name}", old, new, merge_key=f"viewpoint.text {name} {language}")


@command("viewpoint.move", title="Move viewpoint in the list", enabled=_has_viewpoint)
def move_viewpoint(session: Session, name: str, index: int) -> None:
    """Put a viewpoint to another place of the list, counted from 0."""
    chosen = viewpoint_of(session, name)
    others = [viewpoint for viewpoint in session.document.state.viewpoints if viewpoint is not chosen]
    others.insert(min(max(index, 0), len(others)), chosen)
    with session.document.change(f"Move viewpoint {name}") as edit:
        edit.state = replace(edit.state, viewpoints=tuple(others))


@command("viewpoint.remove", title="Remove viewpoint", enabled=_has_viewpoint)
def remove_viewpoint(session: Session, name: str) -> None:
    """Forget a named viewpoint; steps of tours that show it go with it."""
    gone = viewpoint_of(session, name)
    with session.document.change(f"Remove viewpoint {name}") as edit:
        state = replace(edit.state, viewpoints=tuple(v for v in edit.state.viewpoints if v is not gone))
        edit.state, lost = without_steps(state, lambda step: step.path is None and step.viewpoint == name)
    tell_lost_steps(session, lost)


@command("viewpoint.rename", title="Rename viewpoint", enabled=_has_viewpoint)
def rename_viewpoint(session: Session, name: str, new_name: str) -> None:
    """Give a viewpoint another name; tours follow."""
    old = viewpoint_of(session, name)
    if new_name.strip() == name:
        return
    new = replace(old, name=_free_name(session, new_name))
    with session.document.change(f"Rename viewpoint {name}") as edit:
        state = replace(edit.state, viewpoints=tuple(new if v is old else v for v in edit.state.viewpoints))
        edit.state = renamed_in_tours(state, "viewpoint", name, new.name)


@command("viewpoint.export_geopose", title="Export viewpoint as GeoPose", undo=False, enabled=_has_viewpoint)
def export_geopose(session: Session, name: str, path: Path, form: Literal["ypr", "quaternion"] = "ypr") -> Path:
    """Write a viewpoint as an OGC GeoPose 1.0 (Basic-YPR or Basic-Quaternion) in a JSON file; returns the file.

    A warning says so if the height could not be brought to the ellipsoid.
    """
    viewpoint = viewpoint_of(session, name)
    try:
        pose, warning = geopose.to_pose(viewpoint.camera, session.document.state.crs, form)
        geopose.write(path, pose)
    except geopose.PoseError as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(
            f"{path.name} cannot be written ({error.strerror or error}). Choose another place."
        ) from error
    if warning:
        session.say(Severity.WARNING, warning)
    return path


@command("viewpoint.import_geopose", title="Import GeoPose as viewpoint")
def import_geopose(session: Session, path: Path) -> tuple[str, ...]:
    """Read the GeoPoses (Basic-YPR or Basic-Quaternion) of a JSON file as viewpoints; returns their names."""
    try:
        poses = geopose.read(path)
        found = [geopose.to_camera(pose, session.document.state.crs, session.camera.fov_deg) for pose in poses]
    except geopose.PoseError as error:
        raise CommandError(f"{path.name}: {error}") from error
    names: list[str] = []
    with session.document.change(f"Import {path.name}") as edit:
        taken = {viewpoint.name for viewpoint in edit.state.viewpoints}
        for camera, _ in found:
            options = (path.stem if n == 1 else f"{path.stem} {n}" for n in range(1, len(taken) + len(found) + 2))
            names.append(next(text for text in options if text and text not in taken))
            taken.add(names[-1])
            edit.state = replace(edit.state, viewpoints=(*edit.state.viewpoints, Viewpoint(names[-1], camera)))
    for warning in dict.fromkeys(warning for _, warning in found if warning):
        session.say(Severity.WARNING, f"{path.name}: {warning}")
    return tuple(names)


def viewpoint_of(session: Session, name: str) -> Viewpoint:
    """The viewpoint of that name; raises `CommandError` if there is none."""
    for viewpoint in session.document.state.viewpoints:
        if viewpoint.name == name:
            return viewpoint
    known = ", ".join(v.name for v in session.document.state.viewpoints)
    raise CommandError(f"There is no viewpoint {name!r}. Viewpoints: {known or 'none'}.")


def shown_layers(state: DocumentState) -> frozenset[str]:
    """Ids of the visible layers."""
    return frozenset(layer.id for layer in state.layers if layer.visible)


def with_text(texts: Texts, text: str, language: str) -> Texts:
    """The texts with one in a language; an empty one is removed. Raises `CommandError` for what is no language."""
    language = language.strip()
    if len(language) > 64 or not all(part.isalnum() and part.isascii() for part in language.split("-") if language):
        raise CommandError(f"{language[:40]!r} is no language of BCP 47, such as en or pt-BR.")
    if len(text) > 10_000:
        raise CommandError("A text may have 10,000 characters at most.")
    known = dict(texts)
    known.pop(language, None) if not text.strip() else known.update({language: text})
    return tuple(known.items())


def renamed_in_tours(state: DocumentState, field: Literal["viewpoint", "path"], old: str, new: str) -> DocumentState:
    """The state with the name of a viewpoint or path replaced in all steps."""

    def renamed(step: TourStep) -> TourStep:
        if field == "viewpoint":
            return replace(step, viewpoint=new) if step.viewpoint == old else step
        return replace(step, path=new) if step.path == old else step

    tours = tuple(replace(tour, steps=tuple(renamed(step) for step in tour.steps)) for tour in state.tours)
    return replace(state, tours=tours)


def without_steps(state: DocumentState, gone: Callable[[TourStep], bool]) -> tuple[DocumentState, int]:
    """The state without some steps of its tours, and how many these were."""
    tours = tuple(replace(tour, steps=tuple(x for x in tour.steps if not gone(x))) for tour in state.tours)
    lost = sum(len(tour.steps) for tour in state.tours) - sum(len(tour.steps) for tour in tours)
    return (replace(state, tours=tours), lost) if lost else (state, 0)


def tell_lost_steps(session: Session, lost: int) -> None:
    """Say that steps of tours went with what they showed, and how to get them back."""
    if lost:
        text = "A step of a tour went with it." if lost == 1 else f"{lost} steps of tours went with it."
        session.say(Severity.INFO, text, actions=(Action("Undo", "edit.undo"),))


def _replace(session: Session, label: str, old: Viewpoint, new: Viewpoint, merge_key: str | None = None) -> None:
    with session.document.change(label, merge_key) as edit:
        edit.state = replace(edit.state, viewpoints=tuple(new if v is old else v for v in edit.state.viewpoints))


def _free_name(session: Session, name: str) -> str:
    name = name.strip()
    if not name:
        raise CommandError("A viewpoint needs a name.")
    if any(viewpoint.name == name for viewpoint in session.document.state.viewpoints):
        raise CommandError(f"There is a viewpoint {name!r} already. Choose another name.")
    return name
