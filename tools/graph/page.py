"""One page that shows the graph by itself: markup, style, script and data in one file, and a policy under which nothing else can run or load. Pure but for
its own parts, which are files of the package.

The policy allows one script and one style, by their hashes, and no request at all. The data is JSON in a script element of a type that no browser runs;
every character with which a text could end the element or begin markup is escaped inside its strings, and the script puts texts in place as text.
"""

from __future__ import annotations

import base64
import hashlib
import json
from importlib.resources import files
from typing import Any

_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def page(data: Any) -> str:
    """The page that shows ``data``, whose form ``picture.js`` and ``page.js`` know (``tools.text.dag_page`` makes it)."""
    script, style = _part("picture.js") + _part("page.js"), _part("page.css")
    parts = {"policy": policy(script, style), "style": style, "script": script, "data": embedded(data)}
    text = _part("page.html")
    pieces = text.split("@")
    return "".join(piece if number % 2 == 0 else parts[piece] for number, piece in enumerate(pieces))


def policy(script: str, style: str) -> str:
    """The content security policy of a page with this script and this style (CSP level 3)."""
    rules = {"default-src": "'none'", "script-src": _hash(script), "style-src": _hash(style), "base-uri": "'none'", "form-action": "'none'"}
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def embedded(data: Any) -> str:
    """``data`` as JSON that can stand in a script element."""
    encoded = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return "".join(_ESCAPED.get(character, character) for character in encoded)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _part(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")
