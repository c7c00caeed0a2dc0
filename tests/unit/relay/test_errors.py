"""The error tree: every name survives the wire."""

from __future__ import annotations

import pytest

from relay import errors
from relay.errors import (
    ClientFaultError,
    InternalNodeError,
    MalformedRequestError,
    NodeFaultError,
    SyncError,
    error_named,
    errors_translated,
)
from store.encoding import MalformedError, TooDeepError, TooLongError
from store.errors import DamagedError, NoSpaceError, RefusalCode, RefusedError, StoreError

STATUS_OF_NAME = {
    "malformed": 400,
    "bad-signature": 422,
    "bad-hash": 422,
    "bad-chain": 422,
    "other-library": 422,
    "unknown-version": 422,
    "not-allowed-author": 422,
    "too-deep": 422,
    "token-invalid": 401,
    "session-invalid": 401,
    "not-a-member": 403,
    "not-found": 404,
    "too-large": 413,
    "too-slow": 408,
    "too-many": 429,
    "quota": 507,
    "no-space": 507,
    "internal": 500,
    "unavailable": 503,
}
"""PROTOCOL.md section 7."""


@pytest.mark.parametrize("name", STATUS_OF_NAME)
def test_names_and_statuses_are_those_of_the_protocol(name: str) -> None:
    error = error_named(name, "a message", status=STATUS_OF_NAME[name], retry_after=3)
    assert (error.name, error.status, error.message) == (name, STATUS_OF_NAME[name], "a message")


def test_a_name_of_a_later_version_counts_by_its_status() -> None:
    assert isinstance(error_named("later", "x", status=418), MalformedRequestError)
    assert isinstance(error_named("later", "x", status=599), InternalNodeError)


def test_a_message_from_outside_is_bounded() -> None:
    assert len(str(error_named("quota", "x" * 10_000, status=507))) == 500


@pytest.mark.parametrize(
    ("inside", "name"),
    [
        (MalformedError("x"), "malformed"),
        (TooLongError("x"), "too-large"),
        (TooDeepError("x"), "too-deep"),
        (NoSpaceError("x"), "no-space"),
        (DamagedError("x"), "internal"),
        *((RefusedError(code, "x"), code) for code in RefusalCode.__args__),  # type: ignore[attr-defined]
    ],
)
def test_errors_of_stores_become_ours(inside: StoreError, name: str) -> None:
    with pytest.raises(SyncError) as caught, errors_translated():
        raise inside
    assert caught.value.name == name


def test_every_error_is_somebody_s_fault() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, SyncError) and kind is not SyncError]
    faults = (ClientFaultError, NodeFaultError, errors.NetworkFaultError)
    assert all(sum(issubclass(kind, fault) for fault in faults) == 1 for kind in kinds)
