"""The sync API: messages, service, HTTP skin and client; and the relay program."""
