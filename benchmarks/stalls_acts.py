"""What a user does to a real window, for the benchmark of its stalls: each act is a name and what is done."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from benchmarks.stalls_watch import Act
from loaders.api import LoadResult
from loaders.city import CityData, Column, Strings
from loaders.scenario.model import Scenario
from viewer.document.state import LayerState, ScenarioState
from viewer.ui.desktop.axis_slider import AxisSlider
from viewer.ui.desktop.window import MainWindow

STEP_S = 0.03
Acts = Iterable[tuple[str, Act]]
_LEFT, _NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton


class User:
    """The hands of a user at a window."""

    def __init__(self, window: MainWindow) -> None:
        self.window, self.session = window, window.session

    def run(self, name: str, **args: Any) -> Act:
        """Run a command."""

        def act() -> None:
            self.window.shell.run(name, **args)

        return act

    @property
    def layer(self) -> str:
        """The last layer."""
        return self.session.document.state.layers[-1].id

    @property
    def city(self) -> CityData:
        """Its city."""
        return self.session.document.cities[self.layer]

    def mouse(self, at: QWidget, kind: QEvent.Type, x: float, y: float, down: bool = False) -> None:
        """The mouse does something over a widget."""
        place, button = QPointF(x, y), _NONE if kind == QEvent.Type.MouseMove else _LEFT
        event = QMouseEvent(
            kind, place, at.mapToGlobal(place), button, _LEFT if down else _NONE, Qt.KeyboardModifier.NoModifier
        )
        QApplication.postEvent(at, event)

    def click(self, x: float = 0.5, y: float = 0.55) -> None:
        """Click the picture."""
        canvas = self.window.canvas
        x, y = x * canvas.width(), y * canvas.height()
        self.mouse(canvas, QEvent.Type.MouseButtonPress, x, y, True)
        self.mouse(canvas, QEvent.Type.MouseButtonRelease, x, y)

    def drag(
        self, at: QWidget | None = None, low: tuple[float, float] = (0.4, 0.5), high: tuple[float, float] = (0.7, 0.6)
    ) -> Iterator[float]:
        """Drag over a widget (shares of its size)."""
        at = at or self.window.canvas
        for k in range(42):
            x, y = (
                at_ * size for at_, size in zip(_between(low, high, k / 41), (at.width(), at.height()), strict=True)
            )
            kind = {0: QEvent.Type.MouseButtonPress, 41: QEvent.Type.MouseButtonRelease}.get(k, QEvent.Type.MouseMove)
            self.mouse(at, kind, x, y, k < 41)
            yield STEP_S

    def hover(self) -> Iterator[float]:
        """Move over the picture."""
        canvas = self.window.canvas
        for k in range(50):
            x, y = _between((0.3, 0.4), (0.7, 0.6), k / 49)
            self.mouse(canvas, QEvent.Type.MouseMove, x * canvas.width(), y * canvas.height())
            yield STEP_S

    def drag_clock(self) -> Iterator[float]:
        """Drag the slider of time from one end to the other."""
        (slider,) = (found for found in self.window.findChildren(AxisSlider) if found.isVisible())
        return self.drag(slider, (0.03, 0.6), (0.97, 0.6))

    def type_filter(self, text: str) -> Iterator[float]:
        """Type an expression and Return."""
        self.window.focus_filter()
        field = self.window.style_panel.filter
        for letter in text:
            yield 0.06
            QTest.keyClick(field, letter)
        yield 0.06
        QTest.keyClick(field, Qt.Key.Key_Return)

    def palette(self, text: str = "wal") -> Iterator[float]:
        """Open the palette of commands, type, close it."""
        self.window.open_palette()
        yield 0.3
        for letter in text:
            QTest.keyClick(self.window.palette_sheet.field, letter)
            yield 0.1
        self.window.palette_sheet.close_palette()

    def walk(self) -> Iterator[float]:
        """Hold W and look round."""
        canvas = self.window.canvas
        canvas.setFocus()
        yield 1.5
        QTest.keyPress(canvas, Qt.Key.Key_W)
        for _ in range(40):
            yield 0.05
            self.window.shell.run("walk.turn", yaw=1.5)
        QTest.keyRelease(canvas, Qt.Key.Key_W)

    def resize(self) -> Iterator[float]:
        """Make the window smaller and larger again, as a drag of its corner does."""
        size = self.window.size()
        for k in (*range(1, 9), *range(8, -1, -1)):
            self.window.resize(size.width() - 40 * k, size.height() - 25 * k)
            yield 0.05

    def sheets(self) -> Acts:
        """Everything that opens over or beside the picture."""
        window = self.window
        yield "palette", self.palette
        yield "find an object", partial(_open_close, window.open_find, window.palette_sheet.close_palette)
        yield "preferences", partial(_open_close, window.open_preferences, window.preferences.close_sheet)
        yield "keys", partial(_open_close, window.open_keys, window.keys_sheet.close_help)
        yield "panel Load report", self.run("window.show_panel", panel="report", visible=True)
        yield "panel Light", self.run("window.show_panel", panel="light", visible=True)
        yield "panel Tours", self.run("window.show_panel", panel="tours", visible=True)
        yield "panel Numbers", self.run("window.show_panel", panel="numbers", visible=True)


def sheets(user: User, path: Path) -> Acts:
    """What opens over or beside the picture, the first time, with a small city."""
    yield "open a small city", lambda: user.window.files.open([path])
    yield from user.sheets()


def demo(user: User, folder: Path) -> Acts:
    """The demo town with its scenarios."""
    run, panel = user.run, user.window.panels.numbers
    yield "open the demo", run("demo.open")
    count = len(user.session.document.state.scenarios)
    for number in range(2 * count):
        yield f"scenario {number % count + 1}{', again' if number >= count else ''}", run("scenario.next")
    yield "no scenario", run("scenario.hide")
    ids = [scenario.id for scenario in user.session.document.state.scenarios]
    storm = next((i for i in ids if "storm" in i), ids[0])
    yield "show a storm tide", run("scenario.show", ids=[storm])
    yield "panel Numbers", run("window.show_panel", panel="numbers", visible=True)
    for page in ("groups", "classes", "series", "tables", "indicators"):
        yield f"numbers, {page}", partial(panel.show_page, page)
    yield "drag the time", user.drag_clock
    for suffix in ("csv", "xlsx", "png"):
        yield f"export .{suffix}", run("indicators.export", path=str(folder / f"numbers.{suffix}"))
    yield "swipe", run("scenario.compare", ids=[storm, ""], mode="swipe")
    yield "split", run("scenario.set_mode", mode="split")
    yield "one again", run("scenario.set_mode", mode="single")
    yield "resize", user.resize
    yield "hover", user.hover
    yield "click", user.click
    yield "orbit", user.drag
    yield "walk", run("view.walk")
    yield "go through the streets", user.walk
    yield "textured", run("realism.set", realism="textured")
    yield "go, textured", user.walk
    yield "bird's eye", run("view.orbit_mode")
    yield "orbit, textured", user.drag
    yield "plain", run("realism.set", realism="plain")
    yield "dark", run("window.set_theme", theme="dark")
    yield "light", run("window.set_theme", theme="light")
    yield "save", run("file.save_as", path=str(folder / "demo.citiverse"))
    yield "new project", run("file.new")
    yield "open project", run("file.open_project", path=str(folder / "demo.citiverse"))


def city(user: User, path: Path) -> Acts:
    """A city of 57,000 objects and 3.6 M triangles."""
    run = user.run
    yield "open", lambda: user.window.files.open([path])
    layer, table = user.layer, user.city.objects
    yield "colour by type", run("style.color_by", layer_id=layer, attribute="@type")
    for name in tuple(table.columns)[:3]:
        yield f"colour by {name}", run("style.color_by", layer_id=layer, attribute=name)
    yield "colours of surfaces", run("style.color_by", layer_id=layer, attribute="@surface")
    yield "hover", user.hover
    yield "click", user.click
    yield "click elsewhere", partial(user.click, 0.45, 0.6)
    yield "orbit", user.drag
    yield "type a filter", partial(user.type_filter, 'id contains "1"')
    yield "no filter", run("filter.set", layer_id=layer, expression=None)
    yield f"select {len(table):,}", run("selection.set", layer_id=layer, rows=list(range(len(table))))
    yield "isolate", run("selection.isolate")
    yield "show all", run("visibility.show_all")
    yield "select a seventh", run("selection.set", layer_id=layer, rows=list(range(0, len(table), 7)))
    yield "select none", run("selection.clear")
    yield "hide a type", run("layer.set_type_visible", layer_id=layer, type=table.type_names[0], visible=False)
    yield "undo", run("edit.undo")
    yield "resize", user.resize
    yield "walk", run("view.walk")
    yield "go", user.walk
    yield "bird's eye", run("view.orbit_mode")
    yield "remove", run("layer.remove", layer_id=layer)
    yield "undo the removal", run("edit.undo")
    yield "redo", run("edit.redo")
    yield "undo again", run("edit.undo")


def million(user: User, folder: Path) -> Acts:
    """A million houses with results of a hundred hours."""
    from benchmarks import scenario_inputs as made

    houses, scenario = _million()
    yield "nothing", lambda: None
    yield "a layer comes", partial(_add_city, user, houses)
    layer = user.layer
    yield "colour by height", user.run("style.color_by", layer_id=layer, attribute="measuredHeight")
    yield "colour by use", user.run("style.color_by", layer_id=layer, attribute="use")
    yield "type a filter", partial(user.type_filter, 'measuredHeight > 12 and use == "office"')
    yield "another filter", partial(user.type_filter, 'id contains "77"')
    yield "no filter", user.run("filter.set", layer_id=layer, expression=None)
    yield "find an id", partial(_find, user, "h77777")
    yield "hover", user.hover
    yield "click", user.click
    yield "orbit", user.drag
    yield "results come", partial(_add_scenario, user, scenario)
    yield "show results", user.run("scenario.show", ids=["a"], variable=made.DEPTH.id)
    yield "drag the time", user.drag_clock
    yield "panel Numbers", user.run("window.show_panel", panel="numbers", visible=True)
    yield "a moment later", user.run("clock.step", steps=1)
    yield "select a class", user.run("indicators.select", indicator="objects")
    yield "select none", user.run("selection.clear")


def raster(user: User, folder: Path) -> Acts:
    """Rasters of 4096 x 4096 over the ground."""
    from benchmarks import scenario_inputs as made
    from benchmarks.scenarios import Sizes, ground

    plain, package = ground(Sizes(False)), made.raster_package(4096, 48).parent
    yield "a layer comes", partial(_add_city, user, plain)
    yield "open the package", user.run("scenario.open", paths=[str(package)])
    ids = [scenario.id for scenario in user.session.document.state.scenarios]
    yield "show rasters", user.run("scenario.show", ids=ids[:1], variable="heat")
    yield "drag the time", user.drag_clock
    yield "hover", user.hover
    yield "orbit", user.drag


def _between(low: tuple[float, float], high: tuple[float, float], share: float) -> tuple[float, float]:
    return low[0] + (high[0] - low[0]) * share, low[1] + (high[1] - low[1]) * share


def _open_close(show: Callable[[], object], hide: Callable[[], object]) -> Iterator[float]:
    show()
    yield 0.6
    hide()


def _find(user: User, text: str) -> Iterator[float]:
    user.window.open_find()
    yield 0.3
    for letter in text:
        QTest.keyClick(user.window.palette_sheet.field, letter)
        yield 0.1
    user.window.palette_sheet.close_palette()


def _million() -> tuple[CityData, Scenario]:
    from benchmarks import scenario_inputs as made

    count = 1_000_000
    town, random = made.town(count), np.random.default_rng(5)
    there = np.ones(count, np.bool_)
    uses = Strings.from_list(["home", "office", "shop", "school"])
    columns = {
        "measuredHeight": Column("measuredHeight", "number", random.gamma(3.0, 4.0, count), there),
        "use": Column("use", "string", random.integers(0, 4, count).astype(np.int32), there, uses),
    }
    town = replace(town, objects=replace(town.objects, columns=columns))
    return town, made.scenario("a", made.depths(count, 100, 0, town.objects.ids))


def _add_city(user: User, city: CityData) -> None:
    with user.session.document.change("Open") as edit:
        edit.add_city(
            LayerState("made", city.name, str(Path(tempfile.gettempdir()) / "made.json")), LoadResult(city, "made", "")
        )


def _add_scenario(user: User, scenario: Scenario) -> None:
    name = scenario.manifest.id
    with user.session.document.change("Open") as edit:
        edit.add_scenario(ScenarioState(name, name, str(Path(tempfile.gettempdir()) / name)), scenario)
