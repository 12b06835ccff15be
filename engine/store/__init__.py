"""What the planes hand over: files that appear whole, and the ledger that says they are there."""
