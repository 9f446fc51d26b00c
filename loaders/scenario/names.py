"""Names of files inside a package that are safe on every system."""

from __future__ import annotations

import unicodedata

MAX_LENGTH = 300
_RESERVED = frozenset(
    ("con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10)))
)
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_ARCHIVES = (".zip", ".citiscen", ".7z", ".rar", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst", ".jar")


def name_problem(name: str) -> str:
    """ "" for a path inside a package that can be used, else what is wrong, to be said after the name."""
    if not name or len(name) > MAX_LENGTH:
        return "is empty or too long"
    if any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in name):
        return "holds control characters"
    if name.startswith("/") or (len(name) > 1 and name[1] == ":"):
        return "is an absolute path"
    if "\\" in name:
        return "holds a backslash"
    if any(char in name for char in ':*?"<>|#%!'):
        return "holds a character that not every system allows"
    for part in name.split("/"):
        if part in ("", ".", ".."):
            return "leads out of the package or nowhere"
        if part != part.strip(" ") or part.endswith("."):
            return "has a part that begins or ends with a blank or a dot"
        if part.split(".")[0].lower() in _RESERVED:
            return "has a part that Windows keeps for itself"
    if unicodedata.normalize("NFC", name) != name:
        return "is written in decomposed characters"
    return ""


def is_archive(name: str) -> bool:
    """True for archives, which a package may not hold."""
    return name.lower().endswith(_ARCHIVES)


def is_control(char: str) -> bool:
    """True for control characters, line separators, and marks that turn the direction of the text about them."""
    return unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or char in _TURNING


def one_line(text: str) -> str:
    """Text from a file for a message: control characters and line breaks replaced."""
    return "".join("\ufffd" if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") else char for char in text)
