"""The object texture: what the shaders know of every object besides its style."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loaders.city import CityData
from viewer.render.state import NO_ROWS, STYLE_WIDTH
from viewer.render.style_texture import make_texture, rows_of_texels
from viewer.render.uses import INDUSTRY, UNKNOWN, storeys_of, uses_of

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

FLAG_UNCERTAIN = 1
FLAG_PROPOSED = 2
FLAG_FADING = 4
ROOF_CODE, WINDOW_CODE = 1, 7
LEAST_STOREY, MOST_STOREY = 2.3, 5.5
"""Metres per storey that are believed; anything else means that a count or a height is wrong."""
HALL_WIDTH, HALL_HEIGHT = 32.0, 18.0
"""A building of unknown use that is wider than that both ways (metres along the axes) and lower is a hall."""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What vertices tell of their objects: int64 (K,) rows, perhaps with repetitions; float32 (3, K) low and high,
    scene metres; float32 (K,) eaves, the lowest point of a roof, inf = none; int64 (W,) rows with windows."""

    rows: Int64
    low: Float32
    high: Float32
    eaves: Float32 | None
    windows: Int64


def measure(tags: Float32, positions: Float32, offset: Float64, *, eaves: bool) -> Measured:
    """Boxes of objects from their vertices (see `ObjectTexture.add`); touches nothing else, so threads may do it."""
    rows = tags[:, 0]
    starts = np.concatenate([[0], np.flatnonzero(rows[1:] != rows[:-1]) + 1])[: len(rows)]
    which = rows[starts].astype(np.int64)
    low, high = np.empty((3, len(starts)), np.float32), np.empty((3, len(starts)), np.float32)
    roof = None
    if len(starts):
        for axis in range(3):
            shift = np.float32(offset[axis])
            low[axis] = np.minimum.reduceat(positions[:, axis], starts) + shift
            high[axis] = np.maximum.reduceat(positions[:, axis], starts) + shift
        if eaves:
            heights = np.where(tags[:, 1] == ROOF_CODE, positions[:, 2], np.float32(np.inf))
            roof = np.minimum.reduceat(heights, starts) + np.float32(offset[2])
    return Measured(which, low, high, roof, tags[tags[:, 1] == WINDOW_CODE, 0].astype(np.int64))


class ObjectTexture:
    """Facts about every object, RGBA32F: x lowest and y highest z (scene metres), z metres per storey (0 = unknown,
    -1 = the model has windows of its own), w use + 64 * flags (1 uncertain, 2 proposed, 4 fading).

    Args:
        rows: objects of the layer.
        uses: uint8 (rows,) as `uses_of` gives them; None = all unknown.
        storeys: float32 (rows,) storeys above ground, 0 = unknown; None = all unknown.

    Attributes: has_storeys: True if storeys of any object are known.
    """

    def __init__(
        self, rows: int, uses: npt.NDArray[np.uint8] | None = None, storeys: npt.NDArray[np.float32] | None = None
    ):
        height = rows_of_texels(rows)
        self._rows = rows
        self._pixels = np.zeros((height * STYLE_WIDTH, 4), np.float32)
        self._pixels[:, 0], self._pixels[:, 1] = np.inf, -np.inf
        self._uses = np.zeros(rows, np.float32) if uses is None else uses.astype(np.float32)
        self._pixels[:rows, 3] = self._uses
        self._storeys = np.zeros(rows, np.float32) if storeys is None else storeys
        self.has_storeys = bool((self._storeys > 0).any())
        self._eaves = np.full(rows, np.inf, np.float32)
        self._own_windows = np.zeros(rows, np.bool_)
        self._low_high = np.full((rows, 4), np.inf, np.float32)  # x, y, -x, -y at their lowest
        self.texture = make_texture(self._pixels, STYLE_WIDTH, height)

    def learn(self, uses: Float32, storeys: Float32) -> None:
        """Take over uses and storeys, (rows,) each as `facts_of` gives them; before the first `add`."""
        self._pixels[: self._rows, 3] += uses - self._uses
        self._uses, self._storeys = uses, storeys
        self.has_storeys = bool((storeys > 0).any())

    @property
    def values(self) -> Float32:
        """float32 (rows, 4): what the shaders read."""
        return self._pixels[: self._rows]

    def add(self, tags: Float32, positions: Float32, offset: Float64) -> None:
        """Take in vertices: tags (V, 2) of `TileSet`, and positions (V, 3) plus ``offset`` (3,). An object's vertices
        are neighbours."""
        self.take(measure(tags, positions, offset, eaves=self.has_storeys))

    def take(self, measured: Measured) -> None:
        """Take in what `measure` found."""
        which, low, high = measured.rows, measured.low, measured.high
        np.minimum.at(self._pixels[:, 0], which, low[2])
        np.maximum.at(self._pixels[:, 1], which, high[2])
        if measured.eaves is not None:
            np.minimum.at(self._eaves, which, measured.eaves)
        self._own_windows[measured.windows] = True
        for axis in (0, 1):
            np.minimum.at(self._low_high[:, axis], which, low[axis])
            np.minimum.at(self._low_high[:, axis + 2], which, -high[axis])

    def span(self, rows: npt.NDArray[np.int32], low: npt.NDArray[np.float64], high: npt.NDArray[np.float64]) -> None:
        """Take in whole things: object row, lowest and highest z (scene metres), (I,) each."""
        np.minimum.at(self._pixels[:, 0], rows, low.astype(np.float32))
        np.maximum.at(self._pixels[:, 1], rows, high.astype(np.float32))

    def finish(self) -> None:
        """Work out storey heights, and have all uploaded with the next picture."""
        own = self.values
        with np.errstate(invalid="ignore", divide="ignore"):
            by_eaves = (self._eaves - own[:, 0]) / self._storeys
            by_top = (own[:, 1] - own[:, 0]) / self._storeys
        own[:, 2] = np.where(_sane(by_eaves), by_eaves, np.where(_sane(by_top), by_top, 0.0))
        own[self._own_windows, 2] = -1.0
        wide = (-self._low_high[:, :2] - self._low_high[:, 2:] > HALL_WIDTH).all(axis=1)
        halls = wide & (own[:, 1] - own[:, 0] < HALL_HEIGHT) & (self._uses == UNKNOWN)
        self._uses[halls] = INDUSTRY
        own[halls, 3] += INDUSTRY
        self._touch()

    def set_flags(self, proposed: Int64, uncertain: Int64, fading: Int64 = NO_ROWS) -> None:
        """Mark rows as proposed, uncertain and fading; rows outside the layer are ignored."""
        flags = np.zeros(self._rows, np.float32)
        for rows, flag in ((uncertain, FLAG_UNCERTAIN), (proposed, FLAG_PROPOSED), (fading, FLAG_FADING)):
            flags[np.unique(rows[(rows >= 0) & (rows < self._rows)])] += flag
        self._pixels[: self._rows, 3] = self._uses + 64.0 * flags
        self._touch()

    def _touch(self) -> None:
        image = self.texture.GetInput()
        image.GetPointData().GetScalars().Modified()
        image.Modified()


def facts_of(city: CityData) -> tuple[Float32, Float32]:
    """Uses and storeys of a city's objects, float32 (rows,) each, 0 = unknown; touches nothing else, so threads may
    do it."""
    return uses_of(city).astype(np.float32), storeys_of(city)


def _sane(metres: Float32) -> npt.NDArray[np.bool_]:
    return np.isfinite(metres) & (metres >= LEAST_STOREY) & (metres <= MOST_STOREY)
