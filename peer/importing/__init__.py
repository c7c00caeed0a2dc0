"""From files in a folder to assets in the library."""
