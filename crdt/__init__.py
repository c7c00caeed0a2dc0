"""Records, fields, clocks and merge rules. No disk, no network, no keys."""
