"""The program on a device: keys, sealing, import, sync engine and command line."""
