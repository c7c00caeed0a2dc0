"""Ids, entries, roster, heads, blobs, and the stores that keep them."""
