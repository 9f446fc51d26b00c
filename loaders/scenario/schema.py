"""The published JSON Schema of ``scenario.json``, and what a file breaks of it in words that say where."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from loaders.scenario.jsontext import place_of

NAME = "citiverse-scenario-1.schema.json"


def schema_path() -> Path:
    """Where the schema lies: in ``assets`` of a source tree, or beside the viewer in an installation.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    root = Path(__file__).resolve().parents[2]
    for folder in (root / "viewer" / "_data" / "assets", root / "assets"):
        path = folder / "schemas" / NAME
        if path.is_file():
            return path
    raise FileNotFoundError(f"The file {NAME} is missing; install Citiverse Viewer again.")


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(schema_path().read_text("utf-8")))


def breaches(raw: Any) -> Iterator[tuple[str, str, str]]:
    """(place, reason, remedy) of everything that breaks the schema, in the order of the file."""
    errors = sorted(_validator().iter_errors(raw), key=lambda error: [str(part) for part in error.absolute_path])
    for error in errors:
        inner = _deepest(error)
        yield place_of(inner.absolute_path), _reason(inner), _remedy(inner)


def _deepest(error: Any) -> Any:
    """Of an alternative that fits nowhere, the misfit of the alternative that got furthest."""
    while error.context:
        best = max(error.context, key=lambda inner: (len(inner.absolute_path), inner.validator != "type"))
        if len(best.absolute_path) <= len(error.absolute_path) and error.validator in ("anyOf", "oneOf"):
            break
        error = best
    return error


def _listed(error: Any) -> str:
    return ", ".join(map(str, error.validator_value)) if error.validator == "enum" else ""


def _missing(error: Any) -> str:
    """The member that is missing, "" if another rule is broken."""
    return str(error.message).split("'")[1] if error.validator == "required" else ""


def _remedy(error: Any) -> str:
    """What the schema says about a member that is missing; else where the form is described."""
    rule = error.schema.get("properties", {}).get(_missing(error), {}) if isinstance(error.schema, dict) else {}
    told = rule.get("description") or _definitions().get(str(rule.get("$ref", "")).rpartition("/")[2], {}).get(
        "description"
    )
    return f"It is: {told}" if told else "The form is described in assets/schemas/citiverse-scenario.md."


@cache
def _definitions() -> dict[str, Any]:
    return dict(json.loads(schema_path().read_text("utf-8"))["$defs"])


def _reason(error: Any) -> str:
    if _missing(error):
        return f"{_missing(error)!r} is missing"
    value = json.dumps(error.instance, ensure_ascii=False, default=str)
    shown = value if len(value) <= 60 else f"{value[:57]}..."
    texts = {
        "pattern": f"{shown} is not of the form that belongs here",
        "anyOf": f"{shown} is none of the forms that belong here",
        "oneOf": f"{shown} is none, or more than one, of the forms that belong here",
        "not": f"{shown} does not go together, or is not allowed, here",
        "enum": f"{shown} is none of {_listed(error)}",
        "const": f"{shown} should be {error.validator_value!r}",
        "maximum": f"{shown} is more than {error.validator_value}",
        "minimum": f"{shown} is less than {error.validator_value}",
        "maxItems": f"there are more than {error.validator_value} entries",
        "maxLength": f"the text is longer than {error.validator_value} characters",
    }
    if error.validator in texts:
        return texts[error.validator]
    text = str(error.message)
    return text if len(text) <= 160 else f"the value breaks the rule {error.validator!r}"
