"""Calls by somebody who knows the node: real ids, entries, reports, statements, and what is nearly right. Bytes of bodies, not values of schemas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from relay.messages import (
    Cursor,
    Hello,
    HoldRequest,
    ManyRequest,
    PullRequest,
    Registration,
    SeenReports,
    SessionRequest,
    StatRequest,
    TraceRequest,
    frame,
)
from relay.messages.framing import ITEM
from store.heads import Heads
from store.ids import BlobId, EntryHash, StoreId
from tests.api.site import BLOBS, BOXES, Site
from tests.conformance.sync_api_support import bad_entries
from tests.fleet.authors import filler, filler_blob, make_library


@dataclass(frozen=True, kw_only=True)
class Knowing:
    """A call in the parts that a case is made of."""

    path: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    body: bytes | None = None
    token: str | None = None


class Known:
    """What is known of a site, drawn from."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._store = Hello.decode(site.good("GET", "/v1/hello")).store
        more = site.anna.fork()
        self._entries = [*site.library.raws(), *(more.change(filler(f"new {n}", 50)).raw for n in range(20))]
        self._bad = [raw for raw, _ in bad_entries(site.library, site.anna)]
        reports = [site.anna.report().raw for _ in range(10)]
        self._reports = [*reports, reports[0][:-1], make_library("other").join("otto").report().raw]
        self._ids: SearchStrategy[BlobId] = st.sampled_from([*BLOBS, filler_blob("absent"), filler_blob("away")])
        self._library = {"library": site.library.id.hex()}
        self._by_operation: dict[str, Callable[[], SearchStrategy[Knowing]]] = {
            "hello": lambda: st.binary(min_size=32, max_size=32).map(lambda nonce: Knowing(query={"nonce": nonce.hex(), "port": "40123"})),
            "register": self._registrations,
            "open_session": lambda: _bodies(st.builds(site.session_request) | self._worn_statements()),
            "close_session": lambda: (st.builds(site.open_session) | st.text(st.characters(codec="ascii", categories=["L"]))).map(
                lambda token: Knowing(token=token)
            ),
            "post_message": lambda: st.builds(
                lambda box, body: Knowing(path={"box": box.hex()}, body=body), st.sampled_from(BOXES), st.binary()
            ),
            "messages": lambda: st.builds(
                lambda box, after: Knowing(path={"box": box.hex()}, query={"after": after}), st.sampled_from(BOXES), st.integers(0, 9)
            ),
            "heads": lambda: st.just(Knowing(path=self._library)),
            "pull": lambda: self._in_library(_encoded(self._pulls())),
            "push": lambda: self._in_library(self._pushes()),
            "seen": lambda: self._in_library(
                _encoded(st.lists(st.sampled_from(self._reports), max_size=4).map(lambda raws: SeenReports(reports=tuple(raws))))
            ),
            "trace": lambda: self._in_library(_encoded(st.builds(TraceRequest, entries=self._names(), blobs=self._several(1001)))),
            "stat": lambda: self._in_library(_encoded(st.builds(StatRequest, ids=self._several(1001), claim=st.booleans()))),
            "hold": lambda: self._in_library(
                _encoded(st.builds(HoldRequest, ids=self._several(101), nonce=st.binary(min_size=32, max_size=32)))
            ),
            "many": lambda: self._in_library(_encoded(st.builds(ManyRequest, ids=self._several(257)))),
            "get_blob": self._blobs,
            "has_blob": self._blobs,
            "put_blob": self._uploads,
        }

    def calls(self, operation: str) -> SearchStrategy[Knowing]:
        """Calls of an operation."""
        return self._by_operation[operation]()

    def bodies(self, operation: str) -> SearchStrategy[bytes]:
        """Bodies that such calls have."""
        return self.calls(operation).map(lambda call: call.body or b"")

    def paths(self, operation: str) -> SearchStrategy[dict[str, Any]]:
        """Where such calls go."""
        return self.calls(operation).map(lambda call: call.path)

    def _in_library(self, bodies: SearchStrategy[bytes]) -> SearchStrategy[Knowing]:
        return bodies.map(lambda body: Knowing(path=self._library, body=body))

    def _several(self, too_many: int) -> SearchStrategy[tuple[BlobId, ...]]:
        return st.lists(self._ids, max_size=5).map(tuple) | st.just((filler_blob("one of too many"),) * too_many)

    def _names(self) -> SearchStrategy[tuple[EntryHash, ...]]:
        known = [entry.name for entry in self._site.library.entries]
        return st.lists(st.sampled_from([*known, EntryHash(bytes(32))]), max_size=5).map(tuple) | st.just((known[0],) * 1001)

    def _registrations(self) -> SearchStrategy[Knowing]:
        good = self._site.registration()
        other = make_library("other")
        other.join("otto")
        worse = [
            good,
            Registration(token=good.token or "a token", genesis=other.genesis.raw),
            Registration(token="wrong", genesis=good.genesis, entries=good.entries),
            Registration(token=good.token, genesis=self._entries[1]),
            *(Registration(token=good.token, genesis=good.genesis, entries=(raw,)) for raw in self._bad),
        ]
        return _encoded(st.sampled_from(worse)).map(lambda body: Knowing(body=body))

    def _worn_statements(self) -> SearchStrategy[SessionRequest]:
        """One that was used before, and one that somebody else signed."""
        used = self._site.session_request()
        self._site.good("POST", "/v1/session", used.encode())
        return st.sampled_from([used, SessionRequest(statement=used.statement, signature=bytes(64))])

    def _pulls(self) -> SearchStrategy[PullRequest]:
        cursors = st.builds(Cursor, store=st.sampled_from([self._store, StoreId(bytes(16))]), arrival=st.integers(0, 40))
        heads = self._site.library.heads()
        return st.builds(
            PullRequest,
            cursor=st.none() | cursors,
            heads=st.sampled_from([None, heads, Heads(), heads.without([self._site.anna.log])]),
            limit=st.sampled_from([0, 1, 1000, 10**6, 2**62]),
            seen=st.booleans(),
            control=st.booleans(),
        )

    def _pushes(self) -> SearchStrategy[bytes]:
        raws = st.lists(st.sampled_from([*self._entries, *self._bad]), max_size=5)
        return raws.map(lambda chosen: b"".join(frame(ITEM, raw) for raw in chosen))

    def _blobs(self) -> SearchStrategy[Knowing]:
        return self._ids.map(lambda blob: Knowing(path=self._library | {"blob": blob.hex()}))

    def _uploads(self) -> SearchStrategy[Knowing]:
        """New ones, known ones, and bytes under a name that isn't theirs."""
        sealed = st.binary(min_size=1, max_size=100) | st.sampled_from(list(BLOBS.values()))
        named = sealed.map(lambda each: (BlobId.of(each), each)) | st.tuples(st.just(filler_blob("wrong")), sealed)
        return named.map(lambda each: Knowing(path=self._library | {"blob": each[0].hex()}, body=each[1]))


def _encoded(messages: SearchStrategy[Any]) -> SearchStrategy[bytes]:
    return messages.map(lambda message: bytes(message.encode()))


def _bodies(messages: SearchStrategy[Any]) -> SearchStrategy[Knowing]:
    return _encoded(messages).map(lambda body: Knowing(body=body))
