"""Tests of records, fields, clocks and merge rules."""
