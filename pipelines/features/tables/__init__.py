"""What models see of a table's rows."""
