"""What is asked, on what data, by which rules: the competition, Kaggle, and a practice Kaggle."""
