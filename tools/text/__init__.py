"""How the documents look to people."""
