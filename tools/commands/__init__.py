"""The command line of the inspector, a thin skin."""
