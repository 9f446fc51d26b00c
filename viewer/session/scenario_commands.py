"""Commands of scenarios: open, show, compare. What is seen is part of the project; the moment is the clock's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from loaders import registry
from loaders.api import Severity
from loaders.scenario.model import text_in
from viewer.analysis.bounds import outline_of, outline_of_ways
from viewer.analysis.palettes import is_palette, names
from viewer.document.overlays import scenario_of_overlay
from viewer.document.state import BASE_MODEL, MOST_SHOWN, ScenarioMode, ScenarioState, ScenarioView
from viewer.session import navigation
from viewer.session.interlude import LEAST_SECONDS, MOST_SECONDS
from viewer.session.registry import CommandError, command
from viewer.session.scenario_opening import first_variable, pruned

if TYPE_CHECKING:
    from viewer.session.session import Session

_MODES = {
    "single": "One scenario",
    "swipe": "Swipe",
    "split": "Side by side",
    "blend": "Blend",
    "difference": "Difference",
}


def _has_scenario(session: Session) -> bool:
    return bool(session.document.state.scenarios)


def _shows_scenario(session: Session) -> bool:
    return bool(session.document.state.scenario_view.shown)


def _shows_several(session: Session) -> bool:
    return len(session.document.state.scenario_view.shown) > 1


def _has_window(session: Session) -> bool:
    return _has_scenario(session) and len(session.ui_requested) > 0


@command("scenario.open", title="Open scenario")
def open_scenarios(session: Session, paths: tuple[str, ...]) -> tuple[int, ...]:
    """Open scenario packages (folders, .zip or .citiscen files); each is read in the background.

    Returns the ids of the loads begun; the first scenario of a project is shown when it is ready.
    """
    return session.opening.open(paths)


@command("scenario.remove", title="Remove scenario", enabled=_has_scenario)
def remove(session: Session, scenario_id: str) -> None:
    """Take a scenario out of the project (undo brings it back)."""
    entry = scenario_of(session, scenario_id)
    with session.document.change(f"Remove {entry.name}") as edit:
        rest = tuple(item for item in edit.state.scenarios if item.id != scenario_id)
        view, selection = pruned(edit.state, scenario_id), edit.state.selection
        if selection.layer_id is not None and scenario_of_overlay(selection.layer_id) == scenario_id:
            selection = type(selection)()
        edit.state = replace(edit.state, scenarios=rest, scenario_view=view, selection=selection)


@command("scenario.rename", title="Rename scenario", enabled=_has_scenario)
def rename(session: Session, scenario_id: str, name: str) -> None:
    """Give a scenario another name in this project; its package stays as it is."""
    if not name.strip():
        raise CommandError("A scenario needs a name.")
    _change(session, scenario_id, f"Rename {scenario_of(session, scenario_id).name}", name=name.strip())


@command("scenario.move", title="Move scenario in the list", enabled=_has_scenario)
def move(session: Session, scenario_id: str, index: int) -> None:
    """Put a scenario to another place of the list, counted from 0."""
    entry = scenario_of(session, scenario_id)
    rest = [item for item in session.document.state.scenarios if item is not entry]
    rest.insert(min(max(index, 0), len(rest)), entry)
    with session.document.change(f"Move {entry.name}") as edit:
        edit.state = replace(edit.state, scenarios=tuple(rest))


@command("scenario.relink", title="Find the scenario's package", enabled=_has_scenario)
def relink(session: Session, scenario_id: str, path: Path) -> None:
    """Tell where the package of a scenario is now, and read it."""
    entry = scenario_of(session, scenario_id)
    files = registry.expand([path])
    if len(files) != 1:
        raise CommandError(f"{path} is no scenario package. Choose its folder, its scenario.json or its .zip file.")
    _change(session, scenario_id, f"Find {entry.name}", path=str(files[0].absolute()))
    session.opening.reload_scenario(scenario_id)


@command("scenario.show", title="Show scenario", enabled=_has_scenario)
def show(session: Session, ids: tuple[str, ...], variable: str | None = None, mode: ScenarioMode | None = None) -> None:
    """Show one to four scenarios ("" = the city without one), a variable of theirs and a way to compare.

    What is not told is chosen: the variable shown now if they have it, else their first; one scenario alone, or several
    as they were compared last (a swipe at first).
    """
    view = session.document.state.scenario_view
    if not 1 <= len(ids) <= MOST_SHOWN or len(set(ids)) < len(ids):
        raise CommandError(f"1 to {MOST_SHOWN} different scenarios can be shown.")
    for scenario_id in ids:
        if scenario_id != BASE_MODEL:
            scenario_of(session, scenario_id)
    if variable is None:
        variable = _variable_for(session, ids)
    else:
        _check_variable(session, ids, variable)
    if mode is None:
        mode = "single" if len(ids) == 1 else view.mode if view.mode != "single" else "swipe"
    _check_mode(mode, len(ids))
    text = ", ".join(_name(session, scenario_id) for scenario_id in ids)
    _view(session, f"Show {text}", replace(view, shown=ids, variable=variable, mode=mode))


@command("scenario.hide", title="Show no scenario", enabled=_shows_scenario)
def hide(session: Session) -> None:
    """Show the city without any scenario."""
    view = session.document.state.scenario_view
    _view(session, "Show no scenario", replace(view, shown=(), mode="single"))


@command("scenario.set_variable", title="Variable", enabled=_shows_scenario)
def set_variable(session: Session, variable: str) -> None:
    """Choose which variable of the scenarios colours the picture; empty = none."""
    view = session.document.state.scenario_view
    _check_variable(session, view.shown, variable)
    _view(session, f"Variable {variable_title(session, variable)}", replace(view, variable=variable))


@command("scenario.compare", title="Compare scenarios", enabled=_has_scenario)
def compare(session: Session, ids: tuple[str, ...], mode: ScenarioMode = "swipe") -> None:
    """Compare two to four scenarios ("" = the city without one): swipe, split, blend or difference (B minus A)."""
    if len(ids) < 2:
        raise CommandError("Two scenarios are needed to compare.")
    show(session, ids, None, mode)


@command("scenario.set_mode", title="Way to compare", enabled=_shows_scenario)
def set_mode(session: Session, mode: ScenarioMode) -> None:
    """Compare what is shown in another way: single, swipe, split, blend or difference."""
    view = session.document.state.scenario_view
    shown = view.shown
    if mode == "single":
        shown = shown[:1]
    elif len(shown) < 2:
        shown = _with_partner(session, shown[0])
    if mode in ("swipe", "blend", "difference"):
        shown = shown[:2]
    _check_mode(mode, len(shown))
    _view(session, _MODES[mode], replace(view, shown=shown, mode=mode))


@command("scenario.set_position", title="Place of the swipe line", enabled=_shows_several)
def set_position(session: Session, position: float) -> None:
    """Put the line between A and B (0 = left edge, 1 = right edge), or the share of B in a blend."""
    if not 0.0 <= position <= 1.0:
        raise CommandError("The place of the line must be 0 to 1.")
    view = replace(session.document.state.scenario_view, position=position)
    _view(session, "Place of the swipe line", view, "scenario.set_position")


@command("scenario.swap", title="Swap A and B", enabled=_shows_several)
def swap(session: Session) -> None:
    """Let A and B change places."""
    view = session.document.state.scenario_view
    a, b, *rest = view.shown
    _view(session, "Swap A and B", replace(view, shown=(b, a, *rest)))


@command("scenario.flicker", title="Flicker between A and B", undo=False, shortcut="Shift+X", enabled=_shows_scenario)
def flicker(session: Session, on: bool | None = None, seconds: float | None = None) -> bool:
    """Show A and B in turn, each for so many seconds (0.34 at least, 1 at first), or end it; None: the other way round.

    Blends the two if they are not. Where motion is to be avoided nothing moves by itself: `scenario.flip` changes
    sides. True if it runs by itself now.
    """
    interlude = session.interlude
    if seconds is not None:
        if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
            raise CommandError(f"Each side can be shown for {LEAST_SECONDS:g} to {MOST_SECONDS:g} seconds.")
        session.settings.set("flicker_seconds", float(seconds))
    wanted = not (interlude.running or (interlude.reduced and interlude.side is not None)) if on is None else on
    if not wanted:
        interlude.stop()
        return False
    _blend(session)
    runs = interlude.start()
    if not runs:
        session.say(Severity.INFO, "Motion is to be avoided, so A and B do not change by themselves: press X for each.")
    return runs


@command("scenario.flip", title="Show the other side", undo=False, shortcut="X", enabled=_shows_scenario)
def flip(session: Session) -> int:
    """Show B in place of A, or A in place of B, and let it stay; returns the side (0 = A, 1 = B)."""
    _blend(session)
    return session.interlude.flip()


def _blend(session: Session) -> None:
    if session.document.state.scenario_view.mode != "blend":
        set_mode(session, "blend")


@command("scenario.set_hatch", title="Hatch what is uncertain", enabled=_has_scenario)
def set_hatch(session: Session, visible: bool) -> None:
    """Hatch values whose range is wider than their class, or not."""
    view = replace(session.document.state.scenario_view, hatch=visible)
    _view(session, "Show hatching" if visible else "Hide hatching", view)


@command("scenario.set_sun", title="Let the sun follow the clock", enabled=_has_scenario)
def set_sun(session: Session, follow: bool) -> None:
    """Let sun and sky follow the clock of the results, or keep the time of the light."""
    view = replace(session.document.state.scenario_view, sun=follow)
    _view(session, "Sun follows the clock" if follow else "Sun stands still", view)


@command("scenario.set_trails", title="Show trails", enabled=_has_scenario)
def set_trails(session: Session, visible: bool) -> None:
    """Let what moves leave a trail, or not."""
    view = replace(session.document.state.scenario_view, trails=visible)
    _view(session, "Show trails" if visible else "Hide trails", view)


@command("scenario.set_palette", title="Palette of the variable", enabled=_has_scenario)
def set_palette(session: Session, palette: str | None = None) -> None:
    """Choose the colours of the variable, for all scenarios alike; none = its own."""
    if palette is not None and not is_palette(palette):
        raise CommandError(f"There is no palette {palette!r}. Palettes: {', '.join(names())}.")
    _view(session, f"Palette {palette or 'default'}", replace(session.document.state.scenario_view, palette=palette))


@command("scenario.next", title="Next scenario", enabled=_has_scenario)
def next_scenario(session: Session, steps: int = 1) -> str:
    """Show the next scenario of the list (or the previous, with -1) in place of the first one seen; returns its id."""
    state = session.document.state
    view, order = state.scenario_view, [item.id for item in state.scenarios]
    if view.mode != "single":
        ids = (*view.shown[1:], view.shown[0]) if steps > 0 else (view.shown[-1], *view.shown[:-1])
        _view(session, "Next scenario", replace(view, shown=ids))
        return ids[0]
    at = order.index(view.shown[0]) if view.shown and view.shown[0] in order else -1 if steps > 0 else 0
    chosen = order[(at + steps) % len(order)]
    show(session, (chosen,), None, "single")
    return chosen


@command("scenario.baseline", title="Compare with the baseline", enabled=_shows_scenario)
def baseline(session: Session, mode: ScenarioMode = "swipe") -> tuple[str, ...]:
    """Compare the scenario shown with what its package names as its baseline (the city as it is, if that is not open).

    Returns the two ids, the baseline first.
    """
    view = session.document.state.scenario_view
    chosen = next((name for name in reversed(view.shown) if name != BASE_MODEL), None)
    if chosen is None:
        raise CommandError("No scenario is shown.")
    ids = (_baseline_of(session, chosen), chosen)
    show(session, ids, None, mode)
    return ids


@command("scenario.zoom_to", title="Zoom to scenario", undo=False, enabled=_has_scenario)
def zoom_to(session: Session, scenario_id: str) -> None:
    """Fill the view with the geometry of a scenario."""
    entry, document = scenario_of(session, scenario_id), session.document
    outlines = [outline_of(c) for name, c in document.cities.items() if scenario_of_overlay(name) == scenario_id]
    if scenario_id in document.scenarios:
        outlines += [outline_of_ways(result) for result in document.scenarios[scenario_id].results.values()]
    if not any(len(outline) for outline in outlines):
        raise CommandError(f"{entry.name} has no geometry of its own: its values are those of the city.")
    import numpy as np

    camera = navigation.zoom_to(session.camera, np.concatenate(outlines), session.aspect)
    session.move_camera(camera, jump=True)


@command("scenario.show_report", title="Report of the scenario", undo=False, enabled=_has_window)
def show_report(session: Session, scenario_id: str) -> None:
    """Show what was skipped, assumed or not matched when the package was read."""
    scenario_of(session, scenario_id)
    session.ui_requested.emit("scenario.show_report", {"scenario_id": scenario_id})


def scenario_of(session: Session, scenario_id: str) -> ScenarioState:
    """The scenario with that id; raises `CommandError` if there is none."""
    for entry in session.document.state.scenarios:
        if entry.id == scenario_id:
            return entry
    known = ", ".join(item.id for item in session.document.state.scenarios) or "none"
    raise CommandError(f"There is no scenario {scenario_id!r}. Scenarios: {known}.")


def variables_of(session: Session, ids: Iterable[str]) -> dict[str, str]:
    """Titles of the variables that any of the scenarios has, by id, in the order of the first."""
    found: dict[str, str] = {}
    for scenario_id in ids:
        scenario = session.document.scenarios.get(scenario_id)
        for name, result in scenario.results.items() if scenario is not None else ():
            if result.patch is None:
                found.setdefault(name, text_in(result.variable.title) or name)
    return found


def variable_title(session: Session, variable: str) -> str:
    """A variable's title; "none" for the empty one."""
    return variables_of(session, session.document.scenarios).get(variable, variable) or "none"


def _variable_for(session: Session, ids: tuple[str, ...]) -> str:
    known, now = variables_of(session, ids), session.document.state.scenario_view.variable
    if now in known:
        return now
    for scenario_id in ids:
        scenario = session.document.scenarios.get(scenario_id)
        if scenario is not None:
            return first_variable(scenario)
    return now


def _check_variable(session: Session, ids: tuple[str, ...], variable: str) -> None:
    known = variables_of(session, ids)
    loaded = all(name == BASE_MODEL or name in session.document.scenarios for name in ids)
    if variable and loaded and variable not in known:
        raise CommandError(f"There is no variable {variable!r}. Variables: {', '.join(known) or 'none'}.")


def _check_mode(mode: ScenarioMode, count: int) -> None:
    if mode == "single" and count != 1:
        raise CommandError("Alone, one scenario can be shown.")
    if mode == "split" and not 2 <= count <= MOST_SHOWN:
        raise CommandError(f"2 to {MOST_SHOWN} scenarios can be shown side by side.")
    if mode in ("swipe", "blend", "difference") and count != 2:
        raise CommandError(f"{_MODES[mode]} needs two scenarios.")


def _with_partner(session: Session, scenario_id: str) -> tuple[str, ...]:
    """A scenario with what it is best compared with: its baseline, else the next of the list."""
    other = _baseline_of(session, scenario_id)
    if other == BASE_MODEL and scenario_id != BASE_MODEL:
        rest = [item.id for item in session.document.state.scenarios if item.id != scenario_id]
        return (scenario_id, rest[0]) if rest else (BASE_MODEL, scenario_id)
    if other == scenario_id:
        first = session.document.state.scenarios[0].id
        return (BASE_MODEL, first)
    return (other, scenario_id)


def _baseline_of(session: Session, scenario_id: str) -> str:
    scenario = session.document.scenarios.get(scenario_id)
    named = scenario.manifest.baseline if scenario is not None else None
    known = {item.id for item in session.document.state.scenarios}
    return named if named in known and named is not None and named != scenario_id else BASE_MODEL


def _name(session: Session, scenario_id: str) -> str:
    return "base model" if scenario_id == BASE_MODEL else scenario_of(session, scenario_id).name


def _change(session: Session, scenario_id: str, label: str, **values: object) -> None:
    old = scenario_of(session, scenario_id)
    new = replace(old, **values)  # type: ignore[arg-type]
    with session.document.change(label) as edit:
        edit.state = replace(edit.state, scenarios=tuple(new if item is old else item for item in edit.state.scenarios))


def _view(session: Session, label: str, view: ScenarioView, merge_key: str | None = None) -> None:
    with session.document.change(label, merge_key) as edit:
        edit.state = replace(edit.state, scenario_view=view)
