"""The dataset card, its badge and its figures."""
