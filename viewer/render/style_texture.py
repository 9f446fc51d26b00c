"""The style texture: one RGBA8 texel per city object, uploaded as it is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkRenderingCore import vtkTexture

from viewer.analysis.palettes import NO_DATA
from viewer.render.state import HIGHLIGHT_SELECTED, STYLE_WIDTH

UInt8 = npt.NDArray[np.uint8]

FLAG_BUILDING = 4
"""Flag (high four bits of alpha): without semantics, split into roof and wall by the slope of the face."""
FLAG_NO_DATA = 8
"""Flag: the colour says "no data". Such objects are drawn with more light and shade than colours with a meaning."""
MAX_ROWS = STYLE_WIDTH * 16384
"""Most objects in one layer: a texture as high as drivers take, and as many rows as float32 counts exactly."""

_RGB_BITS, _NO_DATA_BITS = np.array([(255, 255, 255, 0), (*NO_DATA, 0)], np.uint8).view(np.uint32)[:, 0]


def make_texture(pixels: npt.NDArray[np.generic], width: int, height: int, *, smooth: bool = False) -> vtkTexture:
    """A texture over ``pixels`` (height * width, 3 or 4; uint8, or float32 with 4 components), shared, not copied.

    The caller keeps ``pixels`` alive and calls ``texture.GetInput().Modified()`` after changing them.
    """
    image = vtkImageData()
    image.SetDimensions(width, height, 1)
    image.GetPointData().SetScalars(numpy_to_vtk(pixels, deep=0))
    texture = vtkTexture()
    texture.SetInputData(image)
    texture.SetColorModeToDirectScalars()
    texture.SetInterpolate(smooth)
    texture.SetMipmap(smooth)
    texture.RepeatOff()
    texture.EdgeClampOn()
    return texture


def rows_of_texels(count: int) -> int:
    """Height of a texture with ``count`` texels, `STYLE_WIDTH` in a row: always a power of two. Software renderers
    compile a shader anew for textures of another kind, and other heights are another kind to them (50 ms or more)."""
    return 1 << (max(1, -(-count // STYLE_WIDTH)) - 1).bit_length()


class StyleTexture:
    """Colours, visibility and flags of one layer's objects on the GPU.

    Args:
        flags: uint8 (N,), flags that belong to the object for good (`FLAG_BUILDING`), 0..15.

    Raises:
        ValueError: more objects than a texture can hold.
    """

    def __init__(self, flags: UInt8):
        rows = len(flags)
        if rows > MAX_ROWS:
            raise ValueError(f"{rows:,} objects in one layer; at most {MAX_ROWS:,} can be drawn. Split the file.")
        height = rows_of_texels(rows)
        self.flags = flags
        self.source: UInt8 | None = None
        """The texels that were written last."""
        self._flags = (flags << 4).astype(np.uint8)
        self._pixels = np.zeros((height * STYLE_WIDTH, 4), np.uint8)
        self.texture = make_texture(self._pixels, STYLE_WIDTH, height)

    @property
    def rows(self) -> int:
        """N."""
        return len(self._flags)

    @property
    def shown_lod(self) -> UInt8:
        """uint8 (N,): 0 = hidden, k + 1 = the LoD of that index is shown."""
        return np.asarray(self._pixels[: self.rows, 3] & 15, np.uint8)

    def write(self, texels: UInt8, selected: npt.NDArray[np.int64]) -> None:
        """Take over ``texels`` (N, 4) and mark the ``selected`` rows; rows outside the layer are ignored."""
        self.source = texels
        count = min(len(texels), self.rows)
        target = self._pixels[:count]
        target[:] = texels[:count]
        alpha = target[:, 3]
        alpha |= self._flags[:count]
        whole = target.view(np.uint32)[:, 0]
        alpha[(whole & _RGB_BITS) == _NO_DATA_BITS] |= FLAG_NO_DATA << 4
        inside = selected[(selected >= 0) & (selected < count)]
        alpha[inside] |= HIGHLIGHT_SELECTED << 4
        self._touch()

    def _touch(self) -> None:
        image = self.texture.GetInput()
        image.GetPointData().GetScalars().Modified()
        image.Modified()
