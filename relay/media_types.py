"""The media types of the sync API (PROTOCOL.md section 7). Pure."""

from __future__ import annotations

CBOR = "application/cbor"
"""One deterministic CBOR item (RFC 8949)."""

CBOR_SEQUENCE = "application/cbor-seq"
"""A stream: a CBOR sequence (RFC 8742) of byte strings."""

BYTES = "application/octet-stream"
"""Bytes that the node doesn't look into: a blob, a message in a mailbox."""
