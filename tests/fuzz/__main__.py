"""``python -m tests.fuzz [TARGET…] [--seconds N]``: see ``--help``."""

from __future__ import annotations

from tests.fuzz.run import fuzz

if __name__ == "__main__":
    fuzz()
