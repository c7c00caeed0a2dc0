"""How folders are opened, and what is in them: the ground that every view stands on."""
