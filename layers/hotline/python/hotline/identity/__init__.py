"""Who is calling: calls and their turns, one-time codes, factors, and what an operation requires."""
