"""Columns that no pipeline of Podium made: of an estimator of one's own, or of a teammate."""
