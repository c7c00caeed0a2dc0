"""``calotype devices`` and ``devices remove``, and what the phrase is asked for."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from peer.keys.master import MasterKeys
from peer.keys.phrase import new_phrase
from peer.layout import LibraryFolder
from peer.library.creating import create_library
from peer.library.library import Library
from tests.fleet.libraries import add_photo, admit
from tests.unit.peer.commands.conftest import Calotype


@pytest.fixture
def phone(library: Library, tmp_path: Path) -> str:
    """The id of another member."""
    inviter = Library.open(library.folder)
    joined = admit(inviter, tmp_path / "phone", name="phone", seed=5)
    identity = joined.device.hex()
    joined.close()
    inviter.close()
    return identity


def test_removing_says_what_and_the_list_shows_it(calotype: Calotype, phone: str) -> None:
    assert calotype("devices", "remove", phone[:10], "--yes", "--json").document["removed"] == [phone]
    rows = {row["name"]: row for row in calotype("devices", "--json").lines}
    assert (rows["phone"]["member"], rows["phone"]["active"], rows["laptop"]["member"]) == (False, False, True)
    assert "removed" in calotype("devices").out


def test_a_device_is_renamed_for_all(calotype: Calotype, phone: str) -> None:
    (row,) = calotype("devices", "rename", "phone", "Anna's phone", "--json").lines
    assert (row["id"], row["name"]) == (phone, "Anna's phone")
    assert {row["name"] for row in calotype("devices", "--json").lines} == {"laptop", "Anna's phone"}
    refused = calotype("devices", "rename", phone[:8], "two\nlines")
    assert refused.code == 2
    assert "control characters" in refused.err


def test_it_asks_first_and_a_script_has_to_say_yes(calotype: Calotype, phone: str) -> None:
    error = calotype("devices", "remove", "phone", "--json").error
    assert "Remove phone? What it hasn't sent yet stays on it alone." in error["message"]
    assert "--yes" in error["hint"]
    assert {row["member"] for row in calotype("devices", "--json").lines} == {True}


def test_removing_this_device_is_said_to_be_that(calotype: Calotype, phone: str) -> None:
    assert "That is this device itself" in calotype("devices", "remove", "laptop").err
    assert calotype("devices", "remove", "laptop", "--yes").code == 0
    assert "This device was removed from the library" in calotype("devices").out
    document = calotype("status", "--json").document
    assert document["member"] is False
    assert document["standing"] in calotype("status").out
    error = calotype("album", "create", "Sweden", "--json").error
    assert (error["error"], "changes are refused" in error["message"]) == ("not-allowed", True)
    assert "join" in error["hint"]


def test_removing_the_last_device_is_said_to_be_that(calotype: Calotype, library: Library) -> None:
    assert "No device would be left" in calotype("devices", "remove", "laptop").err


@pytest.mark.parametrize("name", ["nobody", "ffff"])
def test_an_unknown_device_is_a_sentence(calotype: Calotype, library: Library, name: str) -> None:
    assert calotype("devices", "remove", name, "--yes", "--json").error["error"] == "usage"


def test_the_phrase_comes_from_a_file_or_from_standard_input(
    calotype: Calotype, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, phrase = create_library(LibraryFolder(folder), "laptop")
    for seed, name in ((5, "phone"), (6, "tablet")):
        admit(library, tmp_path / name, name=name, seed=seed).close()
    library.close()
    file = tmp_path / "phrase.txt"
    file.write_text(f"{phrase}\n")
    assert calotype("devices", "remove", "phone", "--yes", "--phrase-file", str(file)).code == 0
    monkeypatch.setattr(sys, "stdin", io.StringIO(phrase))
    assert calotype("devices", "remove", "tablet", "--yes", "--phrase-file", "-").code == 0
    reopened = Library.open(LibraryFolder(folder))
    assert {removal.author for removal in reopened.roster().removals} == {MasterKeys.from_phrase(phrase).id}
    reopened.close()


def wrong_words(tmp_path: Path) -> str:
    (tmp_path / "wrong").write_text("twenty four words they are not")
    return str(tmp_path / "wrong")


def no_file(tmp_path: Path) -> str:
    return str(tmp_path / "nothing here")


def no_text(tmp_path: Path) -> str:
    (tmp_path / "noise").write_bytes(b"\xff\xfe\x00")
    return str(tmp_path / "noise")


@pytest.mark.parametrize("make", [wrong_words, no_file, no_text])
def test_a_file_without_the_phrase_is_a_sentence_that_shows_nothing_of_it(
    calotype: Calotype, phone: str, tmp_path: Path, make: Callable[[Path], str]
) -> None:
    error = calotype("devices", "remove", "phone", "--yes", "--phrase-file", make(tmp_path), "--json").error
    assert error["error"] == "usage"
    assert "twenty" not in error["message"] + error["hint"]


def test_another_library_s_phrase_is_not_allowed(calotype: Calotype, phone: str, tmp_path: Path) -> None:
    file = tmp_path / "other"
    file.write_text(new_phrase(Random(1).randbytes))
    assert calotype("devices", "remove", "phone", "--yes", "--phrase-file", str(file)).code == 5


def test_restore_needs_somebody_to_type_the_phrase(calotype: Calotype, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    error = calotype("restore", "--relay", "http://127.0.0.1:1", "--json").error
    assert "--phrase-file" in error["hint"]


def test_restore_from_a_relay_that_is_away_is_a_sentence_and_leaves_nothing(calotype: Calotype, folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "phrase"
    file.write_text(new_phrase(Random(1).randbytes))
    answer = calotype("restore", "--relay", "http://127.0.0.1:1", "--phrase-file", str(file), "--json")
    assert answer.error["error"] == "unreachable"
    assert not folder.exists()


def test_restore_into_a_library_is_refused(calotype: Calotype, library: Library, tmp_path: Path) -> None:
    file = tmp_path / "phrase"
    file.write_text(new_phrase(Random(1).randbytes))
    reopened = Library.open(library.folder)
    add_photo(reopened, "sea")
    reopened.close()
    error = calotype("restore", "--relay", "http://127.0.0.1:1", "--phrase-file", str(file), "--json").error
    assert "holds a library already" in error["message"]
    assert calotype("status", "--json").document["assets"] == 1
