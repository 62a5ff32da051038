"""The practice leaderboard's other teams: what hardly any work achieves."""
