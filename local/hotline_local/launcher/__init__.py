"""Build the template, run MiniStack, deploy to it, and take everything down again."""
