"""Optuna's side of tuning: studies, whose trials they are, and which trial comes next."""
