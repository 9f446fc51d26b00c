"""Counts what a question about scenarios asks for: indicators, who gains and who loses, what lies in each class.

Does the whole work for one question at once; for any thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise

import numpy as np

from loaders.city import Bool, Float32, Float64, Int64
from loaders.scenario.model import NOT_MODELLED, Variable
from viewer.analysis.disclosure import NOTHING, Told, tell, tell_parts
from viewer.analysis.exposure import NO_DATA_THERE, NOT_MODELLED_THERE, Exposure
from viewer.analysis.fields import (
    NO_VALUE,
    NOT_MODELLED_RGB,
    OUTSIDE,
    STATE_NAMES,
    ZERO,
    ZERO_RGB,
    Scale,
    legend_of,
    scale_of,
)
from viewer.analysis.indicators import Good, beyond, buildings_of
from viewer.analysis.legend import format_value
from viewer.analysis.measures import (
    Layers,
    Measure,
    Rows,
    amounts_of,
    built_layers,
    measures_of,
    rows_of,
    zone_attributes,
    zone_names,
)
from viewer.analysis.numbers import Cell, ChangeLine, ClassLine, IndicatorLine, Numbers, Question, default_threshold
from viewer.analysis.own_numbers import (
    PLACES,
    at_step,
    compared,
    cost_cells,
    cost_measures,
    feature_adds,
    link_cells,
    link_measures,
    near_titles,
    traffic,
)
from viewer.analysis.palettes import NO_DATA, RGB
from viewer.document.overlays import overlay_id

Tick = Callable[[float, str], None]
"""Called with the share done and what is being done; may raise to stop."""
RAMP_CLASSES = 8
"""A ramp is cut into so many classes."""
ELSEWHERE = "elsewhere"
NO_PART_RGB: RGB = (214, 214, 214)
"""What a result says nothing of; in the picture it is paler (`viewer.render.scenario_texels.MUTED`)."""
WHY_NOT = {
    "links": "No building lies at these links.",
    "trajectories": "Vehicles and people on their way are counted by kind; they are no values of buildings.",
    "patch": "It changes the city and has no values.",
    "mesh": "Values at the corners of a mesh tell nothing of single buildings.",
}


@dataclass(slots=True, eq=False)
class _Work:
    """Values at the buildings of all layers, for each scenario that has any."""

    question: Question
    cities: Layers
    among: dict[str, Bool] = field(default_factory=dict)
    values: list[dict[str, Exposure] | None] = field(default_factory=list)


def count(question: Question, tick: Tick = lambda _share, _stage: None) -> Numbers:
    """Answer a question. ``tick`` may raise to stop."""
    first = next((column.result for column in question.columns if column.result is not None), None)
    if first is None:
        return Numbers(question, why_not="Show a scenario and one of its variables to see numbers.")
    variable = first.variable
    results = [column.result for column in question.columns if column.result is not None]
    scale = question.scale or scale_of(variable, results)
    threshold = default_threshold(variable, results) if question.threshold is None else question.threshold
    work = _Work(question, built_layers(question.cities))
    measures = measures_of(work.cities)
    zones = zone_attributes(work.cities)
    zone_by = (zones[0] if zones else "") if question.zone_by is None else question.zone_by
    if variable.binding == "trajectories":
        told = Numbers(question, variable, threshold, variable.good, head="On their way")
        return traffic(told, results, WHY_NOT["trajectories"])
    how = _gather(work, tick)
    own = link_measures(results)
    built = near_titles(measures, question.near_m) if own else measures
    reached = any(values is not None for values in work.values)
    choice = (*own, *built) if reached else (*own, PLACES)
    weigh = next((m for m in choice if m.indicator.id == question.weigh), choice[0])
    told = Numbers(
        question, variable, threshold, variable.good, choice, zones, zone_by, counted=_named(weigh), how=how,
        weigh=weigh.indicator.id,
    )  # fmt: skip
    if not reached:
        lines = _feature_classes(question, scale, variable, weigh)
        why = WHY_NOT.get(variable.binding, "Its values do not reach any building.")
        why = why if work.cities else "There is no city under it to count in."
        found = compared(question, own, link_cells(question, threshold))
        return replace(told, indicators=found, classes=lines, counted=_named(weigh) if lines else "", why_not=why)
    tick(0.9, "counting")
    changed, groups, quarters = _changes(work, built, zone_by, variable.good)
    classes = _feature_classes if weigh in own else partial(_classes, work)
    return replace(
        told,
        indicators=_indicators(work, own, built, threshold, variable.good),
        groups=groups,
        quarters=quarters,
        changed=changed,
        classes=classes(question, scale, variable, weigh),
    )


def _named(measure: Measure) -> str:
    """What is counted, with its unit."""
    indicator = measure.indicator
    return f"{indicator.title}, {indicator.unit}" if indicator.unit else indicator.title


def _gather(work: _Work, tick: Tick) -> str:
    """Fill in the values at buildings; returns how they came there."""
    how = ""
    columns, cities = work.question.columns, work.cities
    for layer, city in cities:
        work.among[layer] = buildings_of(city)
    parts = max(len(columns) * len(cities), 1)
    for number, column in enumerate(columns):
        found: dict[str, Exposure] = {}
        for place, (layer, city) in enumerate(cities):
            begun = (number * len(cities) + place) / parts

            def share(done: float, begun: float = begun, name: str = column.name) -> None:
                tick(0.9 * (begun + done / parts), f"values of {name} at buildings")

            share(0.0)
            made = None
            if column.result is not None:
                made = work.question.exposures.at(
                    column.result, column.step, city, work.question.links, share, work.question.near_m
                )
            if made is not None:
                found[layer], how = made, made.how
        work.values.append(found or None)
    return how


def _sum(work: _Work, measure: Measure, masks: dict[str, Bool]) -> float:
    """What a measure adds up to over the objects of masks."""
    return sum(
        float(amounts_of(city, measure.indicator)[masks[layer]].sum()) for layer, city in work.cities if layer in masks
    )


def _housed(work: _Work, measures: tuple[Measure, ...], measure: Measure, masks: dict[str, Bool]) -> Rows:
    """The buildings behind a number: those that add to it; of groups, all that house people, whoever they are."""
    whole = next((m for m in measures if m.indicator.id == measure.family), measure)
    return rows_of(
        {
            layer: mask & (amounts_of(dict(work.cities)[layer], whole.indicator) > 0) if measure.people else mask
            for layer, mask in masks.items()
        }
    )


# --- indicators ---------------------------------------------------------------------------------------------------


def _indicators(
    work: _Work, own: tuple[Measure, ...], built: tuple[Measure, ...], threshold: float, good: Good
) -> tuple[IndicatorLine, ...]:
    """Lines of the links themselves, of buildings, and of costs."""
    question = work.question
    ends = [None if values is None else _affected(work, values, threshold, good) for values in work.values]
    columns = [_column(work, built, masks) for masks in ends]
    for column, cells in zip(columns, link_cells(question, threshold), strict=True):
        column.update(cells)
    for asked, column, masks in zip(question.columns, columns, ends, strict=True):
        if masks is not None:
            housed = partial(_housed, work, built, built[0])
            column.update(cost_cells(asked, work.cities, question.links, masks, work.among, housed))
    return compared(question, (*own, *built, *cost_measures(question.columns)), columns)


_Ends = tuple[dict[str, Bool], dict[str, Bool] | None, dict[str, Bool] | None]


def _affected(work: _Work, values: dict[str, Exposure], threshold: float, good: Good) -> _Ends:
    """Objects beyond the threshold by the value, by the less and by the more severe end of the range."""

    def masks(pick: Callable[[Exposure], Float32 | None]) -> dict[str, Bool]:
        return {
            layer: beyond(np.asarray(pick(made)), threshold, good) & work.among[layer] for layer, made in values.items()
        }

    ranged = all(made.low is not None and made.high is not None for made in values.values())
    ends = (masks(lambda made: made.low), masks(lambda made: made.high)) if ranged else (None, None)
    mild, severe = ends[::-1] if good == "high" else ends
    return masks(lambda made: made.values), mild, severe


def _column(work: _Work, measures: tuple[Measure, ...], ends: _Ends | None) -> dict[str, Cell]:
    """The cells of one scenario by indicator id."""
    if ends is None:
        return {}
    every = {layer: work.among[layer] for layer in ends[0]}
    kept = [mask for mask in (*ends, every) if mask is not None]
    sums = {m.indicator.id: np.array([_sum(work, m, mask) for mask in kept]) for m in measures}
    told = {name: [Told(number) for number in numbers.tolist()] for name, numbers in sums.items()}
    for measure in measures:
        name = measure.indicator.id
        if measure.people and not measure.part:
            told[name] = [tell(number) for number in sums[name].tolist()]
            parts = [m.indicator.id for m in measures if m.part and m.family == name]
            if parts:
                cells, told[name] = tell_parts(np.array([sums[part] for part in parts]), sums[name])
                told.update(zip(parts, cells, strict=True))
    out = {}
    for measure in measures:
        value, *middle, total = told[measure.indicator.id]
        low, high = middle or (NOTHING, NOTHING)
        out[measure.indicator.id] = Cell(value, low, high, total, rows=_housed(work, measures, measure, ends[0]))
    return out


# --- who gains, who loses -----------------------------------------------------------------------------------------


def _changes(
    work: _Work, measures: tuple[Measure, ...], zone_by: str, good: Good
) -> tuple[str, tuple[ChangeLine, ...], tuple[ChangeLine, ...]]:
    """What is counted, and the changes by group and by quarter. Where nobody is known to live, buildings count."""
    question = work.question
    if not all(0 <= number < len(work.values) for number in (question.baseline, question.other)):
        return "", (), ()
    a, b = work.values[question.baseline], work.values[question.other]
    if a is None or b is None or question.baseline == question.other:
        return "", (), ()
    masks = _turns(work, a, b, good)
    whole = next((m for m in measures if m.family and not m.part), None)
    whole = whole or next((m for m in measures if m.people), measures[0])
    parts = [m for m in measures if m.part and m.family == whole.family and whole.family]
    own = np.array([_sum(work, whole, mask) for mask in masks])
    sums = np.array([[_sum(work, m, mask) for mask in masks] for m in parts]).reshape(len(parts), 4)
    rows = [[_housed(work, measures, m, mask) for mask in masks[:2]] for m in [whole, *parts]]
    names = [whole.indicator.title, *(m.indicator.title for m in parts)]
    groups = _lines(names, sums, own, rows, whole.people)
    zones, sums, cut = _by_zone(work, zone_by, masks, whole)
    quarters = _lines([whole.indicator.title, *zones], sums, own, [rows[0], *cut], whole.people)
    return whole.indicator.title, groups, quarters if zones else ()


def _turns(work: _Work, a: dict[str, Exposure], b: dict[str, Exposure], good: Good) -> list[dict[str, Bool]]:
    """Objects that fare better, worse, as before; and all whose values are known in both."""
    out: list[dict[str, Bool]] = [{}, {}, {}, {}]
    for layer in a.keys() & b.keys():
        with np.errstate(invalid="ignore"):
            change = b[layer].values - a[layer].values
            known = np.isfinite(change) & work.among[layer]
            fall, rise = known & (change < 0), known & (change > 0)
        better, worse = (rise, fall) if good == "high" else (fall, rise)
        for masks, mask in zip(out, (better, worse, known & ~fall & ~rise, known), strict=True):
            masks[layer] = mask
    return out


def _by_zone(
    work: _Work, attribute: str, masks: list[dict[str, Bool]], measure: Measure
) -> tuple[list[str], Float64, list[list[Rows]]]:
    """Names of the quarters that have something, what the masks add up to in them float64 (Z, 4), and the objects that
    fare better and worse. What has no quarter is one of its own."""
    sums: dict[str, Float64] = {}
    rows: dict[str, list[list[tuple[str, Int64]]]] = {}
    for layer, city in work.cities if attribute else ():
        if layer not in masks[3]:
            continue
        own, codes = zone_names(city, attribute)
        adds = amounts_of(city, measure.indicator)
        names = [*own, ELSEWHERE]
        codes = np.where(codes < 0, len(own), codes)
        used = np.unique(codes[masks[3][layer]])
        by_code = [np.bincount(codes[m[layer]], adds[m[layer]], len(names)) for m in masks]
        found = [np.flatnonzero(m[layer] & (adds > 0)) for m in masks[:2]]
        for code in used.tolist():
            name = names[code]
            sums[name] = sums.get(name, np.zeros(4)) + [column[code] for column in by_code]
            kept = rows.setdefault(name, [[], []])
            for place, part in enumerate(found):
                inside = part[codes[part] == code]
                if len(inside):
                    kept[place].append((layer, inside))
    lived = [name for name, numbers in sums.items() if numbers[3] > 0]
    order = sorted(lived, key=lambda name: (name == ELSEWHERE, name.casefold()))
    table = np.array([sums[name] for name in order]).reshape(len(order), 4)
    return order, table, [[tuple(part) for part in rows[name]] for name in order]


def _lines(
    names: list[str], parts: Float64, own: Float64, rows: list[list[Rows]], people: bool
) -> tuple[ChangeLine, ...]:
    """Everybody first, then the parts."""
    if people:
        told_parts, told = tell_parts(parts, own, rows_add_up=True)
    else:
        told_parts, told = [[Told(x) for x in row] for row in parts.tolist()], [Told(x) for x in own.tolist()]
    return tuple(
        ChangeLine(name, better, worse, same, total, found[0], found[1])
        for name, (better, worse, same, total), found in zip(names, [told, *told_parts], rows, strict=True)
    )


# --- classes ------------------------------------------------------------------------------------------------------


def _bins(scale: Scale, variable: Variable) -> tuple[tuple[float, ...], list[str], list[RGB]]:
    """Breaks, names and colours of the classes; a ramp is cut into a few."""
    if not scale.ramp:
        entries = legend_of(scale, variable).entries
        return scale.breaks, [entry.label for entry in entries], list(scale.colours)
    ends = np.linspace(scale.low, scale.high, RAMP_CLASSES + 1)
    step = float(ends[1] - ends[0])
    texts = [format_value(float(end), step or 1.0) for end in ends]
    names = [f"{a} – {b}" for a, b in pairwise(texts)]
    names[0], names[-1] = f"< {texts[1]}", f"≥ {texts[-2]}"
    return tuple(ends[1:-1].tolist()), names, [scale.rgb_of(float(0.5 * (a + b))) for a, b in pairwise(ends.tolist())]


def _class_of(values: Float32, scale: Scale, breaks: tuple[float, ...], gaps: Float32 | None = None) -> Int64:
    """int64 (N,): the class of each value; -1 = zero with a look of its own, -2 = no data, -3 = not modelled, -4 = the
    result says nothing of it. ``gaps`` as in `Exposure`, where the values do not tell."""
    # as float32, in which both the values and the breaks of the picture are
    found = np.searchsorted(np.asarray(breaks, np.float32), values.astype(np.float32), side="right").astype(np.int64)
    if scale.zero:
        found[values == 0] = -1
    found[np.isnan(values)] = -2
    found[values == NOT_MODELLED] = -3
    if gaps is not None:
        none = ~np.isfinite(values)
        found[none] = np.select([gaps[none] == NO_DATA_THERE, gaps[none] == NOT_MODELLED_THERE], [-2, -3], -4)
    return found


def _kinds(scale: Scale, variable: Variable) -> list[tuple[int, str, RGB]]:
    _, names, colours = _bins(scale, variable)
    found = [(k, name, rgb) for k, (name, rgb) in enumerate(zip(names, colours, strict=True))]
    if scale.zero:
        found.insert(0, (-1, STATE_NAMES[ZERO], ZERO_RGB))
    states = ((-2, STATE_NAMES[NO_VALUE], NO_DATA), (-3, STATE_NAMES[OUTSIDE], NOT_MODELLED_RGB))
    return [*found, *states, (-4, "not part of the result", NO_PART_RGB)]


def _classes(
    work: _Work, _question: Question, scale: Scale, variable: Variable, weigh: Measure
) -> tuple[ClassLine, ...]:
    breaks, kinds = _bins(scale, variable)[0], _kinds(scale, variable)
    told: list[list[Told]] = []
    behind: list[list[Rows]] = []
    measures = measures_of(work.cities)
    for values in work.values:
        if values is None:
            told.append([NOTHING] * len(kinds))
            behind.append([()] * len(kinds))
            continue
        codes = {layer: _class_of(np.asarray(made.values), scale, breaks, made.gaps) for layer, made in values.items()}
        masks = [
            {layer: (np.asarray(own) == kind) & work.among[layer] for layer, own in codes.items()}
            for kind, _, _ in kinds
        ]
        sums = np.array([[_sum(work, weigh, mask)] for mask in masks])
        cells = tell_parts(sums, sums.sum(axis=0))[0] if weigh.people else [[Told(x)] for x in sums[:, 0].tolist()]
        told.append([cell[0] for cell in cells])
        behind.append([_housed(work, measures, weigh, mask) for mask in masks])
    return tuple(
        ClassLine(name, rgb, tuple(column[k] for column in told), tuple(column[k] for column in behind))
        for k, (_, name, rgb) in enumerate(kinds)
        if _is_used(k, kinds, behind)
    )


def _is_used(k: int, kinds: list[tuple[int, str, RGB]], behind: list[list[Rows]]) -> bool:
    """Classes are always shown; states only where there is something."""
    return kinds[k][0] >= 0 or any(column[k] for column in behind)


def _feature_classes(question: Question, scale: Scale, variable: Variable, weigh: Measure) -> tuple[ClassLine, ...]:
    """Classes of the features of a result itself, where its values tell nothing of buildings."""
    breaks, kinds = _bins(scale, variable)[0], _kinds(scale, variable)
    told: list[list[Told]] = []
    behind: list[list[Rows]] = []
    for column in question.columns:
        result = column.result
        if result is None or result.overlay is None or result.smooth or result.values.ndim != 2:
            told.append([NOTHING] * len(kinds))
            behind.append([()] * len(kinds))
            continue
        values = at_step(result, result.values, column.step)
        assert values is not None
        adds = feature_adds(result, weigh)
        codes = np.asarray(_class_of(values, scale, breaks))
        layer = overlay_id(column.id, result.variable.id)
        rows = [np.flatnonzero(codes == kind) for kind, _, _ in kinds]
        told.append([Told(float(adds[own].sum())) for own in rows])
        behind.append([((layer, own),) if len(own) else () for own in rows])
    if not any(any(column) for column in behind):
        return ()
    return tuple(
        ClassLine(name, rgb, tuple(column[k] for column in told), tuple(column[k] for column in behind))
        for k, (_, name, rgb) in enumerate(kinds)
        if _is_used(k, kinds, behind)
    )
