"""Words: message catalogues in two languages, and how values are spoken and written. Imported at the doors only."""
