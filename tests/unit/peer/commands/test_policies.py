from __future__ import annotations

import json

import pytest

from crdt.facts import Policy
from peer.library.giving_up import give_up
from peer.library.library import Library
from peer.library.promises import Promise
from store.ids import StoreId
from tests.fleet.libraries import add_original, add_photo, content_of, file_of
from tests.unit.peer.commands.conftest import Calotype

RELAY = "http://127.0.0.1:1"
STORE = StoreId(b"s" * 16)


@pytest.fixture
def photo(library: Library) -> str:
    """One photo that is here, and one that is elsewhere."""
    reopened = Library.open(library.folder)
    record, _ = add_original(reopened, "sea")
    add_photo(reopened, "a lake")
    relay = reopened.nodes.add(RELAY, bytes(32))
    reopened.nodes.met(relay.number, STORE, reopened.clock.now())
    reopened.close()
    return record.body.hex()


def promised(library: Library, label: str) -> Promise:
    now = library.clock.now()
    return Promise(file=file_of(label), node=1, store=STORE, verified=now, until=now + 1_000_000)


def test_the_policy_is_shown_with_sizes_that_add_up(calotype: Calotype, photo: str) -> None:
    document = calotype("policy", "--json").document
    assert (document["policy"], document["budget"]) == ("everything", None)
    assert document["here"] == {"files": 1, "bytes": len(content_of("sea"))}
    assert document["elsewhere"] == {"files": 1, "bytes": len(content_of("a lake"))}
    assert document["nowhere"] == {"files": 0, "bytes": 0}
    for key in ("files", "bytes"):
        assert document["all"][key] == sum(document[place][key] for place in ("here", "elsewhere", "nowhere"))
    assert document["wanted"] == document["elsewhere"]
    assert "keeps all originals" in calotype("policy").out


def test_a_policy_is_set_and_the_queue_follows(calotype: Calotype, photo: str) -> None:
    document = calotype("policy", "optimize", "--budget", "50GB", "--json").document
    assert (document["policy"], document["budget"]) == ("optimize", 50 * 10**9)
    document = calotype("policy", "thumbnails", "--json").document
    assert (document["policy"], document["budget"], document["wanted"]["files"]) == ("thumbnails", None, 0)
    (row,) = calotype("devices", "--json").lines
    assert row["policy"] == "thumbnails"
    assert calotype("status", "--json").document["storage"]["policy"] == "thumbnails"
    assert calotype("policy", "everything", "--json").document["wanted"]["files"] == 1


@pytest.mark.parametrize(
    "arguments",
    [("optimize",), ("--budget", "5GB"), ("everything", "--budget", "5GB"), ("optimize", "--budget", "much"), ("nothing",)],
)
def test_what_is_no_policy_changes_nothing(calotype: Calotype, photo: str, arguments: tuple[str, ...]) -> None:
    answer = calotype("policy", *arguments, "--json")
    assert answer.code == 2
    assert answer.error["error"] == "usage"
    assert calotype("policy", "--json").document["policy"] == "everything"


def test_pinned_photos_say_so(calotype: Calotype, photo: str) -> None:
    assert calotype("pin", photo[:10], "--json").document == {"pinned": 1, "unchanged": 0}
    assert calotype("pin", photo[:10], "--json").document == {"pinned": 0, "unchanged": 1}
    assert calotype("why", photo, "--json").document["pinned"] is True
    assert calotype("show", photo, "--json").document["pinned"] is True
    assert calotype("policy", "--json").document["pinned"] == 1
    assert calotype("unpin", photo[:10], "--json").document == {"unpinned": 1, "unchanged": 0}
    assert calotype("show", photo, "--json").document["pinned"] is False


def test_why_shows_who_keeps_a_file_and_when_that_was_verified(calotype: Calotype, photo: str, library: Library) -> None:
    reopened = Library.open(library.folder)
    (file,) = calotype("why", photo, "--json").document["files"]
    (holder,) = file["holders"]
    assert (holder["node"], holder["acknowledged"], holder["verified"]) == (RELAY, True, None)
    reopened.promises.put([promised(reopened, "sea")])
    (file,) = calotype("why", photo, "--json").document["files"]
    assert file["holders"][0]["verified"] is not None
    assert "verified" in calotype("why", photo).out
    calotype("policy", "thumbnails")
    give_up(reopened, {file_of("sea"): [promised(reopened, "sea")]}, disk_is_short=False)
    (file,) = calotype("why", photo, "--json").document["files"]
    assert file["given_up"] is True
    assert "given up to save room" in file["explanation"]
    reopened.close()


def test_the_only_holder_isnt_removed(calotype: Calotype, photo: str, library: Library) -> None:
    answer = calotype("relay", "remove", RELAY, "--json")
    assert answer.code == 5
    assert "1 files" in answer.error["message"]
    assert "--force" in answer.error["hint"]
    assert [row["url"] for row in calotype("relay", "list", "--json").lines] == [RELAY]
    reopened = Library.open(library.folder)
    other = reopened.nodes.add("http://127.0.0.1:2", bytes(32))
    reopened.nodes.met(other.number, STORE, reopened.clock.now())
    now = reopened.clock.now()
    reopened.promises.put([Promise(file=file_of("a lake"), node=other.number, store=STORE, verified=now, until=now + 1)])
    reopened.close()
    assert calotype("relay", "remove", RELAY, "--json").document == {"removed": RELAY}


def test_the_only_holder_is_removed_by_force(calotype: Calotype, photo: str) -> None:
    assert calotype("relay", "remove", RELAY, "--force", "--json").document == {"removed": RELAY}


def test_a_relay_that_nobody_needs_is_removed(calotype: Calotype, photo: str, library: Library) -> None:
    reopened = Library.open(library.folder)
    add_original(reopened, "a lake")
    reopened.downloads.done([file_of("a lake")])
    reopened.close()
    assert calotype("relay", "remove", RELAY, "--json").document == {"removed": RELAY}


def test_the_policy_of_a_device_is_in_its_record(calotype: Calotype, photo: str, library: Library) -> None:
    calotype("policy", "optimize", "--budget", "1GiB")
    reopened = Library.open(library.folder)
    assert reopened.policy() == Policy(keep="optimize", budget=1024**3)
    reopened.close()
    assert json.loads(calotype("policy", "optimize", "--json").out)["budget"] == 1024**3  # the budget that it had
