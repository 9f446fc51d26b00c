"""Project files (``.citiverse``): the document as JSON, with its layers' files as relative paths.

The format is published as ``assets/schemas/citiverse-project-1.schema.json`` (JSON Schema, draft 2020-12). Members that
this program does not know are kept and saved again. A project is data from strangers: it is checked against the
schema, limited in size, and can name files on this computer only.
"""

from __future__ import annotations

import json
import ntpath
import os
import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import orjson

from loaders.api import Issue, LoadError, Severity
from loaders.scenario.jsontext import deeper_than
from viewer.document import view_values as values
from viewer.document.files import write_atomic
from viewer.document.state import (
    Camera,
    DocumentState,
    LayerState,
    Light,
    ScenarioState,
    ScenarioView,
    Selection,
    Style,
)
from viewer.resources import asset

EXTENSION = ".citiverse"
TYPE = "CitiverseProject"
VERSION = 1
SCHEMA = "schemas/citiverse-project-1.schema.json"
MAX_BYTES = 64 << 20
"""Largest project file read."""
MAX_DEPTH = 64
"""Deepest nesting of a project file; this format needs five levels."""

Raw = dict[str, Any]
MIGRATIONS: dict[int, Callable[[Raw], Raw]] = {}
"""``MIGRATIONS[n]`` makes a project of version n one of version n + 1. The first version has none."""


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """A project as read.

    Attributes:
        state: the document; layer paths are absolute.
        issues: files that are missing, values that could not be used.
        camera: where the view was when the project was saved; None = not stored.
        extra: the whole file, for `save_project` to keep what this program does not know.
        moment: where the clock of the results stood; None = not stored.
    """

    state: DocumentState
    issues: tuple[Issue, ...] = ()
    camera: Camera | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    moment: float | None = None


def save_project(
    state: DocumentState,
    path: Path,
    *,
    camera: Camera | None = None,
    keep: Mapping[str, Any] | None = None,
    absolute: bool = False,
    moment: float | None = None,
) -> None:
    """Write a project file; one that was there stays as ``<name>.citiverse.bak``. Raises OSError.

    ``keep`` is `ProjectFile.extra` of the file that was opened. ``absolute`` stores the layers' paths in full (for
    copies that lie elsewhere than the project). ``moment``: where the clock of the results stands.
    """
    raw = to_raw(state, None if absolute else path.absolute().parent, camera, moment)
    merged = _merge(raw, keep or {})
    text = json.dumps(merged, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_atomic(path, text.encode("utf-8", "replace"), backup=True)


def load_project(path: Path) -> ProjectFile:
    """Read a project file; raises `LoadError` if it is none, is broken, or was made by a newer program.

    Layers whose file is missing stay in the state; an issue of kind "missing-file" names them.
    """
    path = path.absolute()
    raw = _migrated(path, _read(path))
    _validate(path, raw)
    try:
        state = _state(raw, path)
        camera = values.camera(raw["camera"]) if raw.get("camera") else None
        moment = values.moment(raw.get("moment"))
    except (ValueError, OverflowError) as error:
        raise LoadError(path, f"{error}.", remedy="Restore an older copy.", kind="bad-project") from error
    return ProjectFile(state, tuple(_missing_files(state)), camera, raw, moment)


def to_raw(state: DocumentState, folder: Path | None, camera: Camera | None = None, moment: float | None = None) -> Raw:
    """A state as JSON values. ``folder``: the layers' paths are stored relative to it; None = in full."""
    return {
        "type": TYPE,
        "version": VERSION,
        "title": state.title,
        "crs": state.crs,
        "layers": [_layer_raw(layer, folder) for layer in state.layers],
        "viewpoints": [values.viewpoint_raw(viewpoint) for viewpoint in state.viewpoints],
        "paths": [values.path_raw(path) for path in state.paths],
        "tours": [values.tour_raw(tour) for tour in state.tours],
        "selection": {**asdict(state.selection), "ids": list(state.selection.ids)},
        "show_legend": state.show_legend,
        "quality": state.quality,
        "realism": state.realism,
        "light": asdict(state.light),
        "contour_step": state.contour_step,
        "labels": state.labels,
        "caption": state.caption,
        "camera": None if camera is None else values.camera_raw(camera),
        "scenarios": [{**asdict(item), "path": stored_path(item.path, folder)} for item in state.scenarios],
        "scenario_view": values.scenario_view_raw(state.scenario_view),
        "numbers": values.numbers_raw(state.numbers),
        "moment": moment,
    }


def stored_path(file: str, folder: Path | None) -> str:
    """How a layer's file is written: relative with forward slashes, or in full if it lies on another drive."""
    if folder is not None:
        try:
            return Path(os.path.relpath(file, folder)).as_posix()
        except ValueError:  # Windows: another drive
            pass
    return Path(file).as_posix()


def resolved_path(text: str, folder: Path, owner: str = "a layer") -> str:
    """The absolute path that a project in ``folder`` means; raises ValueError for what is no local file path."""
    slashes = text.replace("\\", "/") if os.name == "nt" else text
    if not text.strip() or re.search(r"[\x00-\x1f]", text):
        raise ValueError(f"{owner}'s path is empty or holds control characters")
    scheme = re.match(r"[A-Za-z][A-Za-z0-9+.\-]+:", text)
    if scheme or text.replace("\\", "/").startswith("//"):
        raise ValueError(f"{owner}'s path is a network address ({text[:60]}); only files on this computer are opened")
    if len(text) > 4096:
        raise ValueError(f"{owner}'s path is too long")
    if posixpath.isabs(slashes) or ntpath.splitdrive(slashes)[0]:
        return str(Path(slashes))
    return os.path.normpath(folder / PurePosixPath(slashes))


def _read(path: Path) -> Raw:
    try:
        if path.exists() and not path.is_file():
            raise LoadError(path, "this is not a file.", remedy="Choose a project file.", kind="bad-project")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise LoadError(path, f"the project cannot be read ({reason}).", kind="unreadable") from error
    if len(data) > MAX_BYTES:
        raise LoadError(path, f"the project is larger than {MAX_BYTES >> 20} MiB.", kind="too-large")
    try:
        raw = orjson.loads(data)
        deep = deeper_than(raw, MAX_DEPTH)
    except (ValueError, RecursionError) as error:
        raise LoadError(
            path, f"the project is not valid JSON ({error}).", remedy=_bak_remedy(path), kind="bad-project"
        ) from error
    if deep or not isinstance(raw, dict) or raw.get("type") != TYPE:
        raise LoadError(path, "this is not a Citiverse project.", remedy="Choose a project file.", kind="bad-project")
    return raw


def _bak_remedy(path: Path) -> str:
    backup = path.with_name(path.name + ".bak")
    return f"The version before is in {backup.name}." if backup.is_file() else "Restore an older copy."


def _migrated(path: Path, raw: Raw) -> Raw:
    version = raw.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise LoadError(path, "the project has no version number.", remedy=_bak_remedy(path), kind="bad-project")
    if version > VERSION:
        raise LoadError(
            path,
            f"the project was made by a newer program (format {version}, this one knows {VERSION}).",
            remedy="Update Citiverse Viewer.",
            kind="newer-version",
        )
    return migrate(raw)


def migrate(raw: Raw) -> Raw:
    """Bring a project's values to this version, step by step."""
    for version in range(int(raw["version"]), VERSION):
        raw = {**MIGRATIONS[version](raw), "version": version + 1}
    return raw


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(asset(SCHEMA).read_text("utf-8")))


def _validate(path: Path, raw: Raw) -> None:
    """Refuse a file that breaks the schema, naming the first place."""
    error = next(iter(_validator().iter_errors(raw)), None)
    if error is not None:
        place = "/".join(map(str, error.absolute_path)) or "the top"
        reason = error.message if len(error.message) <= 160 else f"the value breaks the rule {error.validator!r}"
        raise LoadError(path, f"{reason}.", place=place, remedy=_bak_remedy(path), kind="bad-project")


def _state(raw: Raw, path: Path) -> DocumentState:
    layers = tuple(_layer(item, path.parent) for item in raw["layers"])
    names = [layer.id for layer in layers]
    if len(set(names)) < len(names):
        raise ValueError("two layers have the same id")
    scenarios = tuple(
        ScenarioState(item["id"], item["name"], resolved_path(item["path"], path.parent, "a scenario"))
        for item in raw.get("scenarios", ())
    )
    if len({item.id for item in scenarios}) < len(scenarios):
        raise ValueError("two scenarios have the same id")
    selection = raw.get("selection", {})
    chosen = Selection(selection.get("layer_id"), tuple(selection.get("ids", ())), selection.get("surface_row", -1))
    return DocumentState(
        title=raw.get("title", "Untitled"),
        crs=raw.get("crs"),
        layers=layers,
        viewpoints=tuple(values.viewpoint(item) for item in raw.get("viewpoints", ())),
        selection=chosen if chosen.layer_id in names else Selection(),
        show_legend=raw.get("show_legend", True),
        quality=raw.get("quality", "auto"),
        realism=raw.get("realism", "shaded"),
        light=_light(raw.get("light", {})),
        contour_step=values.number(raw.get("contour_step", 0.0)),
        labels=raw.get("labels", True),
        caption=raw.get("caption", ""),
        paths=tuple(values.path(item) for item in raw.get("paths", ())),
        tours=tuple(values.tour(item) for item in raw.get("tours", ())),
        scenarios=scenarios,
        scenario_view=values.scenario_view(raw.get("scenario_view")) or ScenarioView(),
        numbers=values.numbers(raw.get("numbers")),
    )


def _light(raw: Raw) -> Light:
    time = values.time_text(raw.get("time"), "the light's time")
    return Light(time, raw.get("shadows", True))


def _layer(raw: Raw, folder: Path) -> LayerState:
    only = raw.get("only_ids")
    style = raw.get("style", {})
    limits = style.get("range")
    return LayerState(
        id=raw["id"],
        name=raw["name"],
        path=resolved_path(raw["path"], folder),
        visible=raw.get("visible", True),
        lod=raw.get("lod", "highest"),
        style=Style(
            style.get("color_by", "@surface"),
            style.get("palette"),
            None if limits is None else (values.number(limits[0]), values.number(limits[1])),
            style.get("theme"),
        ),
        hidden_types=frozenset(raw.get("hidden_types", ())),
        hidden_ids=frozenset(raw.get("hidden_ids", ())),
        only_ids=None if only is None else frozenset(only),
        filter=raw.get("filter"),
        label_by=raw.get("label_by"),
        labels_only=raw.get("labels_only", False),
    )


def _layer_raw(layer: LayerState, folder: Path | None) -> Raw:
    style = layer.style
    return {
        "id": layer.id,
        "name": layer.name,
        "path": stored_path(layer.path, folder),
        "visible": layer.visible,
        "lod": layer.lod,
        "style": {**asdict(style), "range": None if style.range is None else list(style.range)},
        "hidden_types": sorted(layer.hidden_types),
        "hidden_ids": sorted(layer.hidden_ids),
        "only_ids": None if layer.only_ids is None else sorted(layer.only_ids),
        "filter": layer.filter,
        "label_by": layer.label_by,
        "labels_only": layer.labels_only,
    }


def _missing_files(state: DocumentState) -> list[Issue]:
    """What names the layers and scenarios whose files are not there."""
    layers = [layer for layer in state.layers if not _is_file(layer.path)]
    packages = [item for item in state.scenarios if not _is_there(item.path)]
    return [*_missing(layers, "layer", "file"), *_missing(packages, "scenario", "package")]


def _missing(gone: Sequence[LayerState | ScenarioState], kind: str, thing: str) -> list[Issue]:
    if not gone:
        return []
    names = ", ".join(f"{item.name!r} ({item.path})" for item in gone[:3]) + (", ..." if len(gone) > 3 else "")
    what = f"The {thing} of {kind}" if len(gone) == 1 else f"The {thing}s of {len(gone)} {kind}s"
    text = f"{what} {names} cannot be found; the rest is open. Tell where it is in the {kind}'s menu."
    return [Issue(Severity.WARNING, "missing-file", text, len(gone), tuple(item.name for item in gone[:20]))]


def _is_there(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


_KEYED = {"layers": "id", "viewpoints": "name", "paths": "name", "tours": "name", "scenarios": "id"}
_KNOWN = {
    "": frozenset({f.name for f in fields(DocumentState)} | {"type", "version", "camera", "moment"}),
    "layers": frozenset(f.name for f in fields(LayerState)),
    "style": frozenset(f.name for f in fields(Style)),
    "selection": frozenset(f.name for f in fields(Selection)),
    "light": frozenset(f.name for f in fields(Light)),
    "scenarios": frozenset(f.name for f in fields(ScenarioState)),
    **values.KNOWN,
}


def _merge(raw: Raw, keep: Mapping[str, Any], kind: str = "") -> Raw:
    """``raw`` with the members of ``keep`` that this program does not know, at every level."""
    merged = {**raw, **{name: value for name, value in keep.items() if name not in _KNOWN[kind]}}
    for name, value in raw.items():
        old = keep.get(name)
        if name in _KEYED and isinstance(old, list) and all(isinstance(item, dict) for item in value):
            key = _KEYED[name]
            before = {item[key]: item for item in old if isinstance(item, dict) and key in item}
            merged[name] = [_merge(item, before.get(item[key], {}), name) for item in value]
        elif name == "steps" and isinstance(old, list) and len(old) == len(value):
            pairs = zip(value, old, strict=True)
            merged[name] = [_merge(item, was, name) if isinstance(was, dict) else item for item, was in pairs]
        elif name in _KNOWN and isinstance(value, dict) and isinstance(old, Mapping):
            merged[name] = _merge(value, old, name)
    return merged
