"""Several submission files made into one, by a vote."""
