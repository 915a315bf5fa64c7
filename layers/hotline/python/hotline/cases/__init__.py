"""Cases: an append-only timeline for people to read and add to, one open per account and topic."""
