"""Folders that a running peer imports from: which they are, when a file in them is complete, and the chore that takes it."""
