"""Scenarios on the command line: ``--scenario``, ``--compare``, ``--time`` of ``render`` and ``pick``, and ``info``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from viewer.cli_common import NOT_IN_IT, USAGE, CliError, complain, plain
from viewer.document.state import BASE_MODEL
from viewer.session.registry import CommandError

if TYPE_CHECKING:
    from loaders.scenario.model import Result, Scenario
    from viewer.session.session import Session

BASE = "base"
"""How the city without a scenario is called, unless a scenario has that id."""


def check_scenario_options(options: argparse.Namespace) -> None:
    """Refuse what can be known to be wrong before a file is read; raises `CliError`."""
    if options.split is not None and not options.compare:
        raise CliError(USAGE, "--split needs --compare.")
    if options.compare_mode is not None and not options.compare:
        raise CliError(USAGE, "--compare-mode needs --compare.")
    count = len(options.compare.split(",")) if options.compare else 2
    if count > 2 and options.compare_mode != "split":
        raise CliError(USAGE, f"--compare {options.compare}: more than two are compared by --compare-mode split only.")


def apply_scenarios(session: Session, options: argparse.Namespace) -> None:
    """Show what the options ask for; raises `CliError` if it is not in what was opened."""
    scenario, _, variable = (options.scenario or "").partition("/")
    state = session.document.state
    for name in ("scenario", "compare"):
        value = getattr(options, name)
        if value is not None and not state.scenarios:
            raise CliError(NOT_IN_IT, f"--{name} {value}: what was opened has no scenarios.")
    if options.compare:
        ids = tuple(_id_of(session, text.strip()) for text in options.compare.split(","))
        _run(session, "scenario.show", ids=ids, variable=variable or None, mode=options.compare_mode or "swipe")
        if options.split is not None:
            session.run("scenario.set_position", position=options.split)
    elif options.scenario is not None:
        _run(session, "scenario.show", ids=(_id_of(session, scenario),), variable=variable or None, mode="single")
    if options.time is not None:
        if session.clock.axis is None:
            raise CliError(NOT_IN_IT, f"--time {options.time}: what was opened has no data over time.")
        _run(session, "clock.set", moment=options.time)
    if options.sun is not None and session.document.state.scenarios:
        session.run("scenario.set_sun", follow=False)
    _tell_unmatched(session)


def _tell_unmatched(session: Session) -> None:
    """Say on standard error how many ids of what is shown the city does not have."""
    view = session.document.state.scenario_view
    for scenario_id in view.shown:
        count = session.scenarios.count(scenario_id, view.variable)
        if count is not None and not count.complete:
            complain(f"{session.document.state.scenario(scenario_id).name}: {count.text}.")


def _id_of(session: Session, text: str) -> str:
    known = {item.id for item in session.document.state.scenarios}
    return BASE_MODEL if text == BASE and BASE not in known else text


def _run(session: Session, name: str, **arguments: Any) -> None:
    try:
        session.run(name, **arguments)
    except CommandError as error:
        raise CliError(NOT_IN_IT, str(error)) from error


def picked_values(session: Session, hit: Any) -> list[dict[str, Any]]:
    """What scenarios say at a place that was hit, for ``pick --json``."""
    from viewer.analysis.values_at import Spot, values_at

    spot = Spot(hit.layer_id, hit.row, hit.surface_row, tuple(float(value) for value in hit.position))  # type: ignore[arg-type]
    return [
        {
            "scenario": found.scenario,
            "name": found.name,
            "variable": found.variable,
            "title": found.title,
            "value": found.value,
            "low": found.low,
            "high": found.high,
            "unit": found.unit,
            "step": found.step,
            "state": found.state,
            "place": found.place,
            "why_no_range": found.why,
        }
        for found in values_at(session.document, session.clock.now, spot)
    ]


def values_text(values: list[dict[str, Any]]) -> list[str]:
    """The same for people, one line for each."""
    lines = []
    for found in values:
        text = found["state"]
        if found["value"] is not None:
            text = f"{found['value']:.6g} {plain(found['unit'])}".rstrip()
            if found["low"] is not None and found["high"] is not None:
                text += f" ({found['low']:.6g} to {found['high']:.6g})"
        if found["why_no_range"]:
            text += f" ({plain(found['why_no_range'].rstrip('.'))})"
        when = f", {plain(found['step'])}" if found["step"] else ""
        lines.append(f"  {plain(found['name'])}: {plain(found['title'])} {text}{when}")
    return lines


def describe_scenario(scenario: Scenario) -> dict[str, Any]:
    """What a package holds, for ``info --json``."""
    from loaders.scenario.model import text_in

    manifest = scenario.manifest
    made = manifest.provenance
    return {
        "id": manifest.id,
        "title": text_in(manifest.title),
        "crs": manifest.crs.name,
        "vertical_datum": manifest.vertical_datum,
        "baseline": manifest.baseline,
        "fictional": manifest.fictional,
        "digest": manifest.digest,
        "base": [{"identifier": base.identifier, "file": base.file, "sha256": base.sha256} for base in manifest.base],
        "provenance": {
            "publisher": made.publisher,
            "tool": made.tool,
            "tool_version": made.tool_version,
            "date": made.date,
            "licence": made.licence,
        },
        "variables": [_variable(name, result) for name, result in scenario.results.items()],
    }


def _variable(name: str, result: Result) -> dict[str, Any]:
    from loaders.scenario.model import text_in
    from viewer.analysis.moments import step_text

    variable, time = result.variable, result.time
    shape = list(result.values.shape[1:])
    if result.moves is not None:
        shape = [len(result.moves.ids)]
    return {
        "id": name,
        "title": text_in(variable.title),
        "binding": variable.binding,
        "unit": variable.unit,
        "unit_label": variable.unit_label,
        "steps": len(time),
        "first": step_text(time, 0),
        "last": step_text(time, len(time) - 1),
        "zone": time.zone if time.dated else None,
        "calendar": time.calendar,
        "shape": shape,
        "breaks": list(variable.classes.breaks) if variable.classes is not None else [],
        "uncertainty": variable.uncertainty.kind,
        "memory_mib": round(result.values.nbytes / 2**20, 1),
    }


def scenario_lines(found: dict[str, Any]) -> list[str]:
    """The same for people."""
    made = found["provenance"]
    origin = ", ".join(plain(made[key]) for key in ("tool", "tool_version", "date", "publisher") if made[key])
    lines = [f"  Scenario    {plain(found['title'] or found['id'])} (id {plain(found['id'])})"]
    if origin:
        lines.append(f"  Made with   {origin}")
    for variable in found["variables"]:
        size = " x ".join(f"{n:,}" for n in variable["shape"]) or "-"
        unit = f" in {plain(variable['unit_label'] or variable['unit'])}" if variable["unit"] not in ("", "1") else ""
        steps = variable["steps"]
        span = f", {plain(variable['first'])} to {plain(variable['last'])}" if steps > 1 else ""
        lines.append(
            f"  Variable    {plain(variable['id'])}: {plain(variable['title'])}{unit}, {variable['binding']},"
            f" {size} values, {steps:,} step{'s' * (steps != 1)}{span}, uncertainty {variable['uncertainty']}"
        )
    return lines
