"""Who is on the local network. Direct connections between devices on a LAN begin here."""
