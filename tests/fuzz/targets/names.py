"""Names of files from anywhere, as they are put into the readable tree."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from pathlib import PurePosixPath

from peer.originals.names import MAX_NAME_BYTES, TREE, choose_path, collision_key, display, folder_of, numbered, safe_name, split_extension
from tests.fuzz.seeds import golden_json
from tests.fuzz.target import Target, promise

_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])( *\..*)?", re.IGNORECASE | re.DOTALL)
_NUMBERS = (1, 2, 10, 99_999)


def file_name(data: bytes) -> None:
    """Whatever a file was called, its name in the tree is one on every system, and its path stays in the tree."""
    on_windows = data[: len(data) // 2 * 2].decode("utf-16-le", "surrogatepass")
    for source in (data, data.decode("utf-8", "surrogateescape"), on_windows):
        name = safe_name(source)
        for number in _NUMBERS:
            _check_name(numbered(name, number))
        promise(split_extension(name)[1].lower() == split_extension(numbered(name, 2))[1].lower(), "a number changes the extension")


def tree_path(data: bytes) -> None:
    """A chosen path lies in the tree, in the folder of its month, and is free, however many names are taken."""
    taken, _, name = data.decode("utf-8", "surrogateescape").partition("\n")
    first = collision_key(safe_name(name))
    second = collision_key(numbered(safe_name(name), 2))
    in_use = frozenset({first, second})
    path = choose_path(taken, name, lambda path: collision_key(path.name) in in_use)
    promise(not path.is_absolute() and ".." not in path.parts and path.parts[0] == TREE, "a path that leaves the tree")
    promise(path.parent == folder_of(taken) and len(path.parts) in (3, 4), "a path in another folder")
    promise(collision_key(path.name) not in in_use, "a name that is taken")
    promise(PurePosixPath(str(path)) == path, "a path that isn't read as it is written")
    display(path).encode()
    promise("\n" not in display(PurePosixPath(name or "x")), "a message of several lines")


def _check_name(name: str) -> None:
    raw = name.encode()
    promise(0 < len(raw) <= MAX_NAME_BYTES, "too long, or empty")
    promise(not set(name) & set('<>:"/\\|?*'), "a character that some system doesn't have in names")
    promise(not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in name), "a character that can't be shown")
    promise(not name.startswith((".", " ")) and not name.endswith((".", " ")), "a name that is hidden, or loses its end")
    promise(_RESERVED.fullmatch(name) is None, "a name that Windows reserves")
    promise(unicodedata.is_normalized("NFC", name), "another form of the same name")


def _names() -> Mapping[str, bytes]:
    cases = {str(number): bytes.fromhex(case["bytes"]["hex"]) for number, case in enumerate(golden_json("crdt/elements"))}
    return {
        **cases,
        "camera": b"IMG_0042.HEIC",
        "parent": b"../../etc/passwd",
        "reserved": b"aux .tar.gz",
        "hidden": b". .bashrc. ",
        "long": "ä".encode() * 150 + b".jpeg",
        "emoji": "👩‍👩‍👧 am See\u202e.jpg".encode(),
    }


def _taken_names() -> Mapping[str, bytes]:
    return {name: b"2024-07-21T18:03:11+02:00\n" + data for name, data in _names().items()} | {
        "undated": b"\nx.jpg",
        "odd": b"2024-13-01\n..",
    }


TARGETS = (
    Target(name="file-name", check=file_name, seeds=_names, longest=1024),
    Target(name="tree-path", check=tree_path, seeds=_taken_names, longest=1024),
)
