"""A folder, made of a bundle from anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from peer.errors import UsageError
from peer.keys.device import DeviceKeys
from peer.keys.errors import DeviceKeyFileError
from peer.keys.keyfile import write_secret
from peer.layout import LibraryFolder
from store.encoding import MalformedError
from tools.bundling.container import DEVICE_KEY, HISTORY, MANIFEST, README, STRUCTURE, unpack
from tools.bundling.errors import BundleError
from tools.bundling.history import History
from tools.bundling.manifest import BundleKind, Manifest, parse_manifest
from tools.bundling.unfolding import unfold

_FILES: Final = {
    BundleKind.ANONYMISED: {MANIFEST, README, HISTORY, DEVICE_KEY},
    BundleKind.WITH_CONTENTS: {MANIFEST, README, HISTORY, DEVICE_KEY},
    BundleKind.STRUCTURE: {MANIFEST, README, STRUCTURE},
}


@dataclass(frozen=True, kw_only=True)
class OpenedBundle:
    """``digest`` of the library in the folder, in hexadecimal; empty for a structure, of which there is none."""

    manifest: Manifest
    digest: str

    @property
    def is_as_made(self) -> bool:
        """Whether the folder shows here what it showed where the bundle was made."""
        return self.manifest.shows is None or self.digest == self.manifest.shows.get("digest")


def open_bundle(file: Path, folder: Path) -> OpenedBundle:
    """The bundle's library in ``folder``, which is made, or was empty: all of it or nothing. ``BundleError``, ``UsageError``."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()) or (folder.is_dir() and any(folder.iterdir())):
        raise UsageError(f"{folder} isn't an empty folder. Nothing was changed.", hint="Name one that isn't there yet.")
    files = unpack(file)
    manifest = parse_manifest(files.get(MANIFEST, b""))
    if files.keys() != _FILES[manifest.kind]:
        raise BundleError("This bundle lacks a file, or holds one too many.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".calotype-unbundle-", dir=folder.parent) as temporary:
        made = Path(temporary, "library")
        made.mkdir(mode=0o700)
        digest = "" if manifest.kind is BundleKind.STRUCTURE else _unfolded(files, made)
        for name in files.keys() & {MANIFEST, README, STRUCTURE}:
            (made / name).write_bytes(files[name])
        if folder.exists():
            folder.rmdir()
        made.rename(folder)
    return OpenedBundle(manifest=manifest, digest=digest)


def _unfolded(files: Mapping[str, bytes], made: Path) -> str:
    try:
        history = History.decode(files[HISTORY])
    except MalformedError as error:
        raise BundleError("The history in the bundle isn't as described.") from error
    library = unfold(history, _keys(files[DEVICE_KEY]), LibraryFolder(made))
    try:
        return bytes(library.records.digest()).hex()
    finally:
        library.close()


def _keys(content: bytes) -> DeviceKeys:
    with TemporaryDirectory(prefix="calotype-bundle-") as temporary:
        path = Path(temporary, DEVICE_KEY)
        write_secret(path, content)
        try:
            return DeviceKeys.load(path)
        except DeviceKeyFileError as error:
            raise BundleError("The keys in the bundle can't be read.") from error
