"""Signs of attacks on accounts. Activity is kept by the hour in which it came, and a scheduled scan judges it account
by account with the rules in `detectors`; docs/detection.md."""
