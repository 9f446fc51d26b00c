"""Arrays too large for memory, written to a file while they are made.

In the process that makes them they are stand-ins of the right shape without values; `loaders.store.save` moves the file
to the stored arrays, and whoever opens these maps it.
"""

from __future__ import annotations

import math
import re
import shutil
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_NAME = re.compile(r"values-\d{1,6}\.bin")
_PAGE, _SAMPLES = 4096, 64


class Spilled(np.ndarray[Any, np.dtype[Any]]):
    """A stand-in: ``file`` holds the values, C order, little-endian. Arrays derived from it are nothing of the kind."""

    file: Path | None

    def __array_finalize__(self, other: Any) -> None:
        """A new view or copy has no file."""
        self.file = None


def spilled(file: Path, shape: tuple[int, ...], dtype: npt.DTypeLike = np.float32) -> npt.NDArray[Any]:
    """A stand-in for the values in ``file``; takes no memory, whatever its shape."""
    view = np.broadcast_to(np.zeros((), dtype), shape).view(Spilled)
    view.file = file
    return view


def file_of(array: npt.NDArray[Any]) -> Path | None:
    """Where the values of a stand-in lie; None for arrays that have theirs."""
    return array.file if isinstance(array, Spilled) else None


def keep_files(arrays: list[npt.NDArray[Any]], folder: Path) -> list[str]:
    """Move the files of stand-ins into a folder; their names there, "" for other arrays. Raises OSError."""
    names = []
    for number, array in enumerate(arrays):
        file = file_of(array)
        if file is None:
            names.append("")
            continue
        name = f"values-{number}.bin"
        shutil.move(file, folder / name)
        names.append(name)
    return names


def checksum_of(path: Path) -> int:
    """CRC-32 of pages of a file, evenly spread: finds lost or zeroed parts, quickly."""
    size, total = path.stat().st_size, 0
    with path.open("rb") as file:
        for number in range(_SAMPLES):
            file.seek(max(0, size - _PAGE) * number // (_SAMPLES - 1))
            total = zlib.crc32(file.read(_PAGE), total)
    return total


def open_kept(folder: Path, entry: list[Any]) -> npt.NDArray[Any]:
    """Map what `keep_files` moved: type, shape, 0, name, checksum. Raises ValueError if it is not what was stored."""
    kind, shape, _, name, total = entry
    if kind != "<f4" or not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise ValueError("a wrong entry in the table of arrays")
    if not isinstance(shape, list) or not 0 < len(shape) <= 3 or not all(type(n) is int and n > 0 for n in shape):
        raise ValueError("a wrong shape in the table of arrays")
    path = folder / name
    if path.stat().st_size != 4 * math.prod(shape) or checksum_of(path) != total:
        raise ValueError(f"{name} is not what was stored")
    return np.memmap(path, np.float32, mode="r", shape=tuple(shape))
