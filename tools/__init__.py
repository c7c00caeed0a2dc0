"""Looks into everything, changes nothing."""
