"""Numbers for the business: what calls, locks, refunds and complaints come to, by day, each counted exactly once."""
