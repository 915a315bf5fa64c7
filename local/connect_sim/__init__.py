"""Amazon Connect flows on one machine: read them, check them, run them, walk them, draw them."""
