"""How a simulated call is shown: lines of JSON, or a telephone in the terminal."""
