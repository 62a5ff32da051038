"""Checked files that wait for a slot."""
