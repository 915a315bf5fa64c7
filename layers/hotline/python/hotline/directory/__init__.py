"""The official numbers of the hotline, and whether a number is one of them."""
