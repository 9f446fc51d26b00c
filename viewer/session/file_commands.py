"""Commands of files, projects, undo and the program itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from loaders.api import LoadError, Severity
from viewer.document.project import EXTENSION, save_project
from viewer.document.state import DocumentState
from viewer.jobs import ThreadJob
from viewer.session.demo import DemoJob
from viewer.session.registry import CommandError, command

if TYPE_CHECKING:
    from viewer.session.session import Session


def demo_state() -> DocumentState:
    """The demo as a document; its files are there."""
    from viewer.demo import tour  # the generator is much code, and few starts need it

    return tour.demo_state()


def demo_missing() -> Path | None:
    """The folder into which the demo's files have yet to be written, None if they are there."""
    from viewer.demo import files

    folder = files.demo_folder()
    return None if files.is_whole(folder) else folder


def _has_window(session: Session) -> bool:
    return len(session.ui_requested) > 0


def _can_undo(session: Session) -> bool:
    return session.document.can_undo


def _can_redo(session: Session) -> bool:
    return session.document.can_redo


@command("file.open", title="Open")
def open_files(session: Session, paths: tuple[str, ...]) -> tuple[int, ...]:
    """Open files, folders and projects. Each file is loaded in the background and becomes a layer when it is ready.

    Returns the ids of the loads begun; what cannot be opened is told by messages.
    """
    return session.opening.open(paths)


@command("file.open_project", title="Open project", undo=False)
def open_project(session: Session, path: Path) -> None:
    """Open a project file in place of the project that is open; its layers load in the background."""
    session.opening.open_project(path)


@command("file.save", title="Save", undo=False, shortcut="Ctrl+S")
def save(session: Session) -> Path:
    """Save the project in its file; a project without one needs "Save as"."""
    if session.document.path is None:
        raise CommandError("The project has no file yet. Use Save as.")
    return _save(session, session.document.path)


@command("file.save_as", title="Save as", undo=False)
def save_as(session: Session, path: Path) -> Path:
    """Save the project in a file of that name (with the ending .citiverse)."""
    if path.suffix.lower() != EXTENSION:
        path = path.with_name(path.name + EXTENSION)
    return _save(session, path.absolute())


@command("file.new", title="New project", undo=False, shortcut="Ctrl+N")
def new(session: Session) -> None:
    """Begin an empty project."""
    session.opening.cancel()
    quality = session.settings.get("quality")
    session.document.reset(DocumentState(quality=quality))  # type: ignore[arg-type]
    session.opening.forget_project()
    session.views.clear()
    session.home()


@command("demo.open", title="Open the demo city")
def open_demo(session: Session) -> None:
    """Open the demo city that comes with the program (it is built at the first use), in addition to open layers."""

    def failed(error: Exception) -> None:
        session.say(Severity.ERROR, f"The demo city could not be made: {error}.")

    def ready(state: DocumentState) -> None:
        if session.document.state.layers:
            session.opening.open(layer.path for layer in state.layers)
            session.opening.open(scenario.path for scenario in state.scenarios)
        else:
            session.opening.show_state(state)
            _compute_scenarios(session)

    def show() -> None:
        session.submit(ThreadJob(demo_state, (), ready, failed, title="Opening the demo city", key="demo"))

    try:
        folder = demo_missing()
    except LoadError as error:
        failed(error)
        return
    if folder is None:
        show()
    else:
        session.submit(DemoJob(folder, show, failed))


def _compute_scenarios(session: Session) -> None:
    """Have the demo's scenarios computed, if that has not been done yet, while one looks at the town."""
    from viewer.demo import files
    from viewer.demo.scenarios import scenario_states, scenario_tour, scenario_viewpoints

    town = files.files_in(files.demo_folder())
    if scenario_states(town.scenarios) is not None:
        return

    def done() -> None:
        found = scenario_states(town.scenarios) or ()
        if not any(Path(layer.path) == town.city for layer in session.document.state.layers):
            return  # another project is open by now
        known = {scenario.id for scenario in session.document.state.scenarios}
        new = tuple(scenario for scenario in found if scenario.id not in known)
        with session.document.change("Add the demo's scenarios") as edit:
            state = edit.state
            views = tuple(v for v in scenario_viewpoints() if all(v.name != old.name for old in state.viewpoints))
            edit.state = replace(
                state,
                scenarios=(*state.scenarios, *new),
                viewpoints=(*state.viewpoints, *views),
                tours=(*state.tours, *((scenario_tour(),) if new else ())),
            )
        for scenario in new:
            session.opening.reload_scenario(scenario.id)
        if new:
            things = f"{len(new)} scenario{'' if len(new) == 1 else 's'}"
            session.say(Severity.INFO, f"The demo city has {things} now: see the panel Scenarios.")

    def failed(error: Exception) -> None:
        session.say(Severity.WARNING, f"The scenarios of the demo city could not be computed: {error}.")

    session.submit(DemoJob(town.city.parent, done, failed, title="Computing the demo's scenarios"))


@command("edit.undo", title="Undo", undo=False, shortcut="Ctrl+Z", enabled=_can_undo)
def undo(session: Session) -> None:
    """Take back the last change of the project."""
    session.document.undo()


@command("edit.redo", title="Redo", undo=False, shortcut="Ctrl+Shift+Z", enabled=_can_redo)
def redo(session: Session) -> None:
    """Do the change again that was taken back last."""
    session.document.redo()


@command("project.set_title", title="Title of the project")
def set_title(session: Session, title: str) -> None:
    """Give the project a title."""
    if not title.strip():
        raise CommandError("A project needs a title.")
    with session.document.change("Title") as edit:
        edit.state = replace(edit.state, title=title.strip())


@command("app.quit", title="Quit", undo=False, shortcut="Ctrl+Q", enabled=_has_window)
def quit_app(session: Session) -> None:
    """End the program; asks first if something is unsaved."""
    session.ui_requested.emit("app.quit", {})


def _save(session: Session, path: Path) -> Path:
    try:
        save_project(
            session.document.state,
            path,
            camera=session.camera,
            keep=session.opening.project_extra,
            moment=session.clock.now,
        )
    except OSError as error:
        raise CommandError(f"{path.name} cannot be saved ({error.strerror or error}). Choose another place.") from error
    session.document.mark_saved(path)
    session.settings.add_recent(path)
    return path
