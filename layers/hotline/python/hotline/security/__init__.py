"""What may be an attack on accounts. For now: keeping what the scan will look at."""
