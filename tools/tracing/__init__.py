"""Where one photo or one change has got to: what is followed, what each node has of it and since when, and how that becomes one timeline."""
