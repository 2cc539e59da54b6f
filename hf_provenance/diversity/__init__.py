"""Tail health: whether a dataset still says the rare things that people say."""
