"""A bundle, made and proven: nothing leaves the folder before what leaves it was looked at."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from peer.layout import LibraryFolder
from peer.library.meta import Meta
from peer.seams import Randomness
from store.database import Database
from store.ids import LibraryId
from tools.bundling.container import DEVICE_KEY, HISTORY, MANIFEST, README, STRUCTURE, pack
from tools.bundling.errors import BundleError, CannotBeMadeAgainError, DifferentError
from tools.bundling.leaks import found_again, pieces_of
from tools.bundling.manifest import BundleKind, Manifest, programs, readme
from tools.bundling.proof import Proof, prove
from tools.bundling.remaking import Remade, make_again
from tools.bundling.standing import nodes_in, queues_in
from tools.bundling.story import Story, read_story
from tools.bundling.structure import encoded, structure_of
from tools.bundling.unfolding import unfold
from tools.looking.contents import Contents
from tools.looking.documents import Document
from tools.looking.folder import Inspected, look_into
from tools.looking.lookup import find_record, record_name

_SHOWN = 5
"""Differences that are named."""
TRIES = 6
"""With other ids each time: where nothing but their order decides, they come out in the right one sooner or later."""


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """The bytes of the file. ``sealed``: why there is no more than the structure in it; empty otherwise."""

    manifest: Manifest
    content: bytes
    sealed: str = ""


def make_bundle(inspected: Inspected, *, records: Collection[str], contents: bool, random: Randomness) -> Bundle:
    """Of a folder with its keys the history made again, of others the structure. ``records``: beginnings of the ids of those that alone are taken along;
    ``contents``: they are to stay as they are. ``CannotBeMadeAgainError``, ``DifferentError``."""
    if len(inspected.libraries) != 1:
        raise CannotBeMadeAgainError("this folder holds more than one library, or none", hint="Choose one with --library-id.")
    (library,) = inspected.libraries
    opened = Contents.of(inspected, library)
    if not opened.keyring:
        return _structure(inspected, library, opened.reason)
    wanted = frozenset(find_record(inspected.database, text) for text in records)
    story = read_story(inspected, opened, wanted)
    kind = BundleKind.WITH_CONTENTS if contents else BundleKind.ANONYMISED
    differences: list[str] = []
    for _ in range(TRIES):
        remade = make_again(story, random, contents=contents)
        made = _checked(inspected, story, remade, kind)
        if isinstance(made, Bundle):
            return made
        differences = made
    raise DifferentError(
        f"No bundle was written, because what was made of the history isn't the same: {'; '.join(differences[:_SHOWN])}.",
        tuple(differences),
        hint="`calotype-inspect verify` tells whether the library itself is what its history says. With --record less is taken along.",
    )


def _checked(inspected: Inspected, story: Story, remade: Remade, kind: BundleKind) -> Bundle | list[str]:
    """The bundle, or why what was made isn't to be shared."""
    keys = remade.things.own_keys(story.device)
    with TemporaryDirectory(prefix="calotype-bundle-") as temporary:
        folder = LibraryFolder(Path(temporary, "library"))
        try:
            unfold(remade.history, keys, folder).close()
        except BundleError:
            return ["something that entries build on is missing, or damaged"]
        proof, again, digest = look_into(folder.root, partial(_compared, original=inspected, story=story, remade=remade)).result
        key = folder.device_key.read_bytes()
    if proof.differences:
        return proof.differences
    if again and kind is BundleKind.ANONYMISED:
        return [f"{again} pieces of the original stand in it"]
    manifest = _manifest(inspected, story, remade, proof, kind, digest)
    files = {MANIFEST: manifest.encode(), README: readme(kind), HISTORY: remade.history.encode(), DEVICE_KEY: key}
    return Bundle(manifest=manifest, content=pack(files))


def _compared(made: Inspected, *, original: Inspected, story: Story, remade: Remade) -> tuple[Proof, int, str]:
    """The proof, how much of the original is found again, and the digest of what was made."""
    (library,) = made.libraries
    again = found_again(pieces_of(story), pieces_of(read_story(made, Contents.of(made, library))))
    return prove(original, made, story, remade), again, digest_of(made)


def digest_of(inspected: Inspected) -> str:
    """Of the library in a device's folder, in hexadecimal."""
    return (Meta(inspected.database).get("digest") or b"").hex()


def _manifest(inspected: Inspected, story: Story, remade: Remade, proof: Proof, kind: BundleKind, digest: str) -> Manifest:
    shows = {name: figure for name, figure in asdict(proof).items() if name != "differences"}
    return Manifest(
        kind=kind,
        programs=programs(),
        schemas=_schemas(inspected.database),
        records=sorted(record_name(remade.things.record(record)) for record in story.records),
        counts={
            "entries": len(story.told),
            "given_up": sum(told.is_gone for told in story.told),
            "logs": len(story.roster.logs),
            "devices": len(story.roster.devices) + len(story.roster.former),
            "epochs": len(story.roster.epochs),
            "reports": len(story.reports),
        },
        shows={**shows, "digest": digest},
        nodes=nodes_in(inspected, remade.fields.moments),
        queues=queues_in(inspected),
        problems=len(inspected.problems.found),
    )


def _structure(inspected: Inspected, library: LibraryId, reason: str) -> Bundle:
    structure = structure_of(inspected, library)
    manifest = Manifest(
        kind=BundleKind.STRUCTURE,
        programs=programs(),
        schemas=_schemas(inspected.database),
        records=[],
        counts={"entries": len(structure["entries"]), **{name: structure[name] for name in ("logs", "devices", "epochs")}},
        shows=None,
        nodes=[],
        queues={},
        problems=len(inspected.problems.found),
    )
    files = {MANIFEST: manifest.encode(), README: readme(BundleKind.STRUCTURE), STRUCTURE: encoded(structure)}
    return Bundle(manifest=manifest, content=pack(files), sealed=reason)


def _schemas(database: Database) -> Document:
    with database.read() as connection:
        return dict(connection.execute("SELECT name, version FROM schema_part ORDER BY name").fetchall())
