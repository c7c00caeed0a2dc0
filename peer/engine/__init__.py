"""The sync engine: one at a time on a library. It brings entries and blobs to nodes and from them until nothing is left to do."""
