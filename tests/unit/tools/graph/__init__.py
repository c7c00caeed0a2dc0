"""The causal graph and its pictures."""
