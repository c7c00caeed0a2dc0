"""Exports: photos as ordinary files in a folder of the person's, with everything that belongs to them."""
