"""The causal graph of entries: what it says (pure), and how it is drawn, as lines of text, as DOT and as a page to look at."""
