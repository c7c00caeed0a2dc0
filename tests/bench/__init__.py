"""The project's own figures: ``python -m tests.bench``."""
