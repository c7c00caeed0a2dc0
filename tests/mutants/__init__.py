"""Deliberate bugs, and who notices them: ``python -m tests.mutants``.

A bug in a test doesn't show: it is green. So each bug of a list (``bugs_*``) is put into a copy of the project, and then the simulator and, where that
notices nothing, the suite have to turn red. What no one notices is a promise that no test holds.
"""
