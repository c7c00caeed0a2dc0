"""Tests of the simulator: an instrument that can't fail shows nothing."""
