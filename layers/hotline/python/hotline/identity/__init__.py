"""The identity of callers: calls and their turns, one-time codes, factors, and the requirements of operations."""
