"""An empty picture never comes without a reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from loaders.empty import NOTHING_TO_DRAW
from loaders.store import ArrayCache
from loaders.worker import load_in_process


def written(path: Path, objects: dict[str, Any], vertices: list[list[int]]) -> Path:
    city = {
        "type": "CityJSON",
        "version": "2.0",
        "transform": {"scale": [1, 1, 1], "translate": [0, 0, 0]},
        "CityObjects": objects,
        "vertices": vertices,
    }
    path.write_text(json.dumps(city), encoding="utf-8")
    return path


def house(*rings: list[int]) -> dict[str, Any]:
    return {
        "type": "Building",
        "geometry": [{"type": "MultiSurface", "lod": "1", "boundaries": [[ring] for ring in rings]}],
    }


SQUARE = [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]


@pytest.mark.parametrize(
    ("objects", "count", "said"),
    [
        ({}, 1, "there is no object in the file"),
        ({"a": {"type": "Building"}}, 1, "it has no geometry"),
        ({"a": {"type": "Building"}, "b": {"type": "Road"}}, 2, "they have no geometry"),
        ({"a": house([0, 1, 99])}, 1, "Surfaces that use vertices which are not in the file were skipped (1)"),
        ({"a": house([0, 1, 1]), "b": house([2, 2, 3])}, 2, "without area, were skipped (2)"),
    ],
)
def test_the_reason_is_in_the_report(tmp_path: Path, objects: dict[str, Any], count: int, said: str) -> None:
    path = written(tmp_path / "a.city.json", objects, SQUARE)
    cache = ArrayCache(tmp_path / "cache")
    for from_cache in (False, True):
        loaded = load_in_process(path, cache=cache)
        assert loaded.from_cache is from_cache
        (issue,) = [issue for issue in loaded.result.issues if issue.kind == NOTHING_TO_DRAW]
        assert (issue.severity, issue.count, issue.objects) == ("warning", count, tuple(objects))
        assert said in issue.message


def test_a_city_that_can_be_drawn_has_no_such_issue(tmp_path: Path) -> None:
    path = written(tmp_path / "a.city.json", {"a": house([0, 1, 2, 3]), "b": {"type": "Building"}}, SQUARE)
    result = load_in_process(path).result
    assert result.value.drawable == 1
    assert NOTHING_TO_DRAW not in {issue.kind for issue in result.issues}
