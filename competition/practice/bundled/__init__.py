"""The labelled data that a practice Kaggle brings along."""
