"""What was submitted, remembered in a database."""
