"""What a machine must have for the tests on a network and those against other programs, and why they are skipped where it hasn't.

``python -m tests.network.needs`` installs what is missing, where that can be done: as root, with Debian's packages.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from functools import cache

PACKAGE_OF: Mapping[str, str] = {
    "ip": "iproute2",
    "tc": "iproute2",
    "nft": "nftables",
    "openssl": "openssl",
    "dbus-daemon": "dbus",
    "avahi-daemon": "avahi-daemon",
    "avahi-browse": "avahi-utils",
    "syncthing": "syncthing",
    "exiftool": "libimage-exiftool-perl",
    "node": "nodejs",
    "npm": "npm",
    "dot": "graphviz",
    "chromium": "chromium",
}
HOSTS = ("ip", "tc", "nft")
"""The programs without which there are no hosts."""
SEARCHED = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])


def program_path(name: str) -> str:
    """Also where only root looks; ``FileNotFoundError`` when it isn't installed."""
    found = shutil.which(name, path=SEARCHED)
    if found is None:
        raise FileNotFoundError(f"{name} is not installed (Debian's package {PACKAGE_OF[name]})")
    return found


def reason_to_skip(*programs: str) -> str:
    """Why hosts that run ``programs`` can't be had here; empty when they can."""
    lacking = _lacking((*HOSTS, *programs))
    if not sys.platform.startswith("linux"):
        return "network namespaces are Linux's"
    if os.geteuid() != 0:
        return "network namespaces need root"
    if lacking:
        return f"not installed: {', '.join(lacking)} (Debian: apt-get install {' '.join(_packages(lacking))})"
    return _refusal()


@cache
def _refusal() -> str:
    """What this machine says when a namespace is made."""
    name = f"calotype-{os.getpid()}-tried"
    made = subprocess.run([program_path("ip"), "netns", "add", name], capture_output=True, check=False, text=True)
    if made.returncode:
        return f"a network namespace can't be made here: {made.stderr.strip()}"
    subprocess.run([program_path("ip"), "netns", "delete", name], check=True)
    return ""


def _lacking(programs: Iterable[str]) -> list[str]:
    return [name for name in programs if shutil.which(name, path=SEARCHED) is None]


def _packages(programs: Iterable[str]) -> list[str]:
    return sorted({PACKAGE_OF[name] for name in programs})


def install() -> None:
    """Installs what is missing; says what stays missing, and ends well: the tests that need it are skipped with their reason."""
    wanted = _packages(_lacking(PACKAGE_OF))
    apt = shutil.which("apt-get")
    if not wanted or apt is None or not sys.platform.startswith("linux") or os.geteuid() != 0:
        return
    sys.stderr.write(f"Installing for the tests: {' '.join(wanted)} …\n")
    command = [apt, "install", "--yes", "--quiet", "--no-install-recommends", *wanted]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for first in ([], [apt, "update", "--quiet"]):
        if first:
            subprocess.run(first, env=environment, capture_output=True, check=False)
        if subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0:
            return
    sys.stderr.write("Not all of that could be installed; tests that need it are skipped.\n")


if __name__ == "__main__":
    install()
