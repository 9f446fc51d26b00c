"""Shader programs and their uniforms: one `CityMaterial` per (layer, LoD), shared by all its actors."""

from __future__ import annotations

from vtkmodules.vtkRenderingCore import vtkProperty, vtkTexture

# OpenGL's own classes must be loaded before `vtkShaderProperty` or `vtkProperty` are made: they are chosen by factory.
from vtkmodules.vtkRenderingOpenGL2 import vtkOpenGLShaderProperty

from viewer.document.state import Vec3
from viewer.render.sunlight import MODEL_RIG, NO_MAPS, LightRig, MapNumbers, put_light
from viewer.resources import shader

_VERSION_TAG = "//VTK::System::Dec"
PLAIN_RGB = (0.86, 0.85, 0.83)
"""Colour of everything where the driver rejects the shaders."""
COLOUR_MODES = {"surface": 0, "object": 1, "theme": 2}
REALISM = {"plain": 0, "shaded": 1, "textured": 2}


def make_program(name: str, **defines: int) -> vtkOpenGLShaderProperty:
    """A program from ``shaders/NAME.vert.glsl`` and ``.frag.glsl``; VTK adds its version line and custom uniforms."""
    program = vtkOpenGLShaderProperty()
    set_code(program, name, **defines)
    return program


def set_code(program: vtkOpenGLShaderProperty, name: str, **defines: int) -> None:
    """Give a program its code, with ``#define``s after the version line. One program per kind of picture is faster
    than one that decides per pixel: software renderers compute every branch."""
    first = "".join(f"#define {key} {value}\n" for key, value in defines.items())
    for stage, put in (("vert", program.SetVertexShaderCode), ("frag", program.SetFragmentShaderCode)):
        put(shader(f"{name}.{stage}.glsl").replace(_VERSION_TAG, _VERSION_TAG + "\n" + first, 1))


def set_copy_code(program: vtkOpenGLShaderProperty, name: str, **defines: int) -> None:
    """The same for VTK's glyph mapper, which keeps its own vertex shader: ours goes into it as a function."""
    first = "".join(f"#define {key} {value}\n" for key, value in {"INSTANCED": 1, **defines}.items())
    body = shader(f"{name}.vert.glsl").replace(_VERSION_TAG, first, 1)
    program.ClearAllVertexShaderReplacements()
    program.AddVertexShaderReplacement("//VTK::Clip::Dec", True, body, False)
    program.AddVertexShaderReplacement("//VTK::PositionVC::Dec", True, "", False)
    program.AddVertexShaderReplacement("//VTK::PositionVC::Impl", True, "  placeCopy();", False)
    program.SetFragmentShaderCode(shader(f"{name}.frag.glsl").replace(_VERSION_TAG, _VERSION_TAG + "\n" + first, 1))


class CityMaterial:
    """How the actors of one (layer, LoD) are drawn: shared texture, property and uniforms.

    Args:
        style: the layer's style texture.
        base: the layer's `ObjectTexture`.
        lod_index: index of the LoD in ``CityData.lods``.
        kind: "faces", "copies" (of a template, by VTK's glyph mapper), "points" or "lines".
        copies: for "copies", the `CopyTable`'s texture and the surface code of the template's faces.
    """

    def __init__(
        self,
        style: vtkTexture,
        base: vtkTexture,
        lod_index: int,
        kind: str = "faces",
        copies: tuple[vtkTexture, int] | None = None,
    ):
        self.kind = "faces" if kind == "copies" else kind
        self._copied = copies is not None
        self.defines_kind = kind
        self._mode: tuple[object, ...] = "surface", 0, "shaded", True, False, ()
        self._lod_index, self._style, self._copies = lod_index, style, copies
        self._caster: tuple[vtkOpenGLShaderProperty, vtkProperty] | None = None
        self._plain = False
        self.program = vtkOpenGLShaderProperty()
        if self.kind == "faces":
            self._set_code(COLOUR_MODE=0, THEME_PAGES=0, THEME_CLEAR=0, REALISM=1, LIGHTING=1)  # as `set_mode` says it
        else:
            set_code(self.program, "marker")
        self.surface = vtkProperty()
        self.surface.SetTexture("styleTex", style)
        if self.kind == "faces":
            self.surface.SetTexture("objectTex", base)
        vertex, fragment = self.program.GetVertexCustomUniforms(), self.program.GetFragmentCustomUniforms()
        vertex.SetUniformi("lodIndex", lod_index)
        vertex.SetUniformi("hoverRow", -1)
        vertex.SetUniformi("idBase", 1)
        fragment.SetUniformi("idPass", 0)
        if copies is not None:
            self.surface.SetTexture("instanceTex", copies[0])
            vertex.SetUniformi("surfaceCode", copies[1])
        if self.kind == "faces":
            fragment.SetUniformi("themeTextures", 0)
            vertex.SetUniform3f("eye", (0.0, 0.0, 0.0))
            fragment.SetUniform3f("eye", (0.0, 0.0, 0.0))
            fragment.SetUniformf("pixelAngle", 1e-3)
            fragment.SetUniformf("hazeMetres", 1e9)
            put_light(fragment, MODEL_RIG, NO_MAPS)
            self.set_details(0.0, 0.0, 0.0)
        else:
            vertex.SetUniform2f("viewportPixels", (1.0, 1.0))
            vertex.SetUniformf("markerPixels", 6.0 if kind == "points" else 2.0)
            vertex.SetUniformi("isPoint", int(kind == "points"))
            fragment.SetUniformi("isPoint", int(kind == "points"))

    def set_hover(self, row: int) -> None:
        """Highlight one object row (-1 = none): a uniform, no upload."""
        self.program.GetVertexCustomUniforms().SetUniformi("hoverRow", row)

    def set_mode(
        self,
        mode: str,
        pages: int = 0,
        realism: str = "shaded",
        lighting: bool = True,
        clear: bool = False,
        extras: tuple[tuple[str, int], ...] = (),
    ) -> None:
        """Choose "surface", "object" or "theme" (with so many atlas pages, and perhaps transparent materials),
        "plain", "shaded" or "textured", whether there are shadows and shade under the sky, and what scenarios add
        (`viewer.render.layer_extras`)."""
        wanted = mode, pages, realism, lighting, clear, extras
        if self.kind == "faces" and wanted != self._mode and not self._plain:
            self._mode = wanted
            self._set_code(
                COLOUR_MODE=COLOUR_MODES[mode],
                THEME_PAGES=pages,
                THEME_CLEAR=int(clear),
                REALISM=REALISM[realism],
                LIGHTING=int(lighting),
                **dict(extras),
            )

    def put_texture(self, name: str, texture: vtkTexture) -> None:
        """Bind a texture to a sampler, in place of another."""
        if self.surface.GetTexture(name) is not texture and not self._plain:
            self.surface.RemoveTexture(name)
            self.surface.SetTexture(name, texture)

    def _set_code(self, **defines: int) -> None:
        (set_copy_code if self._copied else set_code)(self.program, "city", **defines)

    def make_plain(self) -> None:
        """Give up the shaders: VTK's own draw everything in one colour. For drivers that reject ours."""
        if not self._plain:
            self._plain = True
            self.program.ClearAllVertexShaderReplacements()
            self.program.SetVertexShaderCode(None)  # type: ignore[arg-type]
            self.program.SetFragmentShaderCode(None)  # type: ignore[arg-type]
            self.surface.RemoveAllTextures()
            self.surface.SetColor(*PLAIN_RGB)
            self.surface.SetAmbient(0.25)
            self.surface.SetDiffuse(0.85)
            self.surface.SetInterpolationToFlat()

    def set_id_pass(self, active: bool, base: int) -> None:
        """Draw ids (row + ``base``) in place of colours."""
        self.program.GetVertexCustomUniforms().SetUniformi("idBase", base)
        self.program.GetFragmentCustomUniforms().SetUniformi("idPass", int(active))

    def set_view(self, eye: Vec3, pixel_angle: float, haze_metres: float) -> None:
        """Follow the camera: the eye (scene coordinates), metres per pixel a metre ahead, and the distance at which a
        third of the colour is air."""
        if self.kind == "faces":
            self.program.GetVertexCustomUniforms().SetUniform3f("eye", eye)
            fragment = self.program.GetFragmentCustomUniforms()
            fragment.SetUniform3f("eye", eye)
            fragment.SetUniformf("pixelAngle", pixel_angle)
            fragment.SetUniformf("hazeMetres", haze_metres)

    def set_light(self, rig: LightRig, maps: MapNumbers, textures: dict[str, vtkTexture]) -> None:
        """Take over the light, and the maps of shadows and heights."""
        if self.kind == "faces" and not self._plain:
            put_light(self.program.GetFragmentCustomUniforms(), rig, maps)
            for name, texture in textures.items():
                self.put_texture(name, texture)

    def caster(self) -> tuple[vtkOpenGLShaderProperty, vtkProperty]:
        """Program and property for maps of depth, in which the same objects are shown without colours."""
        if self._caster is None:
            program, surface = vtkOpenGLShaderProperty(), vtkProperty()
            surface.SetTexture("styleTex", self._style)
            uniforms = program.GetVertexCustomUniforms()
            uniforms.SetUniformi("lodIndex", self._lod_index)
            if self._copies is not None:
                surface.SetTexture("instanceTex", self._copies[0])
                uniforms.SetUniformi("surfaceCode", self._copies[1])
            (set_code if self._copies is None else set_copy_code)(program, "caster")
            self._caster = program, surface
        return self._caster

    def set_details(self, contour_step: float, height: float, water_time: float) -> None:
        """Contour lines every so many metres (0 = none), the height of the scene origin that they are counted with,
        and the moment (seconds) at which waves are drawn."""
        if self.kind == "faces":
            fragment = self.program.GetFragmentCustomUniforms()
            fragment.SetUniformf("contourStep", contour_step)
            fragment.SetUniformf("contourFrom", height)
            fragment.SetUniformf("waterTime", water_time)

    def set_viewport(self, width: int, height: int, scale: float) -> None:
        """Tell markers the size of the picture in pixels and how many of these make one pixel of the screen."""
        if self.kind != "faces":
            uniforms = self.program.GetVertexCustomUniforms()
            uniforms.SetUniform2f("viewportPixels", (float(width), float(height)))
            uniforms.SetUniformf("markerPixels", scale * (6.0 if self.kind == "points" else 2.0))

    def set_theme(self, table: vtkTexture | None, pages: tuple[vtkTexture, ...], first_texture: int) -> None:
        """Bind an appearance theme's table and atlas pages, or none."""
        self.program.GetFragmentCustomUniforms().SetUniformi("themeTextures", first_texture if table else 0)
        if self._plain:
            return
        for name in ("themeTex", "page0", "page1", "page2", "page3"):
            self.surface.RemoveTexture(name)
        if table is not None:
            self.surface.SetTexture("themeTex", table)
            for number, page in enumerate(pages):
                self.surface.SetTexture(f"page{number}", page)
