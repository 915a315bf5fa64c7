"""The words that translators write, brought to where they are used: `make words`."""
