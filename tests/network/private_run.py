"""``python -m tests.network.private_run BUS COMMAND…``: a program with a ``/run`` of its own, on a given message bus.

Avahi's daemon has one fixed place for its socket and its process id; so two hosts on one machine need two such places. ``ip netns exec``, which this
is run by, has made the mounts private already.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.network.needs import program_path


def main() -> None:
    bus, name, *arguments = sys.argv[1:]
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    Path("/run/avahi-daemon").mkdir()
    os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = bus
    os.execv(program_path(name), [name, *arguments])


if __name__ == "__main__":
    main()
