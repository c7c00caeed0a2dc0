"""A library's history, made anew without anything private in it, in one file that can be attached to a report.

Hashes, ids and signatures hang together: an entry's name follows from its bytes, its CRDT client id from its predecessor's name, and of two writes at one
time the client id decides. So nothing can be crossed out in a stored entry. The whole history is *made again*: a library with new keys, in which each
entry stands at the same place and does the same to other ids, other words and other times. What is made is then opened like any library, and compared with
the original, entry by entry and record by record; a bundle that doesn't show the same is not written.

**Replaced**, equal by equal and different by different: captions, titles, keywords, names of files, devices, cameras and people, whatever other text there
is; places; capture times and stamps, which are shifted by a constant each; SHA-256 of files, and all ids; sizes of files (only how many segments they have
stays); ThumbHashes; all keys, packages and signatures. Pictures, originals, addresses and tokens of nodes, and paths aren't taken along at all.

**Kept, and so told to whoever gets the bundle**: the graph (how many devices, logs, entries; who had seen what, who was removed), the distances between
times and the zone offsets of capture times, how long texts are (as a power of two), whether they are written in capitals or with accents, the extensions
of file names; ratings, favourites, edit parameters, numbers below 1,000 in other fields, and kinds and media types.

**Not kept**: the order of photos' ids (where nothing but it decides, the bundle is made until that comes out the same), which words two texts have in
common. A checkpoint is announced as it was, but its blobs aren't there; what stands in the place of entries that were given up for one says ``given_up``.

``words``, ``times``, ``numbers``, ``identifiers``, ``fields``, ``updates`` replace; ``story`` reads the original, ``named``, ``order``, ``controls``,
``remaking`` make the history, ``unfolding`` makes a folder of it, ``proof`` compares, ``leaks`` looks for what should be gone; ``container``,
``history``, ``manifest`` are the file.
"""
