"""Smooth edges without multisampling, for software renderers: a pass over the finished picture, some rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow

from viewer.render.materials import make_program
from viewer.render.picture_texture import PictureTexture
from viewer.render.screen import put_rows, screen_actor
from viewer.render.slicing import Rows


class Smoothing:
    """The pass of one scene; made when it is first needed. It leaves depths as they are.

    Args:
        window: the scene's window.
        scene: the renderer of the picture.
    """

    def __init__(self, window: vtkRenderWindow, scene: vtkRenderer):
        self._window = window
        self._picture = PictureTexture(window)
        self._program = make_program("smooth")
        self._actor, self._kept = screen_actor()
        self._actor.SetShaderProperty(self._program)
        self._actor.ForceTranslucentOn()  # (VTK writes no depths of what is)
        self.renderer = vtkRenderer()
        """Draws the pass, over what other renderers have drawn."""
        self.renderer.SetAutomaticLightCreation(False)
        self.renderer.GetCullers().RemoveAllItems()
        self.renderer.SetActiveCamera(scene.GetActiveCamera())
        self.renderer.SetPreserveColorBuffer(True)
        self.renderer.SetPreserveDepthBuffer(True)
        self.renderer.SetUseOIT(False)
        self.renderer.AddActor(self._actor)
        self.renderer.DrawOff()
        window.AddRenderer(self.renderer)

    @contextmanager
    def drawn(self, rows: Rows | None) -> Iterator[None]:
        """Within it, the window's next picture has these rows smoothed; None = nothing is smoothed. The first row
        takes a copy of the picture, from which all of them are made."""
        if rows is None:
            yield
            return
        (left, bottom), (width, height) = self.renderer.GetOrigin(), self.renderer.GetSize()
        if rows.start == 0:
            self._picture.take(left, bottom, width, height)
            self._actor.GetProperty().SetTexture("pictureTex", self._picture.texture)
        put_rows(self._program, rows, height)
        self._program.GetFragmentCustomUniforms().SetUniform2f("corner", (float(left), float(bottom)))
        self.renderer.DrawOn()
        try:
            yield
        finally:
            self.renderer.DrawOff()

    def close(self) -> None:
        """Free everything. The context must be current if there is one."""
        self._picture.release()
        self.renderer.RemoveAllViewProps()
        self._window.RemoveRenderer(self.renderer)
        del self._window, self.renderer
