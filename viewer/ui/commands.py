"""Commands that only a window can do, in the same registry as all others, so palette and keys find them.

A command finds its window through the session it is run in (`attach`); without a window it says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal
from weakref import WeakKeyDictionary

from viewer.session.registry import CommandError, command

if TYPE_CHECKING:
    from viewer.session.session import Session
    from viewer.ui.desktop.window import MainWindow

_FRONTS: WeakKeyDictionary[Session, MainWindow] = WeakKeyDictionary()


def attach(session: Session, window: MainWindow) -> None:
    """Make this the window of a session."""
    _FRONTS[session] = window


def detach(session: Session) -> None:
    """The session has no window any more."""
    _FRONTS.pop(session, None)


def has_layers(session: Session) -> bool:
    """True if something is open."""
    return bool(session.document.state.layers)


def _window(session: Session) -> MainWindow:
    window = _FRONTS.get(session)
    if window is None:
        raise CommandError("This needs a window.")
    return window


def has_tours(session: Session) -> bool:
    """True if there is something to record."""
    return bool(session.document.state.tours or session.document.state.paths)


def has_viewpoints(session: Session) -> bool:
    """True if there is a viewpoint."""
    return bool(session.document.state.viewpoints)


def has_scenarios(session: Session) -> bool:
    """True if there is a scenario that has been read."""
    return bool(session.document.scenarios)


@command("app.command_palette", title="Find a command…", undo=False, shortcut="Ctrl+K")
def command_palette(session: Session) -> None:
    """Type a few letters of what you want to do."""
    _window(session).open_palette()


@command("app.keys", title="Keys and mouse", undo=False, shortcut="F1")
def keys(session: Session) -> None:
    """Show what the keys and the mouse do."""
    _window(session).open_keys()


@command("app.preferences", title="Preferences…", undo=False, shortcut="Ctrl+,")
def preferences(session: Session) -> None:
    """Look, speeds, recovery copies, cache."""
    _window(session).open_preferences()


@command("app.about", title="About this program", undo=False)
def about(session: Session) -> None:
    """Version, licence and what draws the picture."""
    _window(session).show_about()


@command("file.choose", title="Open a file…", undo=False, shortcut="Ctrl+O")
def choose_file(session: Session) -> None:
    """Choose files or a project to open."""
    _window(session).files.choose_open()


@command("file.choose_save_as", title="Save as…", undo=False, shortcut="Ctrl+Shift+S", enabled=has_layers)
def choose_save_as(session: Session) -> None:
    """Choose where to save the project."""
    _window(session).files.choose_save_as()


@command("file.save_here", title="Save", undo=False, shortcut="Ctrl+S", enabled=has_layers)
def save_here(session: Session) -> None:
    """Save the project in its file; asks for a place the first time."""
    _window(session).files.save()


@command("scenario.choose", title="Open a scenario…", undo=False, shortcut="Ctrl+Shift+O")
def choose_scenario(session: Session) -> None:
    """Choose packages with results of simulations to open."""
    _window(session).files.choose_scenarios()


@command("scenario.where_from", title="Where does this come from?", undo=False, enabled=has_scenarios)
def where_from(session: Session, scenario_id: str | None = None) -> None:
    """Show who made a scenario's numbers, with what, and how sure they are; of the first one shown by default."""
    _window(session).scenario_front.show_card(scenario_id)


@command("file.start_over", title="New project", undo=False, shortcut="Ctrl+N")
def start_over(session: Session) -> None:
    """Close what is open and show the start page; unsaved work is asked for first."""
    _window(session).files.start_over()


@command("file.export_picture", title="Export picture…", undo=False, shortcut="Ctrl+E", enabled=has_layers)
def export_picture(session: Session, width: int | None = None, height: int | None = None) -> None:
    """Save what the view shows, with its legend, as PNG; with a size it is drawn anew, beside the window."""
    size = None if width is None or height is None else (width, height)
    _window(session).files.choose_export(size)


@command("video.choose", title="Record a video…", undo=False, enabled=has_tours)
def choose_video(session: Session, tour: str | None = None, path: str | None = None) -> None:
    """Choose what to record as a video, how, and where to put it."""
    _window(session).files.choose_video(tour, path)


@command("viewpoint.choose_geopose", title="Export viewpoint as GeoPose…", undo=False, enabled=has_viewpoints)
def choose_geopose(session: Session, name: str) -> None:
    """Choose where to write a viewpoint as an OGC GeoPose."""
    _window(session).files.choose_geopose(name)


@command("viewpoint.choose_import", title="Import GeoPose…", undo=False, enabled=has_layers)
def choose_import(session: Session) -> None:
    """Choose a file of GeoPoses to read as viewpoints."""
    _window(session).files.choose_import()


@command("window.reset_layout", title="Reset layout", undo=False)
def reset_layout(session: Session) -> None:
    """Put all panels back to where they were at first."""
    _window(session).reset_layout()


@command("window.toggle_panels", title="Only the picture", undo=False, shortcut="F9", enabled=has_layers)
def toggle_panels(session: Session) -> None:
    """Put all panels away, so that the picture has the window, or bring them back."""
    _window(session).toggle_panels()


@command("window.full_screen", title="Full screen", undo=False, shortcut="F11")
def full_screen(session: Session) -> None:
    """Fill the screen, or go back."""
    _window(session).toggle_full_screen()


@command("window.set_theme", title="Theme", undo=False)
def set_theme(session: Session, theme: Literal["system", "light", "dark"]) -> None:
    """Look light or dark, or as the system does."""
    _window(session).set_theme(theme)


@command("window.show_panel", title="Show or hide a panel", undo=False)
def show_panel(session: Session, panel: str, visible: bool | None = None) -> None:
    """Show or hide a panel (None = the other way round)."""
    _window(session).show_panel(panel, visible)


@command("selection.open_find", title="Find object by id…", undo=False, shortcut="Ctrl+F", enabled=has_layers)
def open_find(session: Session) -> None:
    """Type a part of an object's id, choose it, and see it."""
    _window(session).open_find()


@command("filter.focus", title="Filter objects", undo=False, shortcut="Ctrl+Shift+F", enabled=has_layers)
def focus_filter(session: Session) -> None:
    """Go to the filter field of the current layer."""
    _window(session).focus_filter()


@command("style.focus_color_by", title="Colour by…", undo=False, shortcut="Ctrl+B", enabled=has_layers)
def focus_color_by(session: Session) -> None:
    """Go to the choice of what the current layer is coloured by."""
    _window(session).focus_color_by()


@command("viewpoint.add_here", title="Add this view", undo=True, shortcut="Ctrl+Shift+V", enabled=has_layers)
def add_viewpoint(session: Session) -> None:
    """Keep the view of now as a viewpoint under a fresh name."""
    _window(session).viewpoints.add_view()


@command("present.start", title="Present", undo=False, shortcut="F5", enabled=has_layers)
def present(session: Session) -> None:
    """Show the steps of a tour, or the viewpoints, on a second screen; console and notes stay on this one."""
    _window(session).present()
