"""A relay as a real process, over loopback, with SQLite and files."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from relay.data_folder import DataFolder
from relay.messages import HeadsAnswer
from relay.sqlite_accounts import SqliteLibraries
from store.file_blobs import FileBlobStore
from store.ids import LibraryId
from store.log import Status
from store.memory import MemoryLogStore
from store.sqlite_log import SqliteLogStore
from tests.api.site import BLOBS, START_SECONDS, Site, make_members
from tests.api.suite import ApiSuite
from tests.fleet.authors import NOW
from tests.fleet.programs import program

pytestmark = pytest.mark.process


class TestRelay(ApiSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def site(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
        folder = tmp_path_factory.mktemp("api")
        data = folder / "relay"
        command = [program("calotype-relay"), "token", "create", "--data", str(data), "--json"]
        token = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["token"]
        library, anna = make_members()
        with serving(data, folder / "relay.log") as url:
            site = Site(url=url, library=library, anna=anna, registration_token=token)
            site.move_in()
            before = HeadsAnswer.decode(site.good("GET", "/v1/l/{library}/heads"))
            yield site
            after = HeadsAnswer.decode(site.good("GET", "/v1/l/{library}/heads"))
            assert all(after.heads[log] >= tips for log, tips in before.heads.items())
        assert_whole(data, library.id)
        assert "Traceback" not in (folder / "relay.log").read_text("utf-8")


@contextmanager
def serving(data: Path, log: Path) -> Iterator[str]:
    """The address of a relay, inside the block."""
    command = [program("calotype-relay"), "serve", "--data", str(data), "--listen", "127.0.0.1:0", "--json"]
    with log.open("ab") as errors, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://{json.loads(process.stdout.readline())['address']}"
        finally:
            process.terminate()
            process.wait(START_SECONDS)
            assert process.stdout is not None
            process.stdout.close()


def assert_whole(data: Path, library: LibraryId) -> None:
    """The database is sound, its entries follow from each other, and every blob that it counts is there, with its name and nothing beside."""
    with DataFolder(data).opened_as_it_is() as database, closing(FileBlobStore(data)) as blobs:
        with database.read() as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        (account,) = SqliteLibraries(database).accounts()
        assert account.library == library
        log = SqliteLogStore(database, library, trusts_settled=True)
        raws = [each.entry.raw for each in log.after(0, limit_bytes=1 << 40)]
        replica = MemoryLogStore(library, trusts_settled=True)
        assert {outcome.status for outcome in replica.append(raws, now=NOW)} == {Status.STORED}
        assert replica.heads() == log.heads()
        assert account.entry_bytes == sum(map(len, raws))
        names = [each.blob for each in blobs.blobs()]
        assert set(BLOBS) <= set(names)
        assert account.blobs == len(names)
        assert account.blob_bytes == sum(len(blobs.get(name) or b"") for name in names)
