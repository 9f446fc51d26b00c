"""Unstructured meshes: NetCDF by the UGRID conventions, and plain triangle meshes (x, y and an array of corners)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from loaders.city import Float64, Int64
from loaders.scenario.context import Context
from loaders.scenario.meshes import face_city, node_city
from loaders.scenario.model import Result, TimeAxis, Variable
from loaders.scenario.netcdf import MAX_STEP, NetCdf, NetCdfSteps, opened
from loaders.scenario.sources import Part
from loaders.scenario.steps import Steps, fill, named_parts

ABOVE = 0.1
"""Metres above the ground of meshes without heights of their own."""
MOST_LIFT = 0.6
"""Metres that a mesh with heights of its own is lifted at most, see `lifts`."""


@dataclass(frozen=True, slots=True, eq=False)
class Topology:
    """A mesh: nodes float64 (P, 3) as in the file (z NaN = none), faces int64 (F, K) filled up with -1."""

    nodes: Float64
    faces: Int64
    node_dimension: str
    face_dimension: str
    crs: str | None


def read_mesh(ctx: Context, variable: Variable, axis: TimeAxis) -> Result:
    """The result of a mesh variable, with values on faces or nodes. Raises LoadError."""
    parts = named_parts(variable.data)
    name = (parts[0].files or variable.data.files)[0]
    with opened(ctx, name) as source:
        mesh = read_topology(ctx, source, variable)
        found = source.variable(parts[0].names[0])
        on_nodes = _on_nodes(ctx, source, found, mesh)
        if not len(axis):
            axis = source.axis(variable, parts[0].names[0])
    rows = len(mesh.nodes) if on_nodes else len(mesh.faces)
    values, low, high = fill(ctx, variable, axis, _MeshSource(ctx, variable, rows))
    world = ctx.world(mesh.nodes, variable.data.crs or mesh.crs, ABOVE)
    if not np.isfinite(world).all():
        raise ctx.refused("nodes of the mesh are no places", name, kind="bad-coordinate")
    if np.isfinite(mesh.nodes[:, 2]).any():
        world[:, 2] += lifts(ctx, world, mesh.faces)
    corners = (mesh.faces >= 0).sum(axis=1)
    ctx.budget.take_triangles(int(np.maximum(corners - 2, 0).sum()), name)
    try:
        if not on_nodes:
            overlay = face_city(variable.id, ctx.crs_info(), world, mesh.faces)
            return Result(variable, axis, values, low, high, overlay=overlay)
        overlay, vertex_rows = node_city(variable.id, ctx.crs_info(), world, mesh.faces)
    except ValueError as error:
        raise ctx.refused(str(error), name, kind="bad-mesh") from error
    return Result(variable, axis, values, low, high, overlay=overlay, vertex_rows=vertex_rows)


def lifts(ctx: Context, world: Float64, faces: Int64) -> Float64:
    """How far each node of a mesh of the ground has to be lifted so that the project's terrain, which is finer or
    coarser than the mesh, nowhere comes through its faces: float64 (P,), metres.

    Looked at are the corners of every face, its middle and the middles of its sides; faces that lie farther than
    `MOST_LIFT` below the terrain belong there (tunnels; or the terrain has houses on it) and stay.
    """
    if ctx.ground.raster is None or not len(faces):
        return np.zeros(len(world))
    three = faces[:, :3]
    corners = world[three]
    spots = np.concatenate(
        [corners, (corners + np.roll(corners, 1, axis=1)) / 2, corners.mean(axis=1)[:, None]], axis=1
    )
    ground = ctx.ground.heights(spots[..., :2].reshape(-1, 2), ctx.target(None, world[:, :2])).reshape(spots.shape[:2])
    missing = ground + ABOVE - spots[..., 2]
    missing[~((missing > 0.0) & (missing < MOST_LIFT))] = 0.0
    out = np.zeros(len(world))
    np.maximum.at(out, three.reshape(-1), np.repeat(missing.max(axis=1), 3))
    return out


class _MeshSource:
    """A `loaders.scenario.steps.Source` of variables on faces or nodes."""

    def __init__(self, ctx: Context, variable: Variable, rows: int) -> None:
        self.ctx, self.variable = ctx, variable
        self.shape: tuple[int, ...] = (rows,)

    def part(self, part: Part) -> Steps:
        """One variable of the file."""
        files = part.files or self.variable.data.files
        with opened(self.ctx, files[0]) as source:
            count = source.variable(part.names[0]).shape[-1:]
        if count != self.shape:
            reason = f"{part.names[0]!r} has {count} values per step, the mesh {self.shape[0]:,}"
            raise self.ctx.refused(reason, files[0], kind="dimensions")
        return NetCdfSteps(self.ctx, self.variable, files, part.names[0], axes=1)

    def default(self) -> Part | None:
        """A mesh's values are always named."""
        return None

    def members(self) -> Sequence[Steps]:
        """One array per entry of the dimension that counts members."""
        data = self.variable.data
        if not data.member or data.value is None:
            return []
        files = data.value.files or data.files
        with opened(self.ctx, files[0]) as source:
            if data.member not in source.data.dimensions:
                raise self.ctx.refused(f"there is no dimension {data.member!r}", files[0], kind="dimensions")
            count = len(source.data.dimensions[data.member])
        name = data.value.names[0]
        return [
            NetCdfSteps(self.ctx, self.variable, files, name, axes=1, member=(data.member, k)) for k in range(count)
        ]


def read_topology(ctx: Context, source: NetCdf, variable: Variable) -> Topology:
    """Nodes and faces of the mesh that the variable lies on. Raises LoadError."""
    data = variable.data
    topologies = [n for n, v in source.data.variables.items() if str(getattr(v, "cf_role", "")) == "mesh_topology"]
    if data.mesh in topologies or (not data.mesh and topologies):
        return _ugrid(ctx, source, _chosen(source, variable, topologies), data.z)
    if not (data.mesh and data.x and data.y):
        remedy = 'Name the array of corners as "mesh" and the coordinates of the nodes as "x" and "y" in its data.'
        raise ctx.refused("it describes no mesh by the UGRID conventions", source.name, remedy, "no-mesh")
    corners = source.variable(data.mesh)
    if corners.ndim != 2 or corners.shape[1] < 3:
        raise ctx.refused(f"{data.mesh!r} is no array of corners (faces x corners)", source.name, kind="bad-mesh")
    nodes = _nodes(ctx, source, data.x, data.y, data.z)
    faces = _faces(ctx, source, data.mesh, corners.dimensions[0], 0, len(nodes))
    return Topology(nodes, faces, source.variable(data.x).dimensions[0], corners.dimensions[0], None)


def _chosen(source: NetCdf, variable: Variable, topologies: list[str]) -> str:
    if variable.data.mesh:
        return variable.data.mesh
    name = named_parts(variable.data)[0].names[0]
    told = str(getattr(source.variable(name), "mesh", ""))
    return told if told in topologies else topologies[0]


def _ugrid(ctx: Context, source: NetCdf, name: str, height: str) -> Topology:
    mesh = source.data.variables[name]
    coordinates = str(getattr(mesh, "node_coordinates", "")).split()
    connectivity = str(getattr(mesh, "face_node_connectivity", ""))
    if len(coordinates) < 2 or connectivity not in source.data.variables:
        raise ctx.refused(f"the mesh {name!r} names no nodes or faces", source.name, kind="bad-mesh")
    x, y = coordinates[:2]
    if str(getattr(source.variable(x), "standard_name", "")) in ("projection_y_coordinate", "latitude"):
        x, y = y, x
    z = height or next((n for n in (f"{name}_node_z", f"{name}_node_altitude") if n in source.data.variables), "")
    nodes = _nodes(ctx, source, x, y, z)
    corners = source.variable(connectivity)
    told = str(getattr(mesh, "face_dimension", ""))
    along = told if told in corners.dimensions else corners.dimensions[0]
    start = int(getattr(corners, "start_index", 0))
    faces = _faces(ctx, source, connectivity, along, start, len(nodes))
    crs = source.crs(x)
    return Topology(nodes, faces, source.variable(x).dimensions[0], along, crs)


def _nodes(ctx: Context, source: NetCdf, x: str, y: str, z: str) -> Float64:
    columns = [source.numbers(name) for name in (x, y, z) if name]
    if any(column.ndim != 1 or len(column) != len(columns[0]) for column in columns):
        raise ctx.refused("the coordinates of the nodes are of different lengths", source.name, kind="bad-mesh")
    if len(columns) < 3:
        columns.append(np.full(len(columns[0]), np.nan))
    return np.stack(columns, axis=1)


def _faces(ctx: Context, source: NetCdf, name: str, along: str, start: int, nodes: int) -> Int64:
    """Corners int64 (F, K) counted from 0, -1 where a face has fewer."""
    found = source.variable(name)
    if found.size > MAX_STEP:
        raise ctx.refused("the mesh has too many faces", source.name, kind="too-large")
    numbers = source.numbers(name)
    if found.dimensions[0] != along:
        numbers = numbers.T
    missing = ~np.isfinite(numbers) | (numbers < start)
    corners = np.where(missing, -1, np.nan_to_num(numbers) - start).astype(np.int64)
    if corners.size and int(corners.max()) >= nodes:
        reason = f"a face names node {int(corners.max()) + start:,}, and there are {nodes:,}"
        raise ctx.refused(reason, source.name, kind="bad-mesh")
    return corners


def _on_nodes(ctx: Context, source: NetCdf, found: Any, mesh: Topology) -> bool:
    """True if a variable's values belong to nodes: by its attribute ``location``, by its dimensions."""
    location = str(getattr(found, "location", ""))
    last = found.dimensions[-1] if found.dimensions else ""
    if location in ("face", "node"):
        return location == "node"
    if last in (mesh.face_dimension, mesh.node_dimension):
        return last == mesh.node_dimension
    raise ctx.refused(f"{found.name!r} lies neither on faces nor on nodes of the mesh", source.name, kind="dimensions")
