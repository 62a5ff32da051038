"""Drafting: from files that nobody has seen to the `Competition` that they are of."""
