"""A tuning run on another machine, which nothing but a script reaches: there, and back."""
