"""Handlers: one for each type of block that a simulated call may come to."""
