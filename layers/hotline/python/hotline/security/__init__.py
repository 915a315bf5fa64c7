"""What may be an attack on accounts. What happened is kept by the hour in which it came, and a scheduled scan judges it
account by account with the rules in `detectors`; docs/detection.md."""
