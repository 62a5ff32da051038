"""Boosted trees by four libraries, and what they share: losses, and when to stop."""
