"""What models see of rows: transformers, and the store of features that learn nothing."""
