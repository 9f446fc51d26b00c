"""Walks the small part of a CityJSON document (objects, attributes, geometry headers) once, into lists.

Long arrays are not in it: see `cityjson_cut`. Lists that are still there (short files with odd text) are
turned back into text, so that everything behind this module sees arrays of one kind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson

from loaders._issues import IssueLog
from loaders.city import Int32
from loaders.cityjson_cut import BOUNDARIES, SURFACES, VALUES, Cuts
from loaders.cityjson_ragged import as_text

GEOMETRY_DEPTH = {
    "MultiPoint": 1,
    "MultiLineString": 2,
    "MultiSurface": 3,
    "CompositeSurface": 3,
    "Solid": 4,
    "MultiSolid": 5,
    "CompositeSolid": 5,
}
"""Brackets around a vertex index in the boundaries of each geometry type."""
INSTANCE = "GeometryInstance"
_OBJECT_KEYS = frozenset({"type", "attributes", "geometry", "parents", "children", "geographicalExtent", "members"})
_SURFACE_KEYS = frozenset({"type", "parent", "children"})


class Unsure(Exception):
    """The numbers in the skeleton do not match the arrays that were cut out."""


GEOMETRY_FIELDS = ("row", "lod", "depth", "boundaries", "semantics", "first_surface", "surfaces", "feature")
"""Integers noted for each geometry: object row (-1 = template), code of the LoD, brackets by its type, numbers
of its arrays (-1 = none), first row and number of its semantic surfaces, feature (line) that it came from."""


@dataclass(slots=True)
class InstanceRecord:
    """A use of a geometry template: template number, array with one vertex index, 16 matrix numbers."""

    row: int
    template: int
    boundaries: int
    matrix: list[float]
    feature: int = 0


class Names(dict[str, int]):
    """Gives each name a small number, in order of first appearance."""

    def __missing__(self, name: str) -> int:
        self[name] = number = len(self)
        return number


@dataclass(slots=True)
class Walk:
    """Everything found, as parallel lists; arrays are known by number (cut ones first, then ``extra``).

    ``geometries`` holds `GEOMETRY_FIELDS` for each geometry, one after the other. ``materials`` has geometry, theme,
    array of values or -1, single material or -1 for each; ``textures`` geometry, theme, array of values. ``shells`` has
    shell, row and feature of each list of geometries that was cut out.
    """

    ids: list[str] = field(default_factory=list)
    type_names: Names = field(default_factory=Names)
    types: list[int] = field(default_factory=list)
    attributes: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    parents: list[tuple[int, list[Any]]] = field(default_factory=list)
    children: list[tuple[int, list[Any]]] = field(default_factory=list)
    lods: Names = field(default_factory=Names)
    geometries: list[int] = field(default_factory=list)
    themes: Names = field(default_factory=Names)
    materials: list[int] = field(default_factory=list)
    textures: list[int] = field(default_factory=list)
    shells: list[int] = field(default_factory=list)
    instances: list[InstanceRecord] = field(default_factory=list)
    templates: list[int] = field(default_factory=list)
    """Geometry number of each template, -1 = cannot be drawn."""
    surface_names: Names = field(default_factory=Names)
    surface_types: list[int] = field(default_factory=list)
    surface_rows: list[int] = field(default_factory=list)
    surface_attributes: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    extra: list[tuple[int, bytes]] = field(default_factory=list)
    issues: IssueLog = field(default_factory=IssueLog)
    blocks: dict[str, Int32] = field(default_factory=dict)
    """More rows of the lists of integers by name, to be put behind them: from `cityjson_shells`."""

    def integers(self, name: str) -> Int32:
        """One of the lists of integers as an array, blocks included."""
        own: list[int] = getattr(self, name)
        found = np.fromiter(own, np.int32, len(own))
        more = self.blocks.pop(name, None)
        return found if more is None else np.concatenate([found, more.ravel()]) if len(own) else more.ravel()

    @property
    def geometry_count(self) -> int:
        """Geometries noted so far."""
        return len(self.geometries) // len(GEOMETRY_FIELDS)


class Walker:
    """Fills a `Walk`; ``used`` counts how often each cut array was met where its kind belongs.

    ``tick`` is called now and then and may raise to stop.
    """

    def __init__(self, cuts: Cuts | None, tick: Callable[[], None] = lambda: None):
        self.walk = Walk()
        self.tick = tick
        self.cuts = 0 if cuts is None else len(cuts.table)
        self.kinds = bytearray() if cuts is None else cuts.kinds
        self.used = bytearray(self.cuts)
        self.shell_used = bytearray(0 if cuts is None else len(cuts.shells))
        self.text_of: Callable[[int], memoryview] | None = None if cuts is None else cuts.text
        self.feature = 0

    def array(self, value: Any, kind: int) -> int:
        """Number of the array that stands for ``value``, -1 if it is none."""
        if type(value) is int and 0 <= value < self.cuts and self.kinds[value] == kind:
            if self.used[value]:
                raise Unsure
            self.used[value] = 1
            return value
        if type(value) is list and kind != SURFACES:
            self.walk.extra.append((kind, as_text(value)))
            return self.cuts + len(self.walk.extra) - 1
        return -1

    def objects(self, objects: dict[str, Any]) -> None:
        """Walk the members of one ``CityObjects``."""
        walk = self.walk
        ids, types, attributes, names = walk.ids, walk.types, walk.attributes, walk.type_names
        for name, item in objects.items():
            if type(item) is not dict:
                walk.issues.error("bad-object", "City objects that are not JSON objects were skipped.", [name])
                continue
            row = len(ids)
            if not row & 8191:
                self.tick()
            ids.append(name)
            kind = item.get("type")
            if type(kind) is not str or not kind:
                walk.issues.warning(
                    "missing-type", "City objects without a type are shown as GenericCityObject.", [name]
                )
                kind = "GenericCityObject"
            types.append(names[kind])
            known = 1
            values = item.get("attributes")
            if values is not None:
                known += 1
            geometry = item.get("geometry")
            if geometry is not None:
                known += 1
                self._geometries(row, name, geometry)
            if len(item) > known:
                values = self._rest(row, item, values)
            if values:
                if type(values) is dict:
                    attributes.append((row, values))
                else:
                    walk.issues.warning("bad-attributes", "Attributes that are not a JSON object were skipped.", [name])

    def _rest(self, row: int, item: dict[str, Any], values: Any) -> Any:
        """Hierarchy, and members that an extension or a later version added (shown with the attributes)."""
        for key, store in (("parents", self.walk.parents), ("children", self.walk.children)):
            names = item.get(key)
            if isinstance(names, list) and names:
                store.append((row, names))
        members = item.get("members")
        if isinstance(members, list) and members:
            self.walk.children.append((row, members))
        more = {key: value for key, value in item.items() if key not in _OBJECT_KEYS}
        if more and (values is None or isinstance(values, dict)):
            return {**more, **(values or {})}
        return values

    def _geometries(self, row: int, name: str, geometries: Any) -> None:
        if type(geometries) is int and 0 <= geometries - self.cuts < len(self.shell_used):
            shell = geometries - self.cuts
            if self.shell_used[shell]:
                raise Unsure
            self.shell_used[shell] = 1
            self.walk.shells.extend((shell, row, self.feature))
            return
        self.geometry_list(row, name, geometries)

    def geometry_list(self, row: int, name: str, geometries: Any) -> None:
        """Walk the geometries of one object."""
        if type(geometries) is not list:
            self.walk.issues.error("bad-geometry", "Geometries that are not a list were skipped.", [name])
            return
        for item in geometries:
            if type(item) is not dict:
                self.walk.issues.error("bad-geometry", "Geometries that are not JSON objects were skipped.", [name])
            elif item.get("type") == INSTANCE:
                self._instance(row, name, item)
            else:
                self.geometry(row, name, item)

    def geometry(self, row: int, name: str, item: dict[str, Any]) -> bool:
        """Note the header of one geometry; False if it cannot be drawn."""
        kind = item.get("type")
        depth = GEOMETRY_DEPTH.get(kind) if type(kind) is str else None
        boundaries = item.get("boundaries")
        if type(boundaries) is int and 0 <= boundaries < self.cuts and not self.used[boundaries]:
            self.used[boundaries] = 1  # as in `array`, without the call
            if self.kinds[boundaries] != BOUNDARIES:
                raise Unsure
        else:
            boundaries = self.array(boundaries, BOUNDARIES)
        if depth is None:
            self.walk.issues.error("unknown-geometry", "Geometries of an unknown type were skipped.", [name])
            self._forget(item)
            return False
        if boundaries < 0:
            self.walk.issues.error("bad-boundaries", "Geometries without a list of boundaries were skipped.", [name])
            self._forget(item)
            return False
        lod = item.get("lod")
        if type(lod) is not str:
            lod = self._lod(lod, name)
        semantics = item.get("semantics")
        values = first = surfaces = -1
        if type(semantics) is dict:
            values = self.array(semantics.get("values"), VALUES)
            first, surfaces = self._surfaces(row, semantics.get("surfaces"))
        number = self.walk.geometry_count
        self.walk.geometries.extend(
            (row, self.walk.lods[lod], depth, boundaries, values, first, surfaces, self.feature)
        )
        if "material" in item:
            for theme, *one in self._material(item["material"]):
                self.walk.materials.extend((number, self.walk.themes[theme], *one))
        if "texture" in item:
            for theme, array in self._texture(item["texture"]):
                self.walk.textures.extend((number, self.walk.themes[theme], array))
        return True

    def _forget(self, item: dict[str, Any]) -> None:
        """Count the other arrays of a skipped geometry as met."""
        semantics = item.get("semantics")
        if isinstance(semantics, dict):
            self.array(semantics.get("values"), VALUES)
            self.array(semantics.get("surfaces"), SURFACES)
        self._material(item.get("material"))
        self._texture(item.get("texture"))

    def _lod(self, lod: Any, name: str) -> str:
        if type(lod) in (int, float):
            return f"{lod:g}"
        if lod is not None:
            self.walk.issues.warning("bad-lod", "An unreadable level of detail counts as none.", [name])
        else:
            self.walk.issues.info("missing-lod", "Geometries without a level of detail are shown as one.", [name])
        return ""

    def _surfaces(self, row: int, surfaces: Any) -> tuple[int, int]:
        """Note the semantic surfaces of one geometry: (first row of the surface table, how many)."""
        walk = self.walk
        types, names = walk.surface_types, walk.surface_names
        first = len(types)
        if type(surfaces) is int:
            surfaces = self.surface_list(self.array(surfaces, SURFACES))
        if type(surfaces) is not list:
            return first, 0
        for surface in surfaces:
            kind = surface.get("type") if type(surface) is dict else None
            if type(surface) is dict and len(surface) > 1:
                values = surface_attributes(surface)
                if values:
                    walk.surface_attributes.append((len(types), values))
            types.append(names[kind if type(kind) is str else ""])
        walk.surface_rows.extend([row] * len(surfaces))
        return first, len(surfaces)

    def surface_list(self, number: int) -> Any:
        """The semantic surfaces that were cut out as array ``number``; raises `Unsure` if they are not JSON."""
        if number < 0 or self.text_of is None:
            return None
        try:
            return orjson.loads(self.text_of(number))
        except orjson.JSONDecodeError as error:
            raise Unsure from error

    def _material(self, themes: Any) -> list[tuple[str, int, int]]:
        out = []
        for theme, item in themes.items() if type(themes) is dict else ():
            if type(item) is not dict:
                continue
            values = self.array(item.get("values"), VALUES)
            single = item.get("value")
            if values >= 0 or type(single) is int:
                out.append((theme, values, single if type(single) is int else -1))
        return out

    def _texture(self, themes: Any) -> list[tuple[str, int]]:
        out = []
        for theme, item in themes.items() if type(themes) is dict else ():
            values = self.array(item.get("values"), VALUES) if type(item) is dict else -1
            if values >= 0:
                out.append((theme, values))
        return out

    def _instance(self, row: int, name: str, item: dict[str, Any]) -> None:
        template = item.get("template")
        boundaries = self.array(item.get("boundaries"), BOUNDARIES)
        matrix = item.get("transformationMatrix")
        if type(matrix) is not list or len(matrix) != 16 or {*map(type, matrix)} - {int, float}:
            matrix = None
        if type(template) is not int or boundaries < 0 or matrix is None:
            self.walk.issues.error(
                "bad-instance", "Template uses without a template, point or 4 x 4 matrix were skipped.", [name]
            )
            return
        self.walk.instances.append(InstanceRecord(row, template, boundaries, matrix, self.feature))

    def template_list(self, templates: Any) -> None:
        """Walk ``geometry-templates.templates``; a template that cannot be drawn keeps its place."""
        for number, item in enumerate(templates if isinstance(templates, list) else []):
            fine = isinstance(item, dict) and self.geometry(-1, f"template {number}", item)
            self.walk.templates.append(self.walk.geometry_count - 1 if fine else -1)

    def settled(self) -> set[int] | None:
        """Numbers of cut arrays that were met nowhere (to be put back); None if all were met."""
        if 0 not in self.used:
            return None
        return {number for number, used in enumerate(self.used) if not used}

    def complete(self) -> bool:
        """True if every array and shell was met."""
        return 0 not in self.used and 0 not in self.shell_used


def surface_attributes(surface: dict[str, Any]) -> dict[str, Any]:
    """What a semantic surface says beyond its type and hierarchy."""
    return {key: value for key, value in surface.items() if key not in _SURFACE_KEYS}
