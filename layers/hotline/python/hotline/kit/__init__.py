"""Shared ground of all rooms: storage, changes, time, ids, money, keys, logging. It knows nothing of any room."""
