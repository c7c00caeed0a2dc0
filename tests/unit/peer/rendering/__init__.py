"""The rendering of edits."""
