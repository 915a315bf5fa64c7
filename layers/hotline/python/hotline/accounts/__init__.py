"""The customer as the hotline knows them: profile, contact points, and who is reached by which contact point."""
