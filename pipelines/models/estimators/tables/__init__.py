"""Models of encoded tables, and what makes estimators of them."""
