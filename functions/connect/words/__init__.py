"""Words of steps that are more than one message: lists, reasons, and what depends on a fact."""
