"""What is painted: the results of each side at a moment, their one scale, and the difference where it is asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, TypeVar
from weakref import ref

import numpy as np
import numpy.typing as npt

from loaders.scenario.model import Classes, Result, TimeAxis, Variable
from viewer.analysis.difference import Difference, Refusal, classes_of, difference
from viewer.analysis.fields import Scale, scale_of
from viewer.analysis.moments import counted, joined, step_of
from viewer.analysis.showing import Side, shown_results, sides_of
from viewer.analysis.steps import Steps, steps_of
from viewer.document.document import Document
from viewer.document.state import ScenarioMode, ScenarioView

Made = TypeVar("Made")
DIFFERENCE_SAMPLES = 5
"""Steps that the classes of a difference are made from."""
AHEAD = 2
"""Steps prepared ahead of the clock."""

_NUMBERS = count(1)
_TOKENS: dict[int, tuple[ref[npt.NDArray[Any]], int]] = {}


def token(array: npt.NDArray[Any]) -> int:
    """A number for an array that no other array has, as long as the program runs."""
    found = _TOKENS.get(id(array))
    if found is not None and found[0]() is array:
        return found[1]
    if len(_TOKENS) > 4096:
        for key in [key for key, (held, _) in _TOKENS.items() if held() is None]:
            del _TOKENS[key]
    number = next(_NUMBERS)
    _TOKENS[id(array)] = (ref(array), number)
    return number


@dataclass(frozen=True, slots=True, eq=False)
class Painted:
    """A result that is painted at a step.

    Attributes:
        result: what is painted; of a difference B minus A.
        step: which of its steps.
        owner: id of the scenario whose geometry it has.
    """

    result: Result
    step: int
    owner: str


@dataclass(frozen=True, slots=True, eq=False)
class Showing:
    """All that a picture shows of scenarios at a moment.

    Attributes:
        mode: how they are compared; a comparison of one side is single.
        sides: the scenarios seen, A first.
        painted: for each side what is painted, None = nothing; a difference has one.
        scale: the one scale of all; None = nothing is painted.
        variable: what the scale belongs to.
        axis: the steps of all together; None = nothing has a time.
        moment: when; None = nothing has a time.
        difference: B minus A; None if that is not asked for, or not ready.
        refusal: why there is no difference; "" = nothing is wrong.
        ready: False while something is being prepared.
    """

    mode: ScenarioMode
    sides: tuple[Side, ...]
    painted: tuple[Painted | None, ...]
    scale: Scale | None
    variable: Variable | None
    axis: TimeAxis | None
    moment: float | None
    difference: Difference | None = None
    refusal: str = ""
    ready: bool = True

    @property
    def dated(self) -> bool:
        """True if the moment is a date."""
        return self.axis is not None and self.axis.dated


class Asker:
    """Asks for prepared steps and for those ahead; remembers what was not ready."""

    def __init__(self, steps: Steps, wait: bool) -> None:
        self.steps, self.wait = steps, wait
        self.ready = True
        self.families: set[Hashable] = set()

    def step(
        self, family: Hashable, rest: tuple[Hashable, ...], steps: int, step: int, make: Callable[[int], Made]
    ) -> Made | None:
        """What ``make(step)`` gives; the steps after it are prepared as well when there is time."""
        made, ready = self.steps.want((family, *rest, step), lambda: make(step), wait=self.wait)
        self.ready &= ready
        self.families.add(family)
        if ready and not self.wait and steps > 1:
            later = [k for k in range(step + 1, step + 1 + AHEAD) if k < steps]
            self.steps.ahead(family, [((family, *rest, k), lambda k=k: make(k)) for k in later])  # type: ignore[misc]
        return made

    def once(self, family: Hashable, rest: tuple[Hashable, ...], make: Callable[[], Made]) -> Made | None:
        """What ``make()`` gives."""
        made, ready = self.steps.want((family, *rest), make, wait=self.wait)
        self.ready &= ready
        self.families.add(family)
        return made


def showing(document: Document, moment: float | None, wait: bool = False) -> Showing | None:
    """What is shown of scenarios; None if none is. ``wait``: prepare what is needed here and now."""
    return show(document, moment, Asker(steps_of(document), wait))


def show(document: Document, moment: float | None, ask: Asker, view: ScenarioView | None = None) -> Showing | None:
    """As `showing`, with an asker that others ask through as well, and (if told) as another view than the document's
    would show it."""
    view = document.state.scenario_view if view is None else view
    sides = sides_of(document, view)
    if not sides:
        return None
    mode: ScenarioMode = view.mode if len(sides) > 1 else "single"
    axis = joined([result.time for result in shown_results(document, view)])
    if axis is not None and moment is None:
        moment = float(axis.starts[0])
    painted = tuple(_painted(side, axis, moment) for side in sides)
    variable = next((p.result.variable for p in painted if p is not None and p.result.patch is None), None)
    found = Showing(mode, sides, painted, None, variable, axis, moment if axis is not None else None)
    if variable is None:
        return replace(found, ready=ask.ready)
    if mode == "difference":
        return _with_difference(found, view.palette, ask)
    return replace(found, scale=_scale(found, variable, view.palette, ask), ready=ask.ready)


def step_at(result: Result, axis: TimeAxis | None, moment: float | None) -> int:
    """The step of a result at the clock's moment; the first where the two have different kinds of time."""
    if moment is None or axis is None or counted(result.time).dated != axis.dated:
        return 0
    return step_of(result.time, moment)


def _painted(side: Side, axis: TimeAxis | None, moment: float | None) -> Painted | None:
    if side.result is None:
        return None
    return Painted(side.result, step_at(side.result, axis, moment), side.id)


def _scale(found: Showing, variable: Variable, palette: str | None, ask: Asker) -> Scale | None:
    """The scale of the variable as the first scenario has it, over the values of all of them."""
    results = [painted.result for painted in found.painted if painted is not None]
    if variable.range is not None or variable.classes is not None:
        return scale_of(variable, (), palette)
    tokens = tuple(token(result.values) for result in results)
    return ask.once(("scale", variable.id), (tokens, palette), lambda: scale_of(variable, results, palette))


def _with_difference(found: Showing, palette: str | None, ask: Asker) -> Showing:
    """B minus A, painted in classes that are the same at every step."""
    a, b = found.painted[:2]
    if a is None or b is None:
        lacking = found.sides[0 if a is None else 1].name
        return replace(found, painted=(None,), refusal=f"{lacking} does not have this variable.", ready=ask.ready)
    one, two = a, b
    tokens = (token(one.result.values), token(two.result.values))
    classes = ask.once("difference classes", tokens, lambda: _classes(one.result, two.result))
    made: Difference | Refusal | None = ask.once(
        "difference", (*tokens, a.step, b.step), lambda: difference(one.result, two.result, one.step, two.step)
    )
    if isinstance(made, Refusal):
        return replace(found, painted=(None,), refusal=made.reason, ready=ask.ready)
    if made is None or made.result is None or not isinstance(classes, Classes):
        return replace(found, painted=(None,), difference=made, ready=ask.ready)
    variable = replace(made.result.variable, classes=classes)
    scale = scale_of(variable, (), palette)
    painted = Painted(replace(made.result, variable=variable), 0, a.owner)
    return replace(found, painted=(painted,), scale=scale, variable=variable, difference=made, ready=ask.ready)


def _classes(a: Result, b: Result) -> Classes | None:
    """Classes from the differences at a few steps of both, from the first to the last."""
    steps = {
        (round(share * (len(a.time) - 1)), round(share * (len(b.time) - 1)))
        for share in np.linspace(0.0, 1.0, DIFFERENCE_SAMPLES).tolist()
    }
    best: Classes | None = None
    for step_a, step_b in sorted(steps):
        made = difference(a, b, step_a, step_b)
        if isinstance(made, Refusal) or made.result is None:
            return None
        classes = made.result.variable.classes or classes_of(made.result.values)
        if best is None or _reach(classes) > _reach(best):
            best = classes
    return best


def _reach(classes: Classes) -> float:
    """How far the classes go; those of nothing but zeros go nowhere."""
    return max((abs(number) for number in classes.breaks), default=-math.inf)
