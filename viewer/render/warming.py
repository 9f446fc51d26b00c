"""Has shaders compiled before there is a city: on software renderers each takes more than 100 ms."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow, vtkTexture

from viewer.render.materials import CityMaterial
from viewer.render.meshes import Draw, Mesh
from viewer.render.object_texture import ObjectTexture
from viewer.render.slicing import Rows
from viewer.render.smoothing import Smoothing
from viewer.render.style_texture import StyleTexture
from viewer.render.sunlight import NO_MAPS, LightRig

MODES = "surface", "object"
"""Colours that a city is drawn with at first, and by an attribute."""


class WarmUp:
    """Triangles without size, drawn once as a city will be: with its shaders, its kinds of textures and, on a software
    renderer, smoothed. A texture of another kind would mean another compilation."""

    def __init__(self, renderer: vtkRenderer):
        corners, tags = np.zeros((3, 3), np.float32), np.zeros((3, 2), np.float32)
        triangle = np.array([[0, 1, 2]], np.int32)
        mesh = Mesh(np.zeros(3), np.zeros(6), corners, triangle, {"tags": tags}, slice(0, 0))
        self._style, self._facts = StyleTexture(np.zeros(1, np.uint8)), ObjectTexture(1)
        self._materials = [CityMaterial(self._style.texture, self._facts.texture, 0) for _ in MODES]
        for mode, material in zip(MODES, self._materials, strict=True):
            material.set_mode(mode)
        self._draws = [Draw(mesh, material, np.zeros(3)) for material in self._materials]
        self._renderer = renderer
        self._done = False
        for draw in self._draws:
            renderer.AddActor(draw.actor)

    def draw(
        self, window: vtkRenderWindow, rig: LightRig, textures: dict[str, vtkTexture], smoothing: Smoothing | None
    ) -> None:
        """Draw them, the first time that this is called. The context must be current, and the window have drawn
        already: only then are the textures of light there."""
        if self._done:
            return
        self._done = True
        for material, draw in zip(self._materials, self._draws, strict=True):
            material.set_light(rig, NO_MAPS, textures)
            draw.actor.VisibilityOn()
        with smoothing.drawn(Rows(0, 1)) if smoothing is not None else nullcontext():
            window.Render()
        for draw in self._draws:
            draw.actor.VisibilityOff()
