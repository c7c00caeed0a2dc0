"""What is fuzzed, by area."""
