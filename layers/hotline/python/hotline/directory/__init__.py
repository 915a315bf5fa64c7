"""The directory of the hotline: its official numbers, when people answer, and what callers hear first."""
