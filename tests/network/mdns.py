"""A program on a host that speaks multicast DNS as any other of the network's devices might.

python -m tests.network.mdns browse SECONDS         what is announced there, a JSON document a line, as soon as it is seen
python -m tests.network.mdns announce SERVICE       a service as such a document, until the program is stopped; says ``announced`` first
"""

from __future__ import annotations

import json
import signal
import socket
import sys
import threading
import time
from typing import Any

from zeroconf import ServiceBrowser, ServiceInfo, ServiceListener, Zeroconf

TYPE = "_calotype._tcp.local."
ANNOUNCED = "announced"


class _Printer(ServiceListener):
    def add_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        info = zc.get_service_info(type_, name)
        if info is not None:
            sys.stdout.write(json.dumps(to_json(info)) + "\n")
            sys.stdout.flush()

    def update_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        self.add_service(zc, type_, name)

    def remove_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        sys.stdout.write(json.dumps({"name": name, "gone": True}) + "\n")
        sys.stdout.flush()


def to_json(info: ServiceInfo) -> dict[str, Any]:
    """``properties`` are hex on both sides: what they mean is the announcer's affair."""
    return {
        "name": info.name,
        "server": info.server,
        "addresses": info.parsed_addresses(),
        "port": info.port,
        "properties": {key.hex(): None if value is None else value.hex() for key, value in info.properties.items()},
    }


def to_service(document: dict[str, Any]) -> ServiceInfo:
    """The inverse of ``to_json``."""
    properties = {bytes.fromhex(key): None if value is None else bytes.fromhex(value) for key, value in document["properties"].items()}
    packed = [socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address) for address in document["addresses"]]
    return ServiceInfo(TYPE, document["name"], server=document["server"], port=document["port"], properties=properties, addresses=packed)


def _browse(seconds: float) -> None:
    speaker = Zeroconf()
    browser = ServiceBrowser(speaker, TYPE, _Printer())
    time.sleep(seconds)
    browser.cancel()
    speaker.close()


def _announce(document: dict[str, Any]) -> None:
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    speaker = Zeroconf()
    speaker.register_service(to_service(document), cooperating_responders=True)  # also in the name of one that is there
    sys.stdout.write(ANNOUNCED + "\n")
    sys.stdout.flush()
    stopped.wait()
    speaker.close()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["browse", seconds]:
            _browse(float(seconds))
        case ["announce", service]:
            _announce(json.loads(service))
        case _:
            sys.exit(2)
