"""From an empty folder to a scored place on a Kaggle leaderboard."""
