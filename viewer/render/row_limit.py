"""Keeps what a renderer draws to some rows of its picture: one object close by can cover all of it."""

from __future__ import annotations

import numpy as np
from vtkmodules.vtkCommonCore import vtkCommand
from vtkmodules.vtkRenderingCore import vtkActor, vtkRenderer, vtkRenderWindow

from viewer.render.screen import screen_actor
from viewer.render.slicing import Rows


class RowLimit:
    """The limit of one renderer; what is added to it before this is drawn everywhere.

    Args:
        window: the scene's window.
        renderer: whose pictures are limited.
        like: an actor on a rectangle, whose program is used: one more would have to be compiled.
    """

    def __init__(self, window: vtkRenderWindow, renderer: vtkRenderer, like: vtkActor):
        self._window, self._renderer = window, renderer
        self._rows: Rows | None = None
        # nothing of it is drawn, but its mapper tells when drawing begins
        self._actor, self._kept = screen_actor(np.zeros((4, 3), np.float32))
        self._actor.SetShaderProperty(like.GetShaderProperty())
        self._actor.SetProperty(like.GetProperty())
        self._actor.ForceOpaqueOn()
        self._actor.VisibilityOff()
        self._actor.GetMapper().AddObserver(vtkCommand.UpdateShaderEvent, self._limit)
        renderer.AddActor(self._actor)

    def keep_to(self, rows: Rows | None) -> None:
        """Draw within these rows with the next picture; None = everywhere."""
        self._rows = rows
        self._actor.SetVisibility(rows is not None)

    def close(self) -> None:
        """Let go of the window."""
        self._actor.GetMapper().RemoveAllObservers()
        del self._window, self._renderer

    def _limit(self, *_: object) -> None:
        """VTK's camera has set the part of the window that is drawn in: all of the picture."""
        if self._rows is not None:
            (left, bottom), (width, _height) = self._renderer.GetOrigin(), self._renderer.GetSize()
            state = self._window.GetState()  # type: ignore[attr-defined]
            state.vtkglScissor(left, bottom + self._rows.start, width, self._rows.end - self._rows.start)
