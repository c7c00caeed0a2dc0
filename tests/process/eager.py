"""``python -m tests.process.eager calotype …`` and ``… calotype-relay …``: the programs as they are installed, but with checkpoints at once instead of
after a day's work, and entries that are given up a few at a time. So there is something to kill at any moment.
"""

from __future__ import annotations

import sys
from importlib import import_module

from peer.library.checkpoints import rules

PROGRAMS = {"calotype": "peer.commands.main", "calotype-relay": "relay.commands"}
ENTRIES = 40
AT_ONCE = 5


def make_eager() -> None:
    """Before anything else is imported: what these numbers are taken for is fixed then."""
    rules.RULES = rules.Rules(entries=ENTRIES, share=0.0, pending_ms=2_000, longest_delay=0.2, prune_seconds=1.0)
    for module, name, value in (
        ("peer.engine.checkpointing", "LOOK_SECONDS", 0.1),
        ("peer.engine.checkpointing", "CARRIER_SECONDS", 0.5),
        ("peer.engine.session", "REPORT_SECONDS", 0.1),
        ("peer.engine.session", "OTHERS_REPORTS_SECONDS", 0.2),
        ("peer.library.checkpoints.pruning", "PORTION", AT_ONCE),
        ("relay.pruning", "PAUSE_SECONDS", 0.1),
        ("relay.pruning", "PORTION_ENTRIES", AT_ONCE),
    ):
        assert hasattr(import_module(module), name)
        setattr(import_module(module), name, value)


if __name__ == "__main__":
    make_eager()
    del sys.argv[0]
    import_module(PROGRAMS[sys.argv[0]]).run()
