"""What a repo says of itself, read without its data or held against it."""
