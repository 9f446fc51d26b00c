"""JSON from strangers: limited in size and depth, finite numbers, no member twice; and where something is wrong."""

from __future__ import annotations

import json
from typing import Any

import orjson

MAX_BYTES = 64 << 20
MAX_DEPTH = 32

Raw = dict[str, Any]


class BadJson(ValueError):
    """Text that is no acceptable JSON; says why in a few words."""


def parse_json(data: bytes, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> Any:
    """The value of a JSON text; raises `BadJson` for anything that is broken, too large, too deep or told twice."""
    if len(data) > max_bytes:
        raise BadJson(f"it is larger than {max_bytes >> 20} MiB")
    text = data.removeprefix(b"\xef\xbb\xbf")
    try:
        value = orjson.loads(text)  # strict: refuses NaN, 1e999, broken UTF-8, 1,024 levels
        if deeper_than(value, max_depth):
            raise BadJson(f"it is nested deeper than {max_depth} levels")
        return json.loads(text, object_pairs_hook=_once)
    except BadJson:
        raise
    except (ValueError, RecursionError) as error:
        raise BadJson(f"it is not valid JSON ({str(error)[:160]})") from error


def _once(pairs: list[tuple[str, Any]]) -> Raw:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise BadJson(f"the member {twice[:60]!r} is there twice")
    return found


def deeper_than(value: Any, levels: int) -> bool:
    """True if values are nested deeper; looks level by level, without recursion."""
    level = [value]
    for _ in range(levels):
        level = [
            child
            for item in level
            if isinstance(item, (dict, list))
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return False
    return True


def place_of(path: Any) -> str:
    """ "variables/0/unit" for a path of keys and indices, "the top" for none."""
    return "/".join(map(str, path)) or "the top"
