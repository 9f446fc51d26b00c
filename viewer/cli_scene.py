"""From the options of ``render`` and ``pick`` to a session that shows exactly that, without a window.

Everything goes through the session's commands, so a picture made here and one made in the window are the same.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from loaders.api import Severity
from loaders.empty import NOTHING_TO_DRAW
from viewer.analysis.classify import BY_SURFACE, BY_THEME, BY_TYPE
from viewer.analysis.derived import derived
from viewer.analysis.filters import FilterError, compile_filter
from viewer.analysis.palettes import is_palette, names
from viewer.cli_common import NOT_IN_IT, UNREADABLE, USAGE, CliError, TerminalProgress, complain, is_project
from viewer.cli_scenarios import apply_scenarios, check_scenario_options
from viewer.document.document import Document
from viewer.document.state import LOD_HIGHEST, Camera
from viewer.jobs import JobQueue
from viewer.session import navigation
from viewer.session.ports import Message
from viewer.session.session import Session
from viewer.settings.settings import Settings

SHOWN_CHOICES = 12
REPORTS = ("layer.show_report", "scenario.show_report")


def make_session() -> Session:
    """A session of its own, with the user's settings and without recovery copies; layers in the order of the paths."""
    session = Session(Document(), JobQueue(), Settings(), autosave=False)
    session.opening.in_order = True
    return session


def open_scene(session: Session, options: argparse.Namespace, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Load the paths and apply every option. ``meanwhile`` is called once, as soon as the loads have begun.

    Raises:
        CliError: nothing could be read (3), something asked for is not in it (4), or options that make no sense (2).
    """
    check_options(options)
    load_paths(session, options.paths, meanwhile)
    apply_scenarios(session, options)
    apply_options(session, options)
    session.move_camera(choose_camera(session, options))


def check_options(options: argparse.Namespace) -> None:
    """Refuse what can be known to be wrong before a file is read."""
    if sum(is_project(path) for path in options.paths) > 1:
        raise CliError(USAGE, "only one project can be opened at a time.")
    if (options.palette or options.range) and not options.color_by:
        raise CliError(USAGE, "--palette and --range need --color-by.")
    if options.palette and not is_palette(options.palette):
        raise CliError(USAGE, f"there is no palette {options.palette!r}. Palettes: {', '.join(names())}.")
    if options.range and options.range[0] == options.range[1]:
        raise CliError(USAGE, "--range needs two different values.")
    if options.camera and options.camera[:3] == options.camera[3:]:
        raise CliError(USAGE, "--camera needs an eye and a target that differ.")
    check_scenario_options(options)
    if options.filter is not None:
        try:
            compile_filter(options.filter)
        except FilterError as error:
            raise CliError(USAGE, f"--filter: {error}.") from error


def load_paths(
    session: Session, paths: Iterable[str], meanwhile: Callable[[], None] = lambda: None, draws: bool = True
) -> None:
    """Open everything, showing progress; what goes wrong is told on standard error, Ctrl-C cancels the loads.

    ``draws``: False for commands that make no picture.

    Raises:
        CliError: nothing could be read.
    """
    failures: list[str] = []

    def listen(message: Message) -> None:
        # A warning with a report is told by `citiverse info`; the others (a layer's file is missing, say) only here.
        report = any(action.command in REPORTS for action in message.actions)
        if message.severity == Severity.ERROR:
            failures.append(message.text)
        if message.severity != Severity.INFO and not report:
            complain(message.text)

    session.message.connect(listen)
    progress = TerminalProgress("Opening")
    try:
        session.run("file.open", paths=tuple(paths))
        session.poll()
        if draws:
            _import_renderer()
        if session.jobs.active:
            meanwhile()
        while session.jobs.active:
            session.poll()
            active = session.jobs.active
            if active:
                progress.report(active[0].fraction, f"{active[0].title}, {active[0].stage}")
            time.sleep(0.003)
    except BaseException:
        session.jobs.cancel_all()
        raise
    finally:
        progress.finish()
        session.message.disconnect(listen)
    if not session.document.cities and not session.document.scenarios:
        raise CliError(UNREADABLE, "" if failures else "nothing could be read.")
    for layer_id, report in session.document.reports.items():
        for issue in report.issues:
            if issue.kind == NOTHING_TO_DRAW:
                complain(f"{session.layer_name(layer_id)}: {issue.message}")


def _import_renderer() -> None:
    """Get VTK ready while worker processes read. What is missing is told when drawing."""
    with suppress(ImportError):
        for name in ("viewer.render.offscreen", "viewer.render.overlay", "viewer.render.resolve"):
            importlib.import_module(name)


def apply_options(session: Session, options: argparse.Namespace) -> None:
    """Run the commands that the options stand for, on every layer that has what they ask for."""
    run = session.run
    layers = [layer.id for layer in session.document.state.layers if layer.id in session.document.cities]
    cities = {layer: session.document.cities[layer] for layer in layers}
    if options.lod is not None and options.lod != LOD_HIGHEST:
        for layer in _having(cities, "LoD", options.lod, lambda city: city.lods):
            run("layer.set_lod", layer_id=layer, lod=options.lod)
    for name in options.hide:
        for layer in _having(cities, "type", name, lambda city: city.objects.type_names):
            run("layer.set_type_visible", layer_id=layer, type=name, visible=False)
    if options.filter is not None:
        _filter(session, cities, options.filter)
    if options.color_by is not None:
        _color(session, cities, options)
    if options.select:
        _select(session, cities, options.select)
    if options.label is not None:
        wanted = (
            _having(cities, "attribute", options.label, lambda city: city.objects.columns) if options.label else layers
        )
        for layer in wanted:
            run("layer.set_label", layer_id=layer, attribute=options.label)
    if options.no_labels:
        run("labels.set_visible", visible=False)
    if options.no_legend:
        run("legend.set_visible", visible=False)
    _light(session, options)


def _light(session: Session, options: argparse.Namespace) -> None:
    """Time of the light, shadows, and how much is drawn how carefully."""
    run = session.run
    if options.quality is not None:
        run("quality.set", quality=options.quality)
    if options.realism is not None:
        run("realism.set", realism=options.realism)
    if options.sun is not None:
        run("light.set_time", time=options.sun)
    if options.no_shadows:
        run("light.set_shadows", visible=False)
    if options.contours is not None:
        run("contours.set", step=options.contours)


def _having(cities: dict[str, Any], what: str, wanted: str, choices: Any) -> list[str]:
    """Layers that have the thing asked for; raises `CliError` naming the nearest if there is none."""
    found = [layer for layer, city in cities.items() if wanted in choices(city)]
    if not found:
        known = list(dict.fromkeys(str(name) for city in cities.values() for name in choices(city)))
        raise CliError(NOT_IN_IT, f"there is no {what} {wanted!r} in it. {suggest(wanted, known)}")
    return found


def suggest(wanted: str, known: list[str]) -> str:
    """The nearest of the names that there are, or some of them."""
    near = difflib.get_close_matches(wanted, known, 1)
    if near:
        return f"Did you mean {near[0]!r}?"
    shown = ", ".join(name or "(none)" for name in known[:SHOWN_CHOICES])
    more = f" and {len(known) - SHOWN_CHOICES} more" if len(known) > SHOWN_CHOICES else ""
    return f"It has: {shown or 'none'}{more}."


def _filter(session: Session, cities: dict[str, Any], expression: str) -> None:
    """Filter every layer; a layer without the attributes has nothing to show then."""
    compiled = compile_filter(expression)
    for name in compiled.names:
        _having(cities, "attribute", name, lambda city: city.objects.columns)
    matches = 0
    for layer, city in cities.items():
        if all(name in city.objects.columns for name in compiled.names):
            matches += int(np.count_nonzero(compiled.mask(city)))
            session.run("filter.set", layer_id=layer, expression=expression)
        else:
            session.run("layer.set_visible", layer_id=layer, visible=False)
    if not matches:
        complain(f"--filter {expression}: no object matches, the picture is empty.")


def _color(session: Session, cities: dict[str, Any], options: argparse.Namespace) -> None:
    attribute = options.color_by
    layers = list(cities)
    if attribute not in (BY_TYPE, BY_SURFACE, BY_THEME):
        layers = _having(cities, "attribute", attribute, lambda city: city.objects.columns)
        numeric = any(cities[layer].objects.columns[attribute].is_numeric() for layer in layers)
        if options.range and not numeric:
            raise CliError(NOT_IN_IT, f"--range needs a numeric attribute; {attribute!r} is not.")
    elif options.range:
        raise CliError(USAGE, f"--range needs a numeric attribute, not {attribute}.")
    for layer in layers:
        session.run("style.color_by", layer_id=layer, attribute=attribute)
        if options.palette:
            session.run("style.set_palette", layer_id=layer, palette=options.palette)
        if options.range:
            session.run("style.set_range", layer_id=layer, low=options.range[0], high=options.range[1])


def _select(session: Session, cities: dict[str, Any], ids: list[str]) -> None:
    for layer, city in cities.items():
        rows = derived(city).rows_of(ids)
        if len(rows) == len(set(ids)):
            session.run("selection.set", layer_id=layer, ids=tuple(ids))
            return
    for name in ids:
        if not any(len(derived(city).rows_of([name])) for city in cities.values()):
            raise CliError(NOT_IN_IT, f"there is no object {name!r} in it.")
    raise CliError(USAGE, "--select: the objects must belong to one layer.")


def choose_camera(session: Session, options: argparse.Namespace) -> Camera:
    """The view asked for; by default the whole scene from the south-west, 35 degrees down."""
    width, height = options.size
    if options.view is not None:
        known = {viewpoint.name: viewpoint.camera for viewpoint in session.document.state.viewpoints}
        if options.view not in known:
            raise CliError(NOT_IN_IT, f"there is no view {options.view!r} in it. {suggest(options.view, list(known))}")
        camera = known[options.view]
        return camera if options.fov is None else replace(camera, fov_deg=options.fov)
    fov = options.fov or Camera((0, 0, 1), (0, 0, 0)).fov_deg
    if options.camera is not None:
        ex, ey, ez, tx, ty, tz = options.camera
        return Camera((ex, ey, ez), (tx, ty, tz), fov_deg=fov)
    return navigation.default_view(session.scene_outline(), width / height, fov)
