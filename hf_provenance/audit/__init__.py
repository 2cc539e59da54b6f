"""Whether an evaluation set is human, and whether training has met it."""
