"""Two devices and a relay keep one photo library: ``python -m tests.demo``."""
