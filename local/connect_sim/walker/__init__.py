"""Calls that a machine makes up to walk every edge of every flow, with canned answers of the connect function."""
