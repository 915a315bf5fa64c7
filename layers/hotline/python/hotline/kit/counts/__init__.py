"""Counts that many write at once: sums of the last minutes, and entries of a month."""
