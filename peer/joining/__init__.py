"""How a device becomes a member: ticket and handshake (PROTOCOL.md section 7.1). No network, no clock, no disk."""
