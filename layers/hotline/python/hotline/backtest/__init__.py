"""The scan's rules over a history of wallet events in files: what they would have found, and how right they were.

It needs no AWS and no stored state. Events are read in the order in which they happened, and each subject is folded as
the scan folds it. A run goes through the modules like this: `inputs` and `ordering` give lines by time, and `reader`
makes events of them. `engine` judges with the memories of `subjects` and notes in `ledger`. `ranking` and `summary`
tell it.
"""
