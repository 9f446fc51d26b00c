"""Appearance themes: images are read in a thread, and uploaded a page at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow, vtkTexture

from loaders.city import CityData
from viewer.render.style_texture import make_texture
from viewer.render.textures import TABLE_WIDTH, PreparedTextures, Stopped, prepare_textures

PAGES = 4, 4096
"""Most atlas pages and pixels along their sides."""
FAST_PAGES = 1, 2048
"""The same where OpenGL runs on the processor and somebody waits: making the smaller versions of a page of 4096 pixels
takes 140 ms there, and every further page costs as much per frame as the first."""
CLOSE_SECONDS = 5.0
"""How long `ThemeReader.close` waits for the image that is just being decoded."""


class ThemeTextures:
    """Textures of one (city, theme) on the GPU. Attributes: table, pages, first_texture (``shaders/theme.glsl``);
    clear: some materials are transparent."""

    def __init__(self, prepared: PreparedTextures):
        self.first_texture = prepared.first_texture
        opacity = prepared.table[: prepared.first_texture, 3]
        self.clear = bool(((opacity > 1.0) | (opacity < 0.0)).any())
        self._table = prepared.table
        self._flat = [page.reshape(-1, 4) for page in prepared.pages]
        self.table: vtkTexture = make_texture(self._table, TABLE_WIDTH, len(self._table) // TABLE_WIDTH)
        self.pages: tuple[vtkTexture, ...] = tuple(
            make_texture(flat, page.shape[1], page.shape[0], smooth=True)
            for flat, page in zip(self._flat, prepared.pages, strict=True)
        )

    def upload_steps(self, renderer: vtkRenderer) -> Iterator[None]:
        """Put one page after the other on the GPU; the OpenGL context must be current at every step."""
        for texture in (self.table, *self.pages):
            texture.Render(renderer)
            texture.PostRender(renderer)
            yield

    def release(self, window: vtkRenderWindow) -> None:
        """Free them on the GPU."""
        for texture in (self.table, *self.pages):
            texture.ReleaseGraphicsResources(window)


class ThemeJob:
    """Reads the images of one theme in a thread of its own.

    Attributes: theme; prepared: the result, None while it is not there, after `cancel` and where it failed.
    """

    def __init__(self, city: CityData, theme: str, turn: threading.Lock, pages: tuple[int, int] = PAGES):
        self.theme = theme
        self.prepared: PreparedTextures | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(city, theme, turn, pages), name=f"theme {theme[:40]}", daemon=True
        )
        self._thread.start()

    @property
    def done(self) -> bool:
        """True when the thread has ended."""
        return not self._thread.is_alive()

    def wait(self, seconds: float | None = None) -> None:
        """Wait for the thread to end."""
        self._thread.join(seconds)

    def cancel(self) -> None:
        """Have the thread stop after the image that it is at."""
        self._stop.set()

    def _run(self, city: CityData, theme: str, turn: threading.Lock, pages: tuple[int, int]) -> None:
        # one theme at a time: each may need some hundred MiB
        with turn:
            try:
                self.prepared = prepare_textures(
                    city, theme, max_pages=pages[0], page_size=pages[1], stopped=self._stop.is_set
                )
            except (Stopped, MemoryError):
                self.prepared = None


class ThemeReader:
    """The themes that a scene waits for, one per layer at most."""

    def __init__(self) -> None:
        self._jobs: dict[str, ThemeJob] = {}
        self._dropped: list[ThemeJob] = []
        self._turn = threading.Lock()

    def want(self, layer_id: str, city: CityData, theme: str | None, *, fast: bool = False) -> None:
        """Start reading a theme unless that is going on; anything else for this layer is dropped (None = all).

        ``fast``: no more pixels than a software renderer draws while somebody waits (`FAST_PAGES`).
        """
        job = self._jobs.get(layer_id)
        if job is not None and job.theme == theme:
            return
        self.drop(layer_id)
        if theme is not None:
            self._jobs[layer_id] = ThemeJob(city, theme, self._turn, FAST_PAGES if fast else PAGES)

    def drop(self, layer_id: str) -> None:
        """Nobody waits for this layer's theme any more."""
        job = self._jobs.pop(layer_id, None)
        if job is not None:
            job.cancel()
            self._dropped = [other for other in (*self._dropped, job) if not other.done]

    @property
    def busy(self) -> bool:
        """True while a theme is waited for."""
        return bool(self._jobs)

    @property
    def ready(self) -> bool:
        """True if `take` has something."""
        return any(job.done for job in self._jobs.values())

    def take(self, *, wait: bool = False) -> list[tuple[str, ThemeJob]]:
        """(layer id, job) of all that have ended; with ``wait``, of all."""
        if wait:
            for job in self._jobs.values():
                job.wait()
        ended = [(layer_id, job) for layer_id, job in self._jobs.items() if job.done]
        for layer_id, _ in ended:
            del self._jobs[layer_id]
        return ended

    def close(self) -> None:
        """Stop all threads, and wait for them (no longer than a picture takes to decode)."""
        for layer_id in tuple(self._jobs):
            self.drop(layer_id)
        for job in self._dropped:
            job.wait(CLOSE_SECONDS)
        self._dropped.clear()
