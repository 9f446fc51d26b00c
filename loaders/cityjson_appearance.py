"""Materials and textures of a CityJSON file: colours, image paths that stay inside the file's folder, wrap modes."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, Literal, get_args

import numpy as np

from loaders._issues import IssueLog
from loaders.city import Int32, Material, Texture
from loaders.cityjson_looks import LookTables
from loaders.cityjson_part import Part
from loaders.cityjson_ragged import as_text

_URL = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]+:")
_Wrap = Literal["wrap", "mirror", "clamp", "border", "none"]


class Appearances:
    """All materials and textures of a file; the same one in many features counts once."""

    def __init__(self, part: Part, folder: Path, issues: IssueLog):
        self.materials: list[Material] = []
        self.textures: list[Texture] = []
        self._known: dict[tuple[str, bytes], int] = {}
        self._folder, self._issues = folder, issues
        self.default_theme: str | None = None
        features = max(1, len(part.feature_vertices) - 1)
        self._numbers: dict[str, list[int]] = {"material": [], "texture": []}
        self._first = {name: np.zeros(features, np.int64) for name in ("material", "texture", "uv")}
        self._count = {name: np.zeros(features, np.int64) for name in ("material", "texture", "uv")}
        uvs = [np.zeros((0, 2))]
        at = 0
        for feature, appearance, uv in part.appearances:
            self._take(feature, "material", appearance.get("materials"))
            self._take(feature, "texture", appearance.get("textures"))
            self._first["uv"][feature], self._count["uv"][feature] = at, len(uv)
            at += len(uv)
            uvs.append(np.nan_to_num(uv, nan=0.0, posinf=0.0, neginf=0.0))
            for key in ("default-theme-texture", "default-theme-material"):
                if self.default_theme is None and isinstance(appearance.get(key), str):
                    self.default_theme = appearance[key]
        self._uv = np.concatenate(uvs)

    def _take(self, feature: int, name: str, items: Any) -> None:
        numbers = self._numbers[name]
        self._first[name][feature] = len(numbers)
        make = self._material if name == "material" else self._texture
        for item in items if isinstance(items, list) else []:
            value = item if isinstance(item, dict) else {}
            key = (name, as_text(value))
            if key not in self._known or key[1] == b"null":
                self._known[key] = make(value)
            numbers.append(self._known[key])
        self._count[name][feature] = len(numbers) - self._first[name][feature]

    def tables(self) -> LookTables:
        """Numbers by feature, for `theme_corners`."""
        numbers: dict[str, Int32] = {name: np.array(found, np.int32) for name, found in self._numbers.items()}
        return LookTables(
            numbers["material"],
            self._first["material"],
            self._count["material"],
            numbers["texture"],
            self._first["texture"],
            self._count["texture"],
            any(texture.path for texture in self.textures),
            self._uv,
            self._first["uv"],
            self._count["uv"],
        )

    def _material(self, item: dict[str, Any]) -> int:
        transparency = item.get("transparency")
        name = item.get("name")
        self.materials.append(
            Material(
                name if isinstance(name, str) else f"material {len(self.materials)}",
                _colour(item.get("diffuseColor")),
                _colour(item.get("emissiveColor")),
                min(1.0, max(0.0, _number(transparency) or 0.0)),
            )
        )
        return len(self.materials) - 1

    def _texture(self, item: dict[str, Any]) -> int:
        image = item.get("image")
        wrap = item.get("wrapMode")
        modes: tuple[_Wrap, ...] = get_args(_Wrap)
        border = item.get("borderColor")
        colour = None
        if isinstance(border, list) and len(border) in (3, 4) and None not in map(_number, border):
            red, green, blue, alpha = (min(1.0, max(0.0, float(value))) for value in [*border, 1.0][:4])
            colour = (red, green, blue, alpha)
        text = image if isinstance(image, str) else ""
        found: _Wrap = next((mode for mode in modes if mode == wrap), "wrap")
        self.textures.append(Texture(text, self._path(text), found, colour))
        return len(self.textures) - 1

    def _path(self, image: str) -> str | None:
        """Absolute path of an image inside the file's folder; anything else is never opened."""
        name = image[:200]
        if not image or "\0" in image:
            self._issues.warning("texture-missing", "Textures whose image is not there are not drawn.", [name])
            return None
        drive = PureWindowsPath(image)
        if (_URL.match(image) and not drive.drive) or image.startswith(("//", "\\\\")):
            self._issues.warning("texture-remote", "Textures at network or file addresses are never fetched.", [name])
            return None
        relative = PurePosixPath(image.replace("\\", "/"))
        outside = drive.drive or drive.root or relative.is_absolute() or ".." in relative.parts
        path = self._folder / relative
        try:
            root = self._folder.resolve()
            outside = bool(outside) or not path.resolve().is_relative_to(root)
            there = not outside and path.is_file()
        except (OSError, ValueError, RuntimeError):
            there = False
        if outside:
            self._issues.warning("texture-outside", "Textures outside the file's own folder are never opened.", [name])
            return None
        if not there:
            self._issues.warning("texture-missing", "Textures whose image is not there are not drawn.", [name])
            return None
        return str(path.resolve())


def _number(value: Any) -> float | None:
    """A finite number as float, anything else as None."""
    fine = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300
    return float(value) if fine else None


def _colour(value: Any) -> tuple[float, float, float] | None:
    if not isinstance(value, list) or len(value) < 3 or None in map(_number, value[:3]):
        return None
    red, green, blue = (min(1.0, max(0.0, float(item))) for item in value[:3])
    return red, green, blue
