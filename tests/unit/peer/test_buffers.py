"""Buffers that are used again."""

from __future__ import annotations

import pytest

from peer.buffers import Buffers


def test_a_buffer_is_lent_to_one_at_a_time_and_then_again() -> None:
    buffers = Buffers(8)
    with buffers.lend() as first, buffers.lend() as second:
        assert len(first) == len(second) == 8
        first[:] = b"12345678"
        assert bytes(second) == bytes(8)
    with buffers.lend() as one, buffers.lend() as other:
        assert {id(one.obj), id(other.obj)} == {id(first.obj), id(second.obj)}


def test_a_buffer_comes_back_after_an_error() -> None:
    buffers = Buffers(1)
    with pytest.raises(ValueError, match="in the block"), buffers.lend() as first:
        raise ValueError("in the block")
    with buffers.lend() as again:
        assert again.obj is first.obj
