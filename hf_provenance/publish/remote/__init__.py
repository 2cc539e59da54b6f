"""Speaking with the Hub: what a repo holds, tries until a deadline, uploads, one commit."""
