"""What scenarios add to a layer: side B of a comparison, colours of surfaces, values at nodes, a raster on the ground,
objects that come and go. Each is compiled into the layer's shaders only while it is used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loaders.city import CityData, TileSet
from viewer.render.fields import FieldPool, folded, put_scale
from viewer.render.ground_field import GroundCells
from viewer.render.materials import CityMaterial
from viewer.render.meshes import Mesh
from viewer.render.object_texture import ObjectTexture
from viewer.render.state import LayerLook, NodeLook, RenderState
from viewer.render.style_texture import StyleTexture

Float32 = npt.NDArray[np.float32]
Int64 = npt.NDArray[np.int64]
UInt8 = npt.NDArray[np.uint8]

GROUND_USES = range(16, 45)
"""Uses (`viewer.render.uses`) of objects on which rasters are drawn, as in ``shaders/ground_field.glsl``."""
SIDES = {"": 0, "swipe": 1, "blend": 2}
Defines = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class SceneExtras:
    """What of a picture concerns all layers. Attributes: compare: "", "swipe" or "blend"; ground; nodes by layer."""

    compare: str = ""
    ground: GroundCells | None = None
    nodes: tuple[NodeLook, ...] = ()

    @classmethod
    def of(cls, state: RenderState, ground: GroundCells | None) -> SceneExtras:
        """Those of a state."""
        return cls(state.compare, ground, state.nodes)

    def node_look(self, layer_id: str) -> NodeLook | None:
        """Values at the nodes of a layer."""
        return next((look for look in self.nodes if look.layer_id == layer_id), None)


NO_EXTRAS = SceneExtras()


class LayerExtras:
    """Those of one layer.

    Args:
        style: the layer's style texture.
        facts: its object texture.
        city: its data.
    """

    def __init__(self, layer_id: str, style: StyleTexture, facts: ObjectTexture, city: CityData):
        self._layer_id = layer_id
        self._style, self._city = style, city
        self._land = False
        self.learn(facts)
        self._look: LayerLook | None = None
        self._scene = NO_EXTRAS
        self._style_b: StyleTexture | None = None
        self._surfaces: dict[str, StyleTexture] = {}
        self._folded: dict[str, tuple[Float32, Float32]] = {}
        self._hides = False

    def learn(self, facts: ObjectTexture) -> None:
        """Find out whether the layer has ground, once its object texture knows what the objects are for."""
        uses = facts.values[:, 3].astype(np.int64) & 63
        self._land = bool(((uses >= GROUND_USES.start) & (uses < GROUND_USES.stop)).any()) or _has_ground(self._city)

    def apply(self, look: LayerLook) -> bool:
        """Take over a look; only what differs is touched. True if the layer's shaders have to be chosen again."""
        before, old = self.defines("faces"), self._look
        self._look = look
        if look.texels_b is not None:
            if self._style_b is None:
                self._style_b = StyleTexture(self._style.flags)
            other = old is None or old.texels_b is not look.texels_b or not np.array_equal(old.selected, look.selected)
            if other:
                self._style_b.write(look.texels_b, look.selected)
            if other or old is None or old.texels is not look.texels:
                self._hides = _other_shown(look.texels, look.texels_b)
        else:
            self._hides = False
        self._put_surfaces("surfaceTex", look.surface_texels)
        self._put_surfaces("surfaceTexB", look.surface_texels_b)
        return before != self.defines("faces")

    def set_scene(self, scene: SceneExtras) -> bool:
        """Take over what concerns all layers. True as for `apply`."""
        if scene is self._scene:
            return False
        before, old = self.defines("faces"), self._scene.node_look(self._layer_id)
        self._scene = scene
        new = scene.node_look(self._layer_id)
        moved = new is not None and (old is None or old.vertex_rows is not new.vertex_rows)
        return moved or before != self.defines("faces")

    def defines(self, kind: str) -> Defines:
        """What the shaders of the layer's "faces" or "copies" have to be compiled with."""
        look, scene = self._look, self._scene
        if look is None:
            return ()
        faces = kind == "faces"
        nodes = scene.node_look(self._layer_id) if faces and look.color_mode == "object" else None
        surfaces = faces and look.color_mode == "object" and look.surface_texels is not None
        sides = SIDES[scene.compare]
        two = look.texels_b is not None
        two |= nodes is not None and nodes.values_b is not None
        two |= surfaces and look.surface_texels_b is not None
        made: list[tuple[str, int]] = []
        if sides and two:
            made.append(("COMPARE", 1))
            if self._hides:
                made.append(("COMPARE_HIDES", 1))
        if surfaces:
            made.append(("SURFACES", 1))
        if nodes is not None:
            made.append(("NODES", 1))
            if nodes.ranges is not None or nodes.ranges_b is not None:
                made.append(("NODE_RANGES", 1))
        if look.opacity < 1.0 or (look.fade < 1.0 and len(look.fading)):
            made.append(("FADE", 1))
        if look.over > 0.0 and faces:
            made.append(("OVER", 1))
        ground = scene.ground.defines(bool(sides)) if scene.ground is not None and faces and self._land else ()
        made += ground
        if sides and ((two and made) or ground):
            made.append(("SIDES", sides))
        return tuple(made)

    def attributes(self, mesh: Mesh, source: TileSet | None) -> Iterator[tuple[str, Float32]]:
        """Vertex arrays that an actor needs now and has not got yet: name, float32 (V,)."""
        wanted = dict(self.defines("faces"))
        if source is None:
            return
        if "SURFACES" in wanted and "surfaceRow" not in mesh.attributes:
            yield "surfaceRow", surface_rows(mesh, source)
        if "NODES" in wanted:
            look = self._scene.node_look(self._layer_id)
            if look is not None:
                rows = np.asarray(look.vertex_rows[mesh.vertices], np.float32)
                if len(rows) != len(mesh.positions):
                    rows = np.full(len(mesh.positions), -1.0, np.float32)
                if not np.array_equal(mesh.attributes.get("nodeRow", _NONE), rows):
                    yield "nodeRow", rows

    def dress(self, material: CityMaterial, pool: FieldPool) -> None:
        """Hand a material its textures and numbers; before every picture."""
        wanted = dict(self.defines(material.defines_kind))
        look, scene = self._look, self._scene
        if not wanted or look is None:
            return
        fragment = material.program.GetFragmentCustomUniforms()
        if "COMPARE" in wanted:
            other = self._style_b if look.texels_b is not None else self._style
            material.put_texture("styleTexB", (other or self._style).texture)
        if "SURFACES" in wanted:
            own = self._surfaces["surfaceTex"]
            material.put_texture("surfaceTex", own.texture)
            if "COMPARE" in wanted:
                there = look.surface_texels_b is not None
                material.put_texture("surfaceTexB", (self._surfaces["surfaceTexB"] if there else own).texture)
        nodes = scene.node_look(self._layer_id)
        if "NODES" in wanted and nodes is not None:
            material.put_texture("nodeTex", pool.get(self._fold("a", nodes.values)))
            if "COMPARE" in wanted:
                other_values = nodes.values if nodes.values_b is None else nodes.values_b
                material.put_texture("nodeTexB", pool.get(self._fold("b", other_values)))
            if "NODE_RANGES" in wanted:
                a, b = _ranges_of(nodes)
                material.put_texture("rangeTex", pool.get(self._fold("range a", a)))
                if "COMPARE" in wanted:
                    material.put_texture("rangeTexB", pool.get(self._fold("range b", b)))
            put_scale(fragment, nodes.scale)
        if "FADE" in wanted:
            fragment.SetUniformf("fadeShown", look.fade)
            fragment.SetUniformf("layerShown", look.opacity)
        if "OVER" in wanted:
            material.program.GetVertexCustomUniforms().SetUniformf("over", look.over)
        if "GROUND_FIELD" in wanted and scene.ground is not None:
            scene.ground.dress(material, pool)

    def set_line(self, material: CityMaterial, swipe_x: float, share: float) -> None:
        """Tell where the swipe line is (pixels from the left of the window), and the share of B in a blend."""
        if "SIDES" in dict(self.defines(material.defines_kind)):
            fragment = material.program.GetFragmentCustomUniforms()
            fragment.SetUniformf("swipeX", swipe_x)
            fragment.SetUniformf("blendShare", share)

    @property
    def shown_lod_b(self) -> UInt8 | None:
        """As `StyleTexture.shown_lod`, for side B; None where it is that of A."""
        look = self._look
        there = look is not None and look.texels_b is not None and self._style_b is not None
        return self._style_b.shown_lod if there and self._style_b is not None else None

    def textures(self) -> Iterator[StyleTexture]:
        """Everything that has to be freed with the layer."""
        if self._style_b is not None:
            yield self._style_b
        yield from self._surfaces.values()

    def _put_surfaces(self, name: str, texels: UInt8 | None) -> None:
        if texels is None:
            return
        made = self._surfaces.get(name)
        if made is None:
            made = self._surfaces[name] = StyleTexture(np.zeros(len(self._city.surfaces), np.uint8))
        if made.source is not texels:
            made.write(texels, _NO_ROWS)

    def _fold(self, side: str, values: Float32) -> Float32:
        kept = self._folded.get(side)
        if kept is None or kept[0] is not values:
            kept = self._folded[side] = values, folded(values)
        return kept[1]


def surface_rows(mesh: Mesh, source: TileSet) -> Float32:
    """Row of the surface table of every vertex of a mesh that was made from ``source``; float32 (V,), -1 = none."""
    out = np.full(len(mesh.positions), -1.0, np.float32)
    if source.triangle_surface is None:
        return out
    first = int(np.searchsorted(source.vertex_start, mesh.vertices.start, side="right")) - 1
    # tiles without vertices begin at the same place: the triangles of all of them come before
    start = int(source.triangle_start[first])
    rows = source.triangle_surface[start : start + len(mesh.triangles)]
    if len(rows) == len(mesh.triangles):
        out[mesh.triangles] = rows[:, None]
    return out


def _ranges_of(nodes: NodeLook) -> tuple[Float32, Float32]:
    """Ranges of both sides; those that are not known are one row of NaN, which stands for all."""
    a = _UNKNOWN if nodes.ranges is None else nodes.ranges
    if nodes.values_b is None:
        return a, a
    return a, _UNKNOWN if nodes.ranges_b is None else nodes.ranges_b


def _has_ground(city: CityData) -> bool:
    return any(name in {"TrafficArea", "AuxiliaryTrafficArea", "WaterSurface"} for name in city.surfaces.type_names)


def _other_shown(a: UInt8, b: UInt8) -> bool:
    return a.shape != b.shape or bool(((a[:, 3] ^ b[:, 3]) & 15).any())


_NONE = np.zeros(0, np.float32)
_UNKNOWN = np.full((1, 2), np.nan, np.float32)
_NO_ROWS = np.zeros(0, np.int64)
