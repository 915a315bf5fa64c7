"""Movements of money: what happened to each, where the money is, what to do next; bills and stored funds."""
