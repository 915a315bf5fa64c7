"""The steps of a call. A step reads what it needs, lets one room change something, and gives an outcome with facts."""
