"""A console over a small city in memory: two viewpoints, a tour with words, and screens that tests make up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from loaders.api import LoadResult
from viewer.document.state import Camera, DocumentState, LayerState, Tour, TourStep, Viewpoint

FRONT = Camera((10.0, -60.0, 30.0), (10.0, 5.0, 0.0))
SIDE = Camera((70.0, 5.0, 20.0), (10.0, 5.0, 0.0))
STEPS = (
    TourStep("front", transition="cut", texts=(("en", "Look here"), ("nl", "Kijk hier"), ("x-notes", "Smile."))),
    TourStep("gone", transition="cut"),
    TourStep("side", dwell=0.05, transition="cut"),
)


@pytest.fixture
def session(tmp_path: Path, small_city: Callable[..., Any]) -> Iterator[Any]:
    from viewer.document.document import Document
    from viewer.jobs.queue import JobQueue
    from viewer.session.session import Session
    from viewer.settings.settings import Settings

    made = Session(Document(), JobQueue(), Settings(tmp_path / "settings.json"), autosave=False)
    file = tmp_path / "town.city.json"
    file.touch()
    made.document.reset(DocumentState(title="Town", crs="EPSG:7415", layers=(LayerState("a", "town", str(file)),)))
    city = small_city([("house", "Building", [], {}, ["2"]), ("shed", "Building", [], {}, ["2"])])
    made.document.provide_city("a", LoadResult(city, "CityJSON", "2.0", ()))
    with made.document.change("views") as edit:
        views = (Viewpoint("front", FRONT), Viewpoint("side", SIDE))
        edit.state = replace(edit.state, viewpoints=views, tours=(Tour("Walk", STEPS),))
    yield made
    made.close()
    made.jobs.shutdown()


@pytest.fixture
def screens(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The desktop's screens: a laptop and a projector; change the list, then call `Screens.changed`."""
    from PySide6.QtCore import QRect

    from viewer.ui.presenter.screens import ScreenInfo, Screens

    there = [ScreenInfo("laptop", QRect(0, 0, 800, 800)), ScreenInfo("projector", QRect(2000, 0, 640, 360))]
    monkeypatch.setattr(Screens, "all", lambda _self: list(there))
    return there


@pytest.fixture
def console(qapp: Any, qtbot: Any, session: Any, screens: list[Any]) -> Iterator[Any]:
    from PySide6.QtCore import QCoreApplication, QEvent

    from viewer.ui.presenter.console import Console
    from viewer.ui.presenter.inhibit import Inhibitor
    from viewer.ui.theme import ThemeManager

    themes = ThemeManager(qapp, "light")
    made = Console(session, themes, minutes=20, inhibitor=Inhibitor(call=lambda *_: True, platform="linux"))
    made.resize(800, 600)
    made.move(0, 0)
    made.show()
    made.start()
    qtbot.waitUntil(lambda: made.report is not None and not made.rehearsal.running)
    yield made
    made.close()
    made.deleteLater()
    themes.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.setStyleSheet("")
