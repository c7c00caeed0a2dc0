from __future__ import annotations

import json

import pytest

from peer.library.library import Library
from tests.fleet.libraries import add_original, edit
from tests.unit.peer.commands.conftest import Calotype


@pytest.fixture
def photo(library: Library) -> str:
    reopened = Library.open(library.folder)
    record, _ = add_original(reopened, "sea")
    reopened.close()
    return record.body.hex()


def test_digest_is_32_hexadecimal_digits(calotype: Calotype, photo: str) -> None:
    (text,) = calotype("digest", "--json").document.values()
    assert len(bytes.fromhex(text)) == 16
    assert calotype("digest").out == text + "\n"


def test_status_has_the_fields_that_scripts_rely_on(calotype: Calotype, photo: str) -> None:
    document = calotype("status", "--json").document
    assert document["converged"] is True
    assert document["assets"] == 1
    assert document["nodes"] == []
    assert document["digest"] == calotype("digest", "--json").document["digest"]
    assert "No relay is configured" in calotype("status").out


def test_devices_are_a_line_each(calotype: Calotype, photo: str) -> None:
    (row,) = calotype("devices", "--json").lines
    assert (row["name"], row["this"], row["member"], row["active"]) == ("laptop", True, True, True)


def test_why_and_show_say_where_a_file_is(calotype: Calotype, photo: str, library: Library) -> None:
    (file,) = calotype("why", photo[:10], "--json").document["files"]
    assert (file["here"], file["explanation"]) == (True, "Here, as recorded.")
    assert file["path"] == str(library.folder.originals / "sea.jpg")
    (shown,) = calotype("show", photo[:10], "--json").document["files"]
    assert shown == {key: file[key] for key in ("role", "file", "size", "here", "path")}
    assert "Here, as recorded." in calotype("why", photo).out
    assert "sea.jpg" in calotype("show", photo).out


def test_verify_ends_with_3_when_something_is_damaged(calotype: Calotype, photo: str, library: Library) -> None:
    document = calotype("verify", "--json").document
    assert document == {"entries": 6, "records": 2, "originals": 1, "blobs": 0, "problems": []}
    assert "all whole" in calotype("verify", "--deep").out
    (library.folder.originals / "sea.jpg").write_bytes(b"something else")
    answer = calotype("verify", "--json")
    assert answer.code == 3
    assert json.loads(answer.out)["problems"] == ["originals/sea.jpg: its bytes are not those of the original that was kept there"]
    assert answer.err == ""


def test_status_ends_with_3_when_devices_disagree(calotype: Calotype, photo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peer.library.health.disagreeing_devices", lambda library: ["phone"])
    answer = calotype("status", "--json")
    assert answer.code == 3
    assert json.loads(answer.out)["disagreeing"] == ["phone"]


def test_a_database_that_is_no_database_ends_with_3(calotype: Calotype, photo: str, library: Library) -> None:
    for leftover in library.folder.private.glob("library.db-*"):
        leftover.unlink()
    library.folder.database.write_bytes(b"nothing that SQLite knows" * 1000)
    answer = calotype("ls", "--json")
    assert (answer.code, answer.error["error"]) == (3, "integrity")


def test_a_newer_database_is_left_alone(calotype: Calotype, photo: str, library: Library) -> None:
    reopened = Library.open(library.folder)
    with reopened.database.write() as connection:
        connection.execute("UPDATE schema_part SET version = 99")
    reopened.close()
    answer = calotype("ls", "--json")
    assert (answer.code, "newer version" in answer.error["message"]) == (2, True)


def test_values_in_conflict_are_shown_to_people_too(calotype: Calotype, photo: str, library: Library) -> None:
    reopened = Library.open(library.folder)
    record = next(iter(reopened.records.all()))[0]
    calotype("trash", photo)
    edit(reopened, record, rating=3)
    reopened.close()
    assert photo[:10] in calotype("conflicts").out
    assert "conflict" in calotype("show", photo).out
