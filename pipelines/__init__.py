"""From pixels to probabilities: models, folds, tuning, blending."""
