"""Scores, places and what they say."""
