"""The gallery in a real browser: peers are real processes, photographs are real files, and the page may not complain."""
