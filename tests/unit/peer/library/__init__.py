"""Tests of libraries: commands' vocabulary, merge promises, checks."""
