"""What VTK prints while it draws, caught: a shader that the driver rejects is told once, in one sentence."""

from __future__ import annotations

import re
import sys
from types import TracebackType

from vtkmodules.vtkCommonCore import VTK_STRING, vtkLogger, vtkOutputWindow

_SHADER = re.compile(r"vtkShaderProgram \(|Could not set shader program|vtkOpenGLShaderCache \(")
_SOURCE = re.compile(r": 1: #version")
_CONSEQUENCE = re.compile(r"vtkOpenGLVertex(Array|Buffer)\w* \(")
_HEAD = re.compile(r"^.*?vtk\w+ \(0x[0-9a-fA-F]+\): ", re.DOTALL)
_PLACE = re.compile(r"^(?:ERROR: )?\d+[:(]\d+[):]*(?:\(\d+\))?[:\s]*")
MOST_SAID = 160
"""Characters of the driver's own words that are repeated."""


class RenderGuard:
    """Catches VTK's errors and warnings inside a ``with`` block; those not about shaders are printed after all.

    Attributes: rejected: what the driver says about shaders that it does not take (its first complaint); empty if it
    takes them all. It is kept until `take` is called.
    """

    def __init__(self) -> None:
        self.rejected = ""
        self._caught: list[str] = []
        self._observers: list[int] = []

    def __enter__(self) -> RenderGuard:
        window = vtkOutputWindow.GetInstance()
        self._mode = window.GetDisplayMode()
        window.SetDisplayModeToNever()
        vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)
        caught = self._caught

        def catch(_: object, event: str, text: str) -> None:
            caught.append(text)

        catch.CallDataType = VTK_STRING  # type: ignore[attr-defined]
        self._observers = [
            window.AddObserver(name, catch)  # type: ignore[arg-type]
            for name in ("ErrorEvent", "WarningEvent")
        ]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        window = vtkOutputWindow.GetInstance()
        for observer in self._observers:
            window.RemoveObserver(observer)
        window.SetDisplayMode(self._mode)
        vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_INFO)
        if self._caught:
            self._sort()

    def take(self) -> str:
        """`rejected`, which is empty again afterwards."""
        said, self.rejected = self.rejected, ""
        return said

    def _sort(self) -> None:
        about_shaders = any(_SHADER.search(text) for text in self._caught)
        for text in self._caught:
            if about_shaders and _CONSEQUENCE.search(text):
                continue
            if not _SHADER.search(text):
                print(text.strip(), file=sys.stderr)
            elif not _SOURCE.search(text) and (not self.rejected or self.rejected == _UNKNOWN):
                self.rejected = _first_line(text)
        self._caught.clear()


_UNKNOWN = "no reason given"


def _first_line(text: str) -> str:
    """The driver's first complaint without VTK's and the compiler's place."""
    said = _HEAD.sub("", text, count=1).strip()
    line = next((line.strip() for line in said.splitlines() if line.strip()), "")
    if not line or line.startswith("Could not set shader"):
        return _UNKNOWN
    return _PLACE.sub("", line)[:MOST_SAID]
