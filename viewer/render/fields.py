"""Numbers on the GPU for shaders that colour values themselves: textures of float32 and of bytes, colour scales."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
import numpy.typing as npt
from vtkmodules.vtkRenderingCore import vtkRenderWindow, vtkTexture
from vtkmodules.vtkRenderingOpenGL2 import vtkOpenGLTexture, vtkTextureObject

from viewer.render.state import MOST_BREAKS, STYLE_WIDTH, ValueScale

Float32 = npt.NDArray[np.float32]
Array = npt.NDArray[Any]

MOST_COLOURS = MOST_BREAKS + 1
MOST_SIDE = 16384
"""Rows and columns that drivers take."""
KEPT_BYTES = 640 << 20
"""Bytes of textures that are kept for being shown again."""
_VTK_FLOAT, _VTK_UNSIGNED_CHAR = 10, 3
_HUGE = 3e38


class FieldTexture:
    """An array as a texture that is read as it is: float32 or uint8, (rows, columns), or (rows, columns, 2)."""

    def __init__(self, source: Array):
        self.source = source
        self.texture = vtkOpenGLTexture()
        self._object: vtkTextureObject | None = None

    @property
    def alive(self) -> bool:
        """False before it is uploaded, and after the OpenGL context was lost."""
        return self._object is not None and self._object.GetHandle() != 0

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return int(self.source.nbytes)

    def upload(self, window: vtkRenderWindow) -> None:
        """Bring the numbers to the GPU. The context must exist."""
        self.release(window)
        made = self._object = vtkTextureObject()
        made.SetContext(window)  # type: ignore[arg-type]
        made.SetMinificationFilter(vtkTextureObject.Nearest)
        made.SetMagnificationFilter(vtkTextureObject.Nearest)
        made.SetWrapS(vtkTextureObject.ClampToEdge)
        made.SetWrapT(vtkTextureObject.ClampToEdge)
        window.MakeCurrent()
        rows, columns = self.source.shape[:2]
        bands = self.source.shape[2] if self.source.ndim == 3 else 1
        floats = self.source.dtype == np.float32
        numbers = np.ascontiguousarray(self.source, np.float32 if floats else np.uint8)
        made.Create2DFromRaw(columns, rows, bands, _VTK_FLOAT if floats else _VTK_UNSIGNED_CHAR, numbers)
        self.texture.SetTextureObject(made)

    def release(self, window: vtkRenderWindow) -> None:
        """Free it. The context must be current."""
        if self._object is not None:
            self._object.ReleaseGraphicsResources(window)
        self._object = None


class FieldPool:
    """Textures of arrays, by identity of the array; those used last are kept, so that going back costs nothing."""

    def __init__(self, window: vtkRenderWindow):
        self._window = window
        self._made: OrderedDict[int, FieldTexture] = OrderedDict()

    def get(self, source: Array) -> vtkTexture:
        """The texture of an array (rows, columns), float32, uint8 or bool, or (rows, columns, 2), uploaded if it is
        not there.

        Raises:
            ValueError: more rows or columns than a texture can hold.
        """
        if max(source.shape) > MOST_SIDE:
            rows, columns = source.shape[:2]
            raise ValueError(f"a raster of {columns} x {rows} cells cannot be drawn; {MOST_SIDE} x {MOST_SIDE} can")
        made = self._made.get(id(source))
        if made is None or made.source is not source:
            made = self._made[id(source)] = FieldTexture(source)
        self._made.move_to_end(id(source))
        if not made.alive:
            made.upload(self._window)
            self._shrink()
        return made.texture

    def close(self) -> None:
        """Free everything. The context must be current."""
        for made in self._made.values():
            made.release(self._window)
        self._made.clear()
        del self._window

    def _shrink(self) -> None:
        total = sum(made.nbytes for made in self._made.values())
        # a picture uses eight at most
        while total > KEPT_BYTES and len(self._made) > 8:
            _, old = self._made.popitem(last=False)
            total -= old.nbytes
            old.release(self._window)


def folded(values: Float32) -> Float32:
    """A list of numbers (N,) or pairs (N, 2) as a texture (rows, 1024): number r is texel (r % 1024, r // 1024)."""
    rows = max(1, -(-len(values) // STYLE_WIDTH))
    out = np.full((rows * STYLE_WIDTH, *values.shape[1:]), np.nan, np.float32)
    out[: len(values)] = values
    return out.reshape(rows, STYLE_WIDTH, *values.shape[1:])


def put_scale(uniforms: Any, scale: ValueScale) -> None:
    """Give a fragment shader its colours; names as in ``shaders/field.glsl``.

    Raises:
        ValueError: a scale with more classes than can be drawn, or with other than one class more than breaks.
    """
    colours = list(scale.colours)
    if scale.ramp:
        if not 2 <= len(colours) <= MOST_COLOURS:
            raise ValueError(f"a ramp has 2 to {MOST_COLOURS} colours, not {len(colours)}")
    elif len(scale.breaks) > MOST_BREAKS or len(colours) != len(scale.breaks) + 1:
        raise ValueError(f"{len(colours)} colours for {len(scale.breaks)} class breaks; at most {MOST_BREAKS} breaks")
    breaks = [*(() if scale.ramp else scale.breaks), *[_HUGE] * MOST_BREAKS][:MOST_BREAKS]
    colours += [colours[-1]] * (MOST_COLOURS - len(colours))
    uniforms.SetUniform1fv("scaleBreaks", MOST_BREAKS, [float(np.float32(x)) for x in breaks])
    uniforms.SetUniform1fv("scaleColours", 3 * MOST_COLOURS, [channel / 255.0 for rgb in colours for channel in rgb])
    count = float(len(scale.colours)) if scale.ramp else 0.0
    span = max(scale.high - scale.low, 1e-30)
    uniforms.SetUniform4f("scaleForm", (count, scale.low, scale.low + span, float(scale.zero_rgb is not None)))
    tones = {
        "zeroTone": scale.zero_rgb or (0, 0, 0),
        "noDataTone": scale.no_data_rgb,
        "notModelledTone": scale.not_modelled_rgb,
    }
    for name, rgb in tones.items():
        uniforms.SetUniform3f(name, (rgb[0] / 255.0, rgb[1] / 255.0, rgb[2] / 255.0))
