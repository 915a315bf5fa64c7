"""A simulator of Amazon Connect calls: it runs any flow of the flow language against any functions."""
