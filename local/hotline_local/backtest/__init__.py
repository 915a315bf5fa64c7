"""The parts of a backtest that only a terminal needs: charts, the search for limits, and settings as text."""
