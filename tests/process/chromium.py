"""A real browser for tests: Debian's Chromium, driven by Playwright, and told to talk to nobody."""

from __future__ import annotations

import shutil

import pytest

from tests.network.needs import PACKAGE_OF

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
)


def program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed (Debian's package {PACKAGE_OF[name]})")
    return path
