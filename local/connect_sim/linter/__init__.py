"""Rules that flows have to keep, and the findings where they do not."""
