"""The calls of the sync API by their names, as the story and the counts tell them."""

from __future__ import annotations

from starlette.types import Scope

_BY_PATH = {"hello": "hello", "libraries": "register", "session": "session"}
_OF_A_BLOB = {"GET": "get_blob", "HEAD": "has_blob", "PUT": "put_blob"}
_OF_A_LIBRARY = frozenset({"heads", "pull", "push", "seen", "news", "trace"})
_OF_BLOBS = frozenset({"stat", "hold", "many"})


def name_of_call(scope: Scope) -> str:
    """What a request asks for; "other" for what is no call."""
    parts = str(scope.get("path", "")).split("/")[2:]
    match parts:
        case [name] if name in _BY_PATH:
            return _BY_PATH[name]
        case ["mailbox", _]:
            return "messages" if scope["method"] == "GET" else "post_message"
        case ["l", _, name] if name in _OF_A_LIBRARY:
            return name
        case ["l", _, "blobs", name] if name in _OF_BLOBS:
            return name
        case ["l", _, "blobs", _]:
            return _OF_A_BLOB.get(scope["method"], "other")
        case _:
            return "other"
