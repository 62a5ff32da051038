"""What a page shows of a table: its columns, equal rows, and how train and test differ."""
