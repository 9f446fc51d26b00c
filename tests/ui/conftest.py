"""A small city in memory and a session around it: what the panels need, without files, jobs or OpenGL."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from loaders.api import Issue, LoadResult, Severity
from loaders.city import (
    CityData,
    Column,
    CrsInfo,
    LodMesh,
    ObjectTable,
    Strings,
    SurfaceTable,
    TileSet,
)

IDS = ["house-1", "house-1-part-a", "house-1-part-b", "家屋-2", "tree-1", "<b>bold</b>\u202egnp.exe"]
TYPES = ["Building", "BuildingPart", "BuildingPart", "Building", "SolitaryVegetationObject", "Building"]


def _column(name: str, values: list[object]) -> Column:
    present = np.array([v is not None for v in values])
    if all(isinstance(v, float) for v in values if v is not None):
        return Column(name, "number", np.array([0.0 if v is None else v for v in values]), present)
    texts = sorted({str(v) for v in values if v is not None})
    codes = np.array([texts.index(str(v)) if v is not None else -1 for v in values], np.int32)
    return Column(name, "string", codes, present, Strings.from_list(texts))


def make_city(name: str = "town") -> CityData:
    """Six objects: a building with two parts, one with a Japanese id, a tree, one with a hostile id."""
    count = len(IDS)
    names = tuple(dict.fromkeys(TYPES))
    parents = [[], [0], [0], [], [], []]
    objects = ObjectTable(
        Strings.from_list(IDS),
        np.array([names.index(t) for t in TYPES], np.int16),
        names,
        np.cumsum([0, *map(len, parents)]).astype(np.int64),
        np.array([p for ps in parents for p in ps], np.int32),
        {
            "height": _column("height", [12.5, None, None, 30.0, None, 7.0]),
            "function": _column("function", ["office", None, None, "home & <i>garden</i>", None, "office"]),
        },
    )
    surfaces = SurfaceTable(
        np.array([0], np.int16), ("RoofSurface",), np.array([0], np.int32), {"slope": _column("slope", [31.5])}
    )
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)
    positions = np.concatenate([corners + np.float32([3 * i, 0, 0]) for i in range(count)])
    tags = np.stack([np.repeat(np.arange(count), 3), np.ones(3 * count)], axis=1).astype(np.float32)
    tiles = TileSet(
        np.zeros((1, 3)),
        np.array([[0, 0, 0, 3 * count, 1, 0]], np.float64),
        np.array([0, 3 * count], np.int64),
        np.array([0, count], np.int64),
        positions,
        tags,
        np.arange(3 * count, dtype=np.int32).reshape(-1, 3),
        np.zeros(count, np.int32),
    )
    mesh = LodMesh("2", tiles, np.ones(count, np.bool_), 0.5 * count)
    box = np.array([0, 0, 0, 3 * count, 1, 0], np.float64)
    return CityData(name, CrsInfo("EPSG:7415"), box, objects, surfaces, {"2": mesh})


ISSUES = (
    Issue(Severity.INFO, "missing-transform", "The file has no transform; it was taken as 1", 1),
    Issue(Severity.WARNING, "bad-ring", "Rings with fewer than three corners were left out", 42, ("house-1", "gone")),
)


SHELLS: list[Any] = []
"""The shell of the test, if it has one."""


def settle() -> None:
    """Let panels show what they were to show soon, however busy the machine is."""
    from PySide6.QtTest import QTest

    if QApplication.instance() is not None:
        QTest.qWait(25)
        limit = time.monotonic() + 60
        while not all(shell.idle for shell in SHELLS):
            assert time.monotonic() < limit, "panels never finish"
            QTest.qWait(5)


@pytest.fixture
def city() -> CityData:
    return make_city()


@pytest.fixture
def session(tmp_path: Path) -> Iterator[object]:
    """A session with nothing open; its document can be filled with `add_layer`."""
    from viewer.document.document import Document
    from viewer.jobs.queue import JobQueue
    from viewer.session.session import Session
    from viewer.settings.settings import Settings

    made = Session(Document(), JobQueue(), Settings(tmp_path / "settings.json"), autosave=False)
    yield made
    made.close()
    made.jobs.shutdown()


@pytest.fixture
def add_layer(session: object) -> Callable[..., str]:
    """Put a city into the session's document, as a finished load would."""
    from viewer.document.state import LayerState

    def add(city: CityData | None = None, name: str = "town", issues: tuple[Issue, ...] = ISSUES) -> str:
        document = session.document  # type: ignore[attr-defined]
        layer_id = document.new_layer_id()
        with document.change(f"Open {name}") as edit:
            result = LoadResult(city or make_city(name), "CityJSON", "2.0", issues)
            edit.add_city(LayerState(layer_id, name, f"/data/{name}.city.json"), result)
        settle()
        return str(layer_id)

    return add


@pytest.fixture
def shell(qapp: object, session: object) -> Iterator[object]:
    """What the panels are given, in the light theme."""
    from PySide6.QtCore import QCoreApplication, QEvent

    from viewer.ui.desktop.shell import Shell
    from viewer.ui.theme import ThemeManager

    themes = ThemeManager(qapp, "light")  # type: ignore[arg-type]
    made = Shell(session, themes)  # type: ignore[arg-type]
    SHELLS.append(made)
    yield made
    SHELLS.clear()
    made.deleteLater()
    themes.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.setStyleSheet("")  # type: ignore[attr-defined]
