"""How a push goes on: what it is given, what it finds, what it may do, and doing it."""
