"""Proofs: that what a folder stores follows from its signed entries, and that two folders agree.

``proof`` is the whole of it for one library; ``agreement`` puts two beside each other. Both read a log in one pass and its records in another, so neither
memory nor the number of looks at an entry grows with the library:

1. **Entries** (``envelopes``), in the order of arrival: bytes, signature, place in log and causal past. Each body is opened once; what it says goes into a
   scratch database (``scratch``), by record.
2. **Records** (``replay``), in their order: the updates of a record are judged and folded by a model in plain Python (``folding``), which the engine has no
   part in, and compared with the stored state, its digest and the rows of listings.

What costs time is the same for each portion and knows nothing of databases, so it is done by processes of their own where there is much of it (``workers``).
"""
