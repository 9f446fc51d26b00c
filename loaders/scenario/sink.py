"""Where values go: few into memory, many step by step into a file that becomes the stored array."""

from __future__ import annotations

import math
import shutil
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from loaders.api import LoadError
from loaders.city import Float32
from loaders.spilled import spilled

IN_MEMORY = 64 << 20
"""Arrays up to so many bytes are made in memory."""
MAX_AXIS = 200_000_000
_SPARE = 256 << 20


@dataclass(slots=True)
class Budget:
    """What a package may still hold of what it declared; beyond that it is refused.

    ``cells`` and ``triangles`` left; ``used`` counts what was taken.
    """

    path: Path
    cells: int
    triangles: int
    most_steps: int
    used_cells: int = 0
    used_steps: int = 0
    used_triangles: int = 0

    def take(self, steps: int, places: int, where: str) -> None:
        """Take room for steps x places values, before they are allocated; raises LoadError."""
        self.used_cells += steps * places
        self.used_steps = max(self.used_steps, steps)
        if self.used_cells > self.cells or steps > self.most_steps:
            what = f"{steps:,} steps of {places:,} values" if steps <= self.most_steps else f"{steps:,} steps"
            raise LoadError(
                self.path,
                f"there are {what}, more than the package declares.",
                place=where,
                remedy="If that is right, run: citiverse scenario hash PACKAGE",
                kind="beyond-declared",
            )

    def take_triangles(self, count: int, where: str) -> None:
        """The same for triangles that come with the package."""
        self.check_triangles(count, where)
        self.used_triangles += count

    def check_triangles(self, count: int, where: str) -> None:
        """Refuse what is going to take more than is left, before it is made; raises LoadError."""
        if self.used_triangles + count > self.triangles:
            raise LoadError(
                self.path,
                f"there are {self.used_triangles + count:,} triangles, more than the {self.triangles:,} declared.",
                place=where,
                remedy="If that is right, run: citiverse scenario hash PACKAGE",
                kind="beyond-declared",
            )


class Sink:
    """An array float32 of a shape known before, filled along its first axis."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        """Raises OSError (28, no space) where the disk cannot hold it."""
        self.shape = shape
        self._next = 0
        size = math.prod(shape) * 4
        self._file: BinaryIO | None = None
        self._array: Float32 | None = None
        if size <= IN_MEMORY:
            self._array = np.empty(shape, np.float32)
            return
        folder = Path(tempfile.gettempdir())
        if shutil.disk_usage(folder).free < size + _SPARE:
            raise OSError(28, "No space left on device")
        self._path = folder / f"values-{uuid.uuid4().hex}.bin"
        self._file = self._path.open("wb", buffering=0)

    def write(self, part: Float32) -> None:
        """The next entry along the first axis: float32 of shape ``shape[1:]``."""
        if part.shape != self.shape[1:]:
            raise ValueError(f"{part.shape} instead of {self.shape[1:]}")
        if self._array is not None:
            self._array[self._next] = part
        else:
            assert self._file is not None
            data = np.ascontiguousarray(part, "<f4").reshape(-1).view(np.uint8).data
            done = 0
            while done < len(data):
                done += self._file.write(data[done : done + (1 << 28)])
        self._next += 1

    def finish(self) -> Float32:
        """The array; where it lies in a file it is only a stand-in until it was stored (`loaders.spilled`)."""
        if self._next != self.shape[0]:
            raise ValueError(f"{self._next} entries instead of {self.shape[0]}")
        if self._array is not None:
            return self._array
        assert self._file is not None
        self._file.close()
        return spilled(self._path, self.shape)
