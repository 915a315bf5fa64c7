"""Agents: who they are, which accounts they may look at, what they do there, and what takes two of them."""
