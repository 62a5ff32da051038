"""The text of a submission: its lines, its table, and what stands in the cells."""
