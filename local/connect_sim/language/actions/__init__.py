"""What blocks exist, with their parameters, errors, conditions and forms."""
