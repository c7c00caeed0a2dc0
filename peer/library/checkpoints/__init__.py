"""Checkpoints: sealed snapshots of all records, so that new devices need no history and old entries can go (PROTOCOL.md section 3.5)."""
