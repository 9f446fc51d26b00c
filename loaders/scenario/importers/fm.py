"""D-Flow FM (Delft3D FM): the map files of all partitions of a run as one mesh, and one layer where there are several.

Each part holds its own cells and a border of its neighbours' cells (ghosts). ``mesh2d_flowelem_domain`` (before UGRID:
``FlowElemDomain``) tells the domain that a cell belongs to, the file's name the domain of the part, and
``mesh2d_flowelem_globalnr`` (``FlowElemGlobalNr``) the cell's number in the whole. Values of ghosts may differ from
those of their owner, so a cell's values are taken from its own part only.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from loaders.city import Float32, Float64, Int64
from loaders.scenario.importers.fm_parts import Part, kept_cells, part_of, same_times
from loaders.scenario.importers.kit import Draft, Json, Question
from loaders.scenario.importers.planes import filled

MESH = "mesh2d"
_COORDINATES = ("projection_x_coordinate", "projection_y_coordinate", "longitude", "latitude")


@dataclass(frozen=True, slots=True)
class Merged:
    """The mesh of all parts.

    Attributes: nodes float64 (P, 2) and heights float64 (P,), NaN = unknown; faces int64 (F, K), -1 = no corner.
        cells: for each part, which of its cells (int64) and where they go in the whole (int64).
        node_of: for each part, its nodes (int64) and where they go in the whole (int64).
    """

    nodes: Float64
    heights: Float64
    faces: Int64
    cells: tuple[tuple[Int64, Int64], ...]
    node_of: tuple[tuple[Int64, Int64], ...]


def field_names(file: Any, mesh: str) -> list[str]:
    """Variables with numbers on the cells or nodes of a mesh; coordinates and numbers of domains are none."""
    out = []
    for name, variable in file.variables.items():
        if variable.dtype.kind != "f" or not variable.dimensions:
            continue
        if mesh:
            here = getattr(variable, "mesh", "") == mesh and getattr(variable, "location", "") in ("face", "node")
        else:
            here = "nFlowElem" in variable.dimensions and not name.startswith(("FlowElem_x", "FlowElem_y"))
        standard = str(getattr(variable, "standard_name", ""))
        if here and standard not in _COORDINATES and not name.endswith(("_bnd", "_x", "_y")):
            out.append(name)
    return out


def merge(draft: Draft, names: list[str], mesh: str, target: str) -> list[str]:
    """Write the fields ``names`` of all inputs into one UGRID file ``target`` of the package; returns those written.

    Raises:
        NeedAnswers: a layer, or whether holes are wanted, has to be told.
        LoadError: the files are no parts of one run.
    """
    import netCDF4

    with ExitStack() as stack:
        parts = [part_of(draft, stack.enter_context(netCDF4.Dataset(path)), path, mesh) for path in draft.inputs]
        names = [name for name in names if all(name in part.file.variables for part in parts)]
        fields = [_Field(draft, parts, name) for name in names]
        fields = [field for field in fields if field.fits]
        times = same_times(draft, parts)
        whole = _join(draft, parts)
        draft.settle()
        if len(parts) > 1:
            draft.note(f"{len(parts)} parts were merged: {len(whole.faces):,} cells.")
        _write(draft, target, whole, fields, parts, times)
    return [field.name for field in fields]


class _Field:
    """One variable of all parts."""

    def __init__(self, draft: Draft, parts: list[Part], name: str) -> None:
        first = parts[0].file.variables[name]
        self.name = name
        dims = first.dimensions
        self.place = "node" if parts[0].node_dimension in dims else "face"
        along = parts[0].node_dimension if self.place == "node" else parts[0].face_dimension
        self.timed = dims[0] == "time"
        rest = [dim for dim in dims if dim not in ("time", along)]
        self.fits = along in dims and len(rest) <= 1 and all(
            part.file.variables[name].dimensions == dims for part in parts
        )  # fmt: skip
        self.layer: tuple[int, int] | None = None
        if self.fits and rest:
            self._choose(draft, first, dims.index(rest[0]), rest[0])

    def _choose(self, draft: Draft, first: Any, axis: int, dimension: str) -> None:
        count = first.shape[axis]
        if count == 1:
            self.layer = (axis, 0)
            return
        sides = dimension.lower().endswith(("interface", "wdim"))
        key, what = ("interface", "interfaces between layers") if sides else ("layer", "layers")
        text = f"Which of the {count} {what}? 1 is at the bed, {count} at the surface."
        given = draft.ask(key, text, str(count))
        if given.isdigit() and 1 <= int(given) <= count:
            self.layer = (axis, int(given) - 1)
        elif given:
            draft.raise_question(Question(key, f"{text} {given!r} is none of them.", (), str(count)))

    def read(self, part: Part, step: int) -> Float32:
        """Values of a part's cells or nodes at a step, float32."""
        source = part.file.variables[self.name]
        index: list[Any] = [slice(None)] * source.ndim
        if self.timed:
            index[0] = step
        if self.layer is not None:
            index[self.layer[0]] = self.layer[1]
        return filled(source[tuple(index)])


def _join(draft: Draft, parts: list[Part]) -> Merged:
    """The cells that each part owns, in the order of their numbers in the whole, on shared nodes."""
    cells = kept_cells(draft, parts)
    places, corners, shift = [], [], 0
    for part, own in zip(parts, cells, strict=True):
        places.append(part.nodes)
        faces = part.faces[own]
        corners.append(np.where(faces >= 0, faces + shift, -1))
        shift += len(part.nodes)
    width = max(face.shape[1] for face in corners)
    faces = np.concatenate([np.pad(f, ((0, 0), (0, width - f.shape[1])), constant_values=-1) for f in corners])
    every = np.concatenate(places)
    used = np.zeros(len(every), bool)
    used[faces[faces >= 0]] = True
    _, first, inverse = np.unique(every[:, :2], axis=0, return_index=True, return_inverse=True)
    inverse = inverse.reshape(-1)
    wanted = np.zeros(len(first), bool)
    wanted[inverse[used]] = True
    number = np.cumsum(wanted) - 1
    node_of = np.where(wanted[inverse], number[inverse], -1)
    faces = np.where(faces >= 0, node_of[np.maximum(faces, 0)], -1)
    faces, order = _ordered(draft, parts, cells, faces)
    begin = np.concatenate([[0], np.cumsum([len(own) for own in cells])])
    target = np.full(int(begin[-1]), -1, np.int64)
    target[order] = np.arange(len(order))
    lots = []
    for k, own in enumerate(cells):
        goal = target[begin[k] : begin[k + 1]]
        lots.append((own[goal >= 0], goal[goal >= 0]))
    heights = np.full(int(wanted.sum()), np.nan)
    nodes = every[first[wanted], :2]
    there, shift = [], 0
    for part in parts:
        goal = node_of[shift : shift + len(part.nodes)]
        shift += len(part.nodes)
        here = np.flatnonzero(goal >= 0)
        there.append((here, goal[here]))
        heights[goal[here]] = part.nodes[here, 2]
    return Merged(nodes, heights, faces, tuple(lots), tuple(there))


def _ordered(draft: Draft, parts: list[Part], cells: list[Int64], faces: Int64) -> tuple[Int64, Int64]:
    """Cells in the order of their numbers in the whole, each once, and where they came from."""
    if all(part.numbers is not None for part in parts):
        keys = np.concatenate([part.numbers[own] for part, own in zip(parts, cells, strict=True)])  # type: ignore[index]
        _, order = np.unique(keys, return_index=True)
    else:
        _, order = np.unique(np.sort(faces, axis=1), axis=0, return_index=True)
        order = np.sort(order)
    twice = len(faces) - len(order)
    if twice:
        draft.note(f"{twice:,} cells that are in several parts were taken from the first of them.")
    return faces[order], order.astype(np.int64)


def _write(draft: Draft, target: str, whole: Merged, fields: list[_Field], parts: list[Part], times: Float64) -> None:
    import netCDF4

    first = parts[0].file
    sizes = {"node": len(whole.nodes), "face": len(whole.faces)}
    with netCDF4.Dataset(draft.data(target), "w", format="NETCDF4") as out:
        for name, count in (*sizes.items(), ("corner", whole.faces.shape[1]), ("time", len(times))):
            out.createDimension(name, count)
        topology = out.createVariable(MESH, "i4")
        topology.setncatts({"cf_role": "mesh_topology", "topology_dimension": 2, "face_dimension": "face",
                            "node_coordinates": "mesh2d_node_x mesh2d_node_y",
                            "face_node_connectivity": "mesh2d_face_nodes"})  # fmt: skip
        for name, values in (("mesh2d_node_x", whole.nodes[:, 0]), ("mesh2d_node_y", whole.nodes[:, 1])):
            out.createVariable(name, "f8", ("node",))[:] = values
        if np.isfinite(whole.heights).all():
            out.createVariable("mesh2d_node_z", "f8", ("node",))[:] = whole.heights
        corners = out.createVariable("mesh2d_face_nodes", "i4", ("face", "corner"), fill_value=-1)
        corners.start_index = 0
        corners[:] = whole.faces
        if len(times):
            clock = out.createVariable("time", "f8", ("time",))
            source = first.variables["time"]
            clock.setncatts({k: source.getncattr(k) for k in ("units", "calendar") if k in source.ncattrs()})
            clock[:] = times
        for number, field in enumerate(fields):
            if field.name == "mesh2d_node_z":
                continue
            _write_field(out, field, whole, parts, sizes[field.place], len(times))
            draft.progress.report((number + 1) / len(fields), f"merging {field.name}"[:60])


def _write_field(out: Any, field: _Field, whole: Merged, parts: list[Part], size: int, steps: int) -> None:
    """One variable, step by step: memory holds one step of the whole."""
    source = parts[0].file.variables[field.name]
    dims = ("time", field.place) if field.timed else (field.place,)
    chunks = (1, max(size, 1)) if field.timed else None
    goal = out.createVariable(field.name, "f4", dims, zlib=True, complevel=3, chunksizes=chunks, fill_value=np.nan)
    kept = ("units", "long_name", "standard_name", "cell_methods")
    goal.setncatts({k: source.getncattr(k) for k in kept if k in source.ncattrs()})
    goal.setncatts({"mesh": MESH, "location": field.place})
    lots = whole.cells if field.place == "face" else whole.node_of
    for step in range(steps if field.timed else 1):
        values = np.full(size, np.nan, np.float32)
        for part, (own, there) in zip(parts, lots, strict=True):
            values[there] = field.read(part, step)[own]
        goal[(step,) if field.timed else ()] = values


def description(draft: Draft, variables: list[Json]) -> None:
    """Say in the package what was done with the parts."""
    if len(draft.inputs) > 1:
        draft.parameters = draft.parameters | {"parts": len(draft.inputs)}
        draft.note(f"{len(variables)} variables, of cells that each part owns itself; ghost cells were left out.")
