"""What is computed once of all rows, training and test rows together, and never of the truth."""
