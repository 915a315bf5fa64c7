"""Locks by failed logins, holds, pause and freeze: what keeps an account from being used, and who may end it."""
