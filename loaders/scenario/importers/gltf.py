"""glTF 2.0 (.glb, .gltf) of what is new in the city, as a geometry patch: where it stands is asked for."""

from __future__ import annotations

import json
import posixpath
from pathlib import Path
from typing import Any

from loaders.scenario.gltf_file import ENDINGS, Gltf, GltfError, inside
from loaders.scenario.gltf_scene import read_scene
from loaders.scenario.importers.kit import Draft, ImporterSpec, Json, Question, clean_name
from loaders.scenario.names import name_problem

_ORIGIN = "Where does the zero of the glTF lie, in the CRS (x, y, height; x, y for on the ground)?"
_EXAMPLE = "85210.5, 446230.0, 3.2"


def sniff(paths: tuple[Path, ...], heads: tuple[bytes, ...]) -> int:
    """One glTF file; the files of its buffers are found by the addresses in it."""
    if len(paths) != 1:
        return 0
    return 95 if heads[0][:4] == b"glTF" or paths[0].suffix.lower() == ENDINGS[1] else 0


SPEC = ImporterSpec("gltf", "New objects as glTF 2.0 (.glb, .gltf)", sniff, "loaders.scenario.importers.gltf:run")


def run(draft: Draft) -> None:
    """One patch with the scene's objects; the answer "remove" tells the ids of objects that go."""
    path = draft.inputs[0]
    try:
        gltf = Gltf(path.read_bytes(), lambda name: (path.parent / name).read_bytes())
        scene = read_scene(gltf, lambda count: None)
        buffers = _buffers(gltf)
    except OSError as error:
        raise draft.refuse(
            path, f"one of its buffers cannot be read ({error.strerror}).", "Export it as GLB."
        ) from error
    except GltfError as error:
        raise draft.refuse(path, f"{error}.", "Export it again as GLB.") from error
    made = str(gltf.json["asset"].get("generator", "")).strip()[:200]
    draft.tool = draft.tool or ("" if "://" in made else made)
    draft.crs = draft.crs or draft.ask_crs("")
    origin = _origin(draft)
    draft.settle()
    data: Json = {"added": _copied(draft, path, buffers), "origin": origin}
    if buffers:
        data["extra"] = [f"data/{name}" for name in buffers]
    gone = [part.strip() for part in draft.answers.get("remove", "").split(",") if part.strip()]
    if gone:
        draft.data("changes.json").write_text(json.dumps({"remove": gone}), "utf-8")
        data["changes"] = "data/changes.json"
    draft.add({"id": "changes", "title": draft.answers.get("title", "").strip() or path.stem, "binding": "patch",
               "data": data})  # fmt: skip
    draft.note(f"{len(scene.objects):,} objects: {', '.join(item.id for item in scene.objects[:8])}"[:400])
    for what in scene.left_out:
        draft.note(f"Its {what} are not shown.")


def _origin(draft: Draft) -> list[float]:
    given = draft.ask("origin", _ORIGIN, _EXAMPLE)
    try:
        numbers = [float(part) for part in given.replace(";", ",").split(",") if part.strip()]
    except ValueError:
        numbers = []
    if given and (len(numbers) not in (2, 3) or not all(abs(number) <= 1e9 for number in numbers)):
        draft.raise_question(Question("origin", f"{_ORIGIN} {given!r} are no two or three numbers.", (), _EXAMPLE))
    return numbers


def _buffers(gltf: Gltf) -> list[str]:
    """Paths of the files with its buffers, relative to it."""
    told: list[Any] = [item.get("uri") for item in gltf.items("buffers") if isinstance(item, dict)]
    names = [inside(uri) for uri in told if isinstance(uri, str) and not uri.startswith("data:")]
    for name in names:
        if name_problem(name):
            raise GltfError(f"the name of its buffer {name[:60]!r} {name_problem(name)}")
    return list(dict.fromkeys(names))


def _copied(draft: Draft, path: Path, buffers: list[str]) -> str:
    """Copy the file and its buffers, which keep their places beside it."""
    for name in buffers:
        target = draft.data(clean_name(path.name)).parent / posixpath.normpath(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        with (path.parent / name).open("rb") as source, target.open("wb") as out:
            while piece := source.read(1 << 20):
                out.write(piece)
    draft.inputs = (path, *(path.parent / name for name in buffers))
    return draft.copy(path)
