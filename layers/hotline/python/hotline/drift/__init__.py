"""Drift: what the wallet says that it has, held against what is known."""
