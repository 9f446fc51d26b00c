"""Texture images of an appearance theme, read safely and packed into atlas pages. numpy and Pillow only."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from loaders.city import CityData, Texture

UInt8 = npt.NDArray[np.uint8]
Float32 = npt.NDArray[np.float32]

ALLOWED_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")
MAX_PIXELS = 64_000_000
MAX_FILE_BYTES = 256 << 20
MAX_PAGES = 4
PAGE_SIZE = 4096
MARGIN = 8
"""Pixels repeated around each image, so that smaller versions of the page do not mix neighbours."""
TABLE_WIDTH = 1024

WRAP_MODES = {"wrap": 0, "mirror": 1, "clamp": 2, "border": 3, "none": 4}


@dataclass(frozen=True, slots=True, eq=False)
class PreparedTextures:
    """What the shader needs to draw a theme.

    Attributes: pages: uint8 (side, side, 4) each, bottom row first; table: float32 (n * 1024, 4), materials first,
    then two texels per texture from ``first_texture`` on (``shaders/theme.glsl``); failed: names of images that could
    not be read (drawn as their material).
    """

    pages: tuple[UInt8, ...]
    table: Float32
    first_texture: int
    failed: tuple[str, ...]


class Stopped(Exception):
    """`prepare_textures` was asked to stop."""


def prepare_textures(
    city: CityData,
    theme: str,
    *,
    max_pages: int = MAX_PAGES,
    page_size: int = PAGE_SIZE,
    stopped: Callable[[], bool] = lambda: False,
) -> PreparedTextures:
    """Read the images that ``theme`` uses and pack them, shrunk together if they do not fit. May run in any thread.

    Raises:
        Stopped: ``stopped``, asked before every image, said so.
    """
    used = _used_textures(city, theme)
    sizes: dict[str, tuple[int, int]] = {}
    failed: list[str] = []
    for index in used:
        texture = city.textures[index]
        if texture.path is not None and texture.path not in sizes:
            _heed(stopped)
            size = _image_size(texture.path)
            if size is None:
                failed.append(texture.image)
            else:
                sizes[texture.path] = size
    places, side, count = _pack_all(sizes, max_pages, page_size)
    pages = [np.zeros((side, side, 4), np.uint8) for _ in range(count)]
    for path, place in places.items():
        _heed(stopped)
        image = _read(path, (place.width, place.height))
        if image is None:
            failed.append(Path(path).name)
            sizes.pop(path)
        else:
            _paint(pages[place.page], image, place)
    table, first = _table(city, used, {p: places[p] for p in sizes if p in places}, side)
    return PreparedTextures(tuple(page[::-1].copy() for page in pages), table, first, tuple(dict.fromkeys(failed)))


def _heed(stopped: Callable[[], bool]) -> None:
    if stopped():
        raise Stopped


@dataclass(frozen=True, slots=True)
class _Place:
    page: int
    x: int
    y: int
    width: int
    height: int


def _used_textures(city: CityData, theme: str) -> list[int]:
    used: set[int] = set()
    for mesh in city.lods.values():
        for tiles in (mesh.tiles, *(group.template for group in mesh.instances)):
            look = tiles.appearances.get(theme)
            if look is not None and look.uvt is not None:
                used.update(np.unique(look.uvt[:, 2]).astype(np.int64).tolist())
    return sorted(index for index in used if 0 <= index < len(city.textures))


def _image_size(path: str) -> tuple[int, int] | None:
    try:
        if Path(path).stat().st_size > MAX_FILE_BYTES:
            return None
        with _quiet(), Image.open(path, formats=ALLOWED_FORMATS) as image:
            width, height = image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return (width, height) if 0 < width * height <= MAX_PIXELS else None


def _read(path: str, size: tuple[int, int]) -> UInt8 | None:
    """RGBA pixels of an image scaled to ``size``, top row first; None if it is broken."""
    try:
        with _quiet(), Image.open(path, formats=ALLOWED_FORMATS) as image:
            image.draft("RGB", size)
            rgba = image.convert("RGBA")
            if rgba.size != size:
                rgba = rgba.resize(size, Image.Resampling.BOX)
            return np.asarray(rgba, np.uint8)
    except (OSError, ValueError, SyntaxError, MemoryError, Image.DecompressionBombError):
        return None


class _quiet(warnings.catch_warnings):
    """Pillow warns about large images; the caps above decide."""

    def __enter__(self) -> None:
        super().__enter__()
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)


def _pack_all(sizes: dict[str, tuple[int, int]], max_pages: int, page_size: int) -> tuple[dict[str, _Place], int, int]:
    """Places of all images, side of a page and number of pages."""
    if not sizes:
        return {}, 1, 0
    scale = 1.0
    while True:
        scaled = {path: _scaled(size, scale, page_size) for path, size in sizes.items()}
        area = sum((w + 2 * MARGIN) * (h + 2 * MARGIN) for w, h in scaled.values())
        side = 64
        while side < page_size and (
            side * side < 1.15 * area or side < max(max(s) for s in scaled.values()) + 2 * MARGIN
        ):
            side *= 2
        places = _shelves(scaled, side, max_pages)
        if places is None and side < page_size:
            side *= 2
            places = _shelves(scaled, side, max_pages)
        if places is not None:
            return places, side, 1 + max(place.page for place in places.values())
        if scale < 1e-3:
            return {}, 1, 0
        scale *= 0.8


def _scaled(size: tuple[int, int], scale: float, page_size: int) -> tuple[int, int]:
    fit = min(scale, (page_size - 2 * MARGIN) / max(size))
    return max(1, int(size[0] * fit)), max(1, int(size[1] * fit))


def _shelves(sizes: dict[str, tuple[int, int]], side: int, max_pages: int) -> dict[str, _Place] | None:
    """Rows of images, tallest first; None if they do not fit into ``max_pages``."""
    places: dict[str, _Place] = {}
    page = x = y = row = 0
    for path, (width, height) in sorted(sizes.items(), key=lambda item: (-item[1][1], -item[1][0], item[0])):
        w, h = width + 2 * MARGIN, height + 2 * MARGIN
        if x + w > side:
            x, y, row = 0, y + row, 0
        if y + h > side:
            page, x, y, row = page + 1, 0, 0, 0
        if page >= max_pages or w > side or h > side:
            return None
        places[path] = _Place(page, x + MARGIN, y + MARGIN, width, height)
        x, row = x + w, max(row, h)
    return places


def _paint(page: UInt8, image: UInt8, place: _Place) -> None:
    """Copy an image and repeat its edge into the margin."""
    padded = np.pad(image, ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)), mode="edge")
    y, x = place.y - MARGIN, place.x - MARGIN
    page[y : y + padded.shape[0], x : x + padded.shape[1]] = padded


def _table(city: CityData, used: list[int], places: dict[str, _Place], side: int) -> tuple[Float32, int]:
    first = max(1, len(city.materials))
    count = first + 2 * len(city.textures)
    table = np.zeros((-(-count // TABLE_WIDTH) * TABLE_WIDTH, 4), np.float32)
    for number, material in enumerate(city.materials):
        colour = material.diffuse or material.emissive
        if colour is not None:
            table[number] = (*colour, 1.0 + material.transparency)
        else:
            table[number, 3] = -material.transparency
    table[first + 1 : count : 2, 0] = -1.0
    for index in used:
        texture = city.textures[index]
        place = places.get(texture.path or "")
        if place is None:
            continue
        bottom = side - place.y - place.height
        rect = np.array([place.x, bottom, place.width, place.height], np.float64) / side
        table[first + 2 * index] = rect
        table[first + 2 * index + 1] = (place.page, WRAP_MODES[texture.wrap], _border(texture), MARGIN * 0.5 / side)
    return table, first


def _border(texture: Texture) -> float:
    """Border colour as 24 bits (float32 holds them exactly)."""
    rgb = [round(255 * min(max(c, 0.0), 1.0)) for c in (texture.border_color or (0.0, 0.0, 0.0, 1.0))[:3]]
    return float(rgb[0] | rgb[1] << 8 | rgb[2] << 16)
