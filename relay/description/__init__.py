"""The sync API described for programs: an OpenAPI 3.1 document, made of the constants that routes, decoders and errors use. Pure.

**How CBOR is written down.** JSON Schema knows neither byte strings nor sequences, so the schemas describe a projection: a byte string is text
of small hexadecimal digits (``contentEncoding: base16``, so ``maxLength`` is twice the bytes), and everything else is itself. Text and byte
strings are never each other, though both are ``type: string``. A stream is an array of its items, an item an object of its ``tag`` (the first
byte) and its ``content`` (the bytes after it, or what they are the CBOR of). ``x-sorted``: elements ascend, each greater than the one before.
``x-max-bytes``: of a whole body as it travels.
"""

from relay.description.document import describe

__all__ = ["describe"]
