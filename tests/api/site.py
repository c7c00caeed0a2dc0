"""A node to be asked: where it is, a library that lives there with its blobs, entries and reports, and a member who is signed in."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import requests

from relay.messages import BoxId, Hello, Registration, SessionGrant, SessionRequest, SessionStatement, frame
from relay.messages.framing import ITEM
from relay.messages.limits import NONCE_BYTES
from store.ids import BlobId
from tests.fleet.authors import Author, FleetLibrary, filler, make_library
from tests.unit.relay.nodes import registration

START_SECONDS = 30
SECONDS = 60
"""More than any answer takes; one that doesn't come is a failure."""

BLOBS = {BlobId.of(sealed): sealed for sealed in (filler(f"blob {size}", size) for size in (0, 1, 1000, 100_000))}
BOXES = (BoxId(b"the first box   "), BoxId(b"the second box  "))


@dataclass(kw_only=True)
class Site:
    """``token``: anna's session; ``registration_token``: what the library was registered with, empty at a node where nobody registers."""

    url: str
    library: FleetLibrary
    anna: Author
    registration_token: str = ""
    token: str = field(default="", repr=False)
    http: requests.Session = field(default_factory=requests.Session)
    _callers: itertools.count[int] = field(default_factory=itertools.count)

    def headers(self, token: str | None = None) -> dict[str, str]:
        """A session, and an address of one's own, as a proxy on this machine would tell it: rates are for each address."""
        caller = next(self._callers)
        address = f"10.{caller >> 16 & 255}.{caller >> 8 & 255}.{caller & 255}"
        return {"X-Forwarded-For": address} | ({} if token is None else {"Authorization": f"Bearer {token}"})

    def ask(
        self, method: str, path: str, body: bytes | Iterator[bytes] | None = None, headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        """One call of the member; ``{library}`` in ``path`` is the library's."""
        url = self.url + path.replace("{library}", self.library.id.hex())
        return self.http.request(method, url, data=body, headers=headers or self.headers(self.token), timeout=SECONDS)

    def good(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """What a call answers that has to succeed."""
        answer = self.ask(method, path, body)
        assert answer.ok, (method, path, answer.status_code, answer.content)
        return answer.content

    def session_request(self) -> SessionRequest:
        """A statement of the member that counts now, once."""
        hello = Hello.decode(self.good("GET", "/v1/hello"))
        statement = SessionStatement(
            node_key=hello.key,
            library=self.library.id,
            device=self.anna.device,
            nonce=os.urandom(NONCE_BYTES),
            expiry=hello.time + 60_000,
        ).encode()
        return SessionRequest(statement=statement, signature=self.anna.keys.sign(statement))

    def open_session(self) -> str:
        """The token of a new session of the member."""
        return SessionGrant.decode(self.good("POST", "/v1/session", self.session_request().encode())).token

    def registration(self) -> Registration:
        return registration(self.library, self.registration_token)

    def move_in(self) -> None:
        """The library registers, where it has to, signs in, and brings what it has."""
        if self.registration_token:
            self.good("POST", "/v1/libraries", self.registration().encode())
        self.token = self.open_session()
        self.good("POST", "/v1/l/{library}/push", b"".join(frame(ITEM, raw) for raw in self.library.raws()))
        for blob, sealed in BLOBS.items():
            self.good("PUT", f"/v1/l/{{library}}/blobs/{blob.hex()}", sealed)


def make_members() -> tuple[FleetLibrary, Author]:
    """A library with some entries, and a member of it."""
    library = make_library("api")
    anna, bert = library.join("anna"), library.join("bert")
    for author in (anna, bert, anna, anna):
        author.change()
    return library, anna
