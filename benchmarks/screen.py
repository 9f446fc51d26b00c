"""An X server of our own whose screen can be read while programs draw on it: when did the picture appear?"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import numpy as np

SETTLED_S, LIMIT_S, STEP_S = 3.0, 90.0, 0.03
SIZE = (1600, 1000)


class Screen:
    """Xvfb with its frame buffer in a file (``-fbdir``); a context manager."""

    def __init__(self, size: tuple[int, int] = SIZE) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="citiverse-screen-"))
        reading, writing = os.pipe()
        words = f"{size[0]}x{size[1]}x24"
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writing), "-screen", "0", words, "-fbdir", str(self._folder),
             "-noreset", "-nolisten", "tcp"],
            pass_fds=[writing], stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(writing)
        with os.fdopen(reading) as pipe:
            self.display = ":" + pipe.readline().strip()

    @staticmethod
    def possible() -> bool:
        """True where Xvfb is installed."""
        return shutil.which("Xvfb") is not None

    def __enter__(self) -> Screen:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.terminate()
        self._server.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def middle(self) -> np.ndarray:
        """uint8 (h, w, 3): the middle half of the screen (XWD file: header words big-endian, then 32-bit BGRX)."""
        raw = np.fromfile(self._folder / "Xvfb_screen0", np.uint8)
        head = raw[:100].view(">u4").astype(int)
        start, width, height, stride = head[0] + 12 * head[19], head[4], head[5], head[12]
        pixels = raw[start : start + stride * height].reshape(height, stride // 4, 4)
        return pixels[height // 4 : -height // 4, width // 4 : -width // 4, :3].copy()

    def first_picture(
        self, command: Sequence[str], env: dict[str, str], unlike: np.ndarray | None = None
    ) -> tuple[float, np.ndarray]:
        """Seconds from starting the command until nine tenths of the middle of the screen look as they stay; with it.

        ``unlike``: a page shown before (start page, progress) that does not count as the picture.

        Raises:
            RuntimeError: it ended by itself, or its picture does not settle.
        """
        blank = self.middle()
        start = time.perf_counter()
        seen: list[tuple[float, np.ndarray]] = []
        program = subprocess.Popen(
            command,
            env={**os.environ, **env, "DISPLAY": self.display},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            while True:
                now = time.perf_counter() - start
                picture = self.middle()
                if not np.array_equal(picture, seen[-1][1] if seen else blank):
                    seen.append((now, picture))
                if seen and now - seen[-1][0] > SETTLED_S and _is_scene(picture, unlike):
                    return next(at for at, earlier in seen if _alike(earlier, picture) > 0.9), picture
                if program.poll() is not None or now > LIMIT_S:
                    raise RuntimeError(f"no lasting picture from {command[0]} after {now:.0f} s")
                time.sleep(STEP_S)
        finally:
            program.terminate()
            try:
                program.wait(10)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()


def _alike(one: np.ndarray, two: np.ndarray) -> float:
    return float((np.abs(one.astype(int) - two).max(axis=2) <= 8).mean())


def _is_scene(picture: np.ndarray, unlike: np.ndarray | None) -> bool:
    """More than a plain background, and not the page shown before: many colours, half of the pixels different."""
    if unlike is not None and _alike(picture, unlike) > 0.5:
        return False
    return len(np.unique(picture.reshape(-1, 3) // 8, axis=0)) > 40
