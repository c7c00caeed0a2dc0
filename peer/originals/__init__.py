"""Original files: found, copied without a doubt, and kept in a tree that people can read."""
