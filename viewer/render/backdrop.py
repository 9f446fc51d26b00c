"""Sky and ground behind the city: a rectangle over the picture, or over some of its rows, computed in the shader."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from vtkmodules.vtkRenderingCore import vtkTexture

from viewer.document.state import Vec3
from viewer.render.culling import View
from viewer.render.materials import make_program, set_code
from viewer.render.screen import put_rows, screen_actor
from viewer.render.slicing import Rows
from viewer.render.sunlight import MODEL_RIG, NO_MAPS, LightRig, MapNumbers, put_light

TONES: dict[str, tuple[Vec3, Vec3]] = {
    "plain": ((0.80, 0.80, 0.795), (0.75, 0.752, 0.75)),
    "shaded": ((0.785, 0.795, 0.785), (0.735, 0.748, 0.745)),
    "textured": ((0.785, 0.795, 0.785), (0.735, 0.748, 0.745)),
    "land": ((0.665, 0.715, 0.575), (0.665, 0.715, 0.575)),
}
"""Ground and its grid (sRGB) by realism; "land" goes on where a textured terrain ends."""


class Backdrop:
    """The background. It has no depth, cannot be picked and never hides or fights with a face."""

    def __init__(self) -> None:
        self.actor, self._kept = screen_actor()
        self._mode = True, False
        self._program = make_program("backdrop", LIGHTING=1, DATED=0)
        self._uniforms = self._program.GetFragmentCustomUniforms()
        self._uniforms.SetUniformi("idPass", 0)
        self.actor.SetShaderProperty(self._program)
        self.actor.ForceOpaqueOn()
        self._realism, self._terrain = "shaded", False
        self.set_ground(np.zeros(2), -1e9, 1.0)
        self._uniforms.SetUniformf("pixelAngle", 1e-3)
        self._uniforms.SetUniformf("hazeMetres", 1e9)
        self.set_light(MODEL_RIG, NO_MAPS, {})
        self._size = 1, 1
        self.show(None)

    def show(self, rows: Rows | None) -> None:
        """Draw these rows of the picture with the next one; None = nothing."""
        self.actor.SetVisibility(rows is not None)
        if rows is not None:
            put_rows(self._program, rows, self._size[1])

    def set_mode(self, lighting: bool, dated: bool) -> None:
        """Choose whether the ground has shadows, and whether the sky has sun, moon and stars."""
        if (lighting, dated) != self._mode:
            self._mode = lighting, dated
            set_code(self._program, "backdrop", LIGHTING=int(lighting), DATED=int(dated))

    def set_view(self, view: View, pixel_angle: float, haze_metres: float, corner: tuple[int, int]) -> None:
        """Follow the camera; the numbers are those of `CityMaterial.set_view`. ``corner``: lower left of the picture
        in the window, pixels."""
        self._size = view.width, view.height
        self._uniforms.SetUniform4f("place", (*map(float, corner), 2.0 / view.width, 2.0 / view.height))
        self._uniforms.SetUniformf("pixelAngle", pixel_angle)
        self._uniforms.SetUniformf("hazeMetres", haze_metres)
        self._uniforms.SetUniform3f("rayRight", tuple(view.right * view.tan_x))
        self._uniforms.SetUniform3f("rayUp", tuple(view.up * view.tan_y))
        self._uniforms.SetUniform3f("rayAhead", tuple(view.ahead))
        self._uniforms.SetUniform3f("eye", tuple(view.eye))

    def set_ground(
        self, centre: npt.NDArray[np.float64], height: float, radius: float, *, terrain: bool = False
    ) -> None:
        """Put the ground disc: centre (2,) and height in scene coordinates, radius in metres. ``terrain``: there is a
        terrain, beside which the ground is land."""
        self._terrain = terrain
        self.set_realism(self._realism)
        self._uniforms.SetUniform4f("groundDisc", (float(centre[0]), float(centre[1]), height, radius))
        step = 10.0 ** np.floor(np.log10(max(radius, 1.0) / 2.0))
        self._uniforms.SetUniformf("gridStep", float(step))

    def set_realism(self, realism: str) -> None:
        """Choose the tones of the ground: those of a model's board with a grid, or of land."""
        self._realism = realism
        ground, line = TONES["land" if self._terrain and realism == "textured" else realism]
        self._uniforms.SetUniform3f("groundTone", ground)
        self._uniforms.SetUniform3f("lineTone", line)

    def set_light(self, rig: LightRig, maps: MapNumbers, textures: dict[str, vtkTexture]) -> None:
        """Take over the light, and the maps of shadows and heights."""
        put_light(self._uniforms, rig, maps)
        self._uniforms.SetUniform3f("moonTrue", rig.moon)
        surface = self.actor.GetProperty()
        for name, texture in textures.items():
            if surface.GetTexture(name) is not texture:
                surface.RemoveTexture(name)
                surface.SetTexture(name, texture)

    def set_id_pass(self, active: bool) -> None:
        """Draw "nothing" in place of colours."""
        self._uniforms.SetUniformi("idPass", int(active))
