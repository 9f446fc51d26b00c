"""One part of a partitioned run of D-Flow FM: its nodes, cells, and which of the cells are its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from loaders.city import Float64, Int64
from loaders.scenario.importers.clock import seconds_of
from loaders.scenario.importers.kit import Draft, Question
from loaders.scenario.importers.partitions import part_number
from loaders.scenario.importers.planes import exact

MOST_FACES = 100_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A part, open.

    Attributes: number: of its domain, None where its name tells none; nodes float64 (P, 3), z NaN = unknown; faces
        int64 (F, K), -1 = no corner; domains, numbers: int64 (F,) the domain and the number in the whole of each cell,
        None where the file tells none.
    """

    path: Path
    file: Any
    number: int | None
    nodes: Float64
    faces: Int64
    domains: Int64 | None
    numbers: Int64 | None
    node_dimension: str
    face_dimension: str


def part_of(draft: Draft, file: Any, path: Path, mesh: str) -> Part:
    """Read the topology of a part: of its UGRID mesh, or ("") of a file from before UGRID. Raises LoadError."""
    try:
        nodes, faces, dims = _ugrid(file, mesh) if mesh else _contours(file)
    except (KeyError, IndexError, ValueError) as error:
        raise draft.refuse(path, f"its mesh cannot be read ({error}).", "Export it again.") from error
    if faces.size > MOST_FACES:
        raise draft.refuse(path, "its mesh has too many cells.")
    if faces.size and (faces.max() >= len(nodes) or not np.isfinite(nodes[faces[faces >= 0], :2]).all()):
        raise draft.refuse(path, "a cell names a node that there is none of.", "Export it again.")
    domains = _numbers(file, f"{mesh}_flowelem_domain" if mesh else "FlowElemDomain", len(faces))
    numbers = _numbers(file, f"{mesh}_flowelem_globalnr" if mesh else "FlowElemGlobalNr", len(faces))
    return Part(path, file, part_number(path), nodes, faces, domains, numbers, *dims)


def _numbers(file: Any, name: str, count: int) -> Int64 | None:
    if name not in file.variables or file.variables[name].shape != (count,):
        return None
    return np.asarray(np.ma.asarray(file.variables[name][:]).filled(-1), np.int64)


def _column(file: Any, name: str) -> Float64:
    return exact(file.variables[name][:])


def _ugrid(file: Any, mesh: str) -> tuple[Float64, Int64, tuple[str, str]]:
    topology = file.variables[mesh]
    x, y = str(topology.node_coordinates).split()[:2]
    if str(getattr(file.variables[x], "standard_name", "")) in ("projection_y_coordinate", "latitude"):
        x, y = y, x
    columns = [_column(file, x), _column(file, y)]
    z = f"{mesh}_node_z"
    columns.append(_column(file, z) if z in file.variables else np.full(len(columns[0]), np.nan))
    source = file.variables[str(topology.face_node_connectivity)]
    told = str(getattr(topology, "face_dimension", ""))
    along = told if told in source.dimensions else source.dimensions[0]
    start = int(getattr(source, "start_index", 0))
    numbers = exact(source[:])
    numbers = numbers if source.dimensions[0] == along else numbers.T
    missing = ~np.isfinite(numbers) | (numbers < start)
    faces = np.where(missing, -1, np.nan_to_num(numbers) - start).astype(np.int64)
    return np.stack(columns, axis=1), faces, (file.variables[x].dimensions[0], along)


def _contours(file: Any) -> tuple[Float64, Int64, tuple[str, str]]:
    """Cells of files from before UGRID by their contours: FlowElemContour_x, _y (cells, corners)."""
    x, y = _column(file, "FlowElemContour_x"), _column(file, "FlowElemContour_y")
    known = np.isfinite(x) & np.isfinite(y) & (np.abs(x) < 1e30)
    places, inverse = np.unique(np.stack([x[known], y[known]], axis=1), axis=0, return_inverse=True)
    faces = np.full(x.shape, -1, np.int64)
    faces[known] = inverse.reshape(-1)
    faces[(faces[:, :3] < 0).any(axis=1)] = -1  # 1D
    nodes = np.concatenate([places, np.full((len(places), 1), np.nan)], axis=1)
    return nodes, faces, ("nNetNode", file.variables["FlowElemContour_x"].dimensions[0])


def kept_cells(draft: Draft, parts: list[Part]) -> list[Int64]:
    """The cells of each part that belong to it and have corners; asks about parts that are missing."""
    flat = [(part.faces[:, :3] >= 0).all(axis=1) for part in parts]
    alone = len(parts) == 1 and parts[0].number is None
    if alone or any(part.domains is None or part.number is None for part in parts):
        return [np.flatnonzero(here) for here in flat]
    numbers = [part.number for part in parts]
    if len(set(numbers)) < len(numbers):
        raise draft.refuse(parts[0].path, "two of the files are the same part of a run.",
                           "Give the parts of one run and of one period.")  # fmt: skip
    told = {int(n) for part in parts for n in np.unique(part.domains)}  # type: ignore[arg-type]
    gone = sorted(n for n in told | set(range(max(told, default=0) + 1)) if n >= 0 and n not in numbers)
    if gone:
        names = ", ".join(f"{number:04d}" for number in gone[:8])
        text = f"Parts of the run are missing ({names}): name their files too, or answer leave-holes."
        if draft.answers.get("missing-parts", "").strip() != "leave-holes":
            draft.raise_question(Question("missing-parts", text, ("leave-holes",), ""))
        draft.note(f"The parts {names} are missing: there are holes in the mesh.")
    return [np.flatnonzero(here & (part.domains == part.number)) for here, part in zip(flat, parts, strict=True)]


def same_times(draft: Draft, parts: list[Part]) -> Float64:
    """The moments of all parts float64 (T,). Raises LoadError where they differ."""
    times = [seconds_of(p.file.variables["time"][:]) if "time" in p.file.variables else np.zeros(0) for p in parts]
    units = [str(getattr(p.file.variables.get("time"), "units", "")) for p in parts]
    for part, own, unit in zip(parts, times, units, strict=True):
        if unit != units[0] or not np.array_equal(own, times[0], equal_nan=True):
            raise draft.refuse(part.path, f"its moments are not those of {parts[0].path.name}.",
                               "Give the parts of one run.")  # fmt: skip
    if len(times[0]) and not np.isfinite(times[0]).all():
        raise draft.refuse(parts[0].path, "some of its moments are missing.", "Export it again.")
    return times[0]
