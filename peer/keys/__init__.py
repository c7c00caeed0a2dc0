"""The keys of a person and of a device, and everything that is sealed with them (PROTOCOL.md sections 3.1, 3.3, 3.4 and 4)."""
