"""Streams as CBOR sequences (RFC 8742) in which every item is one definite byte string (PROTOCOL.md section 7). Pure: bytes in, items out.

The first byte of each item is its tag. Nothing inside an item is looked at here; an item's length is judged as soon as
its head is there, before its content is waited for.
"""

from __future__ import annotations

from collections.abc import Iterator

from store.encoding import MalformedError, TooLongError

ITEM = 0
"""Tag of what a stream is about: an entry, a blob."""
END = 1
"""Tag of the last item of a stream that ends by itself."""

_BYTE_STRING = 2 << 5
_LONGEST_HEAD = 9


def frame(tag: int, *content: bytes) -> bytes:
    """One item: the head of a byte string, the tag, and the content."""
    return b"".join((_head(1 + sum(map(len, content))), bytes((tag,)), *content))


def _head(length: int) -> bytes:
    if length < 24:
        return bytes((_BYTE_STRING | length,))
    for code, width in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if length < 1 << (8 * width):
            return bytes((_BYTE_STRING | code,)) + length.to_bytes(width, "big")
    raise ValueError("longer than any byte string")


class ItemDecoder:
    """Collects bytes and gives the items that are complete.

    ``longest`` bounds an item including its tag (``TooLongError``); anything but byte strings in shortest form, and an item
    without a tag, is ``MalformedError``. After an error the decoder is of no further use.
    """

    def __init__(self, *, longest: int) -> None:
        self._longest = longest
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Each item that is complete now, as (tag, content). The iterator must be used up before the next ``feed``."""
        self._buffer += data
        position = 0
        try:
            while (span := self._next_item(position)) is not None:
                start, end = span
                yield self._buffer[start], bytes(memoryview(self._buffer)[start + 1 : end])
                position = end
        finally:
            del self._buffer[:position]

    def finish(self) -> None:
        """The bytes have ended; ``MalformedError`` inside an item."""
        if self._buffer:
            raise MalformedError("the stream ended inside an item")

    def _next_item(self, position: int) -> tuple[int, int] | None:
        """Where the item at ``position`` begins (at its tag) and ends, or ``None`` when it isn't complete."""
        head = bytes(self._buffer[position : position + _LONGEST_HEAD])
        if not head:
            return None
        if head[0] & 0xE0 != _BYTE_STRING or head[0] & 0x1F > 27:
            raise MalformedError("a stream consists of definite byte strings")
        code = head[0] & 0x1F
        width = 0 if code < 24 else 1 << (code - 24)
        if len(head) < 1 + width:
            return None
        length = code if width == 0 else int.from_bytes(head[1 : 1 + width], "big")
        if _head(length) != head[: 1 + width]:
            raise MalformedError("a length that is not in its shortest form")
        if length == 0:
            raise MalformedError("an item without a tag")
        if length > self._longest:
            raise TooLongError(f"an item of {length} bytes where at most {self._longest} are allowed")
        start = position + 1 + width
        return (start, start + length) if start + length <= len(self._buffer) else None
