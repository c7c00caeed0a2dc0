"""``edit``, ``revert``, ``render`` and ``export``, from the words that a person types to the JSON that scripts read."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import trio
from PIL import Image

from peer.library.authoring import Edit
from peer.library.library import Library
from tests.fixtures.pictures import Shot, jpeg
from tests.fleet.imports import bring
from tests.unit.peer.commands.conftest import Calotype


@pytest.fixture
def photo(library: Library, tmp_path: Path) -> str:
    """The id of a photo of 64 × 48, stored on its side."""
    card = tmp_path / "card"
    card.mkdir()
    (card / "sea.jpg").write_bytes(jpeg(48, 64, shot=Shot(orientation=6)))
    reopened = Library.open(library.folder)
    outcome = trio.run(bring, reopened, card)
    reopened.close()
    return outcome.assets[0].body.hex()


def size_of(path: Path) -> tuple[int, int]:
    return Image.open(io.BytesIO(path.read_bytes())).size


def test_edits_answer_with_the_photo_and_are_shown(calotype: Calotype, photo: str) -> None:
    document = calotype("edit", photo[:10], "--crop", "0,0,0.5,1", "--rotate", "90", "--exposure", "-20", "--json").document
    assert (document["id"], document["edits"]) == (photo, {"crop": [0, 0, 0.5, 1], "exposure": -20, "rotate": 90})
    document = calotype(
        "edit", photo, "--rotate", "270", "--exposure", "none", "--filter", "aurora", "--monochrome", "yes", "--json"
    ).document
    assert document["edits"] == {"crop": [0, 0, 0.5, 1], "filter": "aurora", "monochrome": True}
    assert document["skipped"] == ["filter=aurora"]
    shown = calotype("show", photo, "--json").document
    assert shown["edits"] == document["edits"]
    assert shown["edited"] == {"thumbnail": None, "preview": None, "from": None, "skipped": ["filter=aurora"]}
    assert calotype("revert", photo, "--json").document["edits"] == {}
    assert calotype("show", photo, "--json").document["edited"] is None


@pytest.mark.parametrize("words", [("--crop", "0,0,2,1"), ("--flip", "x"), ("--exposure", "much"), ()])
def test_what_isnt_understood_changes_nothing(calotype: Calotype, photo: str, words: tuple[str, ...]) -> None:
    before = calotype("digest", "--json").document
    answer = calotype("edit", photo, "--rotate", "90", *words, "--json") if words else calotype("edit", photo, "--json")
    assert (answer.code, answer.error["error"]) == (2, "usage")
    assert calotype("digest", "--json").document == before


def test_videos_are_not_edited(calotype: Calotype, photo: str, library: Library) -> None:
    reopened = Library.open(library.folder)
    (record,) = (record for record, _ in reopened.records.all() if record.body.hex() == photo)
    reopened.change([Edit(record, lambda draft, stamp: draft.derive("kind", "video"))])
    reopened.close()
    answer = calotype("edit", photo, "--rotate", "90", "--json")
    assert (answer.code, answer.error["error"]) == (2, "usage")
    assert calotype("show", photo, "--json").document["edits"] == {}


@pytest.mark.process
def test_a_photo_is_rendered_as_it_looks(calotype: Calotype, photo: str, tmp_path: Path) -> None:
    calotype("edit", photo, "--crop", "0,0,0.5,1", "--rotate", "90")
    made = tmp_path / "made.png"
    document = calotype("render", photo, "-o", str(made), "--json").document
    assert document == {"id": photo, "path": str(made), "width": 48, "height": 32, "from": "original", "skipped": []}
    assert size_of(made) == (48, 32)
    before = made.read_bytes()
    again = calotype("render", photo, "-o", str(made), "--json")
    assert (again.code, again.error["error"]) == (2, "usage")
    assert made.read_bytes() == before
    assert calotype("render", photo, "-o", str(made), "--force", "--size", "24", "--json").document["width"] == 24
    assert size_of(made) == (24, 16)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["made.png"]


@pytest.mark.process
def test_a_photo_is_rendered_from_what_is_here(calotype: Calotype, photo: str, folder: Path, tmp_path: Path) -> None:
    (original,) = (folder / "originals").rglob("*.jpg")
    original.unlink()
    assert calotype("render", photo, "-o", str(tmp_path / "made.jpg"), "--json").document["from"] == "thumbnail"
    assert calotype("status", "--json").document["downloads"] == 1  # the original, for the next time
    for rendition in (path for path in (folder / ".calotype" / "renditions").rglob("*") if path.is_file()):
        rendition.unlink()
    answer = calotype("render", photo, "-o", str(tmp_path / "other.jpg"), "--json")
    assert (answer.code, answer.error["error"]) == (1, "partly")
    assert "fetch" in answer.error["hint"]
    assert not (tmp_path / "other.jpg").exists()


def test_a_suffix_that_says_nothing_is_refused(calotype: Calotype, photo: str, tmp_path: Path) -> None:
    answer = calotype("render", photo, "-o", str(tmp_path / "made.gif"), "--json")
    assert (answer.code, answer.error["error"]) == (2, "usage")
    assert ".jpg" in answer.error["hint"]
    assert calotype("render", photo, "-o", str(tmp_path / "no" / "made.jpg"), "--json").code == 2


@pytest.mark.process
def test_an_export_answers_with_counts(calotype: Calotype, photo: str, tmp_path: Path) -> None:
    calotype("edit", photo, "--rotate", "90")
    out = tmp_path / "out"
    assert calotype("export", str(out), "--edited", "--json").document == {"exported": 1, "files": 2, "failed": []}
    assert {path.name for path in out.iterdir()} == {"sea.jpg", "sea_edited.jpg"}
    assert size_of(out / "sea_edited.jpg") == (48, 64)
    assert calotype("export", str(out), photo[:8], "--json").document["exported"] == 1


def test_a_folder_that_cannot_be_made_is_a_sentence(calotype: Calotype, photo: str, tmp_path: Path) -> None:
    answer = calotype("export", str(tmp_path / ("x" * 300)), photo, "--json")
    assert (answer.code, answer.error["error"]) == (2, "usage")
    assert "unforeseen" not in answer.error["message"]


def test_an_export_says_what_isnt_here(calotype: Calotype, photo: str, folder: Path, tmp_path: Path) -> None:
    (original,) = (folder / "originals").rglob("*.jpg")
    original.unlink()
    answer = calotype("export", str(tmp_path / "out"), "--wait", "0", "--json")
    assert answer.code == 1
    assert '"exported": 0' in answer.out
    assert photo in answer.out
