"""The page's pure modules, tested by Node.js: the same files that browsers load."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.network.needs import PACKAGE_OF

pytestmark = pytest.mark.process

TESTS = Path(__file__).parent.parent / "page"


def test_all_tests_of_the_page_pass() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip(f"node is not installed (Debian's package {PACKAGE_OF['node']})")
    files = sorted(str(path) for path in TESTS.glob("*.test.js"))
    assert files
    done = subprocess.run([node, "--test", *files], capture_output=True, text=True, encoding="utf-8", timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
