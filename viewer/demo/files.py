"""The demo town's files in the user's cache: made once, whole or not at all, the same bytes on every machine."""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import orjson
import platformdirs

from loaders.api import LoadError, NoProgress, Progress
from viewer.demo.heat import model, tell_buildings
from viewer.demo.layers import write_layers
from viewer.demo.relief import write_terrain
from viewer.demo.town import GENERATOR_VERSION, make_town, write_city

CITY, TERRAIN, LAYERS, SCENARIOS = "town.city.json", "terrain.tif", "layers.gpkg", "scenarios"
_SILENT = NoProgress()


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """Where the demo lies: city model, terrain, vector layers, and the folder of scenario packages, which are made
    after the town (`viewer.demo.packages`)."""

    city: Path
    terrain: Path
    layers: Path
    scenarios: Path


def files_in(folder: Path) -> DemoFiles:
    """The files of a demo folder, there or not."""
    return DemoFiles(folder / CITY, folder / TERRAIN, folder / LAYERS, folder / SCENARIOS)


def write_demo(folder: Path, progress: Progress = _SILENT) -> DemoFiles:
    """Write all files into ``folder``, which must not exist yet; whole or not at all.

    Raises:
        Cancelled: ``progress.report`` raised it.
        OSError: the folder cannot be written.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f"{folder.name}-", suffix=".part", dir=folder.parent))
    collecting = gc.isenabled()
    gc.disable()  # millions of small values and no cycles: looking for them would take a third of the time
    try:
        _write(work, progress)
        work.chmod(0o755)
        try:
            work.rename(folder)
        except OSError:
            if not is_whole(folder):
                raise
            shutil.rmtree(work, ignore_errors=True)  # somebody else was faster
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    finally:
        if collecting:
            gc.enable()
    return files_in(folder)


def _write(folder: Path, progress: Progress) -> None:
    files = files_in(folder)
    # the terrain does not depend on the town, and is numpy for the most part: a thread of its own
    with ThreadPoolExecutor(1, "demo-rasters") as beside:
        relief = beside.submit(write_terrain, files.terrain)
        town = make_town(report=progress.report)
        progress.report(0.55, "Measuring heat")
        tell_buildings(town, model(town))
        files.city.write_bytes(orjson.dumps(write_city(town, progress.report)))
        progress.report(0.94, "Writing layers")
        write_layers(files.layers, town)
        relief.result()
    progress.report(1.0, "Done")


def is_whole(folder: Path) -> bool:
    """True if all files are there (a folder gets its name only when they are)."""
    files = files_in(folder)
    return all(path.is_file() for path in (files.city, files.terrain, files.layers))


def demo_folder() -> Path:
    """Where the demo of this version lies, or will: in the user's cache, or (where that cannot be written) in a
    temporary folder until the program ends. The variable CITIVERSE_DEMO names another place.

    Raises:
        LoadError: there is no place for it.
    """
    given = os.environ.get("CITIVERSE_DEMO")
    home = os.environ.get("CITIVERSE_HOME")
    base = Path(home) / "cache" if home else platformdirs.user_cache_path("citiverse", appauthor=False)
    folder = (Path(given) if given else base / "demo") / f"town-{GENERATOR_VERSION}"
    if is_whole(folder):
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if folder.is_dir():
            shutil.rmtree(folder)
        if os.access(folder.parent, os.W_OK):
            return folder
    except OSError:
        pass
    try:
        return _temporary_folder() / folder.name
    except OSError as error:
        raise _no_place(folder.name, error) from error


def demo_files(progress: Progress = _SILENT) -> DemoFiles:
    """The demo's files, written on first use and after an update of the generator.

    Raises:
        LoadError: they can be written nowhere.
    """
    folder = demo_folder()
    try:
        return files_in(folder) if is_whole(folder) else write_demo(folder, progress)
    except OSError as error:
        raise _no_place(folder.name, error) from error


def _no_place(name: str, error: OSError) -> LoadError:
    return LoadError(
        name,
        f"the demo city cannot be written ({error.strerror}).",
        remedy="Free some space in the folder for temporary files.",
        kind="disk-full",
    )


@cache
def _temporary_folder() -> Path:
    folder = tempfile.mkdtemp(prefix="citiverse-demo-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
