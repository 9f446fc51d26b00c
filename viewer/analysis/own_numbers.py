"""Numbers of results themselves, beside those of buildings: lengths of links, traffic, and costs that packages tell.

Costs are never made here: they are values of a package (a variable whose unit is money), added up.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from loaders.city import Bool, CityData, Float32, Float64
from loaders.scenario.model import NOT_MODELLED, Manifest, Result, Variable, text_in
from viewer.analysis.derived import derived
from viewer.analysis.disclosure import NOTHING, Told, less
from viewer.analysis.indicators import Indicator, beyond
from viewer.analysis.links import Links
from viewer.analysis.measures import Layers, Measure, Rows, object_rows
from viewer.analysis.numbers import Asked, Cell, IndicatorLine, Numbers, Question
from viewer.analysis.streets import street_lengths
from viewer.analysis.traffic import traffic_measures, traffic_told
from viewer.document.overlays import overlay_id

MONEY = re.compile(
    r"\{(EUR|USD|GBP|CHF|JPY|CNY|INR|BRL|CAD|AUD|NZD|DKK|SEK|NOK|PLN|CZK|HUF|RON|TRY|ZAR|MXN|KRW)\}|€|\$|£"
)
"""Currencies of ISO 4217 that a unit may name, as an annotation of UCUM ("{EUR}", "10*3.{EUR}")."""
LENGTH = Measure(
    Indicator("links:length", "Length of links", "km", "@length", 1, "Length in plan of the links that are affected.")
)
NUMBER = Measure(Indicator("links:count", "Links", "", "@links", method="Links that are affected."))
PLACES = Measure(Indicator("places", "Places", "", "@places", method="Features of the result itself."))
Masks = dict[str, Bool]
Cells = dict[str, Cell]


def compared(question: Question, measures: tuple[Measure, ...], columns: list[Cells]) -> tuple[IndicatorLine, ...]:
    """A line for each measure, with the change of each scenario against the baseline."""
    base = columns[question.baseline] if question.baseline < len(columns) else {}
    lines = []
    for measure in measures:
        name = measure.indicator.id
        cells = []
        for number, column in enumerate(columns):
            cell, before = column.get(name, Cell()), base.get(name)
            if name in column and before is not None and number != question.baseline:
                cell = replace(cell, change=less(cell.value, before.value))
            cells.append(cell)
        lines.append(IndicatorLine(measure, tuple(cells)))
    return tuple(lines)


# --- links --------------------------------------------------------------------------------------------------------


def link_measures(results: list[Result]) -> tuple[Measure, ...]:
    """What is counted of links; nothing of other results, and no length of links that are not drawn."""
    drawn = [result.overlay for result in results if result.variable.binding == "links" and result.overlay is not None]
    if not drawn:
        return ()
    return (LENGTH, NUMBER) if any(street_lengths(overlay).any() for overlay in drawn) else (NUMBER,)


def link_cells(question: Question, threshold: float) -> list[Cells]:
    """Of each scenario: length and number of links beyond the threshold, by id of the measure."""
    return [_of_links(column, threshold) for column in question.columns]


def _of_links(column: Asked, threshold: float) -> Cells:
    result = column.result
    if result is None or result.overlay is None or result.variable.binding != "links":
        return {}
    metres, good = street_lengths(result.overlay), result.variable.good
    bands = [at_step(result, part, column.step) for part in (result.values, result.low, result.high)]
    hits = [None if band is None else beyond(band, threshold, good) for band in bands]
    main, low, high = hits
    assert main is not None
    mild, severe = (high, low) if good == "high" else (low, high)
    rows = np.flatnonzero(main)
    behind: Rows = ((overlay_id(column.id, result.variable.id), rows),) if len(rows) else ()

    def cell(adds: Float64) -> Cell:
        ends = [NOTHING if hit is None else Told(float(adds[hit].sum())) for hit in (mild, severe)]
        return Cell(Told(float(adds[main].sum())), ends[0], ends[1], Told(float(adds.sum())), rows=behind)

    return {LENGTH.indicator.id: cell(metres / 1000.0), NUMBER.indicator.id: cell(np.ones(len(metres)))}


def at_step(result: Result, part: Float32 | None, step: int | None) -> Float32 | None:
    """A part of a result at a step, or its worst over all steps (None), float32 (N,); NaN where there is none,
    `NOT_MODELLED` where that was at no step."""
    if part is None:
        return None
    if step is not None:
        return np.asarray(part[step], np.float32)
    worse = np.fmin if result.variable.good == "high" else np.fmax
    values = np.asarray(part)
    worst = worse.reduce(np.where(np.isfinite(values), values, np.float32(np.nan)), axis=0)
    return np.where((values == NOT_MODELLED).all(axis=0), NOT_MODELLED, worst).astype(np.float32)


def feature_adds(result: Result, measure: Measure) -> Float64:
    """What each feature of a result adds to its class: its length in km, or 1; float64 (N,)."""
    assert result.overlay is not None
    if measure.indicator.id == LENGTH.indicator.id:
        return street_lengths(result.overlay) / 1000.0
    return np.ones(len(result.overlay.objects))


def near_titles(measures: tuple[Measure, ...], near_m: float) -> tuple[Measure, ...]:
    """The measures of buildings with the distance within which they lie at links in their names."""

    def named(measure: Measure) -> Measure:
        title = f"{measure.indicator.title} within {near_m:g} m"
        return measure if measure.part else replace(measure, indicator=replace(measure.indicator, title=title))

    return tuple(named(measure) for measure in measures)


# --- traffic ------------------------------------------------------------------------------------------------------


def traffic(told: Numbers, results: list[Result], why: str) -> Numbers:
    """The answer for moving vehicles and people: how many, how far, how fast, by kind."""
    question = told.question
    measures = traffic_measures(results)
    columns: list[Cells] = []
    for column in question.columns:
        found = traffic_told(column.result, column.step) if column.result is not None else {}
        columns.append({name: Cell(value, total=total) for name, (value, total) in found.items()})
    return replace(told, indicators=compared(question, measures, columns), why_not=why)


# --- costs --------------------------------------------------------------------------------------------------------


def is_money(variable: Variable) -> bool:
    """True if the values are sums of money (not money for each square metre or year)."""
    return variable.binding == "object" and "/" not in variable.unit and bool(MONEY.search(variable.unit))


def cost_measures(columns: tuple[Asked, ...]) -> tuple[Measure, ...]:
    """One for every cost that any of the scenarios tells."""
    found: dict[str, Measure] = {}
    for column in columns:
        for result, _ in column.costs:
            variable = result.variable
            title, unit = text_in(variable.title) or variable.id, variable.unit_label or variable.unit
            how = f"“{title}” of the affected buildings, added up; values as published by {_by(column.manifest)}."
            own = Measure(Indicator(f"cost:{variable.id}", title, unit, "@cost", method=how))
            found.setdefault(own.indicator.id, own)
    return tuple(found.values())


def _by(manifest: Manifest | None) -> str:
    made = manifest.provenance if manifest is not None else None
    tool = " ".join(part for part in (made.tool, made.tool_version) if part) if made is not None else ""
    publisher = made.publisher if made is not None else ""
    return ", ".join(part for part in (publisher, tool) if part) or "the package"


def cost_cells(
    column: Asked, cities: Layers, links: Links, ends: tuple[Masks, Masks | None, Masks | None], every: Masks,
    housed: Callable[[Masks], Rows],
) -> Cells:  # fmt: skip
    """Costs of one scenario at the objects of masks (affected by the value, the mild and the severe end)."""
    out: Cells = {}
    for result, step in column.costs:
        sums = []
        bands = [at_step(result, part, step) for part in (result.values, result.low, result.high)]
        main, low, high = bands
        for band, masks in ((main, ends[0]), (low, ends[1] or ends[0]), (high, ends[2] or ends[0]), (main, every)):
            sums.append(NOTHING if band is None else Told(_added(result, band, cities, links, masks)))
        value, mild, severe, total = sums
        out[f"cost:{result.variable.id}"] = Cell(value, mild, severe, total, rows=housed(ends[0]))
    return out


def _added(result: Result, band: Float32, cities: Layers, links: Links, masks: Masks) -> float:
    total = 0.0
    for layer, city in cities:
        rows = object_rows(result, city, links)
        if layer in masks and rows is not None:
            total += float(sums_at(band, rows, city)[masks[layer]].sum())
    return total


def sums_at(band: Float32, rows: np.ndarray, city: CityData) -> Float64:
    """Values float32 (K,) of objects ``rows`` int64 (K,), -1 = none, float64 (N,): parts are added to their building
    where it has no value of its own."""
    out = np.zeros(len(city.objects))
    use = (rows >= 0) & np.isfinite(band)
    np.add.at(out, rows[use], band[use].astype(np.float64))
    told = np.zeros(len(out), np.bool_)
    told[rows[use]] = True
    base = derived(city)
    lacks = ~told[base.edge_parent] & told[base.edge_child]
    np.add.at(out, base.edge_parent[lacks], out[base.edge_child[lacks]])
    return out
