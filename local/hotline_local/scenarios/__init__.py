"""Calls written down: who calls, what they hear, what they press, and how the call ends.

One file is one call. It is documentation, it is run by the simulator against the functions' own code, and it is
compiled to a native test case of Amazon Connect.
"""
