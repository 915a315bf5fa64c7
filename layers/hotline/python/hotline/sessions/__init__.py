"""Sessions: the stored state of a phone call, an app session and a recovery, in one form, and their answered turns."""
