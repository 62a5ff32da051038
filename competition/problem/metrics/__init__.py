"""How a competition scores: every metric, how it is computed, and how sure its value is."""
