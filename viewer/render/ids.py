"""Numbers of objects in the id pass: every layer has its own range."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
from vtkmodules.vtkRenderingCore import vtkRenderWindow

from viewer.render.layer import LayerView

MAX_IDS = (1 << 24) - 1
"""Objects that one id pass can tell apart, all layers together."""


def number_ids(layers: Iterable[LayerView]) -> None:
    """Give every layer its range; 0 is nothing."""
    base = 1
    for layer in layers:
        layer.id_base = base
        base += layer.style.rows


def set_id_pass(layers: Mapping[str, LayerView], active: bool) -> None:
    """Have all layers draw ids in place of colours, or colours again.

    Raises:
        ValueError: there are more objects than ids.
    """
    if active and sum(layer.style.rows for layer in layers.values()) > MAX_IDS:
        raise ValueError(f"more than {MAX_IDS:,} objects: an id pass cannot tell them apart")
    for layer in layers.values():
        for material in layer.all_materials():
            material.set_id_pass(active, layer.id_base)


@contextmanager
def plain_window(window: vtkRenderWindow) -> Iterator[None]:
    """Within it, pictures are not shown, and their pixels not mixed."""
    swap, samples = window.GetSwapBuffers(), window.GetMultiSamples()
    window.SwapBuffersOff()
    window.SetMultiSamples(0)
    try:
        yield
    finally:
        window.SetMultiSamples(samples)
        window.SetSwapBuffers(swap)


def split_ids(ids: npt.NDArray[np.int32], layers: Iterable[LayerView]) -> npt.NDArray[np.int32]:
    """Ids (H, W) as int32 (H, W, 2): place of the layer and object row, -1 where nothing is."""
    out = np.full((*ids.shape, 2), -1, np.int32)
    for index, layer in enumerate(layers):
        own = (ids >= layer.id_base) & (ids < layer.id_base + layer.style.rows)
        out[own, 0] = index
        out[own, 1] = ids[own] - layer.id_base
    return out
