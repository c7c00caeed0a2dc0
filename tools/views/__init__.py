"""What each view finds: plain documents, as ``--json`` prints them."""
