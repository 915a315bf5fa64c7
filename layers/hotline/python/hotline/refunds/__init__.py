"""Refunds: whether one may be had, one effect per request, promised dates, what became of it."""
