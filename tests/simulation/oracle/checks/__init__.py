"""The checks: each a generator of complaints, in a module of its own."""
