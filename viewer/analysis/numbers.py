"""Scenarios compared by numbers: the question, and the answer that `viewer.analysis.counting` gives.

Of people an answer holds only what may be told (`viewer.analysis.disclosure`); behind every number stand the objects
that it is made of.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loaders.scenario.model import Manifest, Result, Variable
from viewer.analysis.difference import round_number
from viewer.analysis.disclosure import NOTHING, Told
from viewer.analysis.fields import Scale, value_range
from viewer.analysis.indicators import Good
from viewer.analysis.legend import count_text
from viewer.analysis.links import Links
from viewer.analysis.measures import Exposures, Layers, Measure, Rows
from viewer.analysis.moments import step_text
from viewer.analysis.palettes import RGB
from viewer.document.state import NEAR_M


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A scenario that numbers are wanted of.

    Attributes: id, name; result: None if it does not have the variable; step: of the result, None = the worst of all;
    manifest: None for the city without a scenario. costs: results of the same scenario whose values are money, with
    their steps.
    """

    id: str
    name: str
    result: Result | None = None
    step: int | None = 0
    manifest: Manifest | None = None
    costs: tuple[tuple[Result, int | None], ...] = ()

    @property
    def moment(self) -> str:
        """Which moment it is of, for people."""
        if self.result is None or self.result.time.kind == "static":
            return ""
        if self.step is None:
            return "all moments" if self.result.moves is not None else "worst of all moments"
        return step_text(self.result.time, self.step)


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What is to be counted.

    Attributes:
        columns: the scenarios; ``baseline`` and ``other`` are places among them: changes are against the baseline.
        cities: the layers of the project. links: how results hang on them.
        threshold: what counts as affected; None = the first class break.
        zone_by: attribute with the quarter of each building; None = the likeliest there is, "" = none.
        weigh: id of the indicator that classes count; "" = the first there is.
        near_m: buildings lie at the links that are so near, metres.
        scale: colours of the classes; None = those of the variable.
    """

    columns: tuple[Asked, ...]
    cities: Layers
    links: Links
    exposures: Exposures
    baseline: int = 0
    other: int = 1
    threshold: float | None = None
    zone_by: str | None = None
    weigh: str = ""
    scale: Scale | None = None
    near_m: float = NEAR_M


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """A number of one scenario, with its range, what it is a part of, and the objects behind it."""

    value: Told = NOTHING
    low: Told = NOTHING
    high: Told = NOTHING
    total: Told = NOTHING
    change: Told = NOTHING
    rows: Rows = ()


@dataclass(frozen=True, slots=True, eq=False)
class IndicatorLine:
    """One indicator of all scenarios."""

    measure: Measure
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ChangeLine:
    """How a group or a quarter fares from the baseline to the other scenario, with the objects behind each number."""

    name: str
    better: Told
    worse: Told
    same: Told
    total: Told
    rows_better: Rows = ()
    rows_worse: Rows = ()


@dataclass(frozen=True, slots=True, eq=False)
class ClassLine:
    """What lies in one class, for each scenario."""

    label: str
    rgb: RGB
    values: tuple[Told, ...]
    rows: tuple[Rows, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """The answer.

    Attributes:
        question: what was asked. variable: as the first scenario that has it describes it; None = none has it.
        threshold: what counted as affected. good: which end of the values is better.
        measures: all that can be counted. zones: attributes that could be quarters; zone_by: the one used.
        indicators; groups, quarters: changes by group of people and by quarter, the first line is everybody;
        changed: what the changes count ("Residents"); classes; counted: what the classes count.
        why_not: why there are no indicators; "" = there are.
        how: how values came to buildings. weigh: id of what the classes count.
        head: what the indicators are about, in a word.
    """

    question: Question
    variable: Variable | None = None
    threshold: float = 0.0
    good: Good = "none"
    measures: tuple[Measure, ...] = ()
    zones: tuple[str, ...] = ()
    zone_by: str = ""
    indicators: tuple[IndicatorLine, ...] = ()
    groups: tuple[ChangeLine, ...] = ()
    quarters: tuple[ChangeLine, ...] = ()
    changed: str = ""
    classes: tuple[ClassLine, ...] = ()
    counted: str = ""
    why_not: str = ""
    how: str = ""
    weigh: str = ""
    head: str = "Affected"

    @property
    def affected(self) -> str:
        """What counts as affected, for people; "" where nothing does."""
        if self.variable is None or self.variable.binding == "trajectories":
            return ""
        return affected_text(self.variable, self.threshold)

    @property
    def counted_digits(self) -> int:
        """Decimals of what the classes count."""
        return next((m.indicator.digits for m in self.measures if m.indicator.id == self.weigh), 0)

    def method(self, measure: Measure) -> str:
        """How a number of a measure came about, for people."""
        indicator = measure.indicator
        if indicator.method:
            return indicator.method
        what = "Counted" if not indicator.column else "Summed up"
        over = f"{what} over buildings {self.affected}" if self.affected else f"{what} over buildings"
        return f"{over}; value of a building: {self.how}." if self.how else f"{over}."


def default_threshold(variable: Variable, results: list[Result]) -> float:
    """The first class break (the last, where high values are good); else the middle of the range, rounded."""
    breaks = variable.classes.breaks if variable.classes is not None else ()
    if breaks:
        return float(breaks[-1] if variable.good == "high" else breaks[0])
    low, high = variable.range or value_range(results)
    middle = 0.5 * (low + high)
    return float(np.copysign(round_number(abs(middle)), middle)) if middle else 0.0


def affected_text(variable: Variable, threshold: float) -> str:
    """What counts as affected, for people: "Water depth ≥ 0.2 m"."""
    unit = unit_of(variable)
    sign = "≤" if variable.good == "high" else "≥"
    return f"{sign} {threshold:.10g}{' ' + unit if unit else ''}"


def unit_of(variable: Variable) -> str:
    """The unit for people, "" for plain numbers."""
    return variable.unit_label or ("" if variable.unit == "1" else variable.unit)


def told_text(told: Told, signed: bool = False, digits: int = 0) -> str:
    """A number for people: "12 300", "+120", "hidden", "–" where there is none. ``digits``: decimals."""
    if told.value is None:
        return "hidden" if told.hidden else "–"
    number = round(told.value, digits)
    text = f"{abs(number):,.{digits}f}".replace(",", " ") if digits else count_text(abs(round(number)))
    sign = ("+" if number > 0 else "\u2212" if number < 0 else "±") if signed else "\u2212" if number < 0 else ""
    return f"{sign}{text}"
