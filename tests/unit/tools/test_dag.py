"""`dag`: what came after what, in a device's folder, without keys, and in a relay's."""

from __future__ import annotations

import errno
import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from crdt.draft import Draft
from peer.layout import LibraryFolder
from store.ids import FileHash, RecordId
from tests.fleet.authors import make_library
from tests.fleet.checkpoints import prune_all, settle_one
from tests.fleet.libraries import MovedClock, add_photo, admit, edit, exchange, report
from tests.fleet.libraries import make_library as make_device
from tests.unit.tools.folders import PHOTO, Pair, change, fill_relay, forge, raws_of
from tests.unit.tools.running import Inspect

OTHER = RecordId.asset(FileHash(b"\x77" * 32))
HOSTILE = "</script><script>alert(1)</script>\x1b[31m"


def caption(text: str) -> Any:
    def edit(draft: Draft) -> None:
        draft.set("caption", text)

    return edit


@pytest.fixture
def apart(pair: Pair) -> Pair:
    """Both wrote the caption of the same photo, and know of each other's; then the phone goes on with another photo."""
    change(pair.laptop, caption("first"))
    pair.exchange()
    change(pair.laptop, caption(HOSTILE))
    change(pair.phone, caption("sea"))
    pair.exchange()
    change(pair.phone, caption("another"), OTHER)
    pair.laptop.receive(raws_of(pair.phone))
    return pair


def graph_of(inspect: Inspect, folder: Path, *words: object) -> Any:
    return inspect("dag", *words, "--library", folder, "--json").document()


def test_a_record_shows_only_who_wrote_it_and_how_that_is_related(inspect: Inspect, root: Path, apart: Pair) -> None:
    document = graph_of(inspect, root / "laptop", PHOTO.body.hex()[:6])
    first, *both = document["nodes"]
    assert [node["after"] for node in document["nodes"]] == [[], [0], [0]]
    assert (document["shown"], document["width"], document["complete"]) == (3, 2, True)
    assert first["parts"]
    assert all(node["head"] and node["concurrent"] == 1 for node in both)
    assert {node["device_name"] for node in both} == {"laptop", "phone"}
    assert first["values"]["caption"]["value"] == '"first"'
    last = both[-1]["values"]["caption"]
    assert (last["value"], [other["by"] for other in last["others"]]) == ('"sea"', ["laptop"])


def test_what_lies_between_two_writes_relates_them(inspect: Inspect, root: Path, apart: Pair) -> None:
    change(apart.laptop, caption("last"))
    document = graph_of(inspect, root / "laptop", PHOTO.body.hex()[:6])
    assert [node["after"] for node in document["nodes"]] == [[], [0], [0], [1, 2]]
    assert document["nodes"][3]["values"]["caption"] == {"value": '"last"', "by": "laptop", "others": []}


def test_the_whole_graph(inspect: Inspect, root: Path, apart: Pair) -> None:
    document = graph_of(inspect, root / "laptop")
    assert document["shown"] == document["entries"] == len(raws_of(apart.laptop))
    assert (document["devices"], document["logs"], document["older"], document["checkpoint"]) == (2, 3, 0, None)
    (head,) = document["heads"]
    assert head["device_name"] == "phone"
    changed = document["nodes"][-1]["changes"]
    assert [(each["record"], each["fields"]) for each in changed] == [(OTHER.body.hex(), ["caption"])]
    for number, node in enumerate(document["nodes"]):
        assert all(earlier < number for earlier in node["after"])
        assert (node["outside"], node["missing"]) == (0, 0)


@pytest.mark.parametrize("folder", ["relay", "keyless"])
def test_without_keys_there_are_envelopes(inspect: Inspect, root: Path, apart: Pair, folder: str) -> None:
    open_graph = graph_of(inspect, root / "laptop")
    if folder == "relay":
        fill_relay(root / folder, apart.laptop.id, raws_of(apart.laptop))
    else:
        LibraryFolder(root / "laptop").device_key.unlink()
        folder = "laptop"
    document = graph_of(inspect, root / folder)
    assert document["sealed"]
    assert [node["after"] for node in document["nodes"]] == [node["after"] for node in open_graph["nodes"]]
    assert [head["name"] for head in document["heads"]] == [head["name"] for head in open_graph["heads"]]
    assert all(node["changes"] is None for node in document["nodes"])
    code, sentence = inspect("dag", PHOTO.body.hex(), "--library", root / folder, "--json").failure()
    assert code == 2
    assert "sealed" in sentence


def test_the_newest_are_shown_and_what_is_cut_off_is_said(inspect: Inspect, root: Path, apart: Pair) -> None:
    document = graph_of(inspect, root / "laptop", "--limit", 3)
    assert document["shown"] == 3
    assert document["older"] == document["entries"] - 3
    assert document["nodes"][0]["outside"]
    said = inspect("dag", "--limit", 3, "--library", root / "laptop")
    assert f"{document['older']} older entries, not shown" in said.out
    assert graph_of(inspect, root / "laptop", "--limit", 0)["older"] == 0


def test_a_span_of_time(inspect: Inspect, root: Path, apart: Pair) -> None:
    everything = graph_of(inspect, root / "laptop")
    times = [node["received"] for node in everything["nodes"]]
    document = graph_of(inspect, root / "laptop", "--from", times[4], "--to", times[-2])
    names = [node["name"] for node in document["nodes"]]
    assert names == [node["name"] for node in everything["nodes"] if times[4] <= node["received"] <= times[-2]]
    assert (document["older"], document["newer"]) == (times.index(times[4]), everything["entries"] - len(names) - times.index(times[4]))
    assert graph_of(inspect, root / "laptop", "--from", "2999-01-01")["nodes"] == []


def test_one_log(inspect: Inspect, root: Path, apart: Pair) -> None:
    log = apart.phone.own_log()
    assert log is not None
    document = graph_of(inspect, root / "laptop", "--log", log.hex()[:8])
    assert {node["log"] for node in document["nodes"]} == {log.hex()}
    assert [node["after"] for node in document["nodes"]] == [[], *([number] for number in range(len(document["nodes"]) - 1))]


def test_branches_of_a_log_are_lanes(inspect: Inspect, tmp_path: Path) -> None:
    library = make_library(seed=4)
    anna = library.join("anna")
    clone = anna.fork()
    anna.change(b"one")
    clone.change(b"other")
    fill_relay(tmp_path, library.id, library.raws())
    document = graph_of(inspect, tmp_path)
    first, second = document["nodes"][-2:]
    assert first["log"] == second["log"]
    assert first["lane"] != second["lane"]
    assert len(document["heads"]) == document["width"] == 2
    assert "2 heads are concurrent" in inspect("dag", "--library", tmp_path).out


def test_the_lines_of_text(inspect: Inspect, root: Path, apart: Pair) -> None:
    lines = inspect("dag", PHOTO.body.hex(), "--library", root / "laptop").out.splitlines()
    assert "3 entries wrote it; the last 2 are concurrent" in lines[0]
    assert [line[:4].rstrip() for line in lines[1:5]] == ["●  p", "│ ●", "├─╯", "●  l"]
    assert "[head]" in lines[1]
    assert "\x1b" not in "".join(lines)


def test_ascii_where_the_output_has_no_more(inspect: Inspect, root: Path, apart: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.text.dag._encoding", lambda: "ascii")
    lines = inspect("dag", "--library", root / "laptop").out
    assert lines.isascii()
    assert "* " in lines


def test_dot_on_standard_output_is_nothing_else(inspect: Inspect, root: Path, apart: Pair) -> None:
    said = inspect("dag", "--dot", "-", "--library", root / "laptop")
    assert said.code == 0
    assert said.out.startswith("digraph calotype {\n")
    assert said.out.endswith("}\n")


def test_a_page_is_written(inspect: Inspect, root: Path, apart: Pair) -> None:
    page = root / "graph.html"
    said = inspect("dag", PHOTO.body.hex(), "--html", page, "--library", root / "laptop")
    assert f"{page}: 3 entries." in said.out
    text = page.read_text(encoding="utf-8")
    assert HOSTILE not in text
    data = json.loads(text.split('id="data">')[1].split("</script>")[0])
    assert [node["before"] for node in data["nodes"]] == [[], [0], [0]]


def test_a_file_shows_one_library(inspect: Inspect, tmp_path: Path) -> None:
    one, other = make_library(seed=1), make_library(seed=2)
    for library in (one, other):
        fill_relay(tmp_path / "relay", library.id, library.raws())
    code, sentence = inspect("dag", "--html", tmp_path / "x.html", "--library", tmp_path / "relay", "--json").failure()
    assert (code, "several" in sentence) == (2, True)
    assert not (tmp_path / "x.html").exists()
    chosen = inspect("dag", "--html", tmp_path / "x.html", "--library-id", one.id.hex()[:8], "--library", tmp_path / "relay")
    assert chosen.code == 0


def test_a_file_that_cannot_be_written(inspect: Inspect, root: Path) -> None:
    code, sentence = inspect("dag", "--html", root / "nowhere" / "x.html", "--library", root / "laptop", "--json").failure()
    assert (code, "can't be written" in sentence) == (2, True)


@pytest.mark.parametrize("option", ["--html", "--dot"])
def test_what_is_there_is_replaced_only_when_asked_to(inspect: Inspect, root: Path, apart: Pair, option: str) -> None:
    file, where = root / "graph", ("--library", root / "laptop")
    file.write_bytes(b"precious")
    code, sentence = inspect("dag", option, file, *where, "--json").failure()
    assert (code, sentence) == (2, f"{file} exists. Nothing was written.")
    assert file.read_bytes() == b"precious"
    assert inspect("dag", option, file, "--force", *where).code == 0
    assert b"laptop" in file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_that_cannot_be_written_whole_is_not_left(inspect: Inspect, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tools.commands.writing.os.fdopen", full)
    code, sentence = inspect("dag", "--html", root / "graph.html", "--library", root / "laptop", "--json").failure()
    assert (code, "No space left" in sentence) == (2, True)
    assert not (root / "graph.html").exists()


def test_checkpoints_and_stubs(inspect: Inspect, tmp_path: Path) -> None:
    clock = MovedClock()
    anna = make_device(tmp_path / "anna", clock=clock)
    bert = admit(anna, tmp_path / "bert")
    photo = add_photo(anna, "sea")
    edit(anna, photo, rating=3)
    exchange(anna, bert)
    report(anna, bert)
    clock.pass_by(1_000_000)
    assert settle_one(anna, bert) is not None
    assert prune_all(anna) > 0
    edit(anna, photo, rating=4)
    anna.close()
    document = graph_of(inspect, tmp_path / "anna")
    checkpoint = document["checkpoint"]
    assert checkpoint["settled"]
    (node,) = (each for each in document["nodes"] if each["name"] == checkpoint["name"])
    assert node["says"].startswith(f"covers {checkpoint['covers']} entries")
    assert document["stubs"] == sum(each["stub"] for each in document["nodes"]) > 0
    said = inspect("dag", "--library", tmp_path / "anna").out
    assert f"the newest checkpoint covers {checkpoint['covers']}." in said
    assert "[stub]" in said
    of_photo = graph_of(inspect, tmp_path / "anna", photo.body.hex())
    assert [each["stub"] for each in of_photo["nodes"]] == [True, True, False]
    assert [each["after"] for each in of_photo["nodes"]] == [[], [0], [1]]
    assert of_photo["nodes"][-1]["values"]["rating"]["value"] == "4"


def test_no_line_is_wider_than_the_screen(inspect: Inspect, root: Path, apart: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    change(apart.laptop, caption("長" * 200))
    monkeypatch.setattr("tools.text.screen.sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "1")
    said = inspect("dag", PHOTO.body.hex(), "--library", root / "laptop").out
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in said.splitlines()]
    assert max(map(cell_len, lines)) <= 60
    assert any(line.endswith("…") for line in lines)


def test_what_is_void_says_so(inspect: Inspect, root: Path, apart: Pair) -> None:
    forged = forge(apart.laptop, [(PHOTO, lambda client, stamp: b"no update")])
    document = graph_of(inspect, root / "laptop")
    (node,) = (each for each in document["nodes"] if each["name"] == forged.name.hex())
    assert (node["verdict"], bool(node["reason"])) == ("partly void", True)
    assert "partly void: " in inspect("dag", "--library", root / "laptop").out
