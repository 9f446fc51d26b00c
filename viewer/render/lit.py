"""Materials of what scenarios draw besides the city: lit by the same sun, sky and shadows, without object rows."""

from __future__ import annotations

from dataclasses import dataclass

from vtkmodules.vtkRenderingCore import vtkProperty, vtkTexture
from vtkmodules.vtkRenderingOpenGL2 import vtkOpenGLShaderProperty

from viewer.document.state import Vec3
from viewer.render.materials import REALISM, set_code
from viewer.render.sunlight import LightRig, MapNumbers, put_light


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """What the next picture is drawn with.

    Attributes: eye (scene coordinates), angle (metres per pixel, a metre ahead), haze (metres), as in
    `CityMaterial.set_view`; rig, maps, textures: light; realism, lighting: as for layers; time: seconds, of waves;
    scale: pixels of the picture per point of the screen.
    """

    eye: Vec3
    angle: float
    haze: float
    rig: LightRig
    maps: MapNumbers
    textures: dict[str, vtkTexture]
    realism: str
    lighting: bool
    time: float
    scale: float


class LitMaterial:
    """A program from ``shaders/NAME.*.glsl`` with its property.

    Args:
        name: of the shaders.
        defines: that never change.
    """

    kind = "extra"

    def __init__(self, name: str, **defines: int):
        self._name, self._fixed = name, defines
        self._defines: dict[str, int] = {}
        self.program = vtkOpenGLShaderProperty()
        self.surface = vtkProperty()

    def choose(self, around: Surroundings, **defines: int) -> None:
        """Compile for a kind of picture, if it is another one than before."""
        wanted = {
            "REALISM": REALISM[around.realism],
            "LIGHTING": int(around.lighting),
            **self._fixed,
            **{key: value for key, value in defines.items() if value},
        }
        if wanted != self._defines:
            self._defines = wanted
            set_code(self.program, self._name, **wanted)

    def light(self, around: Surroundings) -> None:
        """Take over camera and light."""
        vertex, fragment = self.program.GetVertexCustomUniforms(), self.program.GetFragmentCustomUniforms()
        vertex.SetUniform3f("eye", around.eye)
        vertex.SetUniformf("pixelAngle", around.angle)
        fragment.SetUniform3f("eye", around.eye)
        fragment.SetUniformf("pixelAngle", around.angle)
        fragment.SetUniformf("hazeMetres", around.haze)
        fragment.SetUniformf("waterTime", around.time)
        put_light(fragment, around.rig, around.maps)
        for name, texture in around.textures.items():
            self.put_texture(name, texture)

    def put_texture(self, name: str, texture: vtkTexture) -> None:
        """Bind a texture to a sampler, in place of another."""
        if self.surface.GetTexture(name) is not texture:
            self.surface.RemoveTexture(name)
            self.surface.SetTexture(name, texture)

    def caster(self) -> tuple[vtkOpenGLShaderProperty, vtkProperty]:
        """As it is drawn; never asked for: these cast no shadows."""
        return self.program, self.surface
