"""Files and a shortcut for the command line's tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from viewer import cli
from viewer.selftest import small_city


@dataclass(frozen=True)
class Answer:
    """What one command gave."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def citiverse(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Answer]:
    """Run a command in this process, in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str | Path) -> Answer:
        capsys.readouterr()
        code = cli.main([str(word) for word in words])
        out, err = capsys.readouterr()
        return Answer(code, out, err)

    return run


@pytest.fixture
def boxes(tmp_path: Path) -> Path:
    """Nine boxes in a square, 10 to 50 m high, as CityJSON."""
    path = tmp_path / "boxes.city.json"
    path.write_text(json.dumps(small_city()), encoding="utf-8")
    return path


@pytest.fixture
def project(boxes: Path) -> Path:
    """A project of the boxes with one viewpoint, looking down on the middle one."""
    from viewer.document.project import save_project
    from viewer.document.state import Camera, DocumentState, LayerState, Viewpoint

    camera = Camera((85025.0, 446024.9, 300.0), (85025.0, 446025.0, 30.0))
    state = DocumentState(
        title="Boxes",
        crs="EPSG:7415",
        layers=(LayerState("layer-1", "Boxes", str(boxes)),),
        viewpoints=(Viewpoint("From above", camera),),
    )
    path = boxes.with_name("boxes.citiverse")
    save_project(state, path)
    return path
