"""An appearance theme on the GPU: a table of materials and textures, and the atlas pages."""

from __future__ import annotations

from vtkmodules.vtkRenderingCore import vtkTexture

from loaders.city import CityData
from viewer.render.style_texture import make_texture
from viewer.render.textures import TABLE_WIDTH, prepare_textures


class ThemeTextures:
    """Textures of one (city, theme). Attributes: table, pages, first_texture (see ``shaders/theme.glsl``), failed."""

    def __init__(self, city: CityData, theme: str):
        prepared = prepare_textures(city, theme)
        self.first_texture = prepared.first_texture
        self.failed = prepared.failed
        self._table = prepared.table
        self._flat = [page.reshape(-1, 4) for page in prepared.pages]
        self.table: vtkTexture = make_texture(self._table, TABLE_WIDTH, len(self._table) // TABLE_WIDTH)
        self.pages: tuple[vtkTexture, ...] = tuple(
            make_texture(flat, page.shape[1], page.shape[0], smooth=True)
            for flat, page in zip(self._flat, prepared.pages, strict=True)
        )
