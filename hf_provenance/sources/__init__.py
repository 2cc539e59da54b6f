"""Where a label comes from: one module per kind of fact."""
