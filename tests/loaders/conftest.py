"""What the tests of the CityJSON loader share."""

from __future__ import annotations

import json

import pytest

from loaders.api import LoadOptions, NoProgress
from loaders.cityjson import load


@pytest.fixture
def read(tmp_path):
    def do(root, name="a.city.json", processes=1, **options):
        path = tmp_path / name
        if isinstance(root, dict):
            root = json.dumps(root)
        path.write_bytes(root.encode() if isinstance(root, str) else root)
        return load(path, LoadOptions(processes=processes, **options), NoProgress())

    return do
