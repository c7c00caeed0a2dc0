"""The device's key file: closed to others from its first moment, whole or absent, never over other keys."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from peer.errors import NoSpaceLeftError
from peer.keys.device import DeviceKeys
from peer.keys.errors import DeviceKeyFileError
from store.encoding import decode, encode
from store.ids import DeviceId
from store.signatures import is_signed
from tests.unit.peer.keys.seeded import device, flipped, golden

posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
KEYS = device("a")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "device.key"


def write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)


def test_saved_keys_are_the_same_device(path: Path) -> None:
    KEYS.save(path)
    loaded = DeviceKeys.load(path)
    assert (loaded.device, loaded.signing_key, loaded.wrapping_key) == (KEYS.device, KEYS.signing_key, KEYS.wrapping_key)
    assert is_signed(b"statement", loaded.sign(b"statement"), KEYS.signing_key)


def test_the_file_is_pinned(path: Path) -> None:
    pinned = golden("device_file")
    write(path, bytes.fromhex(pinned["file"]))
    loaded = DeviceKeys.load(path)
    assert (loaded.device.hex(), loaded.signing_key.hex(), loaded.wrapping_key.hex()) == (
        pinned["device"],
        pinned["signing_key"],
        pinned["wrapping_key"],
    )
    loaded.save(path.with_name("again"))
    assert path.with_name("again").read_bytes() == path.read_bytes()


def test_the_device_id_is_the_fingerprint_of_the_public_keys() -> None:
    assert KEYS.id == KEYS.device == DeviceId.of(KEYS.signing_key, KEYS.wrapping_key)
    assert device("b").device != KEYS.device


@posix
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_nobody_else_can_open_it_at_any_moment(path: Path, umask: int, monkeypatch: pytest.MonkeyPatch) -> None:
    modes: list[int] = []
    real_fsync = os.fsync

    def fsync(descriptor: int) -> None:
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode):
            modes.append(stat.S_IMODE(status.st_mode))
        real_fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    before = os.umask(umask)
    try:
        KEYS.save(path)
    finally:
        os.umask(before)
    assert modes == [0o600]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o644, 0o777])
def test_a_file_that_others_can_open_is_not_used(path: Path, mode: int) -> None:
    KEYS.save(path)
    path.chmod(mode)
    with pytest.raises(DeviceKeyFileError, match="Other users") as caught:
        DeviceKeys.load(path)
    assert f"chmod 600 '{path}'" in caught.value.hint


@posix
@pytest.mark.parametrize("mode", [0o400, 0o600])
def test_a_file_that_only_the_owner_can_open_is_used(path: Path, mode: int) -> None:
    KEYS.save(path)
    path.chmod(mode)
    assert DeviceKeys.load(path).device == KEYS.device


def test_other_keys_are_never_overwritten(path: Path) -> None:
    KEYS.save(path)
    with pytest.raises(DeviceKeyFileError, match="already"):
        device("b").save(path)
    assert DeviceKeys.load(path).device == KEYS.device


@pytest.mark.parametrize(
    ("code", "expected"), [(errno.ENOSPC, NoSpaceLeftError), (errno.EDQUOT, NoSpaceLeftError), (errno.EIO, DeviceKeyFileError)]
)
def test_a_failed_save_leaves_nothing(path: Path, code: int, expected: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(expected):
        KEYS.save(path)
    assert list(path.parent.iterdir()) == []


def test_what_a_crash_left_behind_is_in_nobodys_way(path: Path) -> None:
    path.with_name("device.key.new").write_bytes(b"half a fi")
    KEYS.save(path)
    assert [found.name for found in path.parent.iterdir()] == ["device.key"]
    assert DeviceKeys.load(path).device == KEYS.device


@posix
def test_a_link_in_the_place_of_the_temporary_file_is_not_followed(path: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    path.with_name("device.key.new").symlink_to(elsewhere)
    KEYS.save(path)
    assert not elsewhere.exists()


def test_a_folder_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DeviceKeyFileError, match="could not be saved"):
        KEYS.save(tmp_path / "file" / "device.key")


def test_a_missing_file_is_said(path: Path) -> None:
    with pytest.raises(DeviceKeyFileError, match="no device keys"):
        DeviceKeys.load(path)


def test_a_folder_in_its_place_is_said(path: Path) -> None:
    path.mkdir()
    with pytest.raises(DeviceKeyFileError):
        DeviceKeys.load(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(min_value=0))
def test_no_flipped_bit_makes_another_device(path: Path, bit: int) -> None:
    """X25519 ignores five bits of a private key: with one of them changed it is still the same key."""
    pinned = golden("device_file")
    write(path, flipped(bytes.fromhex(pinned["file"]), bit))
    try:
        loaded = DeviceKeys.load(path)
    except DeviceKeyFileError:
        return
    assert loaded.wrapping_key.hex() == pinned["wrapping_key"]


@pytest.mark.parametrize(
    "content", [b"", b"\x00", b"garbage", bytes(100_000), encode(["something else", 1]), encode(["calotype device keys"])]
)
def test_other_contents_are_refused(path: Path, content: bytes) -> None:
    write(path, content)
    with pytest.raises(DeviceKeyFileError):
        DeviceKeys.load(path)


def test_a_newer_version_is_named(path: Path) -> None:
    fields = decode(bytes.fromhex(golden("device_file")["file"]), limit=10_000)
    write(path, encode([fields[0], 2, "anything"]))
    with pytest.raises(DeviceKeyFileError, match="newer version"):
        DeviceKeys.load(path)
