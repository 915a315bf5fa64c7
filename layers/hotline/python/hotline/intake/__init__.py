"""Taking in the facts of the wallet: one transaction for one subject, to which every room contributes."""
