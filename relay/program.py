"""The relay program: the one place where its parts are put together, served, and taken down again."""

from __future__ import annotations

import ipaddress
import json
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import trio

from relay.command_errors import ExitCode, RelayCommandError
from relay.data_folder import DataFolder, write_private
from relay.http import NodeApp
from relay.parts import Logs, NodeParts
from relay.process_limits import allow_many_connections, keep_freed_memory
from relay.seams import Clock, Randomness, RunBlocking, SystemClock, run_in_thread, system_randomness
from relay.server import serve
from relay.service import NodeService
from relay.sqlite_accounts import SqliteLibraries, SqliteMailboxes, SqliteSessions, store_id
from relay.sqlite_releases import SqliteReleases
from store.file_blobs import FileBlobStore
from store.sqlite_log import SqliteLogStore

_log = logging.getLogger("relay")


@contextmanager
def open_node(
    folder: DataFolder,
    *,
    clock: Clock,
    randomness: Randomness = system_randomness,
    run_blocking: RunBlocking = run_in_thread,
    backup_interval_ms: int = 0,
) -> Iterator[NodeService]:
    """The service over the stores in ``folder``, which is this process's alone until the block ends."""
    with folder.locked(), folder.opened() as database, closing(FileBlobStore(folder.root)) as blobs:
        store = store_id(database, randomness)
        releases = SqliteReleases(database)
        releases.begin(store)
        parts = NodeParts(
            kind="relay",
            key=folder.node_key(randomness),
            store=store,
            libraries=SqliteLibraries(database),
            sessions=SqliteSessions(database),
            mailboxes=SqliteMailboxes(database),
            logs=Logs(lambda library: SqliteLogStore(database, library, trusts_settled=True)),
            blobs=blobs,
            clock=clock,
            randomness=randomness,
            run_blocking=run_blocking,
            releases=releases,
            backup_interval_ms=backup_interval_ms,
        )
        yield NodeService(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenAddress:
    """Where to listen; port 0 lets the system choose one."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> ListenAddress:
        """``HOST:PORT`` or ``[IPV6]:PORT``."""
        host, separator, port = text.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if not separator or not host or not (port.isascii() and port.isdecimal()) or int(port) > 65535:
            raise RelayCommandError(
                f"{text!r} is not an address to listen on.", hint="Write HOST:PORT, for instance 127.0.0.1:8080 or [::1]:8080."
            )
        return cls(host=host, port=int(port))

    def is_loopback(self) -> bool:
        with suppress(ValueError):
            return ipaddress.ip_address(self.host).is_loopback
        return self.host == "localhost"


async def run_relay(
    folder: DataFolder,
    address: ListenAddress,
    *,
    ready_file: Path | None,
    announce: Callable[[str], None],
    backup_interval_ms: int = 0,
) -> None:
    """Serve until SIGTERM or SIGINT. ``announce`` is told the address when it serves."""
    keep_freed_memory()
    allow_many_connections()
    node = open_node(folder, clock=SystemClock(), backup_interval_ms=backup_interval_ms)
    with node as service, trio.open_signal_receiver(*_STOP_SIGNALS) as signals:
        listeners = await _listen(address)
        bound = _spelled(listeners[0].socket.getsockname())
        if not address.is_loopback():
            _log.warning("this relay speaks plain HTTP: devices connect only through a proxy that ends TLS")

        async def until_stopped() -> None:
            announce(bound)
            with _ready_file(ready_file, bound, (await service.hello()).key):
                await anext(aiter(signals))
            _log.info("stopping")
            service.stop()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(service.keep_pruned)
            nursery.start_soon(service.keep_released)
            await serve(NodeApp(service), listeners, until=until_stopped)
            nursery.cancel_scope.cancel()


_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


async def _listen(address: ListenAddress) -> list[trio.SocketListener]:
    try:
        return await trio.open_tcp_listeners(address.port, host=address.host, backlog=1024)
    except socket.gaierror as error:
        raise RelayCommandError(f"There is no address {address.host}.", hint="Name an address of this machine.") from error
    except PermissionError as error:
        raise RelayCommandError(
            f"Port {address.port} may not be used by this user.", hint="Choose a port above 1023.", exit_code=ExitCode.NOT_ALLOWED
        ) from error
    except OSError as error:
        raise RelayCommandError(
            f"Can't listen on {address.host} port {address.port}: {error.strerror or error}.",
            hint="See what else listens there, or choose another port.",
        ) from error


def _spelled(name: tuple[str, int]) -> str:
    host, port = name[0], name[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@contextmanager
def _ready_file(path: Path | None, address: str, key: bytes) -> Iterator[None]:
    """Says that the relay serves, for as long as it does."""
    if path is None:
        yield
        return
    write_private(path, json.dumps({"pid": os.getpid(), "address": address, "key": key.hex()}).encode() + b"\n")
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
