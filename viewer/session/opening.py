"""Files into the document: each is loaded by a job of its own and becomes a layer when it is ready.

Until then neither document nor picture change, so a file that cannot be read leaves everything as it was; what
went wrong, or what was skipped and assumed, is told by a message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loaders import registry
from loaders.api import LoadError, LoadResult, Severity
from loaders.city import CityData, Float64
from loaders.empty import NOTHING_TO_DRAW
from loaders.layers import same_plane
from loaders.worker import LoadedFile
from viewer.analysis.bounds import keep_boxes, keep_outline, measure_boxes, measure_outline
from viewer.analysis.legend import count_text
from viewer.document.document import Document
from viewer.document.project import EXTENSION, ProjectFile, load_project
from viewer.document.state import Camera, DocumentState, LayerState, ScenarioState
from viewer.jobs import LoadJob, ThreadJob
from viewer.session.ground import Grounds, file_key, in_loading_order
from viewer.session.ports import Action

if TYPE_CHECKING:
    from viewer.session.session import Session


LARGE = 300_000
"""Vertices of a city from which on measuring it takes longer than a window may stand still for it."""


class Opening:
    """The loads in progress of one session, and what a project file held besides the document.

    Attributes:
        project_extra: members of the project file that this program does not know; saved again with it.
        in_order: what was loaded becomes layers in the order of the paths, not as it arrives, so that the same command
            always gives the same layers and CRS; a window shows what is ready at once instead.
    """

    def __init__(self, session: Session):
        self._session = session
        self._loading: dict[str, int] = {}
        self._after: list[str] = []
        self._generation = 0
        self._home_when_loaded = False
        self._waiting: dict[int, Callable[[], None] | None] = {}
        self.in_order = False
        self._ground = Grounds(session)
        self.project_extra: Mapping[str, Any] = {}

    def open(self, paths: Iterable[str]) -> tuple[int, ...]:
        """Begin to load files, folders and projects; returns the ids of the jobs. Failures become messages."""
        files: list[Path] = []
        for text in paths:
            try:
                files += _local(text)
            except LoadError as error:
                self._session.say(Severity.ERROR, str(error))
        projects = [path for path in files if path.suffix.lower() == EXTENSION]
        for path in projects:
            try:
                self.open_project(path)
            except LoadError as error:
                self._session.say(Severity.ERROR, str(error))
        before = set(self._loading.values())
        place = {path: number for number, path in enumerate(files, max(self._waiting, default=-1) + 1)}
        for path in in_loading_order(files):
            if path not in projects:
                self._open_file(path, place[path])
        return tuple(sorted(set(self._loading.values()) - before))

    def open_project(self, path: Path) -> None:
        """Replace the document by a project and begin to load its layers; raises LoadError and changes nothing then."""
        project = load_project(path)
        self.show_project(project, path.absolute())
        self._session.settings.add_recent(path, wait=False)

    def show_project(self, project: ProjectFile, path: Path | None) -> None:
        """Replace the document by a project that was read already."""
        self.cancel()
        self.project_extra = project.extra
        self._session.document.reset(project.state, path)
        self._session.clock.restore(project.moment)
        for issue in project.issues:
            self._session.say(issue.severity, issue.message)
        self.show_layers(project.camera)

    def show_state(self, state: DocumentState) -> None:
        """Replace the document by a state that no file holds (the demo), and begin to load its layers."""
        self.cancel()
        self.forget_project()
        self._session.document.reset(state)
        self.show_layers(state.viewpoints[0].camera if state.viewpoints else None)

    def show_layers(self, camera: Camera | None) -> None:
        """Begin to load every layer that has no data, and look from a camera (None = see everything when loaded)."""
        self._session.views.clear()
        self._home_when_loaded = camera is None
        if camera is not None:
            self._session.move_camera(camera, jump=True)
        missing = {
            Path(layer.path): layer.id
            for layer in self._session.document.state.layers
            if layer.id not in self._session.document.cities and Path(layer.path).is_file()
        }
        for path in in_loading_order(missing):
            self.reload(missing[path])
        state, there = self._session.document.state, self._session.document.scenarios
        self._after = [x.id for x in state.scenarios if x.id not in there and Path(x.path).is_file()]
        self._go_on()

    def _go_on(self) -> None:
        """Read the project's scenarios once its layers are there: the city is what one waits for."""
        if self._loading:
            return
        wanted, self._after = self._after, []
        known = {scenario.id for scenario in self._session.document.state.scenarios}
        for scenario_id in wanted:
            if scenario_id in known:
                self.reload_scenario(scenario_id)

    def reload(self, layer_id: str) -> None:
        """Begin to load the data of a layer that the document has already."""
        layer = self._session.document.state.layer(layer_id)
        self._load(Path(layer.path), layer_id)

    def reload_scenario(self, scenario_id: str) -> None:
        """Begin to read the package of a scenario that the document has already."""
        self._load(Path(self._session.document.state.scenario(scenario_id).path), None)

    def job_reading(self, path: str) -> int | None:
        """The job that reads the file or package at ``path``; None if none does."""
        return self._loading.get(file_key(Path(path)))

    def awaits(self, scenario_id: str) -> bool:
        """True if a scenario's package will be read once the layers are there."""
        return scenario_id in self._after

    @property
    def loading(self) -> bool:
        """True while files are being read."""
        return bool(self._loading or self._after)

    def cancel(self) -> None:
        """Stop all loads; what has not arrived will not."""
        self._generation += 1
        for job_id in list(self._loading.values()):
            self._session.jobs.cancel(job_id)
        self._loading.clear()
        self._waiting.clear()
        self._after.clear()
        self._ground.forget_loads()

    def forget_project(self) -> None:
        """The next document has nothing to do with the project file that was open."""
        self.project_extra = {}

    def _open_file(self, path: Path, number: int) -> None:
        session = self._session
        same = [layer for layer in session.document.state.layers if file_key(Path(layer.path)) == file_key(path)]
        if same and same[0].id in session.document.cities:
            session.say(Severity.INFO, f"{path.name} is open already, as layer {same[0].name!r}.")
            session.act("layer.zoom_to", layer_id=same[0].id)
        elif file_key(path) in self._loading:
            session.say(Severity.INFO, f"{path.name} is being opened already.")
        elif same:
            self.reload(same[0].id)
        elif (scenario := self._open_scenario(path)) is not None:
            session.say(Severity.INFO, f"{path.name} is open already, as scenario {scenario.name!r}.")
            session.act("scenario.show", ids=(scenario.id,))
        else:
            self._load(path, None, number)

    def _open_scenario(self, path: Path) -> ScenarioState | None:
        """The scenario of the document that is this package and has been read."""
        document = self._session.document
        for scenario in document.state.scenarios:
            if scenario.id in document.scenarios and file_key(Path(scenario.path)) == file_key(path):
                return scenario
        return None

    def _load(self, path: Path, layer_id: str | None, number: int | None = None) -> None:
        """Submit the job; ``layer_id`` is the waiting layer, None = make a new one; ``number``: its place in order."""
        key, generation = file_key(path), self._generation
        if number is None:
            number = max(self._waiting, default=-1) + 1
        self._waiting[number] = None

        def settle(act: Callable[[], None]) -> None:
            if generation == self._generation:
                self._loading.pop(key, None)
                self._waiting[number] = act
                self._settle(number)
                self._go_on()

        def done(loaded: LoadedFile) -> None:
            self._ground.ended(key, loaded)
            self._prepare(path, loaded.result.value, lambda: settle(lambda: self._arrived(path, loaded, layer_id)))

        def failed(error: LoadError) -> None:
            self._ground.ended(key, None)
            settle(lambda: self._gave_up(Severity.ERROR, str(error)))

        def cancelled() -> None:
            self._ground.ended(key, None)
            settle(lambda: self._gave_up(Severity.INFO, f"Opening {path.name} was cancelled."))

        ready = self._ground.begins(key, path)
        cache = self._session.cache()
        job = LoadJob(path, done, failed, self._ground.options, cache, on_cancel=cancelled, ready=ready)
        self._loading[key] = self._session.submit(job)

    def _settle(self, number: int) -> None:
        """Carry out what the end of a load brings: now, or ``in_order`` once all loads before it have ended."""
        for other in sorted(self._waiting) if self.in_order else (number,):
            act = self._waiting[other]
            if act is None:
                break
            del self._waiting[other]
            act()

    def _gave_up(self, severity: Severity, text: str) -> None:
        self._session.say(severity, text)
        self._home_at_last()

    def _prepare(self, path: Path, city: CityData, done: Callable[[], None]) -> None:
        """Where a window waits: have threads make what it needs of a large city, first what it needs at once."""
        vertices = sum(len(mesh.tiles.positions) for mesh in city.lods.values())
        if self._session.viewport is None or vertices < LARGE:
            done()
            return

        def ready(outline: Float64) -> None:
            keep_outline(city, outline)
            done()
            # zooming to thousands of objects will ask where each of them is
            self._session.submit(ThreadJob(measure_boxes, (city,), partial(keep_boxes, city), title=""))

        self._session.submit(ThreadJob(measure_outline, (city,), ready, title=f"Opening {path.name}"))

    def _arrived(self, path: Path, loaded: LoadedFile, layer_id: str | None) -> None:
        document = self._session.document
        if loaded.result.scenario is not None:
            self._session.scenarios.arrived(path, loaded.result)
            self._session.settings.add_recent(path, wait=False)
            self._home_at_last()
            return
        first = self._session.scene_bbox() is None
        if layer_id is None:
            before = document.state.crs if document.state.layers else None
            layer_id = add_layer(document, path, loaded.result)
            for flat in self._ground.arrived(file_key(path)):
                self.reload(flat)
            self._session.settings.add_recent(path, wait=False)
            self._tell(layer_id, loaded.result, first)
            self._warn_of_mixture(layer_id, loaded.result, before)
            if first:
                self._session.home()
            return
        try:
            document.provide_city(layer_id, loaded.result)
        except KeyError:
            return  # the layer was removed, beyond undo, while it was loading
        for flat in self._ground.arrived(file_key(path)):
            self.reload(flat)
        if any(issue.kind == NOTHING_TO_DRAW for issue in loaded.result.issues):
            self._tell(layer_id, loaded.result, True)
        self._home_at_last()

    def _home_at_last(self) -> None:
        """When the last layer of a project without a camera has come (or failed to), show everything."""
        if self._home_when_loaded and not self._loading:
            self._home_when_loaded = False
            self._session.home()

    def _tell(self, layer_id: str, result: LoadResult, first: bool) -> None:
        count = len(result.value.objects)
        text = f"{count_text(count)} object{'' if count == 1 else 's'}"
        worst = Severity.INFO
        empty = [issue.message for issue in result.issues if issue.kind == NOTHING_TO_DRAW]
        if empty:
            text = empty[0].removesuffix(".")
        text = f"{result.value.name or 'File'}: {text}"
        if result.issues:
            number = len(result.issues) - len(empty)
            if number:
                things = f"{'other ' if empty else ''}thing{'' if number == 1 else 's'}"
                text += f". {number} {things} to know: open the load report"
            worst = max((issue.severity for issue in result.issues), key=list(Severity).index)
        actions = [] if first else [Action("Zoom to it", "layer.zoom_to", {"layer_id": layer_id})]
        if result.issues:
            actions.append(Action("Load report", "layer.show_report", {"layer_id": layer_id}))
        # An error inside a file that opened is a part missing from the picture: a warning to the reader.
        severity = Severity.INFO if worst is Severity.INFO else Severity.WARNING
        self._session.say(severity, text + ".", actions=tuple(actions))

    def _warn_of_mixture(self, layer_id: str, result: LoadResult, project_crs: str | None) -> None:
        own = result.value.crs.name
        if own and project_crs and not same_plane(own, project_crs):
            name = self._session.layer_name(layer_id)
            self._session.say(
                Severity.WARNING,
                f"Layer {name!r} is in {own}, the project in {project_crs}: they will not lie in the right place to"
                " each other.",
                f"Each is drawn in its own coordinates. Remedy: convert the file to {project_crs}"
                f"{_how_to_convert(project_crs)} and open the result, or open it in a project of its own.",
                (Action("Zoom to it", "layer.zoom_to", {"layer_id": layer_id}),),
            )


def _how_to_convert(crs: str) -> str:
    code = crs.removeprefix("EPSG:")
    return f" (with cjio: “crs_reproject {code}”)" if code != crs and code.isdigit() else ""


def add_layer(document: Document, path: Path, result: LoadResult) -> str:
    """Add a loaded file as a layer, in one undoable step; the first layer sets the project's CRS. Returns its id."""
    layer_id = document.new_layer_id()
    name = result.value.name or path.name
    with document.change(f"Add {name}") as edit:
        if not edit.state.layers:
            edit.state = replace(edit.state, crs=result.value.crs.name)
        edit.add_city(LayerState(layer_id, name, str(path.absolute())), result)
    return layer_id


def _local(text: str) -> list[Path]:
    """The files meant by what the user gave; raises LoadError for what is no file on this computer."""
    path = Path(text).expanduser()
    if path.suffix.lower() == EXTENSION:
        return [path]
    return registry.expand([text if "://" in text else path])
