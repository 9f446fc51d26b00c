"""One layer on the GPU: its style texture and, per LoD that is shown, the actors of its tiles."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import TypeVar
from zlib import crc32

import numpy as np
import numpy.typing as npt
from vtkmodules.vtkRenderingCore import vtkRenderWindow, vtkTexture

from loaders.city import CityData, Instances, LodMesh, TileSet
from viewer.render.instanced import CopyDraw, CopyRays, CopyTable, Drawable, splits
from viewer.render.instances import expand_instances
from viewer.render.layer_extras import LayerExtras, SceneExtras
from viewer.render.markers import line_mesh, point_mesh
from viewer.render.materials import CityMaterial
from viewer.render.meshes import Draw, tile_meshes
from viewer.render.object_texture import Measured, ObjectTexture, facts_of, measure
from viewer.render.picking import RayIndex
from viewer.render.state import LayerLook
from viewer.render.style_texture import FLAG_BUILDING, StyleTexture
from viewer.render.theme import ThemeTextures
from viewer.render.walls import WallTask

Float64 = npt.NDArray[np.float64]


LOD_BITS = 15
"""Bits of a texel's last byte that name the LoD in which an object is shown, counted from 1; 0 = hidden."""
Made = TypeVar("Made")
STEP_SECONDS = 0.002
"""How long a step waits for the thread that measures objects."""


def in_thread(work: Callable[[], Made]) -> Generator[None, None, Made]:
    """Steps until a thread has done it, and what came of it. Given up, nothing is waited for."""
    threads = ThreadPoolExecutor(1, "layer")
    try:
        future = threads.submit(work)
        while not wait([future], STEP_SECONDS).done:
            yield
        return future.result()
    finally:
        threads.shutdown(wait=False, cancel_futures=True)


def _copies_of(groups: tuple[Instances, ...]) -> tuple[CopyTable, tuple[npt.NDArray[np.int32], Float64, Float64]]:
    table = CopyTable(groups)
    return table, table.heights()


class LodView:
    """The drawable parts of one LoD. Built in steps; nothing is visible until `LayerView` says so."""

    def __init__(self, mesh: LodMesh, index: int, style: StyleTexture, facts: ObjectTexture, scene_origin: Float64):
        self.mesh, self.index = mesh, index
        self.tile_sets: list[TileSet] = [mesh.tiles] if mesh.tiles.triangle_count else []
        self.left_out = 0
        self.draws: list[Drawable] = []
        self.sources: list[TileSet | None] = []
        self.materials: list[CityMaterial] = []
        self.rays: list[RayIndex | CopyRays] = []
        self.copies: CopyTable | None = None
        self.bounds: Float64 = np.zeros((0, 6))
        self._rows: list[npt.NDArray[np.int64]] = []
        self._filled: tuple[object, npt.NDArray[np.uint8] | None, npt.NDArray[np.bool_]] | None = None
        self.ready = False
        self.walls_asked = False
        self._style, self._facts, self._origin = style, facts, scene_origin

    def build_steps(self) -> Iterator[None]:
        """Make the actors, a little at a time."""
        copied, rest = splits(self.mesh.instances)
        expanded, self.left_out = expand_instances(rest)
        self.tile_sets += expanded
        yield
        yield from self._build_faces(self._material("faces"))
        if copied:
            yield from self._build_copies(copied)
        yield
        self._facts.finish()
        yield
        if self.mesh.points is not None and len(self.mesh.points.positions):
            self._add(Draw(point_mesh(self.mesh.points), self._material("points"), self._origin), None)
            yield
        if self.mesh.lines is not None and len(self.mesh.lines.positions):
            self._add(Draw(line_mesh(self.mesh.lines), self._material("lines"), self._origin), None)
        if self.draws:
            offset = np.concatenate([self._origin, self._origin])
            self.bounds = np.stack([draw.mesh.bounds for draw in self.draws]) - offset
        self._rows += [self._rows_of(draw) for draw in self.draws[len(self._rows) :]]
        self.ready = True

    def _build_faces(self, material: CityMaterial) -> Iterator[None]:
        """The actors of all tile sets; a thread measures the objects meanwhile."""
        found: deque[Future[Measured]] = deque()
        with ThreadPoolExecutor(1, "measure") as threads:
            try:
                for tiles in self.tile_sets:
                    self.rays.append(RayIndex(tiles))
                    for mesh in tile_meshes(tiles):
                        self._add(Draw(mesh, material, self._origin), tiles)
                        values = mesh.attributes["tags"], mesh.positions, mesh.origin - self._origin
                        found.append(threads.submit(measure, *values, eaves=self._facts.has_storeys))
                        yield
                while found:
                    if wait([found[0]], STEP_SECONDS).done:
                        measured = found.popleft().result()
                        self._facts.take(measured)
                        self._rows.append(measured.rows)
                    yield
            finally:
                threads.shutdown(cancel_futures=True)

    def _build_copies(self, groups: tuple[Instances, ...]) -> Iterator[None]:
        table, (rows, low, high) = yield from in_thread(partial(_copies_of, groups))
        self.copies = table
        self._facts.span(rows, low - self._origin[2], high - self._origin[2])
        materials: dict[int, CityMaterial] = {}
        for tile in table.tiles:
            if tile.code not in materials:
                materials[tile.code] = self._material("copies", (table.texture, tile.code))
            self.tile_sets.append(tile.template)
            self.rays.append(CopyRays(table, tile))
            self._add(CopyDraw(tile, materials[tile.code], self._origin), None)
            yield

    def _material(self, kind: str, copies: tuple[vtkTexture, int] | None = None) -> CityMaterial:
        material = CityMaterial(self._style.texture, self._facts.texture, self.index, kind, copies)
        self.materials.append(material)
        return material

    def _add(self, draw: Drawable, source: TileSet | None) -> None:
        self.draws.append(draw)
        self.sources.append(source)

    def filled(self, look: LayerLook, version: object) -> npt.NDArray[np.bool_]:
        """Which draws have an object that ``look`` shows in this LoD, on either side of a comparison, bool (K,): the
        others would take their time and leave no pixel. ``version``: that of side A, `LayerView.shown_version`."""
        kept, other = self._filled, look.texels_b
        if kept is None or kept[0] != version or kept[1] is not other:
            shown = (look.texels[:, 3] & LOD_BITS) == self.index + 1
            if other is not None:
                shown |= (other[:, 3] & LOD_BITS) == self.index + 1
            kept = self._filled = version, other, np.array([bool(shown[rows].any()) for rows in self._rows], np.bool_)
        return kept[2]

    def _rows_of(self, draw: Drawable) -> npt.NDArray[np.int64]:
        """Object rows in a draw, int64 (M,). The vertices of an object follow each other, so few rows come twice."""
        if isinstance(draw, CopyDraw):
            assert self.copies is not None
            return self.copies.rows[draw.tile.first : draw.tile.first + draw.tile.count].astype(np.int64)
        rows = draw.mesh.attributes["tags"][:, 0]
        return rows[np.flatnonzero(np.diff(rows, prepend=-1.0))].astype(np.int64)

    def bind_theme(self, theme: str | None) -> None:
        """Hand the vertex arrays of an appearance theme to the actors, or take them away (None)."""
        for draw, tiles in zip(self.draws, self.sources, strict=True):
            look = tiles.appearances.get(theme) if tiles is not None and theme is not None else None
            part = draw.mesh.vertices
            count = len(draw.mesh.positions)
            if tiles is None:
                continue
            if theme is None:
                draw.bind("uvt", None)
                draw.bind("material", None)
                continue
            none = np.full((count, 3), -1.0, np.float32)
            draw.bind("uvt", none if look is None or look.uvt is None else look.uvt[part])
            draw.bind("material", none[:, 0].copy() if look is None or look.material is None else look.material[part])


class LayerView:
    """A `CityData` in the scene.

    Attributes: lods: LoD index -> `LodView`, those asked for so far; look: what was applied last.
    """

    def __init__(self, layer_id: str, city: CityData, scene_origin: Float64):
        self.layer_id, self.city = layer_id, city
        self.names = tuple(city.lods)
        self.style = StyleTexture(object_flags(city))
        self.facts = ObjectTexture(len(city.objects))
        self.extras = LayerExtras(layer_id, self.style, self.facts, city)
        self.lods: dict[int, LodView] = {}
        self.look: LayerLook | None = None
        self.hover = -1
        self.id_base = 1
        self._origin = scene_origin
        self._themes: dict[str, ThemeTextures | None] = {}
        self._theme: str | None = None
        self._spoiled: frozenset[str] = frozenset()
        self._realism, self._lighting = "shaded", True
        self.shown_version: tuple[object, ...] = ()
        """Equal whenever the same objects and levels of detail are shown."""

    def learn_steps(self) -> Iterator[None]:
        """Find out what the objects are for; before the first LoD is built. A thread does it."""
        self.facts.learn(*(yield from in_thread(partial(facts_of, self.city))))
        self.extras.learn(self.facts)

    def build_steps(self, index: int) -> Iterator[Drawable]:
        """Build one LoD (nothing if it is there); yields each actor as it is made."""
        if index in self.lods or not 0 <= index < len(self.names):
            return
        lod = self.lods[index] = LodView(self.city.lods[self.names[index]], index, self.style, self.facts, self._origin)
        done = 0
        for _ in lod.build_steps():
            yield from lod.draws[done:]
            done = len(lod.draws)
        yield from lod.draws[done:]
        self._dress(lod)

    def apply(self, look: LayerLook) -> bool:
        """Take over a look; only what differs is touched. True if the picture changes."""
        old = self.look
        if old is look:
            return False
        self.look = look
        if (
            old is None
            or (old.visible, old.drawn) != (look.visible, look.drawn)
            or old.lods != look.lods
            or _other_objects(old, look)
        ):
            shown = crc32((look.texels[:, 3] & LOD_BITS).tobytes())
            self.shown_version = look.visible, look.drawn, look.lods, shown
        if old is None or old.texels is not look.texels or not np.array_equal(old.selected, look.selected):
            self.style.write(look.texels, look.selected)
        if old is None or _other_flags(old, look):
            self.facts.set_flags(look.proposed, look.uncertain, look.fading)
        other = self.extras.apply(look)
        if other or old is None or old.color_mode != look.color_mode or old.theme != look.theme:
            self._theme = look.theme if look.color_mode == "theme" else None
            self._dress_all()
        return True

    @property
    def missing_theme(self) -> str | None:
        """The theme that the look names and whose images are not there yet; until then materials are drawn."""
        return None if self._theme in self._themes else self._theme

    def set_theme(self, theme: str, textures: ThemeTextures | None) -> list[ThemeTextures]:
        """Take over a theme's textures (None: it cannot be had); returns those that are not needed any more."""
        old = [kept for kept in self._themes.values() if kept is not None]
        self._themes = {theme: textures}
        self._dress_all()
        return old

    def forgo(self, modes: frozenset[str]) -> None:
        """Draw these colour modes as "surface" from now on: their shader does not work here."""
        self._spoiled = modes
        self._dress_all()

    def set_extras(self, scene: SceneExtras) -> bool:
        """Take over what scenarios add to the whole picture. True if the layer's shaders differ then."""
        changed = self.extras.set_scene(scene)
        if changed:
            self._dress_all()
        return changed

    def set_realism(self, realism: str, lighting: bool = True) -> bool:
        """Choose "plain", "shaded" or "textured", with or without shadows. True if that is another one than before."""
        changed, wanted = (realism, lighting) != (self._realism, self._lighting), (realism, lighting)
        self._realism, self._lighting = wanted
        if changed:
            self._dress_all()
        return changed

    def wall_tasks(self) -> Iterator[WallTask]:
        """Faces whose wall coordinates nobody has asked for yet: those of the LoDs that are built and textured."""
        plain = (self.style.flags & FLAG_BUILDING) != 0
        for lod in self.lods.values() if self._realism == "textured" else ():
            if lod.ready and not lod.walls_asked:
                lod.walls_asked = True
                for draw, source in zip(lod.draws, lod.sources, strict=True):
                    if source is not None:
                        mesh = draw.mesh
                        yield WallTask(draw, mesh.positions, mesh.triangles, mesh.attributes["tags"], plain)

    @property
    def left_out(self) -> int:
        """Copies of geometry templates that are not drawn because there are too many, in the LoDs built so far."""
        return sum(lod.left_out for lod in self.lods.values())

    def set_hover(self, row: int) -> None:
        """Highlight one row (-1 = none)."""
        self.hover = row
        for material in self.all_materials():
            material.set_hover(row)

    def shown_lods(self) -> list[LodView]:
        """LoDs that are visible now and built."""
        if self.look is None or not (self.look.visible and self.look.drawn):
            return []
        return [self.lods[k] for k in self.look.lods if k in self.lods and self.lods[k].ready]

    def filled(self, lod: LodView) -> npt.NDArray[np.bool_]:
        """Which draws of a LoD have an object that is shown in it, bool (K,)."""
        assert self.look is not None
        return lod.filled(self.look, self.shown_version)

    def all_materials(self) -> Iterator[CityMaterial]:
        """Every material of the layer."""
        for lod in self.lods.values():
            yield from lod.materials

    def all_draws(self) -> Iterator[Drawable]:
        """Every actor of the layer."""
        for lod in self.lods.values():
            yield from lod.draws

    def release(self, window: vtkRenderWindow) -> None:
        """Forget everything (after the actors were taken out of the renderer)."""
        self.style.texture.ReleaseGraphicsResources(window)
        self.facts.texture.ReleaseGraphicsResources(window)
        for extra in self.extras.textures():
            extra.texture.ReleaseGraphicsResources(window)
        for lod in self.lods.values():
            if lod.copies is not None:
                lod.copies.texture.ReleaseGraphicsResources(window)
        for textures in self._themes.values():
            if textures is not None:
                textures.release(window)
        self.lods.clear()
        self._themes.clear()
        self.look = None

    def _dress_all(self) -> None:
        for lod in self.lods.values():
            if lod.ready:
                self._dress(lod)

    def _dress(self, lod: LodView) -> None:
        """Bring one LoD's uniforms and theme in line with the look."""
        mode = self.look.color_mode if self.look else "surface"
        textures = self._themes.get(self._theme) if self._theme is not None else None
        if mode in self._spoiled or (mode == "theme" and textures is None):
            mode, textures = "surface", None
        lod.bind_theme(self._theme if textures is not None else None)
        pages, clear = (len(textures.pages), textures.clear) if textures is not None else (0, False)
        for draw, source in zip(lod.draws, lod.sources, strict=True):
            for name, values in self.extras.attributes(draw.mesh, source):
                draw.mesh.attributes[name] = values
                draw.bind(name, values)
        for material in lod.materials:
            extras = self.extras.defines(material.defines_kind)
            material.set_mode(mode, pages, self._realism, self._lighting, clear, extras)
            # VTK declares a uniform only once it has a value, and a picture in slices may go on with these materials
            self.extras.set_line(material, 0.0, 0.5)
            material.set_hover(self.hover)
            if material.kind == "faces":
                if textures is None:
                    material.set_theme(None, (), 0)
                else:
                    material.set_theme(textures.table, textures.pages, textures.first_texture)


def _other_objects(old: LayerLook, new: LayerLook) -> bool:
    if old.texels is new.texels:
        return False
    return old.texels.shape != new.texels.shape or bool(((old.texels[:, 3] ^ new.texels[:, 3]) & LOD_BITS).any())


def _other_flags(old: LayerLook, new: LayerLook) -> bool:
    same = np.array_equal(old.proposed, new.proposed) and old.uncertain is new.uncertain
    return not (same and old.fading is new.fading)


def object_flags(city: CityData) -> npt.NDArray[np.uint8]:
    """uint8 (N,): `FLAG_BUILDING` where walls and roofs are told apart by slope if the file does not name them."""
    by_type = [FLAG_BUILDING if "Building" in name else 0 for name in city.objects.type_names] or [0]
    codes = np.clip(city.objects.type_codes, 0, len(by_type) - 1)
    return np.asarray(by_type, np.uint8)[codes]


def full_look(layer_id: str, city: CityData, rgb: tuple[int, int, int] = (200, 200, 200)) -> LayerLook:
    """A look that shows every object in its finest LoD, in one colour: what a layer has before the first `apply`."""
    texels = np.zeros((len(city.objects), 4), np.uint8)
    texels[:, :3] = rgb
    used: list[int] = []
    for index, mesh in enumerate(city.lods.values()):
        texels[mesh.drawn, 3] = index + 1
        used.append(index)
    shown = set(np.flatnonzero(np.bincount(texels[:, 3])).tolist())
    lods = tuple(k for k in used if k + 1 in shown)
    return LayerLook(layer_id, True, texels, "surface", lods, None, np.zeros(0, np.int64))
