"""Devices serve each other on the local network."""
