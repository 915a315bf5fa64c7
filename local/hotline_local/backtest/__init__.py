"""The scan's rules over a history of wallet events in files: what they would have found, and how right they were.

No AWS and no stored state: events are read in the order in which they happened, and each subject is folded as the scan
folds it. The modules, in the order of a run: `inputs` and `ordering` give lines by time, `reader` makes events of them,
`subjects` remembers, `engine` judges, `ledger` keeps what was seen, `ranking` and `summary` tell it.
"""
