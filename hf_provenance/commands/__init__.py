"""The verbs of the command line: how they read options, what they call, how results are printed."""
