"""From probabilities to the leaderboard: write, check, upload once, track."""
