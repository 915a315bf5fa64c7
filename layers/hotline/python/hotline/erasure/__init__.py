"""Erasing an account: what is left to do when the wallet has said so, and that nothing comes back afterwards."""
