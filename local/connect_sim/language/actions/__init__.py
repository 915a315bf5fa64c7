"""The blocks that exist, with their parameters, errors, conditions and forms."""
