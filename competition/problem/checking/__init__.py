"""Is a CSV fit to be submitted: what Kaggle would refuse, and what is valid and yet odd."""
