"""What is given: the rows, checked and cached."""
