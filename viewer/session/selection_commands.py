"""Commands of the selection, and of showing only a part of the scene."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from loaders.city import CityData, Float64
from viewer.analysis.bounds import bounds_of
from viewer.analysis.derived import derived
from viewer.document.state import Selection
from viewer.session import navigation
from viewer.session.registry import CommandError, command

if TYPE_CHECKING:
    from viewer.session.session import Session


SURROUNDINGS = 1.4
"""How much more than the selected objects a view of them takes in."""


MANY = 500
"""From so many rows on it is faster to read all ids at once."""


def _has_selection(session: Session) -> bool:
    return bool(session.document.state.selection.ids)


def _has_cities(session: Session) -> bool:
    return bool(session.document.cities)


def _something_hidden(session: Session) -> bool:
    return any(
        not x.visible or x.hidden_types or x.hidden_ids or x.only_ids is not None or x.filter
        for x in session.document.state.layers
    )


def _has_view(session: Session) -> bool:
    return session.viewport is not None


@command("selection.set", title="Select")
def set_selection(
    session: Session,
    layer_id: str,
    ids: tuple[str, ...] | None = None,
    rows: tuple[int, ...] | None = None,
    surface_row: int = -1,
) -> None:
    """Select objects of a layer, by id or by row in its table, and note the surface that was clicked."""
    _select(session, Selection(layer_id, _chosen(session, layer_id, ids, rows), surface_row))


@command("selection.toggle", title="Select in addition")
def toggle_selection(
    session: Session,
    layer_id: str,
    ids: tuple[str, ...] | None = None,
    rows: tuple[int, ...] | None = None,
    surface_row: int = -1,
) -> None:
    """Add objects to the selection, or take them out if all are in it. Objects of another layer replace it."""
    chosen = _chosen(session, layer_id, ids, rows)
    old = session.document.state.selection
    before = old.ids if old.layer_id == layer_id else ()
    if set(chosen) <= set(before):
        out = set(chosen)
        _select(session, Selection(layer_id, tuple(i for i in before if i not in out)))
    else:
        _select(session, Selection(layer_id, tuple(dict.fromkeys((*before, *chosen))), surface_row))


@command("selection.pick", title="Select at a point of the view", enabled=_has_view)
def pick(session: Session, x: int, y: int, toggle: bool = False) -> None:
    """Select the object drawn at a device pixel (origin top-left); where there is none, clear the selection."""
    hit = session.viewport.pick(x, y) if session.viewport is not None else None
    session.picked.emit(hit)
    if hit is not None:
        act = toggle_selection if toggle else set_selection
        act(session, hit.layer_id, rows=(hit.row,), surface_row=hit.surface_row)
    elif not toggle:
        clear_selection(session)


@command("selection.find", title="Find an object by its id", enabled=_has_cities)
def find_object(session: Session, text: str) -> None:
    """Select the object whose id is, begins with or contains the text, and fill the view with it."""
    for layer in session.document.state.layers:
        city = session.document.cities.get(layer.id)
        rows = derived(city).find(text, 1) if city is not None else []
        if rows:
            set_selection(session, layer.id, rows=(rows[0],))
            zoom_to_selection(session)
            return
    raise CommandError(f"There is no object whose id contains {text!r}.")


@command("selection.clear", title="Clear selection", shortcut="Esc", enabled=_has_selection)
def clear_selection(session: Session) -> None:
    """Select nothing."""
    _select(session, Selection())


@command("selection.hide", title="Hide selection", shortcut="H", enabled=_has_selection)
def hide_selection(session: Session) -> None:
    """Hide the selected objects and everything that belongs to them."""
    selection, layer_id = _selected(session)
    with session.document.change(_count("Hide", selection)) as edit:
        edit.layer(layer_id, hidden_ids=edit.state.layer(layer_id).hidden_ids | set(selection.ids))
        edit.state = replace(edit.state, selection=Selection())


@command("selection.isolate", title="Isolate selection", shortcut="I", enabled=_has_selection)
def isolate_selection(session: Session) -> None:
    """Show only the selected objects and what belongs to them; "Show all" brings the rest back."""
    selection, layer_id = _selected(session)
    with session.document.change(_count("Isolate", selection)) as edit:
        for layer in edit.state.layers:
            if layer.id != layer_id:
                edit.layer(layer.id, visible=False)
        edit.layer(layer_id, visible=True, only_ids=frozenset(selection.ids))


@command("selection.zoom_to", title="Zoom to selection", undo=False, shortcut="F", enabled=_has_selection)
def zoom_to_selection(session: Session) -> None:
    """Fill the view with the selected objects and what belongs to them."""
    selection, layer_id = _selected(session)
    base = derived(session.city(layer_id))
    rows = np.flatnonzero(base.with_descendants(base.mask_of(selection.ids)))
    box = bounds_of(session.city(layer_id), rows)
    if box is None:
        raise CommandError("The selected objects have no geometry.")
    session.move_camera(navigation.zoom_to(session.camera, _with_surroundings(box), session.aspect), jump=True)


@command("visibility.show_all", title="Show all", shortcut="Shift+H", enabled=_something_hidden)
def show_all(session: Session) -> None:
    """Show every layer and object again: end hiding, isolation and filters."""
    with session.document.change("Show all") as edit:
        for layer in edit.state.layers:
            edit.layer(
                layer.id, visible=True, hidden_types=frozenset(), hidden_ids=frozenset(), only_ids=None, filter=None
            )


def _with_surroundings(box: Float64) -> Float64:
    """The box of an object with some of what stands around it, so that one sees where it is."""
    middle, half = (box[:3] + box[3:]) / 2, (box[3:] - box[:3]) / 2
    around = np.array([SURROUNDINGS * float(half.max()), SURROUNDINGS * float(half.max()), half[2]])
    return np.concatenate([middle - around, middle + around])


def _select(session: Session, selection: Selection) -> None:
    if not selection.ids:
        selection = Selection()
    label = _count("Select", selection) if selection.ids else "Clear selection"
    with session.document.change(label) as edit:
        edit.state = replace(edit.state, selection=selection)


def _selected(session: Session) -> tuple[Selection, str]:
    selection = session.document.state.selection
    if selection.layer_id is None or not selection.ids:
        raise CommandError("Nothing is selected.")
    session.layer_name(selection.layer_id)
    return selection, selection.layer_id


def _count(verb: str, selection: Selection) -> str:
    return f"{verb} {selection.ids[0]}" if len(selection.ids) == 1 else f"{verb} {len(selection.ids)} objects"


def _chosen(
    session: Session, layer_id: str, ids: tuple[str, ...] | None, rows: tuple[int, ...] | None
) -> tuple[str, ...]:
    """The ids meant by ids or rows; raises `CommandError` for objects that do not exist."""
    city = session.city(layer_id)
    if (ids is None) == (rows is None):
        raise CommandError("Say which objects, by ids or by rows.")
    base = derived(city)
    if ids is not None:
        chosen = tuple(dict.fromkeys(ids))
        if len(base.rows_of(chosen)) < len(chosen):
            gone = next(name for name in chosen if not len(base.rows_of([name])))
            raise CommandError(f"There is no object {gone!r} in layer {session.layer_name(layer_id)!r}.")
        return chosen
    return _ids_of_rows(city, rows or ())


def _ids_of_rows(city: CityData, rows: tuple[int, ...]) -> tuple[str, ...]:
    count = len(city.objects)
    if rows and not (min(rows) >= 0 and max(rows) < count):
        row = next(row for row in rows if not 0 <= row < count)
        raise CommandError(f"There is no object in row {row}; there are {count} objects.")
    names = city.objects.ids.to_list() if len(rows) > MANY else []
    names = [names[row] for row in rows] if names else [city.objects.ids[row] for row in rows]
    derived(city).remember(names, rows)
    return tuple(dict.fromkeys(names))
