"""Commands of layers: what they show and how they are coloured and filtered."""

from __future__ import annotations

import difflib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from loaders.city import CityData
from viewer.analysis.bounds import outline_of
from viewer.analysis.classify import BY_SURFACE, BY_THEME, BY_TYPE
from viewer.analysis.filters import FilterError, compile_filter
from viewer.analysis.palettes import is_palette, names
from viewer.document.state import LOD_HIGHEST, LayerState, Selection, Style
from viewer.session import navigation
from viewer.session.registry import CommandError, command

if TYPE_CHECKING:
    from viewer.session.session import Session


def _has_layer(session: Session) -> bool:
    return bool(session.document.state.layers)


def _has_window(session: Session) -> bool:
    return _has_layer(session) and len(session.ui_requested) > 0


@command("layer.set_visible", title="Show or hide layer", enabled=_has_layer)
def set_visible(session: Session, layer_id: str, visible: bool) -> None:
    """Show or hide a whole layer."""
    _change(session, layer_id, f"{'Show' if visible else 'Hide'} {session.layer_name(layer_id)}", visible=visible)


@command("layer.set_lod", title="Level of detail", enabled=_has_layer)
def set_lod(session: Session, layer_id: str, lod: str = LOD_HIGHEST) -> None:
    """Draw a layer in one level of detail, or ("highest") every object in the finest that it has."""
    known = [LOD_HIGHEST, *session.city(layer_id).lods]
    if lod not in known:
        raise CommandError(f"Layer {session.layer_name(layer_id)!r} has no LoD {lod!r}. It has: {', '.join(known)}.")
    _change(session, layer_id, f"LoD {lod}", lod=lod)


@command("layer.remove", title="Remove layer", enabled=_has_layer)
def remove(session: Session, layer_id: str) -> None:
    """Take a layer out of the project (undo brings it back)."""
    with session.document.change(f"Remove {session.layer_name(layer_id)}") as edit:
        rest = tuple(layer for layer in edit.state.layers if layer.id != layer_id)
        selection = edit.state.selection
        selection = Selection() if selection.layer_id == layer_id else selection
        crs = edit.state.crs if rest else None
        edit.state = replace(edit.state, layers=rest, selection=selection, crs=crs)


@command("layer.rename", title="Rename layer", enabled=_has_layer)
def rename(session: Session, layer_id: str, name: str) -> None:
    """Give a layer another name."""
    if not name.strip():
        raise CommandError("A layer needs a name.")
    _change(session, layer_id, f"Rename {session.layer_name(layer_id)}", name=name.strip())


@command("layer.zoom_to", title="Zoom to layer", undo=False, enabled=_has_layer)
def zoom_to(session: Session, layer_id: str) -> None:
    """Fill the view with a layer."""
    outline = outline_of(session.city(layer_id))
    if not len(outline):
        raise CommandError(f"Layer {session.layer_name(layer_id)!r} has nothing to show.")
    session.move_camera(navigation.zoom_to(session.camera, outline, session.aspect), jump=True)


@command("layer.set_type_visible", title="Show or hide a type of objects", enabled=_has_layer)
def set_type_visible(session: Session, layer_id: str, type: str, visible: bool) -> None:
    """Show or hide all objects of a city object type, without what belongs to them (that has types of its own)."""
    known = session.city(layer_id).objects.type_names
    if type not in known:
        raise CommandError(f"Layer {session.layer_name(layer_id)!r} has no {type!r}. It has: {', '.join(known)}.")
    hidden = _layer(session, layer_id).hidden_types
    hidden = hidden - {type} if visible else hidden | {type}
    _change(session, layer_id, f"{'Show' if visible else 'Hide'} {type}", hidden_types=hidden)


@command("layer.relink", title="Find the layer's file", enabled=_has_layer)
def relink(session: Session, layer_id: str, path: Path) -> None:
    """Tell where the file of a layer is now, and load it."""
    if not path.is_file():
        raise CommandError(f"There is no file {path}.")
    _change(session, layer_id, f"Find {session.layer_name(layer_id)}", path=str(path.absolute()))
    session.opening.reload(layer_id)


@command("layer.show_report", title="Load report", undo=False, enabled=_has_window)
def show_report(session: Session, layer_id: str) -> None:
    """Show what was skipped, repaired or assumed when the layer's file was read."""
    session.city(layer_id)
    session.ui_requested.emit("layer.show_report", {"layer_id": layer_id})


@command("style.color_by", title="Colour by", enabled=_has_layer)
def color_by(session: Session, layer_id: str, attribute: str) -> None:
    """Colour a layer by an attribute, or by "@type", "@surface" (the default look) or "@theme" (its own textures)."""
    city = session.city(layer_id)
    if attribute not in (BY_TYPE, BY_SURFACE, BY_THEME) and attribute not in city.objects.columns:
        raise CommandError(_no_attribute(session, layer_id, attribute, city))
    style = Style(attribute, theme=_layer(session, layer_id).style.theme)
    _change(session, layer_id, f"Colour by {attribute.removeprefix('@')}", style=style)


@command("style.set_palette", title="Palette", enabled=_has_layer)
def set_palette(session: Session, layer_id: str, palette: str | None = None) -> None:
    """Choose the colours of a layer's values; none = the default."""
    if palette is not None and not is_palette(palette):
        raise CommandError(f"There is no palette {palette!r}. Palettes: {', '.join(names())}.")
    _restyle(session, layer_id, f"Palette {palette or 'default'}", palette=palette)


@command("style.set_range", title="Range of values", enabled=_has_layer)
def set_range(session: Session, layer_id: str, low: float | None = None, high: float | None = None) -> None:
    """Choose the values at the ends of the colour ramp; none = those of the data. Low above high turns it round."""
    if (low is None) != (high is None):
        raise CommandError("A range needs both ends.")
    limits = None if low is None or high is None else (low, high)
    _restyle(session, layer_id, "Range of values", f"range {layer_id}", range=limits)


@command("style.set_theme", title="Appearance theme", enabled=_has_layer)
def set_theme(session: Session, layer_id: str, theme: str | None = None) -> None:
    """Show the file's own materials and textures of a theme; none = the file's default."""
    themes = {name for mesh in session.city(layer_id).lods.values() for name in mesh.tiles.appearances}
    if theme is not None and theme not in themes:
        text = ", ".join(sorted(themes)) or "none"
        raise CommandError(f"Layer {session.layer_name(layer_id)!r} has no theme {theme!r}. Themes: {text}.")
    _restyle(session, layer_id, f"Theme {theme or 'default'}", color_by=BY_THEME, theme=theme)


@command("style.reset", title="Default colours", enabled=_has_layer)
def reset_style(session: Session, layer_id: str) -> None:
    """Give a layer its default look again."""
    _change(session, layer_id, "Default colours", style=Style())


@command("filter.set", title="Filter", enabled=_has_layer)
def set_filter(session: Session, layer_id: str, expression: str | None = None) -> None:
    """Show only objects for which an expression is true, such as: measuredHeight > 20 or type = "Road". None = all."""
    expression = (expression or "").strip() or None
    if expression is not None:
        try:
            compiled = compile_filter(expression)
        except FilterError as error:
            raise CommandError(f"Filter: {error}.") from error
        city = session.city(layer_id)
        for name in compiled.names:
            if name not in city.objects.columns:
                raise CommandError("Filter: " + _no_attribute(session, layer_id, name, city))
    _change(session, layer_id, "Filter" if expression else "Clear filter", filter=expression)


def _layer(session: Session, layer_id: str) -> LayerState:
    session.layer_name(layer_id)
    return session.document.state.layer(layer_id)


def _change(session: Session, layer_id: str, label: str, **values: object) -> None:
    _layer(session, layer_id)
    with session.document.change(label) as edit:
        edit.layer(layer_id, **values)


def _restyle(session: Session, layer_id: str, label: str, merge_key: str | None = None, **values: object) -> None:
    style = replace(_layer(session, layer_id).style, **values)  # type: ignore[arg-type]
    with session.document.change(label, merge_key) as edit:
        edit.layer(layer_id, style=style)


def _no_attribute(session: Session, layer_id: str, name: str, city: CityData) -> str:
    near = difflib.get_close_matches(name, city.objects.columns, 1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"Layer {session.layer_name(layer_id)!r} has no attribute {name!r}.{hint}"
