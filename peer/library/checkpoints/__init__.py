"""Checkpoints: sealed snapshots of all records, so that new devices need no history and old entries can go (PROTOCOL.md sections 3.5 and 3.6)."""
