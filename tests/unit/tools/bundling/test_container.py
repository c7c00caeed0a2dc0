"""What is read comes from anybody."""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.errors import UsageError
from store.encoding import MalformedError
from tests.unit.peer.keys.seeded import flipped
from tools.bundling import container
from tools.bundling.container import DEVICE_KEY, HISTORY, MANIFEST, README, pack, unpack
from tools.bundling.errors import BundleError
from tools.bundling.history import History
from tools.bundling.making import make_bundle
from tools.bundling.opening import open_bundle
from tools.looking.folder import look_into

FILES = {MANIFEST: b'{"format": "calotype bundle"}', README: b"hello\n"}


@pytest.fixture(scope="module")
def good(pair_folder: Path) -> bytes:
    look = look_into(pair_folder / "laptop", partial(make_bundle, records=(), contents=False, random=os.urandom))
    return look.result.content


def members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return stream.getvalue()


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr, info.create_system = 0o120777 << 16, 3
    return info


def folder_named(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr, info.create_system = 0o040755 << 16, 3
    return info


def test_files_come_back_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(pack(FILES))
    assert unpack(tmp_path / "b.zip") == FILES


def test_the_same_files_give_the_same_bytes_that_tell_nothing_of_who_packed_them() -> None:
    packed = pack(FILES)
    assert packed == pack(dict(reversed(FILES.items())))
    with zipfile.ZipFile(BytesIO(packed)) as archive:
        for info in archive.infolist():
            assert (info.date_time, info.external_attr, info.extra, info.comment) == ((1980, 1, 1, 0, 0, 0), 0o100644 << 16, b"", b"")
        assert archive.namelist() == sorted(FILES)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "text": lambda: b"a bundle, honestly" * 10,
    "another name": lambda: zipped((MANIFEST, b"{}"), ("evil.sh", b"#!/bin/sh")),
    "a way out": lambda: zipped((MANIFEST, b"{}"), ("../evil", b"x")),
    "an absolute path": lambda: zipped(("/etc/passwd", b"x")),
    "a name within a folder": lambda: zipped((f"folder/{MANIFEST}", b"{}")),
    "a name that ends early": lambda: zipped((f"{MANIFEST}\0.txt", b"{}")),
    "a link": lambda: zipped((link(MANIFEST), b"/etc/passwd")),
    "a folder": lambda: zipped((folder_named(MANIFEST), b"")),
    "too many files": lambda: zipped(*((f"{number}", b"") for number in range(200))),
    "too large a file": lambda: zipped((README, b"x" * (container.MAX_BYTES[README] + 1))),
    "something behind it": lambda: pack(FILES) + b"more",
    "a directory that lies elsewhere": lambda: _with_directory_at(pack(FILES), 1 << 31),
    "a count that isn't so": lambda: _with_count(pack(FILES), 4),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_no_bundle_is_refused_and_nothing_is_made(case: str, tmp_path: Path) -> None:
    file, folder = tmp_path / "in" / "b.zip", tmp_path / "in" / "out"
    file.parent.mkdir()
    file.write_bytes(HOSTILE[case]())
    with pytest.raises(BundleError):
        open_bundle(file, folder)
    assert [path.name for path in tmp_path.rglob("*")] == ["in", "b.zip"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(zipped((MANIFEST, b"{}"), (MANIFEST, b"[]")))
    with pytest.raises(BundleError, match="twice"):
        unpack(tmp_path / "b.zip")


def test_a_bomb_is_read_up_to_its_bound(tmp_path: Path) -> None:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(README, bytes(50_000_000))
    lying = stream.getvalue().replace(struct.pack("<L", 50_000_000), struct.pack("<L", 100))
    for content in (stream.getvalue(), lying):
        (tmp_path / "b.zip").write_bytes(content)
        with pytest.raises(BundleError):
            unpack(tmp_path / "b.zip")


@given(bit=st.integers(0, 1 << 20))
def test_a_flipped_bit_is_refused_or_changes_nothing(good: bytes, bit: int) -> None:
    stream = BytesIO(flipped(good, bit))
    try:
        with zipfile.ZipFile(stream) as archive:
            container._check(archive.infolist())
            found = {member.filename: container._read(archive, member) for member in archive.infolist()}
    except (BundleError, zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error):
        return
    assert found == members(good)


@given(junk=st.binary(max_size=200))
def test_a_history_of_junk_is_refused(junk: bytes) -> None:
    with pytest.raises(MalformedError):
        History.decode(junk)


CHANGED: dict[str, Callable[[dict[str, bytes]], dict[str, bytes]]] = {
    "no manifest": lambda files: {name: content for name, content in files.items() if name != MANIFEST},
    "no history": lambda files: {name: content for name, content in files.items() if name != HISTORY},
    "a manifest that is a list": lambda files: files | {MANIFEST: b"[]"},
    "a manifest that is deep": lambda files: files | {MANIFEST: b"[" * 100_000},
    "a manifest of another format": lambda files: files | {MANIFEST: b'{"format": "zip", "version": 1}'},
    "a manifest of a newer version": lambda files: files | {MANIFEST: files[MANIFEST].replace(b'"version": 1', b'"version": 2')},
    "a manifest without counts": lambda files: files | {MANIFEST: files[MANIFEST].replace(b'"counts"', b'"mounts"')},
    "a kind that doesn't exist": lambda files: files | {MANIFEST: files[MANIFEST].replace(b'"anonymised"', b'"glorious"')},
    "a structure that has a history": lambda files: files | {MANIFEST: files[MANIFEST].replace(b'"anonymised"', b'"structure"')},
    "a history of junk": lambda files: files | {HISTORY: b"junk"},
    "a history without its first entry": lambda files: files | {HISTORY: _without_first(files[HISTORY])},
    "a history with a forged entry": lambda files: files | {HISTORY: _with_forged(files[HISTORY])},
    "keys of junk": lambda files: files | {DEVICE_KEY: b"junk"},
    "a structure beside it": lambda files: files | {"structure.json": b"{}"},
}


@pytest.mark.parametrize("case", CHANGED)
def test_a_bundle_that_isnt_as_described_is_refused_and_nothing_is_made(case: str, good: bytes, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(pack(CHANGED[case](members(good))))
    with pytest.raises(BundleError):
        open_bundle(tmp_path / "b.zip", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["b.zip"]


def test_a_folder_that_holds_something_is_left_alone(good: bytes, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(good)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("full", "link", "b.zip"):
        with pytest.raises(UsageError):
            open_bundle(tmp_path / "b.zip", tmp_path / name)
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["letter.txt"]
    assert not (tmp_path / "elsewhere").exists()


def test_an_empty_folder_is_used(good: bytes, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(good)
    (tmp_path / "empty").mkdir()
    assert open_bundle(tmp_path / "b.zip", tmp_path / "empty").is_as_made
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.zip", "empty"]


def _without_first(history: bytes) -> bytes:
    decoded = History.decode(history)
    return _with(decoded, arrivals=decoded.arrivals[1:])


def _with_forged(history: bytes) -> bytes:
    decoded = History.decode(history)
    *rest, last = decoded.arrivals
    return _with(decoded, arrivals=(*rest, replace(last, raw=flipped(last.raw, 8 * len(last.raw) - 1))))


def _with(history: History, **changes: object) -> bytes:
    return replace(history, **changes).encode()  # type: ignore[arg-type]


def _with_directory_at(content: bytes, offset: int) -> bytes:
    return content[:-6] + struct.pack("<L", offset) + content[-2:]


def _with_count(content: bytes, count: int) -> bytes:
    return content[:-14] + struct.pack("<HH", count, count) + content[-10:]
