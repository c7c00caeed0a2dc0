"""What a bundle says of itself: ``MANIFEST.json`` for programs, ``README.txt`` for people.

``format`` and ``version`` of this page; ``kind``: "anonymised", "with contents" or "structure"; ``programs``: versions; ``schemas``: versions of the
database of the original's program; ``records``: those that alone were taken along, by their other names, empty for all; ``counts``: what the history
consists of; ``shows``: what a folder made of it shows, ``null`` for a structure; ``nodes``, ``queues``: how the sync stood, in numbers; ``problems``: how many
things were found damaged on the way.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from typing import Any, Final

from tools.bundling.errors import BundleError
from tools.looking.documents import Document

FORMAT: Final = "calotype bundle"
VERSION: Final = 1


class BundleKind(StrEnum):
    """What a bundle holds."""

    ANONYMISED = "anonymised"
    WITH_CONTENTS = "with contents"
    STRUCTURE = "structure"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """See above."""

    kind: BundleKind
    programs: Document
    schemas: Document
    records: list[str]
    counts: Document
    shows: Document | None
    nodes: list[Document]
    queues: Document
    problems: int

    def encode(self) -> bytes:
        document = {"format": FORMAT, "version": VERSION, **self.__dict__}
        return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode("ascii")


def parse_manifest(content: bytes) -> Manifest:
    """``BundleError`` for anything else than what a program of this version writes."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BundleError("The bundle's MANIFEST.json can't be read.") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise BundleError("This file isn't a bundle of Calotype.")
    if document.get("version") != VERSION:
        raise BundleError("The bundle was made by a newer version of Calotype.", hint="Update Calotype to open it.")
    return Manifest(
        kind=_kind(document.get("kind")),
        programs=_of(document, "programs", dict),
        schemas=_of(document, "schemas", dict),
        records=[str(record) for record in _of(document, "records", list)],
        counts=_of(document, "counts", dict),
        shows=None if document.get("shows") is None else _of(document, "shows", dict),
        nodes=_of(document, "nodes", list),
        queues=_of(document, "queues", dict),
        problems=_of(document, "problems", int),
    )


def programs() -> Document:
    """Of this program, and of what decides how histories are read."""
    return {name: version(name) for name in ("calotype", "pycrdt")}


def readme(kind: BundleKind) -> bytes:
    """For who gets the file."""
    return _READMES[kind].encode()


def _kind(value: Any) -> BundleKind:
    try:
        return BundleKind(value)
    except ValueError as error:
        raise BundleError("The bundle is of a kind that this version doesn't know.") from error


def _of(document: Document, name: str, kind: type) -> Any:
    value = document.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise BundleError("The bundle's MANIFEST.json isn't as described.")
    return value


_OPENING = """\
To look into it:

    calotype-inspect unbundle {file} FOLDER
    calotype-inspect conflicts --library FOLDER
    calotype-inspect dag --library FOLDER

and so on with all views. FOLDER is then a library of nobody: its keys were made for this bundle and belong to no device.
"""

_ANONYMISED = f"""\
This is the history of a Calotype library, made again without anything private in it.

Every entry stands at the same place and does the same to other ids, other words and other times, under other keys. What was made was compared with the
original: the same values win and lose, the same things wait, are void, contested or deleted. No text, id, time or key of the original was found in it.

{_OPENING.format(file="FILE")}
Replaced, equal by equal and different by different: captions, titles, keywords, names of files, devices, cameras and people, all other text; places; times,
shifted by a constant; ids, sizes and SHA-256 of files; numbers of 1,000 and more; all keys. Not in it: pictures, originals, thumbnails, ThumbHashes,
addresses and tokens of relays, paths, the recovery phrase.

Not hidden: how many devices, logs, entries and records there are, who had seen what when writing, and who was removed; the distances between times, zone
offsets of capture times, and time of day as far as a habit tells it; lengths of texts as a power of two, whether they are written in capitals or with
accents, and extensions of file names; how many segments of 4 MiB a file has; ratings, favourites, edit parameters and small numbers; kinds and media types.

Not kept: the blobs of checkpoints, digests in reports of devices, and which words two texts have in common (an offered merge of captions looks different).
"""

_WITH_CONTENTS = f"""\
This is the history of a Calotype library WITH ITS CONTENTS: captions, keywords, names, places, times, names of devices, SHA-256 and ThumbHashes of photos.
Treat it like the photos themselves.

The keys were made for this bundle: nobody can reach the library, its relays or its devices with them. Not in it: pictures, originals, addresses and tokens
of relays, paths, the recovery phrase.

{_OPENING.format(file="FILE")}"""

_STRUCTURE = """\
This is the structure of the history of a Calotype library: which entries there are, what each builds on, of which kind it is, when it came, and how large
it is as a power of two. It was made from a folder without keys, so there is nothing of the contents in it; logs, devices, epochs and entries are numbers.

structure.json is described in the documentation of `calotype-inspect bundle`.

Not hidden: how many devices, logs and entries there are, who had seen what when writing, who was removed, and the distances between times.
"""

_READMES: Final = {
    BundleKind.ANONYMISED: _ANONYMISED,
    BundleKind.WITH_CONTENTS: _WITH_CONTENTS,
    BundleKind.STRUCTURE: _STRUCTURE,
}
