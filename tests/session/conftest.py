from types import SimpleNamespace

import pytest

from loaders.api import Issue, LoadError, LoadResult, Severity
from loaders.worker import LoadedFile
from viewer.document.document import Document
from viewer.jobs import Job, JobQueue, Lane
from viewer.session import opening
from viewer.session.session import Session
from viewer.settings.settings import Settings

FAMILY = [
    ("house", "Building", [], {"height": 30.0, "function": "office"}, ["1"]),
    ("part", "BuildingPart", ["house"], {}, ["1", "2"]),
    ("road", "Road", [], {"lanes": 2}, ["1"]),
    ("idea", "Building", [], {}, []),
]


class Clock:
    """Time that passes when the test says so."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class FakeLoad(Job):
    """A load that ends when the test says so, in place of `LoadJob`."""

    lane = Lane.PARSE
    running = []

    def __init__(self, path, on_done, on_error, options, cache, *, on_cancel=None, ready=None):
        super().__init__(f"Opening {path.name}")
        self.path, self.options, self.cache = path, options, cache
        self._done, self._error, self._cancel = on_done, on_error, on_cancel
        self._ready, self.started = ready, False
        self.outcome = None
        FakeLoad.running.append(self)

    def ready(self):
        return self._ready is None or self._ready()

    def start(self, threads):
        self.started = True
        if callable(self.options):
            self.options = self.options()

    def poll(self):
        return self.outcome is not None

    def cancel(self):
        self.outcome = self.outcome or "cancelled"

    def deliver(self):
        if isinstance(self.outcome, LoadError):
            self._error(self.outcome)
        else:
            self._done(self.outcome)

    def cancelled(self):
        self._cancel()

    def succeed(self, city, issues=0):
        if isinstance(issues, int):
            issues = [Issue(Severity.WARNING, "test", f"issue {n}") for n in range(issues)]
        found = tuple(issues)
        self.outcome = LoadedFile(LoadResult(city, "CityJSON", "2.0", found), self.path.parent, False, 0.1, 10.0)

    def fail(self, reason="it is broken."):
        self.outcome = LoadError(self.path, reason, remedy="Repair it.")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def loads(monkeypatch):
    FakeLoad.running = []
    monkeypatch.setattr(opening, "LoadJob", FakeLoad)
    return FakeLoad.running


@pytest.fixture
def session(clock):
    document = Document(clock=clock)
    session = Session(document, JobQueue(), Settings(), clock=clock)
    session.messages = []
    session.message.connect(session.messages.append)
    yield session
    session.close()


@pytest.fixture
def family(small_city):
    return small_city(FAMILY, origin=(85000.0, 447000.0, 0.0))


@pytest.fixture
def town(session, family):
    """A session with the family of objects as layer "a"."""
    from viewer.document.state import LayerState

    with session.document.change("Add") as edit:
        edit.add_city(LayerState("a", "Town", "/town.json"), LoadResult(family, "CityJSON", "2.0"))
    session.home()
    return session


@pytest.fixture
def viewport():
    """A view of 800 x 600 that hits whatever the test puts into ``hit``."""
    view = SimpleNamespace(size_px=(800, 600), hit=None)
    view.pick = lambda x, y: view.hit
    view.world_at = lambda x, y: None
    return view
