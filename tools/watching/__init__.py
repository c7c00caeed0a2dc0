"""A folder watched while its program works: samples once a second, the rates between them, and the screen."""
