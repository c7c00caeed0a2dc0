"""What people do on the page is what the commands do."""

from __future__ import annotations

from typing import Any

import pytest

from peer.library.conflicts import conflicts_of
from peer.library.library import Library
from peer.library.queries import Queries
from store.ids import RecordId
from tests.fleet.libraries import add_original, add_photo, admit, edit, exchange
from tests.unit.peer.gallery.conftest import Serve, Site


def hexed(record: RecordId) -> str:
    return record.body.hex()


async def row_of(site: Site, record: RecordId) -> Any:
    return (await site.get(f"/api/v1/assets/{hexed(record)}"))["row"]


async def test_setting_is_one_action_that_can_be_undone(site: Site) -> None:
    photos = [add_photo(site.library, name) for name in "ab"]
    answer = await site.done("/api/v1/assets/set", ids=[*map(hexed, photos)], assignments=["favorite=yes", "keyword+=<b>sea</b>"])
    assert [row["favorite"] for row in answer["assets"]] == [True, True]
    (action,) = (await site.get("/api/v1/undo"))["actions"][:1]
    assert action["photos"] == 2
    undone = await site.done("/api/v1/undo")
    assert (undone["undone"], undone["skipped"]) == (2, 0)
    assert not (await row_of(site, photos[0]))["favorite"]
    await site.done("/api/v1/undo", again=True)
    assert (await row_of(site, photos[0]))["favorite"]


async def test_one_wrong_word_changes_nothing(site: Site) -> None:
    photo = add_photo(site.library, "a")
    before = site.library.log.count()
    for body in (
        {"ids": [hexed(photo)], "assignments": ["favorite=yes", "rating=9"]},
        {"ids": [hexed(photo), "0" * 32], "assignments": ["favorite=yes"]},
        {"ids": [], "assignments": ["favorite=yes"]},
        {"ids": [hexed(photo)]},
    ):
        response = await site.post("/api/v1/assets/set", **body)
        assert response.status_code == 400
    assert site.library.log.count() == before


async def test_the_trash(site: Site) -> None:
    photos = [add_photo(site.library, f"{number}") for number in range(20)]
    ids = [*map(hexed, photos)]
    assert await site.done("/api/v1/assets/trash", ids=ids[:1]) == {"changed": 1, "unchanged": 0}
    refused = await site.post("/api/v1/assets/trash", ids=ids)
    assert (refused.status_code, refused.json()["message"]) == (
        403,
        "20 photos are more than a tenth of this library. Nothing was changed.",
    )
    assert await site.done("/api/v1/assets/trash", ids=ids, sure=True) == {"changed": 19, "unchanged": 1}
    assert (await site.get("/api/v1/timeline"))["total"] == 0
    assert (await site.get("/api/v1/timeline", trash=1))["total"] == 20
    assert await site.done("/api/v1/assets/restore", ids=ids[:5]) == {"changed": 5, "unchanged": 0}
    assert (await site.post("/api/v1/assets/purge", ids=ids[5:6])).status_code == 403
    assert (await site.done("/api/v1/assets/purge", ids=ids[5:6], sure=True))["purged"] == 1
    assert (await site.get("/api/v1/timeline", trash=1))["total"] == 14


async def test_editing(site: Site) -> None:
    photo = add_photo(site.library, "a")
    path = f"/api/v1/assets/{hexed(photo)}"
    (row,) = (await site.done(f"{path}/edit", parameters={"rotate": "90", "exposure": "15"}))["assets"]
    assert (row["width"], row["height"]) == (3000, 4000)
    assert (await site.get(path))["edits"] == {"rotate": 90, "exposure": 15}
    for wrong in ({}, {"exposure": "loud"}, {"nonsense": "1"}, {"crop": "0,0,2,2"}):
        assert (await site.post(f"{path}/edit", parameters=wrong)).status_code == 400
    (row,) = (await site.done(f"{path}/revert"))["assets"]
    assert (row["width"], row["height"]) == (4000, 3000)


async def test_albums(site: Site) -> None:
    photos = [hexed(add_photo(site.library, name)) for name in "abc"]
    album = await site.done("/api/v1/albums", title="Sweden")
    path = f"/api/v1/albums/{album['id']}"
    assert (await site.done(f"{path}/add", ids=photos))["assets"] == 3
    assert (await site.get(path))["face"] == {"id": photos[0], "picture": None}
    await site.done(f"{path}/move", ids=[photos[2]], to=0)
    await site.done(f"{path}/move", ids=[photos[0]], after=photos[1])
    page = await site.get("/api/v1/timeline/none", album=album["id"])
    assert [row["id"] for row in page["assets"]] == [photos[number] for number in (2, 1, 0)]
    assert (await site.post(f"{path}/move", ids=photos)).status_code == 400
    assert (await site.post(f"{path}/move", ids=photos, to=0, before=photos[0])).status_code == 400
    assert (await site.done(f"{path}/cover", id=photos[1]))["face"]["id"] == photos[1]
    assert (await site.done(f"{path}/remove", ids=photos[:1]))["assets"] == 2
    assert (await site.done(f"{path}/rename", title="Norway"))["title"] == "Norway"
    await site.done(f"{path}/delete")
    assert (await site.get("/api/v1/albums"))["albums"] == []
    assert [each["title"] for each in (await site.get("/api/v1/albums", trash=1))["albums"]] == ["Norway"]
    await site.done(f"{path}/restore")
    assert (await site.get("/api/v1/timeline"))["total"] == 3


@pytest.fixture
def conflicting(library: Library, tmp_path: Any) -> tuple[Library, RecordId]:
    """Two devices wrote a caption, neither knew of the other."""
    other = admit(library, tmp_path / "bert")
    photo = add_photo(library, "a")
    exchange(library, other)
    edit(library, photo, caption="sea")
    other.clock.pass_by()  # type: ignore[attr-defined]  # a MovedClock
    edit(other, photo, caption="cliffs")
    exchange(library, other)
    other.close()
    return library, photo


@pytest.mark.parametrize(
    ("how", "caption"), [({"winner": True}, "cliffs"), ({"device": "anna"}, "sea"), ({"value": "both"}, "both"), ({"merge": True}, None)]
)
async def test_conflicts(serve: Serve, conflicting: tuple[Library, RecordId], how: dict[str, Any], caption: str | None) -> None:
    library, photo = conflicting
    site = await serve(library)
    (conflict,) = (await site.get("/api/v1/conflicts"))["conflicts"]
    assert (conflict["field"], conflict["winner"]["value"]) == ("caption", "cliffs")
    assert (await row_of(site, photo))["conflicts"] == 1
    assert (await site.post("/api/v1/conflicts/resolve", id=hexed(photo), field="caption")).status_code == 400
    answer = await site.done("/api/v1/conflicts/resolve", id=hexed(photo), field="caption", **how)
    assert answer["conflicts"] == []
    assert conflicts_of(library, photo) == []
    row = Queries(library.database).asset(photo)
    assert row is not None
    assert row.caption == caption if caption is not None else {"sea", "cliffs"} <= set(row.caption.strip("[]").replace("|", " ").split())


async def test_how_things_are(site: Site) -> None:
    add_original(site.library, "a")
    status = await site.get("/api/v1/status")
    assert (status["assets"], status["converged"]) == (1, True)
    (device,) = (await site.get("/api/v1/devices"))["devices"]
    assert (device["this"], device["name"]) == (True, "anna")
    renamed = await site.done(f"/api/v1/devices/{device['id']}/rename", name="study")
    assert renamed["devices"][0]["name"] == "study"
    assert (await site.get("/api/v1/session"))["device_name"] == "study"
    assert (await site.post(f"/api/v1/devices/{device['id']}/remove", sure=True)).status_code == 400


async def test_removing_another_device(serve: Serve, library: Library, tmp_path: Any) -> None:
    other = admit(library, tmp_path / "bert")
    site = await serve(library)
    assert (await site.post(f"/api/v1/devices/{other.device.hex()}/remove")).status_code == 403
    assert library.roster().is_member(other.device)
    rows = (await site.done(f"/api/v1/devices/{other.device.hex()}/remove", sure=True))["devices"]
    assert [row["member"] for row in rows] == [True, False]
    other.close()


async def test_what_stays_on_this_device(site: Site) -> None:
    assert (await site.get("/api/v1/policy"))["policy"] == "everything"
    chosen = await site.done("/api/v1/policy", policy="optimize", budget=5_000_000_000)
    assert (chosen["policy"], chosen["budget"]) == ("optimize", 5_000_000_000)
    for wrong in ({"policy": "optimize"}, {"policy": "nothing"}, {"policy": "optimize", "budget": -1}, {}):
        assert (await site.post("/api/v1/policy", **wrong)).status_code == 400
    assert (await site.get("/api/v1/policy"))["policy"] == "optimize"


async def test_where_a_photo_is_in_the_timeline(site: Site) -> None:
    older, newer = (add_photo(site.library, name, taken=f"2024-07-0{day}T10:00:00") for name, day in (("a", 1), ("b", 2)))
    assert await site.get(f"/api/v1/assets/{hexed(older)}/place") == {"month": "2024-07", "index": 1}
    await site.done("/api/v1/assets/set", ids=[hexed(newer)], assignments=["hidden=yes"])
    assert (await site.client.get(f"/api/v1/assets/{hexed(newer)}/place")).status_code == 400


async def test_details_say_where_each_file_is(site: Site) -> None:
    photo, path = add_original(site.library, "a")
    details = await site.get(f"/api/v1/assets/{hexed(photo)}")
    (file,) = [each for each in details["files"] if each["role"] == "primary"]
    assert (file["here"], file["path"], file["explanation"]) == (True, str(path), "Here, as recorded.")


async def test_nobody_can_be_invited_where_nobody_could_come(site: Site) -> None:
    response = await site.post("/api/v1/invitations")
    assert response.status_code == 400
    assert "no way for a new device to meet this one" in response.json()["message"]
    assert await site.get("/api/v1/invitations") == {"invitations": []}
    assert (await site.post("/api/v1/invitations/answer", code="1234", accept=True)).status_code == 400


async def test_what_others_did_is_told_in_kinds(serve: Serve, library: Library, tmp_path: Any) -> None:
    other = admit(library, tmp_path / "bert")
    site = await serve(library)
    first, second = add_photo(other, "a"), add_photo(other, "b")
    exchange(library, other)
    edit(other, first, caption="sea")
    edit(other, second, caption="cliffs")
    edit(library, first, rating=3)
    exchange(library, other)
    other.close()
    captions, photos, *_ = (await site.get("/api/v1/arrivals"))["arrivals"]
    assert (captions["device"], captions["did"], captions["photos"]) == ("bert", ["caption"], 2)
    assert {face["id"] for face in captions["shown"]} == {hexed(first), hexed(second)}
    assert (photos["did"], photos["photos"]) == (["import"], 2)


async def test_actions_name_some_of_their_photos(site: Site) -> None:
    photos = [add_photo(site.library, name) for name in "abcdefgh"]
    await site.done("/api/v1/assets/set", ids=[hexed(photo) for photo in photos], assignments=["rating=4"])
    (action, *_) = (await site.get("/api/v1/undo"))["actions"]
    assert action["photos"] == len(photos)
    assert len(action["shown"]) == 6
    assert {face["id"] for face in action["shown"]} < {hexed(photo) for photo in photos}
    assert len((await site.get("/api/v1/undo", count=1))["actions"]) == 1


async def test_how_long_the_trash_lasts(site: Site) -> None:
    assert await site.get("/api/v1/settings") == {"retention": 30}
    assert await site.done("/api/v1/settings", retention=90) == {"retention": 90}
    for wrong in (0, 36_501, "soon"):
        assert (await site.post("/api/v1/settings", retention=wrong)).status_code == 400
    assert await site.get("/api/v1/settings") == {"retention": 90}
    await site.done("/api/v1/undo")
    assert await site.get("/api/v1/settings") == {"retention": 30}
