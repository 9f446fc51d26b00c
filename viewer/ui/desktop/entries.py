"""What the command palette offers: every command, and the choices that a command's arguments leave open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QKeySequence

from viewer.analysis.derived import derived
from viewer.analysis.legend import title_of
from viewer.document.state import LOD_HIGHEST
from viewer.session.registry import COMMANDS
from viewer.ui.desktop.command_palette import PaletteEntry
from viewer.ui.desktop.panels.layers import lod_text
from viewer.ui.desktop.panels.style import color_choices
from viewer.ui.widgets.text import single_line

if TYPE_CHECKING:
    from viewer.ui.desktop.window import MainWindow

MAX_FOUND = 50
"""Objects that a search for an id lists."""
DOUBLES = {"file.save", "file.new", "viewpoint.add"}
"""Commands that the window offers in a form that asks first."""


def palette_entries(window: MainWindow) -> list[PaletteEntry]:
    """The entries as the program stands now."""
    return [*_plain(window), *_choices(window)]


def _plain(window: MainWindow) -> Iterator[PaletteEntry]:
    """Commands that need no argument."""
    for spec in sorted(COMMANDS.values(), key=lambda s: s.title):
        if spec.name in DOUBLES or spec.name == "app.command_palette" or any(p.required for p in spec.parameters):
            continue
        keys = _keys(window, spec.name)
        enabled = spec.enabled(window.session)
        run = partial(window.shell.run, spec.name)
        yield PaletteEntry(spec.title.rstrip("…"), spec.name, run, keys, enabled)


def _keys(window: MainWindow, name: str) -> str:
    act = window.actions_.by_command.get(name)
    if act is None:
        return ""
    return act.shortcut().toString(QKeySequence.SequenceFormat.NativeText)


def _choices(window: MainWindow) -> Iterator[PaletteEntry]:
    """Commands with their arguments filled in from what is open."""
    state, shell = window.session.document.state, window.shell

    def entry(title: str, group: str, name: str, /, **args: Any) -> PaletteEntry:
        return PaletteEntry(single_line(title), name, partial(shell.run, name, **args), "", True, group)

    for viewpoint in state.viewpoints:
        yield entry(f"Go to {viewpoint.name}", "viewpoint", "viewpoint.go", name=viewpoint.name)
    for layer in state.layers:
        word = "Hide" if layer.visible else "Show"
        args = {"layer_id": layer.id, "visible": not layer.visible}
        yield entry(f"{word} layer {layer.name}", "layer", "layer.set_visible", **args)
        if layer.id in window.session.document.reports:
            yield entry(f"Load report of {layer.name}", "layer", "layer.show_report", layer_id=layer.id)
        yield entry(f"Zoom to layer {layer.name}", "layer", "layer.zoom_to", layer_id=layer.id)
    city = window.session.document.cities.get(shell.current)
    if city is not None:
        for choice in color_choices(city):
            args = {"layer_id": shell.current, "attribute": choice.value}
            yield entry(f"Colour by {choice.title}", "colour", "style.color_by", **args)
        for lod in (LOD_HIGHEST, *city.lods):
            yield entry(f"Show {lod_text(lod)}", "level of detail", "layer.set_lod", layer_id=shell.current, lod=lod)
    for theme, title in (("light", "Light"), ("dark", "Dark"), ("system", "System")):
        yield entry(f"{title} theme", "theme", "window.set_theme", theme=theme)
    for name, dock in window.docks.items():
        yield entry(f"Show or hide panel {dock.windowTitle()}", "panel", "window.show_panel", panel=name)
    yield from _recent(window)


def found_objects(window: MainWindow, text: str) -> list[PaletteEntry]:
    """Objects whose id contains the text, those of the current layer first."""
    document, shell = window.session.document, window.shell
    entries: list[PaletteEntry] = []
    for layer in sorted(document.state.layers, key=lambda layer: layer.id != shell.current):
        city = document.cities.get(layer.id)
        if city is None:
            continue
        for row in derived(city).find(text.strip(), MAX_FOUND - len(entries)):
            kind = title_of(city.objects.type_of(row))
            go = partial(_select_and_zoom, window, layer.id, row)
            entries.append(PaletteEntry(single_line(city.objects.ids[row]), "selection.set", go, "", True, kind))
    return entries


def _select_and_zoom(window: MainWindow, layer_id: str, row: int) -> None:
    window.shell.run("selection.set", layer_id=layer_id, rows=[row])
    window.shell.run("selection.zoom_to")


def _recent(window: MainWindow) -> Iterator[PaletteEntry]:
    for recent in window.files.recent():
        if recent.exists:
            run: Callable[[], object] = partial(window.files.open, [recent.path])
            yield PaletteEntry(single_line(f"Open {recent.path.name}"), "file.open", run, "", True, "recent")
