"""One folder for each kind of rows, one file in it for each pipeline."""
