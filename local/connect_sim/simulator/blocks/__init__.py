"""What each type of block does when a simulated call comes to it."""
