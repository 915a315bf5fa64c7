"""The Amazon Connect flow language (2019-10-30): documents, the table of actions, and the rules a flow has to keep."""
