"""Tables: CSV files whose columns are numbers, categories, dates and texts."""
