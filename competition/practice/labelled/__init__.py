"""Labelled data taken apart: what of each row is served, and what is hidden."""
