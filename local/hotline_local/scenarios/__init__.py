"""Calls written down: who calls, what they hear, what they press, and how the call ends.

One file is one call. It is documentation, and the simulator runs it against the functions' own code. It is also
compiled to a native test case of Amazon Connect.
"""
