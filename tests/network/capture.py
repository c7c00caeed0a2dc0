"""Everything that passes a network, and a search through it as somebody would who listens there."""

from __future__ import annotations

import base64
import socket
import struct
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests.network.hosts import Network
from tests.network.namespaces import inside

ALL_PROTOCOLS = 0x0003
PACKET_STATISTICS = 6
SOL_PACKET = 263
FRAME_BYTES = 1 << 17
BUFFER_BYTES = 1 << 28
LOOK_SECONDS = 0.1
IPV4, IPV6, TCP = 0x0800, 0x86DD, 6

LEAST_BYTES = 5
"""Of a word that doesn't stand in some thousands of random bytes by accident. Hosts may be called `vm`."""


class Capture:
    """Frames in the order in which they came into the bridge, each once. ``lost``: frames that passed too fast to be taken down."""

    def __init__(self, network: Network) -> None:
        self.frames: list[bytes] = []
        self.lost = 0
        self._ended = threading.Event()
        with inside(network.namespace):
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS))
        self._socket.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_RCVBUFFORCE", 33), BUFFER_BYTES)
        self._socket.settimeout(LOOK_SECONDS)
        self._thread = threading.Thread(target=self._take_down, daemon=True)
        self._thread.start()

    def _take_down(self) -> None:
        while True:
            try:
                frame, origin = self._socket.recvfrom(FRAME_BYTES)
            except TimeoutError:
                if self._ended.is_set():
                    return
                continue
            interface, _, kind, *_ = origin
            if kind != socket.PACKET_OUTGOING and interface.startswith("port"):
                self.frames.append(frame)

    def end(self) -> None:
        """After the last frame that came."""
        self._ended.set()
        self._thread.join()
        _, self.lost = struct.unpack("II", self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
        self._socket.close()

    def places(self) -> list[bytes]:
        """Where something could be read: each frame, and each direction of each TCP connection as one text."""
        streams: dict[bytes, bytearray] = defaultdict(bytearray)
        for frame in self.frames:
            for direction, payload in _tcp(frame):
                streams[direction] += payload
        return [*self.frames, *(bytes(stream) for stream in streams.values())]

    def find(self, words: Mapping[str, bytes]) -> set[str]:
        """Which of the words can be read anywhere, in any spelling. One that is so short that it stands in random bytes by accident isn't looked for."""
        places = self.places()
        telling = {what: word for what, word in words.items() if len(word) >= LEAST_BYTES}
        return {what for what, word in telling.items() if any(spelled in place for spelled in spellings(word) for place in places)}


def _tcp(frame: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The direction (addresses and ports) and the payload of a TCP segment, if it is one."""
    (kind,) = struct.unpack_from(">H", frame, 12)
    if kind == IPV4 and frame[23] == TCP:
        start, end, addresses = 14 + (frame[14] & 15) * 4, 14 + struct.unpack_from(">H", frame, 16)[0], frame[26:34]
    elif kind == IPV6 and frame[20] == TCP:
        start, end, addresses = 54, 54 + struct.unpack_from(">H", frame, 18)[0], frame[22:54]
    else:
        return
    yield addresses + frame[start : start + 4], frame[start + (frame[start + 12] >> 4) * 4 : end]


def spellings(word: bytes) -> Iterator[bytes]:
    """How a text or an id may be written: as it is, in UTF-16, as hex, in base32, and in both forms of base64 wherever it begins."""
    yield word
    yield from (word.hex().encode(), word.hex().upper().encode())
    whole = base64.b32encode(word)[: len(word) * 8 // 5]
    yield from (whole, whole.lower())
    for before in range(3):
        text = base64.b64encode(bytes(before) + word)[(before * 8 + 5) // 6 : (before + len(word)) * 8 // 6]
        yield from {text, text.replace(b"+", b"-").replace(b"/", b"_")}
    if word.isascii():
        yield from (word.decode("ascii").encode("utf-16-le"), word.decode("ascii").encode("utf-16-be"))


@contextmanager
def capturing(network: Network) -> Iterator[Capture]:
    """All that passes while the block runs."""
    capture = Capture(network)
    try:
        yield capture
    finally:
        capture.end()
